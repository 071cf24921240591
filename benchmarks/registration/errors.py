"""How far a registration is off, in integers, and the table of many."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.page import table
from benchmarks.registration.views import VIEWS
from tracemark.geometry.registration import Registration

__all__ = ["UNRELATED", "Trial", "errors", "line", "render"]

UNRELATED = "another photo"
"""Name of the row whose leaks show a photo that is not the original."""

SHOWN = 0.5  # weight at which a pixel shows the photo
TEXTURED = 2.0  # luma levels: spread of fine detail above which a place counts as textured
FINE, BROAD, AROUND = 0.8, 6.0, 8.0  # pixels: standard deviations that say what fine detail is
NOWHERE = -1e6  # pixels: place of what is not the photo
FAR = 1000.0  # pixels: further off is not a place of the photo, but between one and nowhere
MILLI = 1000
WRONG = 1000  # thousandths of a pixel: a registration further off is a wrong one


@dataclass(frozen=True)
class Trial:
    """One leak, registered."""

    view: str
    """What happened to the photo."""
    photo: str
    """File name."""
    found: int
    """1 when it was registered, else 0."""
    score: int
    """Agreement, standard deviations."""
    cpu_ms: int
    """Processor time, features of the leak included."""
    textured_milli: int | None = None
    """Root mean square error where the photo is textured, thousandths of a working pixel."""
    all_milli: int | None = None
    """The same wherever the leak was said to show the photo."""
    foreign_milli: int | None = None
    """Thousandths of what was said to show the photo that shows something else."""
    shown_milli: int | None = None
    """Thousandths of the original said to be shown."""


def errors(found: Registration, places: NDArray[np.float32], original: NDArray[np.float32]) -> dict[str, int]:
    """Compare a registration with the truth.

    Parameters
    ----------
    found : Registration
        What was found.
    places : ndarray, shape (rows, columns, 2), float32
        Original (x, y) of each pixel of the leak; NaN where it shows something else.
    original : ndarray, shape (rows', columns'), float32
        Luma.

    Returns
    -------
    errors : dict
        The four last fields of :class:`Trial`.
    """
    known = np.nan_to_num(places, nan=NOWHERE)
    x, y = (np.ascontiguousarray(found.places[..., axis]) for axis in (0, 1))
    truth = np.asarray(cv2.remap(known, x, y, cv2.INTER_LINEAR, borderValue=(NOWHERE, NOWHERE)))
    down, across = np.mgrid[: original.shape[0], : original.shape[1]]
    error = np.linalg.norm(truth - np.stack([across, down], axis=-1), axis=-1)
    shown = found.weights > SHOWN
    right = shown & (error < FAR)
    detail = cv2.GaussianBlur(original, (0, 0), FINE) - cv2.GaussianBlur(original, (0, 0), BROAD)
    textured = np.sqrt(np.asarray(cv2.GaussianBlur(detail * detail, (0, 0), AROUND))) > TEXTURED
    return {
        "textured_milli": _milli(error[right & textured]),
        "all_milli": _milli(error[right]),
        "foreign_milli": round(MILLI * (1 - right.sum() / max(int(shown.sum()), 1))),
        "shown_milli": round(MILLI * float(shown.mean())),
    }


def _milli(error: NDArray[np.float64]) -> int:
    """Take the root mean square; nothing at all counts as right."""
    return round(MILLI * float(np.sqrt(np.mean(error**2)))) if error.size else 0


def render(facts: Mapping[str, object], trials: Sequence[Trial]) -> str:
    """Write the trials as a table, one row a view.

    Parameters
    ----------
    facts : mapping
        What :func:`benchmarks.provenance.provenance` says.
    trials : sequence of Trial

    Returns
    -------
    text : str
        Ends with a newline.
    """
    head = [
        "leak",
        "photos",
        "registered",
        "off by more than 1 px",
        "error in texture, px: median",
        "90 %",
        "most",
        "anywhere: median",
        "foreign, ‰",
        "score: least",
        "CPU, s",
    ]
    lead = f"Commit {facts['commit']}, on {facts['machine']}, {facts['photos']} photos of {facts['long_side_px']} px."
    names = [*(view.name for view in VIEWS), UNRELATED]
    body = [_cells(name, [trial for trial in trials if trial.view == name]) for name in names]
    return f"{lead}\n\n{table(head, (cells for cells in body if cells))}\n"


def _cells(name: str, trials: Sequence[Trial]) -> list[str]:
    """Write one view's row; nothing for a view that was not tried."""
    if not trials:
        return []
    found = [trial for trial in trials if trial.found]
    textured = _known(trial.textured_milli for trial in found)
    seconds = f"{np.median([trial.cpu_ms for trial in trials]) / MILLI:.1f}"
    if not textured:
        most = max(trial.score for trial in trials)
        return [name, str(len(trials)), str(len(found)), "", "", "", "", "", "", f"at most {most}", seconds]
    numbers = [np.median(textured), np.percentile(textured, 90), max(textured)]
    return [
        name,
        str(len(trials)),
        str(len(found)),
        str(sum(value > WRONG for value in textured)),
        *(f"{value / MILLI:.3f}" for value in numbers),
        f"{np.median(_known(trial.all_milli for trial in found)) / MILLI:.3f}",
        str(round(float(np.median(_known(trial.foreign_milli for trial in found))))),
        str(min(trial.score for trial in trials)),
        seconds,
    ]


def _known(values: Iterable[int | None]) -> list[int]:
    """Drop what was not measured."""
    return [value for value in values if value is not None]


def line(trial: Trial) -> dict[str, object]:
    """Give a trial as an object for JSON Lines."""
    return {"kind": "trial", **asdict(trial)}

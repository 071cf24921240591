"""What a run is asked to do, and what it writes down."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.gauntlet.corpus import Limits
from benchmarks.gauntlet.quality import Quality
from benchmarks.json_lines import read_lines

__all__ = ["COPY", "PASTED", "UNMARKED", "WRONG_KEY", "Errand", "Marking", "Outcome", "read_results"]

COPY = "copy"
"""A marked copy, read with its own key: must name its recipient."""
UNMARKED = "unmarked"
"""A photo without a mark: must name nobody."""
WRONG_KEY = "wrong key"
"""A marked copy, read with another key: must name nobody."""
PASTED = "pasted"
"""Another photo with the copy's mark on it: must name nobody."""


@dataclass(frozen=True)
class Errand:
    """One photo's way through the gauntlet, with one key and one recipient."""

    path: Path
    """The photo's file."""
    other: Path
    """Another one, onto which the mark is pasted; it may be the same, since it is mirrored."""
    repeat: int
    """0, 1, 2 ...: same photo, another key, another recipient, other luck."""
    attacks: tuple[str, ...]
    """Names of the rows to run."""
    controls: int
    """How many of the runner's controls to run."""
    quality: bool
    """Whether to measure how visible the mark is."""
    seed: int
    """Of the whole run."""
    limits: Limits
    """Size to which the photo is shrunk before all else."""


@dataclass(frozen=True)
class Marking:
    """One photo, marked."""

    photo: str
    """File name."""
    repeat: int
    """As in :class:`Errand`."""
    rows: int
    """Of the photo, pixels."""
    columns: int
    """Of the photo, pixels."""
    refused: str | None = None
    """Why the photo was not marked."""
    prepare_s: float | None = None
    """Time of ``prepare``, seconds."""
    copy_s: float | None = None
    """Time of the first ``copy_for``, seconds."""
    peak_mib: int | None = None
    """Largest resident memory of the process while marking, MiB."""
    quality: Quality | None = None
    """How visible the mark is; None when not measured."""


@dataclass(frozen=True)
class Outcome:
    """One leak, read."""

    photo: str
    """File name."""
    attack: str
    """Name of the row."""
    subject: str
    """:data:`COPY`, or a control: :data:`UNMARKED`, :data:`WRONG_KEY` or :data:`PASTED`."""
    repeat: int
    """As in :class:`Errand`."""
    recipient: int
    """Whose copy it was; for a control, nobody's."""
    rows: int
    """Of the leak, pixels."""
    columns: int
    """Of the leak, pixels."""
    verdict: str = "refused"
    """What was found; ``"refused"`` when the photo was not marked or the leak not accepted."""
    recovered: int = 0
    """1 when the right recipient, and nobody else, was identified."""
    wrong: int = 0
    """How many others were identified."""
    seconds: float | None = None
    """Time of ``detect``."""
    log10_false_alarm: float | None = None
    """The verdict's bound on the chance that it accuses an innocent."""
    score: float | None = None
    """The detector's own figure of how much it had to spare, where it gives one."""
    peak_mib: int | None = None
    """Largest resident memory of the process during ``detect``, MiB."""


def read_results(paths: Sequence[Path]) -> tuple[dict[str, object], list[Marking | Outcome]]:
    """Read what runs wrote down, complete or stopped, as one run.

    Parameters
    ----------
    paths : sequence of Path
        JSON Lines files of runs of one commit and one seed.

    Returns
    -------
    facts : dict
        Of the first run.
    results : list of Marking or Outcome
        Of all runs, in order; a photo that was measured in one run and only marked in another counts as measured.

    Raises
    ------
    ValueError
        When the runs differ in commit or seed.
    """
    lines = [line for path in paths for line in read_lines(path)]
    runs = [line for line in lines if line["kind"] == "run"]
    if len({(run["commit"], run["seed"]) for run in runs}) != 1:
        raise ValueError(f"runs must be of one commit and one seed, not {[(r['commit'], r['seed']) for r in runs]}")
    results: list[Marking | Outcome] = []
    for line in lines:
        values = {name: value for name, value in line.items() if name != "kind"}
        if line["kind"] == "marking":
            quality = values.pop("quality")
            results.append(Marking(**values, quality=None if quality is None else Quality(**quality)))
        elif line["kind"] == "outcome":
            results.append(Outcome(**values))
    return runs[0], results

"""Draw what a report shows: pictures made small, where a leak lies on its photo, and how candidates compare."""

from __future__ import annotations  # the types of tracemark are named, not fetched: fetching takes half a second

import math
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import tracemark as tm

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Picture", "bars", "carefully", "outline", "picture_of", "placement_in_words"]

LONG_SIDE_PX = 480  # of a picture in the report: to be recognised, not to be used
OPAQUE = 3  # channels; a fourth is alpha
BAR_PX, ROW_PX, LABEL_PX, END_PX = 420, 22, 100, 60  # the chart's bars, its rows, what stands before and behind
BAR_MARGIN_PX = 4  # above and below a bar, and between it and its number
BASELINE_PX = 7  # from the foot of a row to that of its words, which then stand in its middle
EDGE_PX, BORDER_PX = 4, 2  # how wide an outline is seen: white, and red upon it, to show on any photo
EVEN_TURN = 0.05  # degrees below which a leak is said to be upright
TENTHS = 10  # of 1: bounds are told with one decimal


@dataclass(frozen=True)
class Picture:
    """A picture made small, ready to stand in a page."""

    uri: str
    """A PNG file as a data URI."""

    rows: int
    """Of the picture itself, pixels."""

    columns: int
    """Of the picture itself, pixels."""

    @property
    def size_in_words(self) -> str:
        """Its width and height."""
        return f"{self.columns} x {self.rows}"


def picture_of(pixels: NDArray[Any], *, rows: int | None = None, columns: int | None = None) -> Picture:
    """Make a picture small.

    Parameters
    ----------
    pixels : ndarray, shape (rows, columns) or (rows, columns, 3 or 4), uint8 or uint16
        What it shows.
    rows, columns : int, optional
        How large it says that it is; by default, what it is.

    Returns
    -------
    picture : Picture
    """
    import numpy as np

    opaque = pixels[..., :OPAQUE] if pixels.ndim > 2 else pixels
    step = max(math.ceil(max(opaque.shape[:2]) / LONG_SIDE_PX), 1)
    lines = [np.arange(0, side, step) for side in opaque.shape[:2]]
    sums = np.add.reduceat(np.add.reduceat(opaque.astype(np.float32), lines[0], axis=0), lines[1], axis=1)
    counts = np.outer(*(np.diff([*starts, side]) for starts, side in zip(lines, opaque.shape[:2], strict=True)))
    means = sums / counts.reshape(*counts.shape, *[1] * (opaque.ndim - 2))
    small = np.rint(means * (np.iinfo(np.uint8).max / np.iinfo(opaque.dtype).max)).astype(np.uint8)
    data = tm.encode_photo(small, like=tm.Photo(small, "PNG"))
    uri = f"data:image/png;base64,{b64encode(data).decode()}"
    return Picture(uri, rows or opaque.shape[0], columns or opaque.shape[1])


def placement_in_words(geometry: NDArray[Any], leak: Picture) -> str:
    """Say how a leak lies.

    Parameters
    ----------
    geometry : ndarray, shape (3, 3)
        Leak (x, y, 1) to photo (x, y, 1).
    leak : Picture
        The leak.

    Returns
    -------
    words : str
        Scale and turn in the leak's middle.
    """
    middle = leak.columns / 2, leak.rows / 2
    here, right, down = _move(geometry, [middle, (middle[0] + 1, middle[1]), (middle[0], middle[1] + 1)])
    across, along = ((point[0] - here[0], point[1] - here[1]) for point in (right, down))
    area = across[0] * along[1] - across[1] * along[0]
    turn = math.degrees(math.atan2(across[1], across[0]))
    words = [f"a pixel of the leak is {math.sqrt(abs(area)):.3f} pixels of the photo wide"]
    words.append("upright" if abs(turn) < EVEN_TURN else f"turned by {turn:.1f} degrees")
    return ", ".join([*words, *(["mirrored"] if area < 0 else [])])


def outline(geometry: NDArray[Any], leak: Picture, photo: Picture) -> str:
    """Draw the leak's border on its photo.

    Parameters
    ----------
    geometry : ndarray, shape (3, 3)
        Leak (x, y, 1) to photo (x, y, 1).
    leak, photo : Picture
        Both.

    Returns
    -------
    drawing : str
        SVG.
    """
    right, bottom = leak.columns, leak.rows
    corners = _move(geometry, [(0, 0), (right, 0), (right, bottom), (0, bottom)])
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in corners)
    seen = max(photo.rows, photo.columns) / LONG_SIDE_PX  # pixels of the photo in one of the drawing
    size = f'width="{photo.columns}" height="{photo.rows}"'
    return (
        f'<svg viewBox="0 0 {photo.columns} {photo.rows}" width="{LONG_SIDE_PX}" role="img">'
        f'<image href="{photo.uri}" {size} preserveAspectRatio="none"/>'
        f'<polygon points="{points}" fill="none" stroke="#fff" stroke-width="{EDGE_PX * seen:.1f}"/>'
        f'<polygon points="{points}" fill="none" stroke="#a11" stroke-width="{BORDER_PX * seen:.1f}"/></svg>'
    )


def bars(found: tm.Verdict) -> str:
    """Draw the evidence against each candidate beside what a name needs.

    Parameters
    ----------
    found : Verdict
        One with candidates.

    Returns
    -------
    drawing : str
        SVG: powers of ten by which an accident is excluded.
    """
    evidence = [0.0 - one.log10_false_alarm for one in found.candidates]
    most = max(*evidence, -2 * tm.IDENTIFIED_LOG10)
    named = set(found.recipients)
    high, rows = ROW_PX - 2 * BAR_MARGIN_PX, []
    for at, (one, powers) in enumerate(zip(found.candidates, evidence, strict=True)):
        top, wide, foot = at * ROW_PX, powers / most * BAR_PX, (at + 1) * ROW_PX - BASELINE_PX
        colour = "#a11" if one.recipient in named else "#999"
        rows.append(
            f'<text x="0" y="{foot}">{one.recipient}</text>'
            f'<rect x="{LABEL_PX}" y="{top + BAR_MARGIN_PX}" width="{wide:.1f}" height="{high}" fill="{colour}"/>'
            f'<text x="{LABEL_PX + wide + BAR_MARGIN_PX:.1f}" y="{foot}">{carefully(-powers).lstrip("-")}</text>'
        )
    needed, bottom = LABEL_PX - tm.IDENTIFIED_LOG10 / most * BAR_PX, len(rows) * ROW_PX
    rows.append(f'<line x1="{needed:.1f}" y1="0" x2="{needed:.1f}" y2="{bottom}" stroke="#222" stroke-dasharray="3"/>')
    drawn = f'<svg class="bars" width="{LABEL_PX + BAR_PX + END_PX}" height="{bottom}" role="img">{"".join(rows)}</svg>'
    words = f"Powers of ten by which an accident is excluded; a name needs {-tm.IDENTIFIED_LOG10:g} (dashed)"
    return f"<figure style='max-width: none'>{drawn}<figcaption>{words}</figcaption></figure>"


def carefully(log10: float) -> str:
    """Write the logarithm of a bound, rounded to the careful side: upwards.

    Parameters
    ----------
    log10 : float
        At most 0.

    Returns
    -------
    words : str
        With one decimal.
    """
    return f"{math.ceil(log10 * TENTHS) / TENTHS + 0.0:.1f}"  # a zero that is added has no sign


def _move(geometry: NDArray[Any], points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Take points of the leak to the photo."""
    rows = [[float(cell) for cell in row] for row in geometry]
    moved = [[row[0] * x + row[1] * y + row[2] for row in rows] for x, y in points]
    return [(x / depth, y / depth) for x, y, depth in moved]

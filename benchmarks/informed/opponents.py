"""What opponents without the key make of copies: without what repeats, and with a mark where it never was."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from benchmarks.gauntlet.damage import codec, removal
from benchmarks.gauntlet.damage.pixels import Pixels
from tracemark.profile import PROFILE
from tracemark.signal.layout import lay_out
from tracemark.signal.luma import luma_of
from tracemark.signal.robust_hash import LINES, robust_hash

__all__ = ["OPPONENTS", "Opponent"]

QUALITY = 75  # of the JPEG that follows
LINES_ALIKE = 3  # of four: the secret line of a cell is then mostly one of them


@dataclass(frozen=True)
class Opponent:
    """One way to use five copies that one recipient has, of five photos."""

    name: str
    """Unique."""
    make: Callable[[Sequence[Pixels], Sequence[Pixels]], Pixels]
    """Photos and their copies, the photo that is leaked first, to the leak."""
    guilty: bool
    """Whether the recipient's copy of that photo is in the leak: a mark that was pasted must name nobody."""


def _folded(photos: Sequence[Pixels], copies: Sequence[Pixels], *, count: int, strength: float) -> Pixels:
    """Subtract from a copy what repeats in several."""
    del photos
    return removal.fold(copies[0], strength, np.random.default_rng(0), copies[1:count])


def _pasted(photos: Sequence[Pixels], copies: Sequence[Pixels], *, exact: bool, strength: float) -> Pixels:
    """Put the mark of one photo's copy onto another photo."""
    mark = removal.guess(copies[1])
    if exact:
        mark = (copies[1].astype(np.float32) - photos[1]).mean(axis=-1, dtype=np.float32)
    return removal.paste(photos[0], mark, strength)


def _fitted(photos: Sequence[Pixels], copies: Sequence[Pixels], *, strength: float) -> Pixels:
    """Put the mark of one photo's copy onto as much of another one as hashes alike, so that its beacon fits there."""
    rows, columns = (min(sides) for sides in zip(photos[0].shape[:2], photos[1].shape[:2], strict=True))
    cell = lay_out(*photos[1].shape[:2]).cell
    one, other = (_hashes(photo[: rows - rows % cell, : columns - columns % cell], cell) for photo in photos[1::-1])
    alike = ((one == other).sum(axis=0) >= LINES_ALIKE).astype(np.float32)
    mark = (copies[1].astype(np.float32) - photos[1]).mean(axis=-1, dtype=np.float32)
    covered = np.kron(alike, np.ones((cell, cell), dtype=np.float32))
    return removal.paste(photos[0], mark[: covered.shape[0], : covered.shape[1]] * covered, strength)


def _hashes(photo: Pixels, cell: int) -> npt.NDArray[np.float32]:
    """Hash a photo along each of the lines that a key may choose; shape (lines, cell rows, cell columns)."""
    size = tuple(side // cell * PROFILE.cell for side in photo.shape[1::-1])
    working = cv2.resize(luma_of(photo).astype(np.float32), size, interpolation=cv2.INTER_AREA)
    tile = (PROFILE.tile, PROFILE.tile)
    return np.stack([robust_hash(np.asarray(working, np.float32), np.full(tile, line)) for line in range(len(LINES))])


def _averaged(photos: Sequence[Pixels], copies: Sequence[Pixels]) -> Pixels:
    """Put the mean of four other copies' guessed marks onto a photo."""
    leak = photos[0]
    for copy in copies[1:]:
        leak = removal.paste(leak, removal.guess(copy), 1 / (len(copies) - 1))
    return leak


def _row(name: str, guilty: bool, make: Callable[..., Pixels], **options: float) -> Opponent:
    """Write a row whose leak is saved."""

    def saved(photos: Sequence[Pixels], copies: Sequence[Pixels]) -> Pixels:
        return codec.jpeg(make(photos, copies, **options), QUALITY, np.random.default_rng(0))

    return Opponent(name, saved, guilty)


# fmt: off
OPPONENTS = (
    #    name                                                guilty what
    _row("one copy, less what repeats in it",                True,  _folded, count=1, strength=1),
    _row("one copy, less three times what repeats in it",    True,  _folded, count=1, strength=3),
    _row("one copy, less what repeats in five",              True,  _folded, count=5, strength=1),
    _row("one copy, less three times what repeats in five",  True,  _folded, count=5, strength=3),
    _row("another photo, with a mark guessed from a copy",   False, _pasted, exact=False, strength=1),
    _row("the same, twice as strong",                        False, _pasted, exact=False, strength=2),
    _row("another photo, with a copy's mark exactly",        False, _pasted, exact=True, strength=1),
    _row("another photo, only where both hash alike",        False, _fitted, strength=1),
    _row("another photo, only where both hash alike, x 3",   False, _fitted, strength=3),
    _row("another photo, with marks guessed from four",      False, _averaged),
)
# fmt: on
"""Every row, saved as JPEG."""

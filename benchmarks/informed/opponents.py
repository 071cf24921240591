"""What opponents without the key make of copies: without what repeats, and with a mark where it never was."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from benchmarks.gauntlet.damage import codec, removal
from benchmarks.gauntlet.damage.pixels import Pixels
from benchmarks.gauntlet.damage.removal import Floats
from tracemark.profile import PROFILE
from tracemark.signal.layout import Layout, lay_out, to_working
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
    mark = _mark(photos[1], copies[1]) if exact else removal.guess(copies[1])
    return removal.paste(photos[0], mark, strength)


def _mark(photo: Pixels, copy: Pixels) -> Floats:
    """Take a photo away from its copy."""
    return np.asarray((copy.astype(np.float32) - photo).mean(axis=-1), dtype=np.float32)


def _fitted(photos: Sequence[Pixels], copies: Sequence[Pixels], *, strength: float) -> Pixels:
    """Put the mark of one photo's copy onto as much of another one as hashes alike, so that its beacon fits there."""
    layout = lay_out(*photos[1].shape[:2])
    sides = zip(photos[0].shape[:2], photos[1].shape[:2], strict=True)
    rows, columns = (min(pair) // layout.cell * layout.cell for pair in sides)  # whole cells that both have
    shared = replace(layout, rows=rows, columns=columns)
    one, other = (_hashes(photo[:rows, :columns], shared) for photo in photos[1::-1])
    alike = ((one == other).sum(axis=0) >= LINES_ALIKE).astype(np.float32)
    covered = np.kron(alike, np.ones((layout.cell, layout.cell), dtype=np.float32))
    return removal.paste(photos[0], _mark(photos[1], copies[1])[:rows, :columns] * covered, strength)


def _hashes(photo: Pixels, layout: Layout) -> Floats:
    """Hash a photo along each of the lines that a key may choose; shape (lines, cell rows, cell columns)."""
    working, tile = to_working(luma_of(photo), layout), (PROFILE.tile, PROFILE.tile)
    return np.stack([robust_hash(working, np.full(tile, line)) for line in range(len(LINES))])


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

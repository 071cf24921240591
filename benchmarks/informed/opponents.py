"""What opponents without the key make of copies: without what repeats, and with a mark where it never was."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.gauntlet.damage import codec, removal
from benchmarks.gauntlet.damage.pixels import Pixels

__all__ = ["OPPONENTS", "Opponent"]

QUALITY = 75  # of the JPEG that follows


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
    _row("another photo, with marks guessed from four",      False, _averaged),
)
# fmt: on
"""Every row, saved as JPEG."""

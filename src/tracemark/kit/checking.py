"""Read a delivered copy back, smaller and saved once more, before anybody relies on it."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tracemark.detection import detect
from tracemark.errors import KitError
from tracemark.keys import Key
from tracemark.kit.task import Check
from tracemark.media.photo import JpegSettings, Photo, encode_photo, read_photo
from tracemark.signal.luma import PEAK
from tracemark.signal.reduction import halve
from tracemark.verdict import IDENTIFIED_LOG10

__all__ = ["CHECKS", "leaked", "read_back", "sampled"]

CHECKS = ("all", "sample", "none")
EVERY = 50  # of a photo's copies one is read back: a reading takes a second, a spliced copy milliseconds
QUALITY = 75  # JPEG, as sites save what is posted; 4:2:0, likewise, is what files have that come from no file
BARE = 0.1  # luma levels: a copy differs from its photo by half a level on average, and most of that should be left
OTHERS = 99  # guests with whom a copy's recipient is compared at first: each takes 0.05 ms for each copy
BLIND_PIXELS = 360_000  # below, blind reading of half the size takes two to seventeen times as long: docs/kit.md


def sampled(place: int, *, check: str) -> bool:
    """Say whether a copy is read back.

    Parameters
    ----------
    place : int
        Which of its photo's copies it is, from 0.
    check : str
        ``"all"``, ``"sample"`` (the first and every 50th) or ``"none"``.

    Returns
    -------
    sampled : bool
    """
    return check == "all" or (check == "sample" and place % EVERY == 0)


def read_back(file: Path, *, recipient: int, key: Key, original: NDArray[Any], guests: Sequence[int]) -> Check:
    """Read a delivered copy at half its size, saved as JPEG of quality 75; small photos only with their original.

    Parameters
    ----------
    file : Path
        The copy, as it was delivered.
    recipient : int
        Whose it must be.
    key : Key
        The key it was marked with.
    original : ndarray
        The photo without a mark.
    guests : sequence of int
        All who have a copy.

    Returns
    -------
    check : Check
        How it was read; the bound counts all guests.

    Raises
    ------
    KitError
        When it does not name the recipient, or names somebody else.
    FormatError
        When the file cannot be read.
    """
    leak = leaked(file)
    if math.prod(original.shape[:2]) >= BLIND_PIXELS:
        found = detect(leak, key=key)
        if tuple(found.recipients) == (recipient,):
            return Check(found.method, found.log10_false_alarm)
    few = tuple(dict.fromkeys((recipient, *guests[:OTHERS])))
    for compared in (few, guests) if len(few) < len(guests) else (guests,):
        found = detect(leak, key=key, original=original, recipients=compared)
        # who the others are says nothing of the recipient's score, and a bound is in proportion to their number
        bound = found.log10_false_alarm + math.log10(len(guests) / len(compared))
        if tuple(found.recipients) == (recipient,) and bound < IDENTIFIED_LOG10:
            return Check(found.method, bound)
    names = ", ".join(map(str, found.recipients)) or "nobody"
    lost = "; it was saved so coarsely that no mark is left in it: give a quality" if _is_bare(file, original) else ""
    raise KitError(
        f"copy must be read as recipient {recipient}'s at half its size and JPEG quality {QUALITY},"
        f" and it names {names} ({found.reason}){lost}"
    )


def leaked(file: Path) -> NDArray[np.uint8]:
    """Do to a delivered copy what sites do to what is posted: half its size, JPEG quality 75.

    Parameters
    ----------
    file : Path
        The copy.

    Returns
    -------
    leak : ndarray, shape (rows // 2, columns // 2) or (rows // 2, columns // 2, 3), uint8

    Raises
    ------
    FormatError
        When the file cannot be read.
    """
    small = halve(read_photo(file).pixels)
    like = Photo(small, "JPEG", jpeg=JpegSettings())
    return np.asarray(read_photo(encode_photo(small, like=like, quality=QUALITY)).pixels, dtype=np.uint8)


def _is_bare(file: Path, original: NDArray[Any]) -> bool:
    """Tell whether a copy is its photo again: steps as coarse as the photo's own round the mark away."""
    change = np.abs(read_photo(file).pixels.astype(np.float32) - original)
    scale = PEAK / np.iinfo(original.dtype).max if np.issubdtype(original.dtype, np.integer) else PEAK
    return bool(change.mean() * scale < BARE)

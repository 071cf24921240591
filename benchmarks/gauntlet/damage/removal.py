"""Damage by somebody who knows how marks are made, but not the key: guess a copy's mark, and use the guess."""

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from benchmarks.gauntlet.damage.pixels import Pixels, clipped
from tracemark.profile import PROFILE

__all__ = ["fold", "guess", "paste", "repeating"]

REACH_PX = 5  # of the bilateral filter: a mark's shortest periods
LIKE_LEVELS, NEAR_PX = 12.0, 2.0  # what it averages: a mark's few levels, and not the picture's edges

Floats = npt.NDArray[np.float32]


def guess(copy: Pixels) -> Floats:
    """Guess a copy's mark, in levels: what denoising takes out."""
    luma = cv2.cvtColor(copy, cv2.COLOR_RGB2GRAY).astype(np.float32)
    return np.asarray(luma - cv2.bilateralFilter(luma, REACH_PX, LIKE_LEVELS, NEAR_PX), dtype=np.float32)


def repeating(copies: Sequence[Pixels]) -> Floats:
    """Guess what of a mark repeats, in levels: the mean of all whole tiles of all copies, in pixels of the first.

    Copies without a whole tile tell nothing.
    """
    tiles = []
    wanted = _tile(copies[0])
    for copy in copies:
        mark, side = guess(copy), _tile(copy)
        down, across = (length // side for length in mark.shape)
        cut = mark[: down * side, : across * side].reshape(down, side, across, side)
        tiles += [cv2.resize(cut[row, :, column], (wanted, wanted)) for row in range(down) for column in range(across)]
    return np.asarray(np.mean(tiles, axis=0) if tiles else np.zeros((wanted, wanted)), dtype=np.float32)


def fold(photo: Pixels, strength: float, rng: np.random.Generator, others: Sequence[Pixels] = ()) -> Pixels:
    """Subtract what repeats in a copy, and in copies of other photos, as many times as the strength says."""
    del rng
    tile = repeating([photo, *others])
    down, across = (-(-length // side) for length, side in zip(photo.shape[:2], tile.shape, strict=True))
    over = np.tile(tile, (down, across))[: photo.shape[0], : photo.shape[1]]
    return clipped(photo - strength * over[..., None])


def paste(photo: Pixels, mark: Floats, strength: float) -> Pixels:
    """Add a mark that was guessed elsewhere to as much of a photo as it covers."""
    rows, columns = (min(sides) for sides in zip(photo.shape[:2], mark.shape, strict=True))
    leak = photo.astype(np.float32)
    leak[:rows, :columns] += strength * mark[:rows, :columns, None]
    return clipped(leak)


def _tile(photo: Pixels) -> int:
    """Give the side of a tile in a photo's pixels; the format is no secret."""
    multiple = max(PROFILE.least_multiple, round(max(photo.shape) / PROFILE.long_side))
    return int(PROFILE.tile_pixels * multiple // PROFILE.least_multiple)

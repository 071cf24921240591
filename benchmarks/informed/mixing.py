"""Mix the copies of several recipients, as one table."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from benchmarks.gauntlet.damage import codec
from benchmarks.gauntlet.damage.pixels import Pixels, pixels

__all__ = ["FEW", "HALVED", "MANY", "MIXES", "SAVED", "SAVINGS", "Mix", "Saving", "Stack"]

FEW = (2, 3, 5)
"""How many copies are mixed, and then saved in any way."""
MANY = (8, 10, 12, 15, 20)
"""How many copies are mixed, and then saved at full size."""
PATCH_PX = 64

Stack = np.ndarray[tuple[int, ...], np.dtype[np.uint8]]


@dataclass(frozen=True)
class Mix:
    """One way to make one picture of several."""

    name: str
    """Unique."""
    function: Callable[[Stack, np.random.Generator], Pixels]
    """Copies, shape (copies, rows, columns, 3), to one picture."""


@dataclass(frozen=True)
class Saving:
    """What becomes of the mix."""

    name: str
    """Unique."""
    function: Callable[[Pixels, np.random.Generator], Pixels]
    """One picture to the leak."""


def _average(copies: Stack, rng: np.random.Generator) -> Pixels:
    """Take the mean of each pixel."""
    del rng
    return pixels(np.rint(copies.mean(axis=0)))


def _median(copies: Stack, rng: np.random.Generator) -> Pixels:
    """Take the median of each pixel."""
    del rng
    return pixels(np.rint(np.median(copies, axis=0)))


def _least(copies: Stack, rng: np.random.Generator) -> Pixels:
    """Take the least of each pixel."""
    del rng
    return pixels(copies.min(axis=0))


def _most(copies: Stack, rng: np.random.Generator) -> Pixels:
    """Take the most of each pixel."""
    del rng
    return pixels(copies.max(axis=0))


def _middle(copies: Stack, rng: np.random.Generator) -> Pixels:
    """Take the mean of least and most."""
    del rng
    return pixels(np.rint((copies.min(axis=0).astype(np.float32) + copies.max(axis=0)) / 2))


def _modified_negative(copies: Stack, rng: np.random.Generator) -> Pixels:
    """Take least plus most less median."""
    del rng
    return pixels(np.rint(copies.min(axis=0).astype(np.float32) + copies.max(axis=0) - np.median(copies, axis=0)))


def _patches(copies: Stack, rng: np.random.Generator) -> Pixels:
    """Take each square from some copy."""
    rows, columns = copies.shape[1:3]
    chosen = rng.integers(len(copies), size=(-(-rows // PATCH_PX), -(-columns // PATCH_PX)))
    owner = np.repeat(np.repeat(chosen, PATCH_PX, axis=0), PATCH_PX, axis=1)[:rows, :columns]
    return pixels(np.take_along_axis(copies, owner[None, ..., None], axis=0)[0])


def _rows(copies: Stack, rng: np.random.Generator) -> Pixels:
    """Take each row of pixels from some copy."""
    owner = rng.integers(len(copies), size=copies.shape[1])
    return pixels(copies[owner, np.arange(copies.shape[1])])


MIXES = (
    Mix("average", _average),
    Mix("median", _median),
    Mix("minimum", _least),
    Mix("maximum", _most),
    Mix("min-max", _middle),
    Mix("modified negative", _modified_negative),
    Mix("patches of 64 px", _patches),
    Mix("rows", _rows),
)


def _saved(quality: int) -> Callable[[Pixels, np.random.Generator], Pixels]:
    """Make a step that saves as JPEG."""
    return lambda picture, rng: codec.jpeg(picture, quality, rng)


def _halved(picture: Pixels, rng: np.random.Generator) -> Pixels:
    """Halve the size and save."""
    size = (picture.shape[1] // 2, picture.shape[0] // 2)
    return codec.jpeg(pixels(cv2.resize(picture, size, interpolation=cv2.INTER_AREA)), 50, rng)


def _cropped(picture: Pixels, rng: np.random.Generator) -> Pixels:
    """Keep half of the area and save."""
    rows, columns = (round(side * np.sqrt(1 / 2)) for side in picture.shape[:2])
    top, left = (int(rng.integers(full - part + 1)) for full, part in zip(picture.shape, (rows, columns), strict=False))
    return codec.jpeg(picture[top : top + rows, left : left + columns], 75, rng)


SAVED = Saving("JPEG 75", _saved(75))
"""The lightest."""

HALVED = Saving("half size, JPEG 50", _halved)
"""What leaks that are read together have been through."""

SAVINGS: Sequence[Saving] = (SAVED, HALVED, Saving("crop 50 %, JPEG 75", _cropped))

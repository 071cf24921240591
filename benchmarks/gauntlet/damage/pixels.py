"""The arrays that damage is done to.

Every damage function has the signature ``(photo, strength, rng) -> leak``: an RGB uint8 array in, a new one out.
Photos are at least 32 pixels on a side. The same generator state gives the same leak; functions that need no luck
ignore ``rng``.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

__all__ = ["Damage", "Pixels", "clipped", "pixels"]

Pixels = npt.NDArray[np.uint8]
"""A photo or a leak: RGB, shape (rows, columns, 3)."""

Damage = Callable[[Pixels, float, np.random.Generator], Pixels]
"""One kind of damage: ``(photo, strength, rng) -> leak``; the unit of the strength is the function's own."""

WHITE = 255  # full scale of an 8-bit sample


def pixels(array: npt.NDArray[np.number]) -> Pixels:
    """Say that an array is uint8, which OpenCV keeps but its type hints do not promise."""
    return array.astype(np.uint8, copy=False)


def clipped(samples: npt.NDArray[np.number]) -> Pixels:
    """Round to whole levels, with black and white as the limits."""
    levels: Pixels = np.clip(np.rint(samples), 0, WHITE).astype(np.uint8)
    return levels

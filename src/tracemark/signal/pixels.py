"""Refuse arrays that cannot be a photo, saying what must be and what was."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tracemark.errors import PhotoError

__all__ = ["checked_pixels"]

CHANNELS = (3, 4)  # RGB and RGBA


def checked_pixels(image: NDArray[Any]) -> NDArray[Any]:
    """Check that an array can be a photo.

    Parameters
    ----------
    image : ndarray
        What the caller gave.

    Returns
    -------
    pixels : ndarray, shape (rows, columns) or (rows, columns, 3 or 4), uint8, uint16, float32 or float64
        The array itself, or the same in the machine's order of bytes.

    Raises
    ------
    PhotoError
        When type, shape, dtype or values are not those of a photo.
    """
    if not isinstance(image, np.ndarray):
        raise PhotoError(f"photo must be a NumPy array, not {type(image).__name__}")
    if isinstance(image, np.ma.MaskedArray):  # what is masked would pass any look at its values
        raise PhotoError("photo must be a plain NumPy array, not a masked one; fill what is masked")
    if image.ndim not in (2, 3) or (image.ndim == 3 and image.shape[2] not in CHANNELS):
        raise PhotoError(
            f"photo must have shape (rows, columns), (rows, columns, 3) or (rows, columns, 4), not {image.shape}"
        )
    if not image.size:
        raise PhotoError(f"photo must have pixels, not shape {image.shape}")
    native = image.dtype.newbyteorder("=")
    if native not in (np.uint8, np.uint16, np.float32, np.float64):
        raise PhotoError(f"photo must be uint8, uint16, float32 or float64, not {image.dtype}")
    if np.issubdtype(image.dtype, np.floating):
        low, high = float(image.min()), float(image.max())
        if not (low >= 0 and high <= 1):  # NaN fails both
            raise PhotoError(f"a photo of floats must lie in 0 .. 1 without NaN, not in {low:g} .. {high:g}")
    return image.astype(native, copy=False)

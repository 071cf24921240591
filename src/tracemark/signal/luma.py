"""Read the luma of pixels, and write a change of luma back into them."""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["PEAK", "luma_of", "plane_of"]

PEAK = 255.0  # luma is in levels of an 8-bit picture, whatever the dtype


def plane_of(pixels: NDArray[Any]) -> NDArray[np.float32]:
    """Scale pixels of any dtype to 0 .. 255.

    Parameters
    ----------
    pixels : ndarray, uint8, uint16 or float
        Floats are in 0 .. 1.

    Returns
    -------
    plane : ndarray of the same shape, float32
        In levels of an 8-bit picture.
    """
    if pixels.dtype == np.uint8:
        return pixels.astype(np.float32)
    most = np.iinfo(pixels.dtype).max if np.issubdtype(pixels.dtype, np.integer) else 1
    return pixels.astype(np.float32) * np.float32(PEAK / most)


def luma_of(pixels: NDArray[Any]) -> NDArray[np.float32]:
    """Read the luma of a picture.

    Parameters
    ----------
    pixels : ndarray, shape (rows, columns) or (rows, columns, 3 or 4), uint8, uint16 or float
        Grey, RGB or RGBA (alpha is not looked at).

    Returns
    -------
    luma : ndarray, shape (rows, columns), float32
        ITU-R BT.601 luma, as in JPEG, 0 .. 255.
    """
    if pixels.ndim == 2:
        return plane_of(pixels)
    if pixels.dtype == np.uint8:
        return np.asarray(cv2.cvtColor(pixels[..., :3].copy(order="C"), cv2.COLOR_RGB2GRAY), dtype=np.float32)
    return np.asarray(cv2.cvtColor(plane_of(pixels[..., :3]), cv2.COLOR_RGB2GRAY), dtype=np.float32)

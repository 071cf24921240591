"""Read the luma of pixels, and write a change of luma back into them."""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["COLOURS", "PEAK", "compact_luma", "luma_of", "plane_of"]

PEAK = 255.0  # luma is in levels of an 8-bit picture, whatever the dtype
COLOURS = 3  # channels that luma is read from and goes into; a fourth is alpha


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
    return np.asarray(compact_luma(pixels), dtype=np.float32)


def compact_luma(pixels: NDArray[Any]) -> NDArray[np.uint8] | NDArray[np.float32]:
    """Read the luma of a picture into as little memory as holds it.

    To get memory for a large photo takes longer than to fill it.

    Parameters
    ----------
    pixels : ndarray
        As for :func:`luma_of`.

    Returns
    -------
    luma : ndarray, shape (rows, columns), uint8 of uint8 pixels, else float32
        The same values.
    """
    if pixels.dtype != np.uint8:
        plane = plane_of(pixels if pixels.ndim == 2 else pixels[..., :COLOURS])
        return plane if pixels.ndim == 2 else np.asarray(cv2.cvtColor(plane, cv2.COLOR_RGB2GRAY), dtype=np.float32)
    if pixels.ndim == 2:
        return pixels
    code = cv2.COLOR_RGB2GRAY if pixels.shape[2] == COLOURS else cv2.COLOR_RGBA2GRAY
    return np.asarray(cv2.cvtColor(np.ascontiguousarray(pixels), code), dtype=np.uint8)

"""The arrays that hold pictures."""

from typing import Any

from numpy.typing import NDArray

__all__ = ["COLOURS", "LEAST_SHARE", "PIXEL_LIMIT", "Pixels", "swap_colours"]

Pixels = NDArray[Any]
"""Grey (rows, columns), RGB (rows, columns, 3) or RGBA (rows, columns, 4), of type uint8 or uint16."""

COLOURS = 3  # channels; a fourth is alpha
PIXEL_LIMIT = 170_000_000  # the largest camera back has 151 million; Pillow itself refuses above 179 million
LEAST_SHARE = 64  # a picture of which less than one part in so many is there is not worth reading


def swap_colours(pixels: Pixels) -> Pixels:
    """Turn RGB into OpenCV's BGR, or back: the swap is its own inverse.

    Parameters
    ----------
    pixels : ndarray
        Grey, RGB or RGBA.

    Returns
    -------
    swapped : ndarray
        Grey, BGR or BGRA.
    """
    if pixels.ndim == 2:
        return pixels
    order = [2, 1, 0] if pixels.shape[2] == COLOURS else [2, 1, 0, COLOURS]
    return pixels[..., order]

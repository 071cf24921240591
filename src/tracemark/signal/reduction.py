"""Make a picture smaller, as sites and messengers do with what is posted."""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tracemark.signal.luma import COLOURS, PEAK, plane_of

__all__ = ["halve"]


def halve(pixels: NDArray[Any]) -> NDArray[np.uint8]:
    """Scale a picture to half its size.

    Parameters
    ----------
    pixels : ndarray, shape (rows, columns) or (rows, columns, 3 or 4), uint8, uint16 or float
        Any picture of at least 2 x 2 pixels; alpha is left out.

    Returns
    -------
    small : ndarray, shape (rows // 2, columns // 2) or (rows // 2, columns // 2, 3), uint8
        Area means.
    """
    opaque = pixels[..., :COLOURS] if pixels.ndim > 2 else pixels
    rows, columns = opaque.shape[:2]
    small = cv2.resize(opaque, (columns // 2, rows // 2), interpolation=cv2.INTER_AREA)
    return np.clip(np.rint(plane_of(small)), 0, PEAK).astype(np.uint8)

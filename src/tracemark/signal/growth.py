"""Estimate how much larger a mark makes a photo's file."""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tracemark.signal.layout import Layout
from tracemark.signal.luma import PEAK
from tracemark.signal.visibility import full_rows

__all__ = ["growth"]

QUALITY = 90  # JPEG: a common choice for delivery
SAMPLE_PIXELS = 1_000_000  # a larger photo is estimated from bands of rows
BAND_ROWS = 64  # height of one such band, pixels: whole JPEG blocks, which lie as they would in the file


def growth(luma: NDArray[Any], mark: NDArray[np.float32], layout: Layout) -> float:
    """Estimate by which share a copy's file is larger than its photo's, both saved alike.

    Parameters
    ----------
    luma : ndarray, shape (rows, columns), uint8 or float32
        The photo's luma, 0 to 255, full size.
    mark : ndarray, shape ``layout.working``, float32
        The mark, luma levels.
    layout : Layout
        The photo's layout.

    Returns
    -------
    growth : float
        0.1 is a tenth; a mark may make a file smaller, too.  Colour is not counted: a mark adds nothing to it.
    """
    rows = _sample_rows(layout)
    plain = luma[rows].astype(np.float32)
    return _file_size(plain + full_rows(mark, layout, rows)) / _file_size(plain) - 1


def _sample_rows(layout: Layout) -> NDArray[np.intp]:
    """Choose bands of rows, spread evenly, of at most about a million pixels; all rows of a photo that has no more."""
    bands = layout.rows // BAND_ROWS
    wanted = max(SAMPLE_PIXELS // (layout.columns * BAND_ROWS), 1)
    if wanted >= bands:
        return np.arange(layout.rows)
    starts = BAND_ROWS * np.linspace(0, bands - 1, wanted).astype(np.intp)
    return (starts[:, None] + np.arange(BAND_ROWS)).ravel()


def _file_size(luma: NDArray[np.float32]) -> int:
    """Count the bytes of a JPEG."""
    levels = np.clip(np.rint(luma), 0, PEAK).astype(np.uint8)
    return int(cv2.imencode(".jpg", levels, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1].size)

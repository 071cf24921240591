"""Estimate how much larger a mark makes a photo's file."""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tracemark.signal.bands import full_rows, sample_rows
from tracemark.signal.dither import FRACTION_BITS, dither_width, thresholds
from tracemark.signal.layout import Layout
from tracemark.signal.luma import PEAK
from tracemark.signal.modulation import Layers

__all__ = ["growth"]

QUALITY = 90  # JPEG: a common choice for delivery
BANDS = 8  # of rows, at least, from which a large photo is estimated: sky and ground differ


def growth(luma: NDArray[Any], layers: Layers, layout: Layout, *, strength: float) -> float:
    """Estimate by which share a copy's file is larger than its photo's, both saved alike.

    Parameters
    ----------
    luma : ndarray, shape (rows, columns), uint8 or float32
        The photo's luma, 0 to 255, full size.
    layers : Layers
        The mark at the working scale, in allowances.
    layout : Layout
        The photo's layout.
    strength : float
        Luma levels in an allowance.

    Returns
    -------
    growth : float
        0.1 is a tenth; a mark may make a file smaller, too.  Colour is not counted: a mark adds nothing to it.
    """
    rows = sample_rows(layout, least=BANDS)
    plain = np.rint(luma[rows]).astype(np.float32)
    change = full_rows(np.float32(strength) * layers.sample, layout, rows)
    width = full_rows(dither_width(layers.signed, strength), layout, rows)
    change += thresholds(rows, layout.columns, width) * np.float32(1 / (1 << FRACTION_BITS))
    return _file_size(plain + np.floor(change)) / _file_size(plain) - 1


def _file_size(luma: NDArray[np.float32]) -> int:
    """Count the bytes of a JPEG."""
    levels = np.clip(luma, 0, PEAK).astype(np.uint8)
    return int(cv2.imencode(".jpg", levels, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1].size)

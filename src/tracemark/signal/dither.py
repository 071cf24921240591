"""Choose how each pixel of a mark is rounded to whole levels."""

import cv2
import numpy as np
from numpy.typing import NDArray

from tracemark.profile import PROFILE

__all__ = ["FRACTION_BITS", "dither_width", "thresholds"]

FRACTION_BITS = 4
"""Thresholds are whole multiples of 1/16 of a luma level."""
STEPS = (49471, 37345)  # 2**16 over the plastic number and over its square: the R2 sequence (Roberts 2018)
SPREADS = (0.3, 0.55)  # luma levels: up to the first all of the dither is needed, from the second on none


def dither_width(signed: NDArray[np.float32], strength: float) -> NDArray[np.float32]:
    """Say how much dither each place needs.

    Parameters
    ----------
    signed : ndarray, shape (slots, rows, columns), float32
        The layers that a recipient's signs multiply, in allowances.
    strength : float
        Luma levels in an allowance.

    Returns
    -------
    width : ndarray, shape (rows, columns), float32
        0 to 1: of a level, from the lowest threshold to the highest.

    Notes
    -----
    Rounded to nearest, a change of 0.3 levels is lost.  But where contents differ by half a level and more, each makes
    a dither for the others: on average over them next to nothing is lost, and a dither of its own would but add noise
    (Lipshitz, Wannamaker and Vanderkooy 1992, "Quantization and dither: a theoretical survey").
    """
    squares = np.asarray((signed * signed).sum(axis=0))
    spread = strength * np.sqrt(np.maximum(cv2.blur(squares, (PROFILE.cell, PROFILE.cell)), 0))
    least, most = SPREADS
    return np.asarray(np.clip((most - spread) / (most - least), 0, 1), dtype=np.float32)


def thresholds(rows: NDArray[np.intp], columns: int, width: NDArray[np.float32] | None = None) -> NDArray[np.int16]:
    """Give what is added to each pixel's change before it is rounded down.

    Parameters
    ----------
    rows : ndarray, shape (n,), int
        Rows of the photo.
    columns : int
        Its columns.
    width : ndarray, shape (n, columns), float32, optional
        What :func:`dither_width` gave, at the photo's size; by default 1 everywhere.

    Returns
    -------
    thresholds : ndarray, shape (n, columns), int16
        0 to 15 sixteenths of a luma level; 8, which rounds to nearest, where the width is 0.

    Notes
    -----
    With a threshold that differs from pixel to pixel, 3 in 10 pixels change by 1 where the change is 0.3.  The
    thresholds are the R2 low-discrepancy sequence, whose error lies in high frequencies, where eyes are blind and leaks
    are resized.
    """
    turns = _turns(rows, STEPS[0])[:, None] + _turns(np.arange(columns), STEPS[1])
    steps = (turns >> np.uint16(np.iinfo(np.uint16).bits - FRACTION_BITS)).view(np.int16)
    if width is None:
        return steps
    nearest = 1 << (FRACTION_BITS - 1)
    # cubic interpolation may overshoot
    narrowed = cv2.multiply(steps - np.int16(nearest), np.clip(width, 0, 1), dtype=cv2.CV_16S)
    return np.asarray(narrowed + np.int16(nearest))


def _turns(counts: NDArray[np.intp], step: int) -> NDArray[np.uint16]:
    """Count in steps, modulo 2**16."""
    return (counts.astype(np.uint32) * np.uint32(step)).astype(np.uint16)

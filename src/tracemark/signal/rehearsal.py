"""Rehearse the leaks a copy must survive, to learn which photos need a stronger mark."""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from tracemark.profile import PROFILE
from tracemark.signal.layout import Layout
from tracemark.signal.luma import PEAK
from tracemark.signal.whitening import whiten

__all__ = ["rehearse", "untouched_score"]

LEVELS = tuple(level for level, _ in PROFILE.chip_levels)
HALF_SIZE = (0.5, 75, 1.0)  # leak pixels in a working pixel, JPEG quality, share of the area that is left
SMALL_CROP = (1.0, 75, 0.1)
LEAST_CELLS = 3600  # of a photo of 0.9 megapixels: nobody expects to read such small crops of smaller ones
REDUCED_CROP = (0.6, 60, 0.3)  # of its size, in leak pixels a photo pixel


def rehearse(working: NDArray[np.float32], layers: NDArray[np.float32], layout: Layout) -> float:
    """Say how well a mark would be read from the worst of the rehearsed leaks.

    Parameters
    ----------
    working : ndarray, shape ``layout.working``, float32
        The photo's luma at the working scale, with a mark in which all signs are +1.
    layers : ndarray, shape (slots, ...), float32
        The message's layers.
    layout : Layout
        The photo's layout.

    Returns
    -------
    score : float
        Correlation of the whole message, standard deviations; a word is read at about 10, but these layers
        are weighted by what the mark may be and not by what the leak shows, which costs up to a third.
    """
    crop = (min(REDUCED_CROP[0] * layout.scale, 1.0), *REDUCED_CROP[1:])
    leaks = (HALF_SIZE, SMALL_CROP, crop)
    larger = max(LEAST_CELLS / math.prod(layout.cells), 1.0)
    return min(
        _score(_leak(working, size, quality), layers) * math.sqrt(min(area * larger, 1.0))
        for size, quality, area in leaks
    )


def untouched_score(working: NDArray[np.float32], layers: NDArray[np.float32]) -> float:
    """Say how well a mark would be read from the copy itself.

    Parameters
    ----------
    working, layers : ndarray
        As for :func:`rehearse`.

    Returns
    -------
    score : float
        As for :func:`rehearse`.
    """
    return _score(np.clip(np.rint(working), 0, PEAK), layers)


def _leak(working: NDArray[np.float32], size: float, quality: int) -> NDArray[np.float32]:
    """Reduce, recompress and enlarge again."""
    rows, columns = working.shape
    levels = np.clip(np.rint(working), 0, PEAK).astype(np.uint8)
    if size < 1:
        small = (round(columns * size), round(rows * size))
        levels = np.asarray(cv2.resize(levels, small, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    _, coded = cv2.imencode(".jpg", levels, [cv2.IMWRITE_JPEG_QUALITY, quality])
    read = np.asarray(cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE), dtype=np.float32)
    return np.asarray(cv2.resize(read, (columns, rows), interpolation=cv2.INTER_CUBIC), dtype=np.float32)


def _score(leak: NDArray[np.float32], layers: NDArray[np.float32]) -> float:
    """Correlate cell by cell with layers whose signs are all +1; standard deviations."""
    side = PROFILE.cell
    product = whiten(leak, levels=LEVELS) * layers
    slots, rows, columns = product.shape
    cells = product.reshape(slots, rows // side, side, columns // side, side).sum(axis=(2, 4), dtype=np.float64)
    return float(cells.sum() / max(np.sqrt((cells**2).sum()), np.finfo(np.float64).tiny))

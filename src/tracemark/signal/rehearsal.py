"""Rehearse the leaks a copy must survive, to learn which photos need a stronger mark."""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from tracemark.profile import PROFILE
from tracemark.signal.jpeg_quality import saved
from tracemark.signal.layout import Layout
from tracemark.signal.luma import PEAK
from tracemark.signal.reading import LEVELS
from tracemark.signal.whitening import favour_at, whiten

__all__ = ["rehearse", "untouched_score"]

REDUCED_PX = 640  # long side of a whole photo that is still to be read
REDUCED_QUALITY = 75
LEAST_CELLS = 3600  # of a photo of 0.9 megapixels: nobody expects to read such small crops of smaller ones
CROPS = (  # of its size, in leak pixels a photo pixel; JPEG quality; share of the area that is left
    (1.0, 75, 0.1),
    (0.6, 60, 0.3),
)
UNLUCKY = 0.25  # share of the crops that may be harder to read


def rehearse(working: NDArray[np.float32], patterns: NDArray[np.float32], layout: Layout) -> tuple[float, ...]:
    """Say how well a mark would be read from each of the rehearsed leaks.

    Parameters
    ----------
    working : ndarray, shape ``layout.working``, float32
        The photo's luma at the working scale, with a mark in which all signs are +1.
    patterns : ndarray, shape (slots, ...), float32
        The message's patterns, all equally strong; how strong has no part in the scores.
    layout : Layout
        The photo's layout.

    Returns
    -------
    scores : tuple of float
        Correlation of the whole message, standard deviations, the leaks always in the same order; a word is read at
        about 10.
    """
    larger = max(LEAST_CELLS / math.prod(layout.cells), 1.0)
    crops = [(min(size * layout.scale, 1.0), quality, area) for size, quality, area in CROPS]
    leaks = [(min(REDUCED_PX / max(layout.working), 1.0), REDUCED_QUALITY, 1.0), *crops]
    return tuple(
        _score(_leak(working, size, quality), patterns, density=size, area=min(area * larger, 1.0))
        for size, quality, area in leaks
    )


def untouched_score(working: NDArray[np.float32], patterns: NDArray[np.float32]) -> float:
    """Say how well a mark would be read from the copy itself.

    Parameters
    ----------
    working, patterns : ndarray
        As for :func:`rehearse`.

    Returns
    -------
    score : float
        As for :func:`rehearse`.
    """
    return _score(np.clip(np.rint(working), 0, PEAK), patterns, density=1.0, area=1.0)


def _leak(working: NDArray[np.float32], size: float, quality: int) -> NDArray[np.float32]:
    """Reduce, recompress and enlarge again."""
    rows, columns = working.shape
    levels = np.clip(np.rint(working), 0, PEAK).astype(np.uint8)
    if size < 1:
        small = (round(columns * size), round(rows * size))
        levels = np.asarray(cv2.resize(levels, small, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    read = saved(levels.astype(np.float32), quality)
    return np.asarray(cv2.resize(read, (columns, rows), interpolation=cv2.INTER_CUBIC), dtype=np.float32)


def _score(leak: NDArray[np.float32], patterns: NDArray[np.float32], *, density: float, area: float) -> float:
    """Correlate cell by cell with patterns whose signs are all +1, in crops all over the leak; standard deviations."""
    side = PROFILE.cell
    product = whiten(leak, levels=LEVELS, favour=favour_at(density), density=density) * patterns
    slots, rows, columns = product.shape
    cells = product.reshape(slots, rows // side, side, columns // side, side).sum(axis=(2, 4), dtype=np.float64)
    sums, energies = (_in_crops(values.sum(axis=0), area) for values in (cells, cells**2))
    return float(np.quantile(sums / np.sqrt(np.maximum(energies, np.finfo(np.float64).tiny)), UNLUCKY))


def _in_crops(cells: NDArray[np.float64], area: float) -> NDArray[np.float64]:
    """Sum up over every crop of a share of the area and of the photo's shape."""
    rows, columns = (max(round(side * math.sqrt(area)), 1) for side in cells.shape)
    corner = np.pad(cells, [(1, 0), (1, 0)]).cumsum(axis=0).cumsum(axis=1)
    return np.asarray(
        corner[rows:, columns:] - corner[:-rows, columns:] - corner[rows:, :-columns] + corner[:-rows, :-columns]
    )

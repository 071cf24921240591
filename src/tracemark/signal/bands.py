"""Look at bands of a large photo's rows in place of all of them."""

import cv2
import numpy as np
from numpy.typing import NDArray

from tracemark.signal.layout import Layout

__all__ = ["full_rows", "sample_rows"]

SAMPLE_PIXELS = 1_000_000
HIGHEST, LOWEST = 64, 16  # rows of a band; whole JPEG blocks


def sample_rows(layout: Layout, *, least: int) -> NDArray[np.intp]:
    """Choose bands of rows, spread evenly, of about a million pixels together.

    Parameters
    ----------
    layout : Layout
        The photo's layout.
    least : int
        How many bands at least; those of wide photos are lower for it, down to 16 rows.

    Returns
    -------
    rows : ndarray of int
        In order; of a photo no larger than that, all rows.  A band begins with a JPEG block and has whole ones.
    """
    height = HIGHEST
    while height > LOWEST and SAMPLE_PIXELS // (layout.columns * height) < least:
        height //= 2
    wanted = max(SAMPLE_PIXELS // (layout.columns * height), least)
    if wanted * height >= layout.rows:
        return np.arange(layout.rows)
    starts = np.linspace(-height, layout.rows, wanted + 2)[1:-1].astype(np.intp) // LOWEST * LOWEST  # all gaps alike
    return (starts[:, None] + np.arange(height)).ravel()


def full_rows(mark: NDArray[np.float32], layout: Layout, rows: NDArray[np.intp]) -> NDArray[np.float32]:
    """Read rows of a mark at the photo's size.

    Parameters
    ----------
    mark : ndarray, shape ``layout.working``, float32
        At the working scale.
    layout : Layout
        The photo's layout.
    rows : ndarray of int
        Which of the photo's rows.

    Returns
    -------
    read : ndarray, shape (len(rows), layout.columns), float32
        Cubic interpolation.
    """
    columns = (np.arange(layout.columns, dtype=np.float32) + 1 / 2) / layout.scale - 1 / 2
    lines = (rows.astype(np.float32) + 1 / 2) / layout.scale - 1 / 2
    grid = np.meshgrid(columns.astype(np.float32), lines.astype(np.float32))
    return np.asarray(cv2.remap(mark, *grid, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE))

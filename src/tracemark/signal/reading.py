"""Bring a located leak to the working scale and read its cells."""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from tracemark.profile import PROFILE
from tracemark.signal.modulation import correlate_cells
from tracemark.signal.robust_hash import soft_hash, soft_hash_beneath
from tracemark.signal.whitening import favour_at, whiten
from tracemark.transforms import corners, density, mapped, moving, scaling

__all__ = ["LEVELS", "CellReading", "central", "read_cells", "shrink"]

LEVELS = tuple(level for level, _ in PROFILE.chip_levels)
OVERSAMPLING = 1.5  # leak pixels in a working pixel above which the leak is first reduced by area
LEAST_COVER = 0.5  # of a cell's area that must be leak for the cell to count


@dataclass(frozen=True)
class CellReading:
    """Every cell of a leak, correlated with every pattern its place in the tile can have."""

    correlation: NDArray[np.float32]
    """Shape (cell rows, cell columns, patterns), whole tiles; 0 outside the leak."""

    transform: NDArray[np.float64]
    """Leak (x, y, 1) to working (x, y, 1) whose origin is the corner of the first tile; shape (3, 3)."""

    covered: NDArray[np.bool_]
    """Cells that lie in the leak; shape (cell rows, cell columns)."""

    hash: NDArray[np.float32]
    """The leak's robust hash, -1 to 1; shape (cell rows, cell columns)."""

    beneath: NDArray[np.float32]
    """The same of what lies beneath letters and lines."""

    @property
    def hashed(self) -> "CellReading":
        """The same with the robust hash taken off, as far as it can be trusted; the beacon is seen in it."""
        return replace(self, correlation=self.correlation * self.hash[..., None])


def shrink(luma: NDArray[np.float32], *, long_side: int) -> tuple[NDArray[np.float32], float]:
    """Reduce luma by area until its long side fits; also give small pixels in a large one, of both sides alike."""
    factor = long_side / max(luma.shape)
    if factor >= 1:
        return luma, 1.0
    size = None  # the factor says it, as the short side rarely ends with a whole pixel
    if round(min(luma.shape) * factor) < 2:
        # OpenCV never comes back from a warp of a single row of pixels that mirrors at its border
        size = [max(round(side * factor), 2) for side in luma.shape[::-1]]
    small = cv2.resize(luma, size, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    return np.asarray(small, dtype=np.float32), factor


def central(
    luma: NDArray[np.float32], transform: NDArray[np.float64], *, side: int
) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Cut out the middle of a leak, at most so many working pixels a side; also give its own transform."""
    most = round(side / np.sqrt(abs(np.linalg.det(transform[:2, :2]))))
    down, across = (max(length - most, 0) // 2 for length in luma.shape)
    move = moving(np.array([across, down]))
    middle = luma[down : down + most, across : across + most]
    return middle, np.asarray(transform @ move, dtype=np.float64)


def read_cells(
    luma: NDArray[np.float32],
    transform: NDArray[np.float64],
    codebook: NDArray[np.float32],
    lines: NDArray[np.intp],
) -> CellReading:
    """Read the cells of a located leak.

    Parameters
    ----------
    luma : ndarray, shape (rows, columns), float32
        The leak's luma.
    transform : ndarray, shape (3, 3)
        Leak (x, y, 1) to working (x, y, 1), but for whole tiles; projective, its horizon not in the leak.
    codebook : ndarray, shape (tile, tile, patterns, cell * cell), float32
        Chip patterns.
    lines : ndarray, shape (tile, tile), int
        Of the robust hash.

    Returns
    -------
    reading : CellReading
        Its transform has been moved by whole tiles so that the leak begins in the first one.
    """
    dense = density(transform, luma.shape)
    if dense > OVERSAMPLING:
        luma, factor = shrink(luma, long_side=round(max(luma.shape) * OVERSAMPLING / dense))
        reduce = scaling(factor)
    else:
        reduce = np.eye(3)
    placed = mapped(transform @ np.linalg.inv(reduce), corners(luma.shape))
    side = PROFILE.tile_pixels
    first = np.floor((placed.min(axis=0) + 1 / 2) / side)
    size = np.ceil((placed.max(axis=0) + 1 / 2) / side) - first
    moved = moving(-first * side) @ transform
    canvas = (int(size[0]) * side, int(size[1]) * side)
    warp = moved @ np.linalg.inv(reduce)
    straight = np.asarray(
        cv2.warpPerspective(luma, warp, canvas, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101),
        dtype=np.float32,
    )
    cover = cv2.warpPerspective(np.ones_like(luma), warp, canvas, flags=cv2.INTER_LINEAR)
    white = whiten(straight, levels=LEVELS, favour=favour_at(dense), density=dense) * (cover > LEAST_COVER)
    cells = cover.reshape(canvas[1] // PROFILE.cell, PROFILE.cell, canvas[0] // PROFILE.cell, PROFILE.cell)
    covered = cells.mean(axis=(1, 3)) > LEAST_COVER
    hashes = soft_hash(straight, lines), soft_hash_beneath(straight, lines)
    return CellReading(correlate_cells(white, codebook), moved, covered, *hashes)

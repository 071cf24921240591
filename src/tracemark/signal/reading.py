"""Bring a located leak to the working scale and read its cells."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tracemark.profile import PROFILE
from tracemark.signal.chips import CellChoice
from tracemark.signal.modulation import correlate_cells
from tracemark.signal.whitening import whiten

__all__ = ["CellReading", "beacon_scores", "gather", "read_cells", "shrink"]

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


def shrink(luma: NDArray[np.float32], *, long_side: int) -> tuple[NDArray[np.float32], float]:
    """Reduce luma by area until its long side fits; also give small pixels in a large one."""
    factor = long_side / max(luma.shape)
    if factor >= 1:
        return luma, 1.0
    size = tuple(max(round(side * factor), 1) for side in luma.shape[::-1])
    return np.asarray(cv2.resize(luma, size, interpolation=cv2.INTER_AREA), dtype=np.float32), factor


def read_cells(
    luma: NDArray[np.float32], transform: NDArray[np.float64], codebook: NDArray[np.float32]
) -> CellReading:
    """Read the cells of a located leak.

    Parameters
    ----------
    luma : ndarray, shape (rows, columns), float32
        The leak's luma.
    transform : ndarray, shape (3, 3)
        Leak (x, y, 1) to working (x, y, 1), but for whole tiles.
    codebook : ndarray, shape (tile, tile, patterns, cell * cell), float32
        Chip patterns.

    Returns
    -------
    reading : CellReading
        Its transform has been moved by whole tiles so that the leak begins in the first one.
    """
    density = 1 / np.sqrt(abs(np.linalg.det(transform[:2, :2])))
    if density > OVERSAMPLING:
        luma, factor = shrink(luma, long_side=round(max(luma.shape) * OVERSAMPLING / density))
        reduce = np.array([[factor, 0, (factor - 1) / 2], [0, factor, (factor - 1) / 2], [0, 0, 1]])
    else:
        reduce = np.eye(3)
    rows, columns = luma.shape
    corners = np.array([[-0.5, -0.5, 1], [columns - 0.5, -0.5, 1], [-0.5, rows - 0.5, 1], [columns - 0.5, rows - 0.5, 1]])
    placed = (transform @ np.linalg.inv(reduce) @ corners.T)[:2]
    side = PROFILE.tile_pixels
    first = np.floor((placed.min(axis=1) + 1 / 2) / side)
    size = np.ceil((placed.max(axis=1) + 1 / 2) / side) - first
    moved = np.array([[1, 0, -first[0] * side], [0, 1, -first[1] * side], [0, 0, 1]]) @ transform
    canvas = (int(size[0]) * side, int(size[1]) * side)
    warp = (moved @ np.linalg.inv(reduce))[:2]
    straight = cv2.warpAffine(luma, warp, canvas, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101)
    cover = cv2.warpAffine(np.ones_like(luma), warp, canvas, flags=cv2.INTER_LINEAR)
    white = whiten(np.asarray(straight, dtype=np.float32), levels=LEVELS) * (cover > LEAST_COVER)
    cells = cover.reshape(canvas[1] // PROFILE.cell, PROFILE.cell, canvas[0] // PROFILE.cell, PROFILE.cell)
    return CellReading(correlate_cells(white, codebook), moved, cells.mean(axis=(1, 3)) > LEAST_COVER)


def beacon_scores(reading: CellReading, beacon: CellChoice) -> NDArray[np.float32]:
    """Score every chip set and every place of the leak's first tile in the photo.

    Parameters
    ----------
    reading : CellReading
        The leak's cells.
    beacon : CellChoice
        Of all chip sets: arrays of shape (chip sets, grid * tile, grid * tile, 1).

    Returns
    -------
    scores : ndarray, shape (chip sets, places down, places across), float32
        Correlation in standard deviations.  Place (i, j) puts the leak's first tile at tile
        ``(i - tiles down + 1, j - tiles across + 1)`` of the photo.
    """
    tile, grid = PROFILE.tile, PROFILE.grid
    down, across = (side // tile for side in reading.correlation.shape[:2])
    sets = len(beacon.patterns)
    tiles = reading.correlation.reshape(down, tile, across, tile, -1).transpose(0, 2, 1, 3, 4)
    flat = tiles.reshape(down * across, -1)
    # products of every tile of the leak with every tile of every chip set, cell by cell
    base = np.arange(tile * tile) * PROFILE.patterns
    chosen = beacon.patterns.reshape(sets, grid, tile, grid, tile).transpose(0, 1, 3, 2, 4).reshape(sets, grid, grid, -1)
    signs = beacon.signs.reshape(sets, grid, tile, grid, tile).transpose(0, 1, 3, 2, 4).reshape(sets, grid, grid, -1)
    selector = np.zeros((sets * grid * grid, tile * tile * PROFILE.patterns), dtype=np.float32)
    np.put_along_axis(selector, (base + chosen).reshape(len(selector), -1), signs.reshape(len(selector), -1), axis=1)
    products = (flat @ selector.T).reshape(down, across, sets, grid, grid)
    sums = np.zeros((sets, grid + down - 1, grid + across - 1), dtype=np.float32)
    for row, column in np.ndindex(down, across):
        i, j = down - 1 - row, across - 1 - column
        sums[:, i : i + grid, j : j + grid] += products[row, column]
    power = float(np.mean(reading.correlation[reading.covered] ** 2)) * max(int(reading.covered.sum()), 1)
    return sums / np.float32(np.sqrt(max(power, float(np.finfo(np.float32).tiny))))


def gather(
    reading: CellReading, choice: CellChoice, first: tuple[int, int]
) -> tuple[NDArray[np.float32], tuple[slice, slice]]:
    """Pick the correlations with the patterns that one chip set uses.

    Parameters
    ----------
    reading : CellReading
        The leak's cells.
    choice : CellChoice
        Of one chip set: arrays of shape (grid * tile, grid * tile, slots).
    first : tuple of int
        Tile row and column of the leak's first tile in the photo; may be negative.

    Returns
    -------
    soft : ndarray, shape (rows, columns, slots), float32
        Soft symbols, the scrambling taken off.
    cells : tuple of slice
        Rows and columns of the photo's cells that these are.
    """
    tile, side = PROFILE.tile, PROFILE.grid * PROFILE.tile
    own, photo = [], []
    for begin, count in zip(first, reading.correlation.shape[:2], strict=True):
        low, high = max(begin * tile, 0), min(begin * tile + count, side)
        photo.append(slice(low, high))
        own.append(slice(low - begin * tile, high - begin * tile))
    cells = (photo[0], photo[1])
    picked = np.take_along_axis(reading.correlation[own[0], own[1]], choice.patterns[cells], axis=-1)
    return picked * choice.signs[cells], cells

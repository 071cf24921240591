"""Build the layers of a mark, choose among them cell by cell, and correlate cells with patterns."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from tracemark.profile import PROFILE

__all__ = ["Layers", "build_layers", "contrary", "correlate_cells", "correlate_slots", "cut", "join", "tile_over"]

# Of a slot's share of all slots' sizes in a pixel: where it is even, how fast it turns about, what it is at the least.
EVEN, TURNING, LEAST = 0.45, 0.2, 0.3  # tuned for five to ten copies


@dataclass(frozen=True)
class Layers:
    """A mark before anyone's signs: what all copies share, and what a recipient's signs multiply."""

    common: NDArray[np.float32]
    """Sync pattern and beacon at the working scale, in allowances, of which the strength makes luma levels.

    Shape (rows, columns).
    """

    signed: NDArray[np.float32]
    """Message slots, then the fingerprint: shape (slots, rows, columns), likewise."""

    @cached_property
    def sample(self) -> NDArray[np.float32]:
        """The mark of a copy whose signs are all +1, shape (rows, columns), likewise."""
        return np.asarray(self.common + self.signed.sum(axis=0), dtype=np.float32)


def build_layers(
    codebook: NDArray[np.float32],
    patterns: NDArray[np.uint8],
    sync: NDArray[np.float32],
    beacon_signs: NDArray[np.int8],
    allowance: NDArray[np.float32],
) -> Layers:
    """Build the layers of one photo.

    Parameters
    ----------
    codebook : ndarray, shape (tile, tile, patterns, cell * cell), float32
        Chip patterns.
    patterns : ndarray, shape (cell rows, cell columns, slots), uint8
        The beacon's, the message's and the fingerprint's pattern in each cell, in this order.
    sync : ndarray, shape (tile_pixels, tile_pixels), float32
        One tile of the sync pattern, unit mean square.
    beacon_signs : ndarray, shape (cell rows, cell columns), int8
        +1 or -1.
    allowance : ndarray, shape (rows, columns), float32
        Standard deviation of the whole mark, relative: the strength makes luma levels of it.

    Returns
    -------
    layers : Layers
        The shares of energy are the profile's.
    """
    rows, columns, slots = patterns.shape
    place = np.ix_(np.arange(rows) % PROFILE.tile, np.arange(columns) % PROFILE.tile)
    message = PROFILE.message_share / PROFILE.message_slots
    shares = [PROFILE.beacon_share, *[message] * PROFILE.message_slots, PROFILE.fingerprint_share]
    drawn = []
    for slot, share in zip(range(slots), shares, strict=True):
        cells = codebook[(*place, patterns[..., slot])]
        if slot == 0:
            cells = cells * beacon_signs[..., None]
        drawn.append(join(cells) * allowance * np.float32(np.sqrt(share)))
    tiled = tile_over(sync, allowance.shape) * allowance * np.float32(np.sqrt(PROFILE.sync_share))
    return Layers(common=drawn[0] + tiled, signed=np.stack(drawn[1:]))


def correlate_cells(white: NDArray[np.float32], codebook: NDArray[np.float32]) -> NDArray[np.float32]:
    """Correlate every cell with every pattern of its position in the tile.

    Parameters
    ----------
    white : ndarray, shape (rows, columns), float32
        Whitened luma, whole tiles, the first one starting at (0, 0).
    codebook : ndarray, shape (tile, tile, patterns, cell * cell), float32
        Chip patterns.

    Returns
    -------
    correlation : ndarray, shape (cell rows, cell columns, patterns), float32
        Mean of the product times the cell's side: white noise of unit variance gives unit variance.
    """
    tile, cell = PROFILE.tile, PROFILE.cell
    down, across = white.shape[0] // PROFILE.tile_pixels, white.shape[1] // PROFILE.tile_pixels
    cut = white.reshape(down, tile, cell, across, tile, cell).transpose(1, 4, 0, 3, 2, 5)
    cut = cut.reshape(tile, tile, down * across, cell * cell)
    products = cut @ codebook.swapaxes(-1, -2) / np.float32(cell)
    whole = products.reshape(tile, tile, down, across, -1).transpose(2, 0, 3, 1, 4)
    return np.ascontiguousarray(whole.reshape(down * tile, across * tile, -1), dtype=np.float32)


def correlate_slots(values: NDArray[np.float32], drawn: NDArray[np.float32]) -> NDArray[np.float32]:
    """Correlate cells with the patterns of their slots.

    Parameters
    ----------
    values : ndarray, shape (..., cell * cell), float32
        At the working scale, cell by cell.
    drawn : ndarray, shape (..., slots, cell * cell), float32
        The patterns of the slots, as strong as their layers, or what :func:`contrary` made of them, in the same cells.

    Returns
    -------
    correlation : ndarray, shape (..., slots), float32
        Mean of the product times the cell's side, as :func:`correlate_cells` gives it.
    """
    return np.asarray(np.einsum("...p,...sp->...s", values, drawn) / np.float32(PROFILE.cell), dtype=np.float32)


def contrary(drawn: NDArray[np.float32]) -> NDArray[np.float32]:
    """Turn patterns about where they outweigh all others.

    Parameters
    ----------
    drawn : ndarray, shape (cell rows, cell columns, slots, cell * cell), float32
        The patterns of the slots, as strong as their layers.

    Returns
    -------
    contrary : ndarray of the same shape, float32

    Notes
    -----
    Of many copies mixed as least plus most less median, a pixel in which one slot outweighs the others has one of two
    values in every copy: their middle less their median is what the fewer copies have.  In other pixels the extremes
    tell more than the median, so that the plain patterns would find next to nothing in the whole.
    """
    sizes = np.abs(drawn)
    part = sizes / np.maximum(sizes.sum(axis=2, keepdims=True), np.finfo(np.float32).tiny)
    turned = np.clip((np.float32(EVEN) - part) / np.float32(TURNING), -1, LEAST)
    return np.asarray(drawn * turned, dtype=np.float32)


def tile_over(tile: NDArray[np.float32], shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Repeat a tile over an area; the first one starts at (0, 0)."""
    down, across = -(-shape[0] // tile.shape[0]), -(-shape[1] // tile.shape[1])
    return np.tile(tile, (down, across))[: shape[0], : shape[1]]


def cut(pixels: NDArray[np.float32]) -> NDArray[np.float32]:
    """Cut whole cells.

    Parameters
    ----------
    pixels : ndarray, shape (rows, columns), float32
        At the working scale, from the corner of a cell.

    Returns
    -------
    cells : ndarray, shape (cell rows, cell columns, cell * cell), float32
    """
    side = PROFILE.cell
    rows, columns = (length // side for length in pixels.shape)
    return pixels.reshape(rows, side, columns, side).swapaxes(1, 2).reshape(rows, columns, side * side)


def join(cells: NDArray[np.float32]) -> NDArray[np.float32]:
    """Lay cells side by side, as :func:`cut` found them.

    Parameters
    ----------
    cells : ndarray, shape (cell rows, cell columns, cell * cell), float32

    Returns
    -------
    pixels : ndarray, shape (rows, columns), float32
    """
    rows, columns, _ = cells.shape
    side = PROFILE.cell
    return cells.reshape(rows, columns, side, side).swapaxes(1, 2).reshape(rows * side, columns * side)

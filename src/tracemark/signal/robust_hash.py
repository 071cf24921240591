"""Hash what a picture shows, cell by cell, so that a mark that was made for one picture does not fit another."""

import functools

import cv2
import numpy as np
from numpy.typing import NDArray

from tracemark.keys import Key
from tracemark.profile import PROFILE

__all__ = ["LINES", "hash_lines", "robust_hash", "soft_hash", "soft_hash_beneath"]

CACHED_KEYS = 4
LINES = ((0, 1), (1, 0), (1, 1), (1, -1))  # rows and columns to the next cell along each line
KERNEL = (-0.5, 1.0, -0.5)  # of the cell before, the cell itself and the one after: what changes evenly is left out
THINNED, MEDIAN = 2, 5  # every other pixel, and squares of five of these: what is thinner than five pixels goes
SURE = 0.5  # luma levels by which a cell must stand out for half of the trust


@functools.lru_cache(maxsize=CACHED_KEYS)
def hash_lines(key: Key) -> NDArray[np.intp]:
    """Choose the line along which each cell of a tile is compared with its neighbours.

    Parameters
    ----------
    key : Key
        The secret.

    Returns
    -------
    lines : ndarray, shape (tile, tile), int
        0 to 3: across, down, and the diagonals down to the right and down to the left; read-only.
    """
    tile = PROFILE.tile
    drawn = key.integers("hash lines", PROFILE.version, size=tile * tile, below=len(LINES))
    lines = drawn.astype(np.intp).reshape(tile, tile)
    lines.flags.writeable = False
    return lines


def robust_hash(working: NDArray[np.float32], lines: NDArray[np.intp]) -> NDArray[np.float32]:
    """Hash a photo.

    Parameters
    ----------
    working : ndarray, shape (rows, columns), float32
        Luma at the working scale, whole cells, from the corner of a tile.
    lines : ndarray, shape (tile, tile), int
        What :func:`hash_lines` gave.

    Returns
    -------
    signs : ndarray, shape (cell rows, cell columns), float32
        +1 where a cell is as bright as the mean of its two neighbours along its line, or brighter, else -1.  Where
        there is no neighbour, the nearest cell of the photo stands in.

    Notes
    -----
    Signs of keyed projections that outlast what a picture may go through, after Fridrich and Goljan, *Robust hash
    functions for digital watermarking* (2000).  These leave out what changes slowly: vignettes, and the light of which
    skies and walls have so much in common that their gradients would agree from photo to photo (``docs/choices.md``).
    """
    return np.asarray(np.where(_curvature(working, lines) < 0, -1, 1), dtype=np.float32)


def soft_hash(working: NDArray[np.float32], lines: NDArray[np.intp]) -> NDArray[np.float32]:
    """Hash a leak, and say how far each sign can be trusted.

    Parameters
    ----------
    working : ndarray, shape (rows, columns), float32
        Luma at the working scale, whole cells, from the corner of a tile.
    lines : ndarray, shape (tile, tile), int
        What :func:`hash_lines` gave.

    Returns
    -------
    soft : ndarray, shape (cell rows, cell columns), float32
        -1 to 1; the sign is that of :func:`robust_hash`.
    """
    return _trusted(_curvature(working, lines))


def soft_hash_beneath(working: NDArray[np.float32], lines: NDArray[np.intp]) -> NDArray[np.float32]:
    """Hash what a leak shows beneath letters and lines, which change more cells than they hide.

    Parameters
    ----------
    working, lines
        As for :func:`soft_hash`.

    Returns
    -------
    soft : ndarray, shape (cell rows, cell columns), float32
        As :func:`soft_hash` gives it, of every other pixel, each in its median with those around it.
    """
    thinned = cv2.convertScaleAbs(working[1::THINNED, 1::THINNED])
    beneath = np.asarray(cv2.medianBlur(thinned, MEDIAN), dtype=np.float32)
    return _trusted(_curvature(beneath, lines, thinned=THINNED))


def _trusted(curvature: NDArray[np.float32]) -> NDArray[np.float32]:
    """Trust a sign the more the cell stands out."""
    return np.asarray(curvature / (np.abs(curvature) + np.float32(SURE)), dtype=np.float32)


def _curvature(pixels: NDArray[np.float32], lines: NDArray[np.intp], *, thinned: int = 1) -> NDArray[np.float32]:
    """Say how much brighter each cell is than its two neighbours are on average, luma levels."""
    side = PROFILE.cell // thinned
    rows, columns = pixels.shape[0] // side, pixels.shape[1] // side
    means = pixels.reshape(rows, side, columns, side).mean(axis=(1, 3), dtype=np.float32)
    around = np.pad(means, 1, mode="edge")
    down, across = np.mgrid[1 : rows + 1, 1 : columns + 1]
    step = np.array(LINES)[lines[(down - 1) % PROFILE.tile, (across - 1) % PROFILE.tile]]
    before = around[down - step[..., 0], across - step[..., 1]]
    after = around[down + step[..., 0], across + step[..., 1]]
    return np.asarray(KERNEL[0] * before + KERNEL[1] * means + KERNEL[2] * after, dtype=np.float32)

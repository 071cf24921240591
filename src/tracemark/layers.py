"""Build the layers of a photo's mark, as both who marks it and who reads it with the original do."""

import numpy as np
from numpy.typing import NDArray

from tracemark.geometry.sync_pattern import sync_lines, sync_tile
from tracemark.keys import Key
from tracemark.original import Original
from tracemark.signal.chips import beacon_choices, codebook, photo_patterns
from tracemark.signal.modulation import Layers, build_layers
from tracemark.signal.robust_hash import hash_lines, robust_hash

__all__ = ["beacon_signs", "layers_in", "layers_of"]


def layers_of(
    working: NDArray[np.float32],
    permitted: NDArray[np.float32],
    *,
    key: Key,
    book: NDArray[np.float32],
    digest: bytes,
    chip_set: int,
) -> Layers:
    """Build the layers of a photo.

    Parameters
    ----------
    working : ndarray, shape (rows, columns), float32
        The photo's luma at the working scale, whole cells.
    permitted : ndarray of the same shape, float32
        Its allowance.
    key : Key
        The secret.
    book : ndarray, shape (tile, tile, patterns, cell * cell), float32
        Its chip patterns.
    digest : bytes
        The photo's digest.
    chip_set : int
        Which chip set the photo uses, as in :func:`~tracemark.signal.chips.beacon_choices`.

    Returns
    -------
    layers : Layers
        In allowances.
    """
    signs = _beacon_signs(working, key, chip_set)
    rows, columns = signs.shape
    patterns = photo_patterns(key, digest, chip_set, rows=rows, columns=columns)
    return build_layers(book, patterns, sync_tile(sync_lines(key)), signs, permitted)


def layers_in(original: Original, *, key: Key) -> Layers:
    """Build the layers of a photo that is known, all allowances being 1.

    Parameters
    ----------
    original : Original
        The photo.
    key : Key
        The secret.

    Returns
    -------
    layers : Layers
        In standard deviations of the whole mark, whole cells.
    """
    working = _working(original)
    digest, chip_set, even = original.digest, original.chip_set, np.ones_like(working)
    return layers_of(working, even, key=key, book=codebook(key), digest=digest, chip_set=chip_set)


def beacon_signs(original: Original, *, key: Key) -> NDArray[np.int8]:
    """Give the signs of a photo's beacon; shape (cell rows, cell columns), +1 or -1."""
    return _beacon_signs(_working(original), key, original.chip_set)


def _beacon_signs(working: NDArray[np.float32], key: Key, chip_set: int) -> NDArray[np.int8]:
    """Multiply the signs drawn for a chip set with the robust hash."""
    hashed = robust_hash(working, hash_lines(key))
    rows, columns = hashed.shape
    return np.asarray(beacon_choices(key).signs[chip_set, :rows, :columns, 0] * hashed, dtype=np.int8)


def _working(original: Original) -> NDArray[np.float32]:
    """Fill a photo's luma up to whole cells, nearly as it was when it was marked."""
    missing = [(0, whole - have) for whole, have in zip(original.layout.working, original.luma.shape, strict=True)]
    return np.pad(original.luma, missing, mode="symmetric")

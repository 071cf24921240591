"""Build the layers of a photo's mark, as both who marks it and who reads it with the original do."""

import numpy as np
from numpy.typing import NDArray

from tracemark.geometry.sync_pattern import sync_lines, sync_tile
from tracemark.keys import Key
from tracemark.signal.chips import beacon_choices, photo_patterns
from tracemark.signal.modulation import Layers, build_layers
from tracemark.signal.robust_hash import hash_lines, robust_hash

__all__ = ["layers_of"]


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
    signs = robust_hash(working, hash_lines(key))
    rows, columns = signs.shape
    return build_layers(
        book,
        photo_patterns(key, digest, chip_set, rows=rows, columns=columns),
        sync_tile(sync_lines(key)),
        beacon_choices(key).signs[chip_set, :rows, :columns, 0] * signs,
        permitted,
    )

"""Draw the fingerprint of a recipient's copy: independent fair coins, one a cell."""

import numpy as np
from numpy.typing import NDArray

from tracemark.keys import Key
from tracemark.profile import PROFILE

__all__ = ["fingerprint"]


def fingerprint(key: Key, digest: bytes, recipient: int, *, rows: int, columns: int) -> NDArray[np.int8]:
    """Draw a recipient's fingerprint in one photo.

    Parameters
    ----------
    key : Key
        The secret.
    digest : bytes
        The photo's digest.
    recipient : int
        0 to ``2**32 - 1``.
    rows, columns : int
        Cells of the photo.

    Returns
    -------
    signs : ndarray, shape (rows, columns), int8
        +1 or -1, as good as independent for every photo, recipient and cell: the condition of the bound
        in ``docs/guarantees.md``.
    """
    signs = key.signs("fingerprint", PROFILE.version, digest, recipient, size=rows * columns)
    return signs.reshape(rows, columns)

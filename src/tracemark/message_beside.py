"""Look for a message in a leak that fits nobody's copy of the photo it lies on: why that is so is worth knowing."""

import numpy as np
from numpy.typing import NDArray

from tracemark.blind import read_blind
from tracemark.comparison import cut_out
from tracemark.geometry.straightening import positive_of
from tracemark.informed import Residue
from tracemark.keys import Key
from tracemark.placing import Placed
from tracemark.transforms import corners, tangent

__all__ = ["message_beside"]


def message_beside(leak: NDArray[np.float32], residue: Residue, *, key: Key) -> int | None:
    """Say whose message a leak holds that lies on a photo, but fits nobody's copy of that.

    Parameters
    ----------
    leak : ndarray, shape (rows, columns), float32
        The leak's luma.
    residue : Residue
        What is left of it without the photo.
    key : Key
        The secret.

    Returns
    -------
    recipient : int or None
        Who must not be named by this alone.

    Notes
    -----
    A photo that was saved anew, or in which red and blue have changed places, has another digest, and so every copy of
    it another fingerprint, and mostly another chip set.  Or the list lacks somebody.  The leak is read blind, without a
    search: where it lies is known.
    """
    shown, registration = cut_out(leak, residue.registration)  # of a large page the rest would take all memory
    shown = positive_of(shown, negative=registration.negative)
    middle = corners(shown.shape).mean(axis=0)
    placed = Placed(shown, tangent(registration.transform, middle), merit=0.0)  # there may be a horizon farther out
    return read_blind(shown, key=key, placements=[placed]).recipient

"""Say what a sign shows in a mix of copies, when the other copies are known."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tracemark.profile import PROFILE

__all__ = ["LEAST_COPIES", "MIXES", "correlate_among"]

Floats = NDArray[np.float32]

LEAST_COPIES = 3  # of which the median is one, and neither the least nor the most
MIXES = np.array([(1, 0, 0), (0, 1, 0), (1 / 2, 1 / 2, 0), (0, 0, 1), (1, 1, -1)], dtype=np.float32)
"""Least, most, their mean, median, modified negative: what each has of least, most and median; shape (mixes, 3)."""

AT_ONCE = 16  # cells that are mixed at a time: what is touched stays in the processor's cache


def correlate_among(values: Floats, drawn: Floats, signs: NDArray[np.int8], members: Sequence[int]) -> Floats:
    """Correlate cells with what slots show in mixes of copies, all but one of which are known.

    Parameters
    ----------
    values : ndarray, shape (cells, cell * cell), float32
        What is left of a leak.
    drawn : ndarray, shape (cells, slots, cell * cell), float32
        The patterns of the slots, as strong as their layers.
    signs : ndarray, shape (copies, cells, slots), int8
        Of an odd number of copies, three or more.
    members : sequence of int
        For which of them, one after the other, the others alone are known.

    Returns
    -------
    correlation : ndarray, shape (members, mixes, cells, slots), float32
        In the unit of :func:`~tracemark.signal.modulation.correlate_slots`.  The signs of a member itself change
        nothing in what is given for it.

    Raises
    ------
    ValueError
        When the number of copies is even or below three.

    Notes
    -----
    A sign's pattern in the mix is half of how much the mix changes with the sign, in the mean over the copy's other
    signs.  A copy's pixel has one value for each content of its cell, so all contents are gone through.  Of the others'
    values only the outermost and the two in the middle matter.
    """
    copies, cells, slots = signs.shape
    if copies % 2 == 0 or copies < LEAST_COPIES:
        raise ValueError(f"the number of copies must be odd and at least {LEAST_COPIES}, not {copies}")
    all_signs = (1 - 2 * (np.arange(1 << slots)[:, None] >> np.arange(slots) & 1)).astype(np.float32)
    mixed = np.empty((len(members), 3, len(all_signs), cells), dtype=np.float32)
    for start in range(0, cells, AT_ONCE):
        part = np.s_[start : start + AT_ONCE]
        contents = np.einsum("ks,nsp->knp", all_signs, drawn[part])
        shown = np.einsum("cns,nsp->cnp", signs[:, part].astype(np.float32), drawn[part])
        ordered = np.sort(shown, axis=0)
        for at, member in enumerate(members):
            for kind, values_of_mix in enumerate(_mix(contents, ordered, shown[member])):
                mixed[at, kind, :, part] = np.einsum("np,knp->kn", values[part], values_of_mix)
    by_slot = np.einsum("mtkn,ks->mtns", mixed, all_signs / np.float32(len(all_signs) * PROFILE.cell))
    return np.asarray(np.einsum("xt,mtns->mxns", MIXES, by_slot), dtype=np.float32)


def _mix(contents: Floats, ordered: Floats, own: Floats) -> tuple[Floats, Floats, Floats]:
    """Mix each content with all copies but one; give least, most and median.

    ``ordered`` are the copies' values, least first, and ``own`` are those of the copy that is left out.
    """

    def other(rank: int) -> Floats:
        """Give the values that have a rank when the copy is left out."""
        return np.asarray(np.where(own > ordered[rank], ordered[rank], ordered[rank + 1]))

    middle = len(ordered) // 2
    return (
        np.minimum(contents, other(0)),
        np.maximum(contents, other(len(ordered) - 2)),
        np.clip(contents, other(middle - 1), other(middle)),
    )

"""Say what a sign shows in a mix of copies, when the other copies are known."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

__all__ = ["LEAST_COPIES", "MIXES", "Among", "Mixture"]

Floats = NDArray[np.float32]

LEAST_COPIES = 3  # of which the median is one, and neither the least nor the most
MIXES = np.array([(1, 0, 0), (0, 1, 0), (1 / 2, 1 / 2, 0), (0, 0, 1), (1, 1, -1)], dtype=np.float32)
"""Least, most, their mean, median, modified negative: what each has of least, most and median; shape (mixes, 3)."""

AT_ONCE = 16  # cells that are mixed at a time: what is touched stays in the processor's cache


@dataclass(frozen=True, eq=False)
class Among:
    """What a copy shows in a mix with others."""

    patterns: Floats
    """What its signs are multiplied by; shape (cells, slots, cell * cell)."""

    expected: Floats
    """What the mix has whatever its signs are; shape (cells, cell * cell)."""

    spread: float
    """Root of the mean square of the rest, which its signs make."""


@dataclass(frozen=True, eq=False)
class Mixture:
    """Copies that are mixed.

    Raises
    ------
    ValueError
        When the number of copies is even or below three.
    """

    drawn: Floats
    """The patterns of the slots, as strong as their layers; shape (cells, slots, cell * cell)."""

    signs: NDArray[np.int8]
    """Of the copies, shape (copies, cells, slots)."""

    def __post_init__(self) -> None:
        """Refuse numbers of copies of which the median would not be one."""
        copies = len(self.signs)
        if copies % 2 == 0 or copies < LEAST_COPIES:
            raise ValueError(f"the number of copies must be odd and at least {LEAST_COPIES}, not {copies}")

    def mixed(self, mix: int) -> Floats:
        """Mix the copies.

        Parameters
        ----------
        mix : int
            Which of ``MIXES``.

        Returns
        -------
        mixed : ndarray, shape (cells, cell * cell), float32
        """
        least, _, _, median, _, _, most = self._ranks
        return _weighed(mix, least, most, median)

    def among(self, member: int, mix: int) -> Among:
        """Say what a copy shows, given all others.

        Parameters
        ----------
        member : int
            Which of the copies: its signs change nothing in the result.
        mix : int
            Which of ``MIXES``.

        Returns
        -------
        among : Among

        Notes
        -----
        A sign's pattern in the mix is half of how much the mix changes with the sign, in the mean over the copy's other
        signs.  A copy's pixel has one value for each content of its cell, so all contents are gone through.  Of the
        others' values only the outermost and the two in the middle matter.
        """
        slots = self.signs.shape[2]
        contents = (1 - 2 * (np.arange(1 << slots)[:, None] >> np.arange(slots) & 1)).astype(np.float32)
        mean = contents.T / np.float32(len(contents))
        patterns, expected, square = np.empty_like(self.drawn), np.empty_like(self.drawn[:, 0]), 0.0
        for part in _parts(len(self.drawn)):
            ranks = [rank[part] for rank in self._ranks]
            own = _shown(self.signs[member, part], self.drawn[part])
            low, high, under, over = (
                # what has a rank among the others is next in rank among all, if the copy itself comes before
                np.where(own > ranks[at], ranks[at], ranks[at + 1])
                for at in (0, 5, 2, 3)
            )
            shown = np.einsum("ks,nsp->knp", contents, self.drawn[part])
            mixed = _weighed(mix, np.minimum(shown, low), np.maximum(shown, high), np.clip(shown, under, over))
            patterns[part] = np.einsum("sk,knp->nsp", mean, mixed)
            expected[part] = mixed.mean(axis=0)
            square += float(np.square(mixed - expected[part]).mean(axis=0).sum())
        return Among(patterns, expected, math.sqrt(square / max(expected.size, 1)))

    @cached_property
    def _ranks(self) -> Floats:
        """The two least, the three in the middle and the two most; shape (7, cells, cell * cell)."""
        copies = len(self.signs)
        middle = copies // 2
        ranks = [0, 1, middle - 1, middle, middle + 1, copies - 2, copies - 1]
        found = np.empty((len(ranks), *self.drawn[:, 0].shape), dtype=np.float32)
        for part in _parts(len(self.drawn)):
            shown = _shown(self.signs[:, part], self.drawn[part])
            shown.sort(axis=0)
            found[:, part] = shown[ranks]
        return found


def _parts(cells: int) -> Iterator[slice]:
    """Give some cells after the other."""
    return (slice(start, start + AT_ONCE) for start in range(0, cells, AT_ONCE))


def _shown(signs: NDArray[np.int8], drawn: Floats) -> Floats:
    """Give the pixels of copies."""
    return np.asarray(np.einsum("...ns,nsp->...np", signs.astype(np.float32), drawn), dtype=np.float32)


def _weighed(mix: int, least: Floats, most: Floats, median: Floats) -> Floats:
    """Add up what a mix has of each."""
    parts = zip(MIXES[mix], (least, most, median), strict=True)
    return np.asarray(sum(weight * values for weight, values in parts if weight), dtype=np.float32)

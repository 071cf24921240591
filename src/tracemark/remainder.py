"""Take the picture out of a leak that lies on its original, so that each pixel says how much likelier a mark is."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from tracemark.geometry.registration import Registration, straighten
from tracemark.geometry.rendering import density_of
from tracemark.machine import processors
from tracemark.profile import PROFILE
from tracemark.signal.likelihood import Beside, Found
from tracemark.signal.quantisation import BLOCK, Coding, blocks_of
from tracemark.signal.toning import tone_of

__all__ = ["Comparison", "Remainder", "Tuned"]

Floats = NDArray[np.float32]

CLEARLY = 0.5  # standard deviations by which another coding must show a pattern better: a wrong one may do so by chance
ENOUGH = 1 << 19  # pixels of a leak in which it is seen how strong a pattern is
MOST_AMOUNT = 2.0  # of a pattern, whose usual amount is 1: more would be no mark's


@dataclass(frozen=True, eq=False)
class Remainder:
    """What is left of a leak, ready to be correlated with patterns."""

    values: Floats
    """Nats in a pattern: the sum of products with one is half of the logarithm of a ratio of likelihoods; whole tiles;
    0 where the leak does not show the photo."""

    weights: Floats
    """How likely each pixel shows the photo, 0 to 1; of the same shape."""


@dataclass(frozen=True, eq=False)
class Comparison:
    """A leak beside what it would be without a mark."""

    leak: Floats
    """Its luma, shape (rows, columns)."""

    expected: Floats
    """Luma of what it would have been before it was saved, were there no mark; of the same shape."""

    fitted: bool
    """Whether the leak's tones were fitted, and with them what is slow in the mark."""

    coding: Coding
    """How it was saved."""

    others: Sequence[Coding]
    """How else it may have been saved: by another codec, or by two, one after the other."""

    cover: Floats
    """1 where the leak shows what is expected, 0 where it shows something else; of the same shape."""

    spread: Floats
    """Standard deviation of the mark in the original, luma levels; shape (original rows, original columns)."""

    shown: Floats
    """The same in the leak's pixels, in the shape of the leak."""

    registration: Registration
    """Where the leak lies on the original."""

    show: Callable[[Floats], Floats]
    """Bring what has the original's pixels to those of the leak."""

    def remainder(self, known: Floats | None = None, *, unknown: float = 1.0) -> Remainder:
        """Take what is expected out of the leak.

        Parameters
        ----------
        known : ndarray, shape (original rows, original columns), float32, optional
            What is known of the mark, in standard deviations of the mark: it is expected, too.
        unknown : float
            Standard deviation of the rest of it, in those of the mark.

        Returns
        -------
        remainder : Remainder

        Notes
        -----
        Each coefficient of the leak's JPEG tells how much likelier a mark makes it.  Only this is brought back to the
        pixels of the original, so that what aliased when the leak was reduced has aliased in both.  A coefficient that
        steps are coarse for says little unless it is known how near to an edge it was: so what is known of the mark is
        worth more than its mere subtraction.
        """
        likelier = self._beside(known, unknown).slopes(self.coding)
        straight, weights = straighten(likelier, self.registration)
        # a working pixel is only a part of a leak's pixel when those are larger
        part = np.float32(min(density_of(self.registration, self.leak.shape), 1) ** 2)
        weights = _whole(weights)
        return Remainder(_whole(straight * self.spread) * weights * part * np.float32(PROFILE.cell), weights)

    def tune(self, pattern: Floats) -> "Tuned":
        """Find out how the leak was saved, and how strong a pattern is in it, by how the pattern shows.

        Parameters
        ----------
        pattern : ndarray, shape (original rows, original columns), float32
            What all copies share, in standard deviations of the mark.

        Returns
        -------
        tuned : Tuned

        Notes
        -----
        The coding is the likeliest unless another shows the pattern clearly better.  The amount is one step of the
        secant method, from none and all of the pattern, towards what makes the leak likeliest.
        """
        # of a large leak, every second row of blocks or fewer: enough to see a pattern
        rows = np.arange(len(self.leak)) // BLOCK % max(self.leak.size // ENOUGH, 1) == 0
        found = Found.of(self.leak[rows], self.cover[rows])
        expected, spread, moved = self.expected[rows], self.shown[rows], self._moved(pattern)[rows]
        without, codings = found.beside(expected, spread), (self.coding, *self.others)
        with ThreadPoolExecutor(processors()) as pool:
            products = list(pool.map(lambda coding: moved * without.slopes(coding), codings))
            likeliest, *others = pool.map(_clearness, products)
        at = 1 + int(np.argmax(others)) if others and max(others) > likeliest + CLEARLY else 0
        coding = codings[at]
        none = float(products[at].sum())
        whole = float((moved * found.beside(expected + moved, spread).slopes(coding)).sum())
        amount = float(np.clip(none / (none - whole), 0, MOST_AMOUNT)) if none > whole else 0.0
        return Tuned(replace(self, coding=coding, others=()), amount)

    def log_likelihood(self, known: Floats, *, unknown: float) -> float:
        """Say how likely the leak is when this is known of its mark; nats.

        Parameters
        ----------
        known, unknown
            As for :meth:`remainder`.

        Returns
        -------
        log_likelihood : float
        """
        return self._beside(known, unknown).log_likelihood(self.coding)

    @cached_property
    def _found(self) -> Found:
        """The leak's coefficients, which are compared with many things."""
        return Found.of(self.leak, self.cover)

    def _beside(self, known: Floats | None, unknown: float) -> Beside:
        """Compare the leak with what is expected when this is known of its mark."""
        expected = self.expected if known is None else self.expected + self._moved(known)
        return self._found.beside(expected, self.shown * np.float32(unknown))

    def _moved(self, known: Floats) -> Floats:
        """Say what a mark adds to what is expected."""
        moved = self.show(known * self.spread)
        return moved - tone_of(moved, self.cover) if self.fitted else moved


@dataclass(frozen=True, eq=False)
class Tuned:
    """What a pattern that is in a leak says of it."""

    comparison: Comparison
    """The leak, with the coding that shows the pattern."""

    amount: float
    """How strong the pattern is: 0 to ``MOST_AMOUNT``, about 1 where a leak has kept all of a usual mark."""


def _clearness(products: Floats) -> float:
    """Say how clearly a pattern shows, in standard deviations: a block's share of chance has either sign.

    The products are of the pattern and the slopes, pixel by pixel.
    """
    parts = blocks_of(products).sum(axis=(2, 3), dtype=np.float64)
    return float(parts.sum() / max(np.sqrt((parts**2).sum()), np.finfo(np.float64).tiny))


def _whole(values: Floats) -> Floats:
    """Fill up to whole tiles with nothing."""
    return np.pad(values, [(0, -side % PROFILE.tile_pixels) for side in values.shape])

"""Say how much likelier a faint mark makes a leak: what quantisation has let through of it."""

from dataclasses import dataclass
from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.fft import idctn

from tracemark.signal.quantisation import BLOCK, Coding, blocks_of, coefficients_of

__all__ = ["Beside", "Found"]

Floats = NDArray[np.float32]

AROUND = 5  # blocks: side of the square over which what nothing explains is measured, for each frequency by itself
ROOM = 3.0  # times what rounding and the mark make of a squared difference: less in so few blocks may be chance
FAR = 5.0  # standard deviations from a step's edge, beyond which nothing lies
ASTRAY = 0.03  # chance that a coefficient is where nothing explains it: where colours were cut off, luma is, too
SURE = 1.5  # slopes beyond are cut: a coefficient so far off is something else


@dataclass(frozen=True, eq=False)
class Found:
    """A leak's coefficients, ready to be compared with what may be expected."""

    cover: Floats
    """1 where the leak shows what is expected, 0 where it shows something else; shape (rows, columns)."""

    coefficients: Floats
    """Shape (down, across, BLOCK, BLOCK)."""

    weights: Floats
    """How much of each block shows what is expected, 0 to 1; shape (down, across, 1, 1)."""

    @classmethod
    def of(cls, leak: Floats, cover: Floats) -> Self:
        """Transform luma that was read from a file; `cover` is of the same shape, as above."""
        return cls(cover, coefficients_of(blocks_of(leak)), blocks_of(cover).mean(axis=(2, 3), keepdims=True))

    def beside(self, expected: Floats, spread: Floats) -> "Beside":
        """Compare with what may be expected.

        Parameters
        ----------
        expected : ndarray, shape (rows, columns), float32
            Luma of what the leak would have been before it was saved, were there no mark, as well as that is known.
        spread : ndarray, shape (rows, columns), float32
            Standard deviation of the mark, luma levels.

        Returns
        -------
        beside : Beside
        """
        variance = blocks_of(spread).mean(axis=(2, 3), keepdims=True) ** 2
        return Beside(self, coefficients_of(blocks_of(expected)), variance)


@dataclass(frozen=True, eq=False)
class Beside:
    """A leak's coefficients beside what is expected of them, however it was saved."""

    found: Found
    """The leak's."""

    likely: Floats
    """Those expected, of the same shape."""

    variance: Floats
    """Of the mark in the coefficients of a block, luma levels squared; shape (down, across, 1, 1)."""

    def slopes(self, coding: Coding) -> Floats:
        """Say how much likelier the leak gets as what is expected gets lighter, pixel by pixel.

        Parameters
        ----------
        coding : Coding
            How it was saved.

        Returns
        -------
        slopes : ndarray, shape (rows, columns), float32
            Derivative of the log-likelihood, nats a level: its product with a mark, summed up, is how much likelier the
            mark makes the leak, as long as the mark is faint.

        Notes
        -----
        A coefficient of the leak says between which two values that of the marked picture lay.  The expected one plus a
        normal variable of the mark's spread lies there with some chance, and the slope is the derivative of its
        logarithm.  So a coefficient that the mark has pushed over an edge counts as much as the edge was far, however
        large the step is, and one that was pushed over none counts for a little.  Where more is off than rounding to
        the steps explains, as under a moire or a halftone, the variable is that much wider, frequency by frequency.
        """
        lower, upper, deviation = self._edges(coding)
        slope = _slope(lower, upper) / deviation
        levels = np.asarray(idctn(slope, axes=(2, 3), norm="ortho"), dtype=np.float32)
        down, across = levels.shape[:2]
        rows, columns = self.found.cover.shape
        return levels.swapaxes(1, 2).reshape(down * BLOCK, across * BLOCK)[:rows, :columns] * self.found.cover

    def log_likelihood(self, coding: Coding) -> float:
        """Say how likely the leak's coefficients are to be rounded to what they are, or to go astray.

        Parameters
        ----------
        coding : Coding
            As for :meth:`slopes`.

        Returns
        -------
        log_likelihood : float
            Nats.
        """
        lower, upper, _ = self._edges(coding)
        chance = _chance(np.minimum(lower, np.float32(FAR)), np.maximum(upper, np.float32(-FAR)))
        likely = np.log((1 - ASTRAY) * chance + ASTRAY) * self.found.weights
        return float(likely.sum(dtype=np.float64))

    def _edges(self, coding: Coding) -> tuple[Floats, Floats, Floats]:
        """Say between which values each coefficient lay, in deviations from what is expected, and what one is."""
        steps, least = coding.steps, np.float32(coding.noise**2)
        found = self.found.coefficients
        explained = _explained(self.likely, steps, self.variance + least)
        unknown = _around((found - self.likely) ** 2 - np.float32(ROOM) * explained, self.found.weights)
        deviation: Floats = np.sqrt(self.variance + np.maximum(unknown, least))
        multiple = np.rint(found / steps)
        # without a grid a coefficient beyond the dead zone is taken to be off by half a step, wherever it lies
        centre = multiple * steps if coding.aligned else np.where(multiple, found, np.float32(0))
        lower = np.asarray(centre - steps / 2 - self.likely, dtype=np.float32)
        return lower / deviation, (lower + steps) / deviation, deviation


def _explained(likely: Floats, steps: Floats, variance: Floats) -> Floats:
    """Expect the squared difference that rounding to steps leaves in coefficients that vary so much.

    It is not that of any number: a coefficient near 0 is rounded to 0 under coarse steps, and leaves hardly any.
    """
    from scipy.special import ndtr  # takes a tenth of a second, and marking a photo never comes here

    off = np.abs(likely - np.rint(likely / steps) * steps)
    over = ndtr((off - steps / 2) / np.sqrt(variance))  # the chance to be rounded to the next value
    return np.asarray(off**2 + over * ((steps - off) ** 2 - off**2), dtype=np.float32)


def _around(values: Floats, weights: Floats) -> Floats:
    """Average values of coefficients over the blocks around."""
    down, across = values.shape[:2]
    weighted = (values * weights).reshape(down, across, BLOCK**2)
    total, count = (
        cv2.blur(plane, (AROUND, AROUND), borderType=cv2.BORDER_REFLECT)
        for plane in (weighted, weights.reshape(down, across))
    )
    mean = total / np.maximum(count, np.finfo(np.float32).eps)[..., None]
    return np.asarray(mean.reshape(values.shape), dtype=np.float32)


def _slope(lower: Floats, upper: Floats) -> Floats:
    """Differentiate the log-chance that a standard normal variable, once moved, lies between two values."""
    lower, upper = np.minimum(lower, np.float32(FAR)), np.maximum(upper, np.float32(-FAR))
    densities = (np.exp(-(edge**2) / 2) / np.float32(np.sqrt(2 * np.pi)) for edge in (lower, upper))
    slope = np.subtract(*densities) / _chance(lower, upper)
    return np.asarray(np.clip(slope, -SURE, SURE), dtype=np.float32)


def _chance(lower: Floats, upper: Floats) -> Floats:
    """Give the chance that a standard normal variable lies between two values, a little above 0 at the least."""
    from scipy.special import ndtr  # takes a tenth of a second, and marking a photo never comes here

    mirrored = lower > 0  # the upper tail is exact where it is small
    low, high = np.where(mirrored, -upper, lower), np.where(mirrored, -lower, upper)
    return np.asarray(np.maximum(ndtr(high) - ndtr(low), np.finfo(np.float32).tiny), dtype=np.float32)

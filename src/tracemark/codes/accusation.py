"""Score every recipient of a list against soft symbols, and bound the chance that an innocent scores as high.

The bounds are Chernoff's (1952, :doi:`10.1214/aoms/1177729330`), sharpened by Bentkus and Dzindzalieta's (2015,
:doi:`10.3150/14-BEJ603`) on sums of coins; ``docs/guarantees.md`` holds the proof.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from tracemark.codes.message import MotherCode
from tracemark.codes.metrics import window_metrics, word_scores
from tracemark.codes.moment import log_moment

__all__ = ["Bound", "Evidence", "Scores", "bound_of", "scores_of"]

RATES = 48  # of the fingerprint's bound, in equal ratios
RATE_RANGE = (2.0, 40.0)  # in units of 1 / norm of the soft symbols: the rate that is best for such a score
AT_ONCE = 1 << 22  # signs of candidates that are made floats: 32 MB
MARGIN = 1e-3  # nats added to every bound: walking the trellis in float32 moves one by 1e-5 at most
NORMAL = 1 / (2 * math.erfc(1))  # times as likely coins may be to score high as a normal number of their mean square


@dataclass(frozen=True)
class Evidence:
    """Soft symbols of a leak, weighted; computed without a look at any candidate's code."""

    fingerprint: NDArray[np.float32]
    """Soft fingerprint signs, shape (n,)."""

    message: NDArray[np.float32]
    """Soft message symbols, the scrambling taken off, shape (m,)."""

    code: MotherCode
    """The code of the message symbols, arrays of shape (m,)."""

    @cached_property
    def metrics(self) -> NDArray[np.float32]:
        """What :func:`~tracemark.codes.metrics.window_metrics` gives for the message."""
        return window_metrics(self.message, self.code)

    @cached_property
    def fingerprint_factors(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Rates for the fingerprint's score, and the logarithms of their factors, as :class:`Bound` has them."""
        rates = np.geomspace(*RATE_RANGE, RATES) / _norm(self.fingerprint)
        return rates, _log_factor(rates, self.fingerprint)

    @cached_property
    def norm(self) -> float:
        """Root of the sum of squares of all soft symbols; a little above 0 for those that say nothing."""
        return _norm(np.concatenate([self.fingerprint, self.message]))

    def deviations(self, scores: "Scores") -> NDArray[np.float64]:
        """Give the sums of both scores of candidates in standard deviations of an innocent's; shape (candidates,)."""
        return (scores.fingerprint + scores.message) / self.norm


@dataclass(frozen=True)
class Scores:
    """How well each candidate fits; in the unit of the soft symbols."""

    fingerprint: NDArray[np.float64]
    """Shape (candidates,)."""

    message: NDArray[np.float64]
    """Shape (candidates,)."""


@dataclass(frozen=True)
class Bound:
    """How rare scores are among innocents."""

    rates: NDArray[np.float64]
    """What the fingerprint's score is multiplied by; shape (k,)."""

    log_factors: NDArray[np.float64]
    """Logarithm of what ``exp(-rate * score)`` is multiplied by to give a bound; shape (k,)."""

    joint_rates: NDArray[np.float64]
    """The same for the sum of both scores."""

    joint_log_factors: NDArray[np.float64]
    """The same for the sum of both scores."""

    def fingerprint_alone(self, scores: Scores) -> NDArray[np.float64]:
        """Bound the chance that one innocent's fingerprint scores at least as high.

        Parameters
        ----------
        scores : Scores
            Of the candidates.

        Returns
        -------
        log_chance : ndarray, shape (candidates,), float64
            Natural logarithm, at most 0.
        """
        return _best(self.rates, self.log_factors, scores.fingerprint)

    def together(self, scores: Scores) -> NDArray[np.float64]:
        """Bound the chance that the sum of both of one innocent's scores is at least as high.

        Parameters
        ----------
        scores : Scores
            Of the candidates.

        Returns
        -------
        log_chance : ndarray, shape (candidates,), float64
            Natural logarithm, at most 0.
        """
        return _best(self.joint_rates, self.joint_log_factors, scores.fingerprint + scores.message)


def scores_of(evidence: Evidence, fingerprints: NDArray[np.int8], words: Sequence[int]) -> Scores:
    """Score all candidates.

    Parameters
    ----------
    evidence : Evidence
        Soft symbols.
    fingerprints : ndarray, shape (candidates, n), int8
        The candidates' fingerprint signs at the evidence's cells.
    words : sequence of int
        The candidates' message words.

    Returns
    -------
    scores : Scores
    """
    # in float64: rounding grows with the cells, and any number of leaks may be read together
    soft = evidence.fingerprint.astype(np.float64)
    step = max(AT_ONCE // max(len(soft), 1), 1)
    parts = [fingerprints[start : start + step] for start in range(0, len(fingerprints), step)]
    fingerprint = np.concatenate([part.astype(np.float64) @ soft for part in parts])
    return Scores(fingerprint, word_scores(words, evidence.metrics))


def bound_of(evidence: Evidence, *, joint_rates: Sequence[float] = ()) -> Bound:
    """Compute the bounds that belong to soft symbols.

    Parameters
    ----------
    evidence : Evidence
        Soft symbols.
    joint_rates : sequence of float
        For which the bound of both scores together is computed, in units of 1 / norm of all soft symbols: any give a
        bound, and the one that is about the score in standard deviations gives the best.  Each takes 0.3 s.

    Returns
    -------
    bound : Bound

    Notes
    -----
    A fingerprint is independent fair coins, so the mean of ``exp(rate * score)`` is the product of
    ``cosh(rate * soft)``.  A message word is a random number; :func:`~tracemark.codes.moment.log_moment` gives
    the mean over all of them.  The chance of a score of at least s is at most the mean times ``exp(-rate * s)``.
    """
    both_rates = np.array(joint_rates) / evidence.norm
    of_messages = [log_moment(evidence.metrics, rate) for rate in both_rates]
    joint = _log_factor(both_rates, evidence.fingerprint) + of_messages
    return Bound(*evidence.fingerprint_factors, both_rates, np.asarray(joint))


def _best(
    rates: NDArray[np.float64], log_factors: NDArray[np.float64], scores: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Take the best of the bounds that the rates give; at most 0."""
    bounds = log_factors[:, None] - np.outer(rates, scores) + MARGIN
    return np.asarray(bounds.min(axis=0, initial=0))


def _log_factor(rates: NDArray[np.float64], soft: NDArray[np.float32]) -> NDArray[np.float64]:
    """Bound what coins add to the logarithm of a factor: the lesser of Chernoff's and that of a normal number."""
    spread = rates * _norm(soft)
    normal = spread**2 / 2 + np.log(NORMAL / (spread * np.sqrt(2 * np.pi)))
    return np.asarray(np.minimum(_log_cosh(np.outer(rates, soft)), normal))


def _log_cosh(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sum the logarithms of the hyperbolic cosine over the last axis."""
    size = np.abs(values)
    return np.asarray(np.sum(size + np.log1p(np.exp(-2 * size)) - np.log(2), axis=-1))


def _norm(soft: NDArray[np.float32]) -> float:
    """Give the root of the sum of squares, or the least number that may divide others."""
    return max(float(np.linalg.norm(soft.astype(np.float64))), float(np.finfo(np.float32).tiny))

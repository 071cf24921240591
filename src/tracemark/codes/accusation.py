"""Score every recipient of a list against soft symbols, and bound the chance that an innocent scores as high.

The bounds are Chernoff's (1952, :doi:`10.1214/aoms/1177729330`); ``docs/guarantees.md`` holds the proof.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from tracemark.codes.message import MotherCode, log_moment, window_metrics, word_scores

__all__ = ["Bound", "Evidence", "Scores", "bound_of", "scores_of"]

RATES = 48  # of the fingerprint's bound, in equal ratios
RATE_RANGE = (2.0, 40.0)  # in units of 1 / norm of the soft symbols: the rate that is best for such a score
AT_ONCE = 1000  # candidates whose signs are made floats: 14 MB for a photo
MARGIN = 1e-3  # nats added to every bound: sums in float32 move one by 1e-5, words that are taken by much less
JOINT_RATES = (7.5, 9.5)  # the same for message and fingerprint together: the first is best for 1e-12


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
        """What :func:`~tracemark.codes.message.window_metrics` gives for the message."""
        return window_metrics(self.message, self.code)

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

    log_moments: NDArray[np.float64]
    """Logarithm of the mean of ``exp(rate * score)`` over the draw of a fingerprint; shape (k,)."""

    joint_rates: NDArray[np.float64]
    """The same for the sum of both scores."""

    joint_log_moments: NDArray[np.float64]
    """The same for the sum of both scores; at least its logarithm."""

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
        return _chernoff(self.rates, self.log_moments, scores.fingerprint)

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
        return _chernoff(self.joint_rates, self.joint_log_moments, scores.fingerprint + scores.message)


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
    parts = [fingerprints[start : start + AT_ONCE] for start in range(0, len(fingerprints), AT_ONCE)]
    fingerprint = np.concatenate([part.astype(np.float32) @ evidence.fingerprint for part in parts])
    return Scores(fingerprint.astype(np.float64), word_scores(words, evidence.metrics))


def bound_of(evidence: Evidence, *, jointly: bool, joint_rates: Sequence[float] = JOINT_RATES) -> Bound:
    """Compute the bounds that belong to soft symbols.

    Parameters
    ----------
    evidence : Evidence
        Soft symbols.
    jointly : bool
        Whether the bound of both scores together is wanted: it takes half a second.
    joint_rates : sequence of float
        For which it is computed, in units of 1 / norm of all soft symbols: any give a bound.

    Returns
    -------
    bound : Bound

    Notes
    -----
    A fingerprint is independent fair coins, so the mean of ``exp(rate * score)`` is the product of
    ``cosh(rate * soft)``.  A message word is a random number; :func:`~tracemark.codes.message.log_moment` bounds
    the mean over all of them.  The chance of a score of at least s is at most the mean times ``exp(-rate * s)``.
    """
    rates = np.geomspace(*RATE_RANGE, RATES) / _norm(evidence.fingerprint)
    both_rates = np.array(joint_rates if jointly else ()) / evidence.norm
    of_messages = [log_moment(evidence.metrics, rate) for rate in both_rates]
    joint = _log_cosh(np.outer(both_rates, evidence.fingerprint)) + of_messages
    return Bound(rates, _log_cosh(np.outer(rates, evidence.fingerprint)), both_rates, np.asarray(joint))


def _chernoff(
    rates: NDArray[np.float64], log_moments: NDArray[np.float64], scores: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Take the best of the bounds that the rates give; at most 0."""
    bounds = log_moments[:, None] - np.outer(rates, scores) + MARGIN
    return np.asarray(bounds.min(axis=0, initial=0))


def _log_cosh(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sum the logarithms of the hyperbolic cosine over the last axis."""
    size = np.abs(values)
    return np.asarray(np.sum(size + np.log1p(np.exp(-2 * size)) - np.log(2), axis=-1))


def _norm(soft: NDArray[np.float32]) -> float:
    """Give the root of the sum of squares, or the least number that may divide others."""
    return max(float(np.linalg.norm(soft.astype(np.float64))), float(np.finfo(np.float32).tiny))

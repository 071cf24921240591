"""Give the moment generating function of the score of a word drawn at random: what a bound on it follows from."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["log_moment"]

STAGES = 4  # of the trellis, taken at once: as few as a matrix product is quick for
STARTS = 512  # states from which paths are followed at a time: what they reach fits the processor's cache
LEAST = 1e-18  # of the most: less counts as this much, so that nothing rounds to 0 or is slow for being tiny


def log_moment(metrics: NDArray[np.float32], rate: float) -> float:
    """Average ``exp(rate * score)`` over all words.

    Parameters
    ----------
    metrics : ndarray, shape (word_bits, 2 ** (memory + 1)), float32
        What :func:`~tracemark.codes.metrics.window_metrics` gave.
    rate : float
        What the score is multiplied by.

    Returns
    -------
    log_moment : float
        Natural logarithm of the mean over all ``2**word_bits`` words.  Rounding makes it less by 1e-5 at most, and
        hardly more, unless the rate is so high that rings are rare accidents among the paths that count.

    Notes
    -----
    A word is a ring: a path through the trellis that ends in the state it began in.  The sum over all of them is the
    trace of a product of one sparse matrix a stage.  Several stages are taken together, as one small dense matrix for
    each setting of the state's bits that neither leave nor enter it meanwhile.
    """
    factors = metrics.astype(np.float64) * rate - np.log(2)  # each bit is 0 or 1 with a chance of a half
    steps = [_step(factors[at : at + STAGES]) for at in range(0, len(factors), STAGES)]
    states = factors.shape[1] // 2
    rings = [_rings(steps, np.arange(first, min(first + STARTS, states)), states) for first in range(0, states, STARTS)]
    return float(np.logaddexp.reduce(rings))


def _step(factors: NDArray[np.float64]) -> tuple[float, NDArray[np.float32]]:
    """Join stages: the log of the largest share, and shares over it by which bits stay, enter and leave the state."""
    count, windows = factors.shape
    runs = np.arange(windows // 2 << count)  # a state, and the bits that enter it
    seen = [runs >> (count - 1 - at) & (windows - 1) for at in range(count)]
    logs = np.take_along_axis(factors, np.stack(seen), axis=1).sum(axis=0)
    peak = float(logs.max())
    shares = np.maximum(np.exp(logs - peak), LEAST).astype(np.float32).reshape(1 << count, -1, 1 << count)
    return peak, np.ascontiguousarray(shares.transpose(1, 2, 0))


def _rings(steps: list[tuple[float, NDArray[np.float32]]], starts: NDArray[np.intp], states: int) -> float:
    """Sum up the rings through some states; the logarithm."""
    column = np.arange(len(starts))
    paths = np.zeros((states, len(starts)), dtype=np.float32)
    paths[starts, column] = 1
    log_scale = 0.0
    for log_peak, shares in steps:
        stay, _, leave = shares.shape
        paths = (shares @ paths.reshape(leave, stay, -1).swapaxes(0, 1)).reshape(paths.shape)
        peak = paths.max()
        paths /= peak
        paths += np.float32(LEAST)
        log_scale += log_peak + float(np.log(peak))
    return log_scale + float(np.log(paths[starts, column].sum(dtype=np.float64)))

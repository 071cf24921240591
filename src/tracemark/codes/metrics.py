"""Say how well each stretch of a word's bits would fit soft symbols, stage by stage of the trellis."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tracemark.codes.message import MotherCode, windows_of
from tracemark.profile import PROFILE

__all__ = ["half_metrics", "window_metrics", "word_scores"]


def window_metrics(soft: NDArray[np.float32], code: MotherCode) -> NDArray[np.float32]:
    """Sum up, stage by stage, how well each window would fit the soft symbols.

    Parameters
    ----------
    soft : ndarray, shape (n,), float32
        Soft symbols, the scrambling taken off.
    code : MotherCode
        The code of these symbols, arrays of shape (n,).

    Returns
    -------
    metrics : ndarray, shape (word_bits, 2 ** (memory + 1)), float32
        Correlation of the soft symbols of a stage with what a window, the newest bit lowest, makes them.
    """
    half = half_metrics(soft, code)
    return np.stack([half, -half], axis=-1).reshape(PROFILE.word_bits, -1)


def half_metrics(soft: NDArray[np.float32], code: MotherCode) -> NDArray[np.float32]:
    """Give the metrics of windows whose newest bit is 0: every generator has that bit, so 1 turns the sign.

    Parameters
    ----------
    soft, code
        As for :func:`window_metrics`.

    Returns
    -------
    metrics : ndarray, shape (word_bits, 2 ** memory), float32
        By the older bits of the window.

    Notes
    -----
    The metric of all windows at one stage is the Walsh-Hadamard transform of the soft symbols sorted by generator, so
    the work does not grow with the number of symbols.
    """
    sums = np.zeros((PROFILE.word_bits, 1 << PROFILE.memory), dtype=np.float32)
    np.add.at(sums, (code.stages, code.generators >> 1), soft)
    return _walsh(sums)


def word_scores(words: Sequence[int], metrics: NDArray[np.float32]) -> NDArray[np.float64]:
    """Correlate the codewords of words with soft symbols.

    Parameters
    ----------
    words : sequence of int
        Message words.
    metrics : ndarray
        What :func:`window_metrics` gave.

    Returns
    -------
    scores : ndarray, shape (words,), float64
        Sum of the products, in the unit of the soft symbols.
    """
    return np.asarray(metrics[np.arange(PROFILE.word_bits), windows_of(words)].sum(axis=-1, dtype=np.float64))


def _walsh(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Transform the last axis, as two small matrix products."""
    from scipy.linalg import hadamard  # takes a fifth of a second, and marking a photo never comes here

    bits = values.shape[-1].bit_length() - 1
    outer, inner = (hadamard(1 << part, dtype=np.float32) for part in (bits // 2, bits - bits // 2))
    squares = values.reshape(-1, len(outer), len(inner))
    return np.asarray((outer @ (squares @ inner)).reshape(values.shape))

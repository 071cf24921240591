"""Code the message word at a very low rate, a different stretch of one mother code in every cell.

The code is a tail-biting convolutional code whose every symbol has a generator of its own, decoded by
the wrap-around Viterbi algorithm (Shao, Lin and Fossorier 2003, :doi:`10.1109/TCOMM.2003.816979`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import hadamard

from tracemark.keys import Key
from tracemark.profile import PROFILE

__all__ = ["Decoded", "MotherCode", "decode", "encode", "log_moment", "mother_code", "window_metrics", "word_scores"]

CLOSED_BITS = 8  # of the state, which a bound closes into rings: 2**(memory - 8) is what it may count too much
LEAST_PATH = np.float32(1e-30)  # of the best before: what may round to 0 counts as more, and keeps its speed
WRAPS = 2  # times round the trellis; docs/choices.md


@dataclass(frozen=True)
class MotherCode:
    """Where each symbol sits in the trellis and what it is the parity of."""

    stages: NDArray[np.intp]
    """Stage of each symbol, 0 to ``word_bits - 1``; any shape."""

    generators: NDArray[np.intp]
    """Generator of each symbol, a mask over ``memory + 1`` bits; the same shape."""

    def __getitem__(self, index: tuple[slice, slice]) -> "MotherCode":
        """Pick rows and columns of cells."""
        return MotherCode(self.stages[index], self.generators[index])

    def ravel(self) -> "MotherCode":
        """Lay the symbols in a row."""
        return MotherCode(self.stages.ravel(), self.generators.ravel())


@dataclass(frozen=True)
class Decoded:
    """The word that fits best."""

    word: int
    """Message word, 0 to ``2**word_bits - 1``."""

    score: float
    """Correlation of its codeword with the soft symbols, over their norm; at most the root of their number."""


def mother_code(key: Key, side: int) -> MotherCode:
    """Draw the code of a square of cells.

    Parameters
    ----------
    key : Key
        The secret.
    side : int
        Cells on a side of the square, a power of two.

    Returns
    -------
    code : MotherCode
        Arrays of shape (side, side, message_slots).

    Notes
    -----
    Stages follow a Z-order curve, so that any compact scrap of 22 cells has symbols of all stages.  A generator
    is uniform among the masks that contain the newest bit: of two words that differ, the codewords differ
    by a fair coin in every symbol whose window they differ in (but for the newest bit alone).
    """
    slots = PROFILE.message_slots
    steps = np.arange(side)
    spread = sum(((steps >> bit) & 1) << 2 * bit for bit in range(side.bit_length()))
    curve = 2 * np.asarray(spread)[:, None] + np.asarray(spread)[None, :]
    stages = (curve[..., None] * slots + np.arange(slots)) % PROFILE.word_bits
    masks = key.integers("generators", PROFILE.version, size=stages.size, below=1 << PROFILE.memory)
    return MotherCode(stages.astype(np.intp), (2 * masks.reshape(stages.shape) + 1).astype(np.intp))


def encode(word: int, code: MotherCode) -> NDArray[np.int8]:
    """Compute a word's symbols.

    Parameters
    ----------
    word : int
        Message word.
    code : MotherCode
        Which symbols.

    Returns
    -------
    symbols : ndarray, the code's shape, int8
        +1 for an even parity, -1 for an odd one.
    """
    parity = np.bitwise_count(_windows(_bits(word))[code.stages] & code.generators) & 1
    return np.asarray(1 - 2 * parity, dtype=np.int8)


def decode(soft: NDArray[np.float32], code: MotherCode, *, words: int = 1) -> list[Decoded]:
    """Find the words whose codewords fit the soft symbols best.

    Parameters
    ----------
    soft : ndarray, shape (n,), float32
        Soft symbols, the scrambling taken off: the sign is the guess, the size its weight.
    code : MotherCode
        The code of these symbols, arrays of shape (n,).
    words : int
        How many words to give.

    Returns
    -------
    decoded : list of Decoded
        Different words, best first; empty when all symbols are 0.

    Notes
    -----
    The metric of all windows at one stage is the Walsh-Hadamard transform of the soft symbols sorted
    by generator, so the work does not grow with the number of symbols.  After the last time round every state's path
    is traced back and closed into a ring, and the rings are scored anew: a ring that was not best where the path began
    may still be the best ring (``docs/choices.md``).
    """
    norm = float(np.sqrt(np.sum(soft.astype(np.float64) ** 2)))
    if norm == 0:
        return []
    states = 1 << PROFILE.memory
    metrics = window_metrics(soft / np.float32(norm), code)
    by_state = metrics.reshape(PROFILE.word_bits, 2, states // 2, 2)
    path = np.zeros(states, dtype=np.float32)
    turns = WRAPS * PROFILE.word_bits
    came_from = np.empty((turns, states // 2, 2), dtype=bool)
    for turn in range(turns):
        low = path[: states // 2, None] + by_state[turn % PROFILE.word_bits, 0]
        high = path[states // 2 :, None] + by_state[turn % PROFILE.word_bits, 1]
        np.greater(high, low, out=came_from[turn])
        path = np.maximum(low, high).reshape(states)
    rings = _trace(came_from.reshape(turns, states)[-PROFILE.word_bits :])
    scores = metrics[np.arange(PROFILE.word_bits), _windows(rings)].sum(axis=-1)
    best: dict[int, float] = {}
    for at in np.argsort(-scores):
        best.setdefault(_integer(rings[at]), float(scores[at]))
        if len(best) == words:
            break
    return [Decoded(word, score) for word, score in best.items()]


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
    metrics = np.zeros((PROFILE.word_bits, 2 << PROFILE.memory), dtype=np.float32)
    np.add.at(metrics, (code.stages, code.generators), soft)
    return _walsh(metrics)


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
    windows = _windows(np.array([_bits(word) for word in words], dtype=np.intp).reshape(-1, PROFILE.word_bits))
    return np.asarray(metrics[np.arange(PROFILE.word_bits), windows].sum(axis=-1, dtype=np.float64))


def log_moment(metrics: NDArray[np.float32], rate: float) -> float:
    """Bound the moment generating function of the score of a word drawn at random.

    Parameters
    ----------
    metrics : ndarray
        What :func:`window_metrics` gave.
    rate : float
        What the score is multiplied by.

    Returns
    -------
    log_moment : float
        At least the natural logarithm of the mean of ``exp(rate * score)`` over all ``2**word_bits`` words.

    Notes
    -----
    The mean is the trace of a product of one sparse matrix a stage, over ``2**word_bits``: a path through the
    trellis counts if it ends in the state it began in.  Here it counts if the two agree in their lowest
    ``CLOSED_BITS`` bits, which counts more paths, none of them negative, for a small part of the work.
    """
    states, classes = 1 << PROFILE.memory, 1 << CLOSED_BITS
    factors = metrics.astype(np.float64) * rate
    peaks = factors.max(axis=1)
    shares = (np.exp(factors - peaks[:, None]) / 2).astype(np.float32)
    paths = np.zeros((states, classes), dtype=np.float32)
    paths[np.arange(states), np.arange(states) % classes] = 1
    log_scale = float(peaks.sum())
    for share in shares.reshape(PROFILE.word_bits, 2, states // 2, 2):
        low, high = paths[: states // 2, None], paths[states // 2 :, None]
        paths = (low * share[0, ..., None] + high * share[1, ..., None] + LEAST_PATH).reshape(states, classes)
        peak = paths.max()
        paths /= peak
        log_scale += float(np.log(peak))
    ended = paths.reshape(states // classes, classes, classes).sum(axis=0, dtype=np.float64)
    return log_scale + float(np.log(np.trace(ended)))


def _trace(came_from: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Follow every state's path back through the last time round; shape (states, word_bits), stage 0 first."""
    stages, states = came_from.shape
    state = np.arange(states)
    bits = np.empty((states, stages), dtype=np.intp)
    for stage in range(stages - 1, -1, -1):
        bits[:, stage] = state & 1
        state = state >> 1 | came_from[stage, state].astype(np.intp) << (PROFILE.memory - 1)
    return bits


def _bits(word: int) -> NDArray[np.intp]:
    """Cut a word into bits, lowest first."""
    return np.array([word >> place & 1 for place in range(PROFILE.word_bits)], dtype=np.intp)


def _integer(bits: NDArray[np.intp]) -> int:
    """Join bits, lowest first, to a word."""
    return int.from_bytes(np.packbits(bits.astype(np.uint8), bitorder="little").tobytes(), "little")


def _windows(bits: NDArray[np.intp]) -> NDArray[np.intp]:
    """Give what each stage sees of a ring of bits, the newest lowest; shape (..., word_bits)."""
    return sum((np.roll(bits, age, axis=-1) << age for age in range(PROFILE.memory + 1)), np.zeros_like(bits))


def _walsh(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Transform the last axis, as two small matrix products."""
    bits = values.shape[-1].bit_length() - 1
    outer, inner = (hadamard(1 << part, dtype=np.float32) for part in (bits // 2, bits - bits // 2))
    half = (values.reshape(-1, len(inner)) @ inner).reshape(-1, len(outer), len(inner)).swapaxes(1, 2)
    whole = (half.reshape(-1, len(outer)) @ outer).reshape(-1, len(inner), len(outer)).swapaxes(1, 2)
    return np.asarray(whole.reshape(values.shape), dtype=np.float32)

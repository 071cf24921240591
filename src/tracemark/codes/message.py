"""Code the message word at a very low rate, a different stretch of one mother code in every cell.

The code is a tail-biting convolutional code whose every symbol has a generator of its own, decoded by
the wrap-around Viterbi algorithm (Shao, Lin and Fossorier 2003, :doi:`10.1109/TCOMM.2003.816979`).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import hadamard

from tracemark.keys import Key
from tracemark.profile import PROFILE

__all__ = ["Decoded", "MotherCode", "decode", "encode", "mother_code", "words_signs"]

WRAPS = 3  # times round the trellis; a fourth changes nothing that benchmarks.code can measure
ENDS = 8  # final states that are traced back


@dataclass(frozen=True)
class MotherCode:
    """Where each symbol sits in the trellis and what it is the parity of."""

    stages: NDArray[np.intp]
    """Stage of each symbol, 0 to ``word_bits - 1``; any shape."""

    generators: NDArray[np.intp]
    """Generator of each symbol, a mask over ``memory + 1`` bits; the same shape."""

    def __getitem__(self, index: object) -> "MotherCode":
        """Pick symbols, as from the arrays."""
        return MotherCode(self.stages[index], self.generators[index])  # type: ignore[index]  # any numpy index

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
    return words_signs(_windows(word), code)


def words_signs(windows: NDArray[np.intp], code: MotherCode) -> NDArray[np.int8]:
    """Compute the symbols from the windows of bits, one a stage."""
    parity = np.bitwise_count(windows[code.stages] & code.generators) & 1
    return 1 - 2 * parity.astype(np.int8)


def decode(soft: NDArray[np.float32], code: MotherCode) -> Decoded:
    """Find the word whose codeword fits the soft symbols best.

    Parameters
    ----------
    soft : ndarray, shape (n,), float32
        Soft symbols, the scrambling taken off: the sign is the guess, the size its weight.
    code : MotherCode
        The code of these symbols, arrays of shape (n,).

    Returns
    -------
    decoded : Decoded
        The best word found; score 0 when all symbols are 0.

    Notes
    -----
    The metric of all windows at one stage is the Walsh-Hadamard transform of the soft symbols sorted
    by generator, so the work does not grow with the number of symbols.
    """
    states = 1 << PROFILE.memory
    metrics = np.zeros((PROFILE.word_bits, 2 * states), dtype=np.float32)
    np.add.at(metrics, (code.stages, code.generators), soft)
    metrics = _walsh(metrics).reshape(PROFILE.word_bits, 2, states // 2, 2)
    path = np.zeros(states, dtype=np.float32)
    turns = WRAPS * PROFILE.word_bits
    came_from = np.empty((turns, states // 2, 2), dtype=bool)
    for turn in range(turns):
        low = path[: states // 2, None] + metrics[turn % PROFILE.word_bits, 0]
        high = path[states // 2 :, None] + metrics[turn % PROFILE.word_bits, 1]
        np.greater(high, low, out=came_from[turn])
        path = np.maximum(low, high).reshape(states)
    norm = float(np.sqrt(np.sum(soft.astype(np.float64) ** 2)))
    if norm == 0:
        return Decoded(0, 0.0)
    ends = np.argpartition(path, -ENDS)[-ENDS:]
    words = {_trace(came_from.reshape(turns, states), int(end)) for end in ends}
    scored = ((float(encode(word, code) @ soft.astype(np.float64)) / norm, word) for word in sorted(words))
    score, word = max(scored)
    return Decoded(word, score)


def _trace(came_from: NDArray[np.bool_], state: int) -> int:
    """Follow one path back through the last time round and read its word; stage 0 is the lowest bit."""
    turns = len(came_from)
    word = 0
    for turn in range(turns - 1, turns - 1 - PROFILE.word_bits, -1):
        word |= (state & 1) << turn % PROFILE.word_bits
        state = state >> 1 | int(came_from[turn, state]) << (PROFILE.memory - 1)
    return word


def _windows(word: int) -> NDArray[np.intp]:
    """Cut the cyclic word into the bits that each stage sees, the newest lowest; shape (word_bits,)."""
    bits = np.array([word >> place & 1 for place in range(PROFILE.word_bits)], dtype=np.intp)
    ages = np.arange(PROFILE.memory + 1)
    window = bits[(np.arange(PROFILE.word_bits)[:, None] - ages) % PROFILE.word_bits]
    return np.asarray(window @ (1 << ages), dtype=np.intp)


def _walsh(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Transform the last axis, as two small matrix products."""
    bits = values.shape[-1].bit_length() - 1
    outer, inner = (hadamard(1 << part, dtype=np.float32) for part in (bits // 2, bits - bits // 2))
    folded = values.reshape(*values.shape[:-1], len(outer), len(inner))
    return np.asarray((outer @ folded @ inner).reshape(values.shape), dtype=np.float32)

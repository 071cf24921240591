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

__all__ = ["Decoded", "MotherCode", "decode", "encode", "mother_code"]

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
    metrics = np.zeros((PROFILE.word_bits, 2 * states), dtype=np.float32)
    np.add.at(metrics, (code.stages, code.generators), soft / np.float32(norm))
    metrics = _walsh(metrics)
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

"""Code the message word at a very low rate, a different stretch of one mother code in every cell.

The code is a tail-biting convolutional code whose every symbol has a generator of its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from tracemark.keys import Key
from tracemark.profile import PROFILE

__all__ = ["MotherCode", "encode", "mother_code", "windows_of"]

CACHED_CODES = 4  # keys whose code is kept, 0.8 MB each
LEAP = 9  # cells from one to the one below, along the ring of stages


@dataclass(frozen=True, eq=False)
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


@lru_cache(maxsize=CACHED_CODES)
def mother_code(key: Key, side: int) -> MotherCode:
    """Draw the code of a square of cells.

    Parameters
    ----------
    key : Key
        The secret.
    side : int
        Cells on a side of the square.

    Returns
    -------
    code : MotherCode
        Arrays of shape (side, side, message_slots), read-only.

    Notes
    -----
    From cell to cell in a row the stages go on, and from row to row they leap, so that scraps of 22 cells have symbols
    of nearly all stages, and thin strips as well as compact ones see every bit.  A generator is uniform among the masks
    that contain the newest bit: of two words that differ, the codewords differ by a fair coin in every symbol whose
    window they differ in (but for the newest bit alone).
    """
    slots = PROFILE.message_slots
    steps = np.arange(side)
    turn = LEAP * steps[:, None] + steps
    stages = (turn[..., None] * slots + np.arange(slots)) % PROFILE.word_bits
    masks = key.integers("generators", PROFILE.version, size=stages.size, below=1 << PROFILE.memory)
    code = MotherCode(stages.astype(np.intp), (2 * masks.reshape(stages.shape) + 1).astype(np.intp))
    code.stages.flags.writeable = code.generators.flags.writeable = False
    return code


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
    parity = np.bitwise_count(windows_of([word])[0].take(code.stages) & code.generators) & 1
    return np.asarray(1 - 2 * parity, dtype=np.int8)


def windows_of(words: Sequence[int]) -> NDArray[np.intp]:
    """Say what each stage of the trellis sees of words, as rings of bits.

    Parameters
    ----------
    words : sequence of int
        Message words.

    Returns
    -------
    windows : ndarray, shape (words, word_bits), intp
        ``memory + 1`` bits each, the newest one, that of the stage, lowest.
    """
    places = np.arange(PROFILE.word_bits)
    bits = (np.array(words, dtype=np.uint64)[:, None] >> places.astype(np.uint64) & 1).astype(np.intp)
    rounded = np.concatenate([bits[:, -PROFILE.memory :], bits], axis=-1)
    starts = enumerate(range(PROFILE.memory, -1, -1))
    return sum((rounded[:, at : at + len(places)] << age for age, at in starts), np.zeros_like(bits))

"""Find the words that fit soft symbols best, whoever's they are.

The decoder is the wrap-around Viterbi algorithm (Shao, Lin and Fossorier 2003, :doi:`10.1109/TCOMM.2003.816979`),
walked in both directions.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tracemark.codes.message import MotherCode
from tracemark.codes.metrics import half_metrics
from tracemark.profile import PROFILE

__all__ = ["Decoded", "decode", "decode_best"]

CHUNK = 8  # trellises walked at a time: fits the processor's cache
WRAPS = 2  # times round the trellis; docs/choices.md
CUTS, STARTS = 4, 4  # stages at which rings are begun, and the states at each through which the best paths lead


@dataclass(frozen=True)
class Decoded:
    """The word that fits best."""

    word: int
    """Message word, 0 to ``2**word_bits - 1``."""

    score: float
    """Correlation of its codeword with the soft symbols, over their norm; at most the root of their number."""


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
    Walks round the trellis in both directions tell through which states the best paths lead, and the best ring through
    each of these is then found exactly (``docs/choices.md``).
    """
    return dict(decode_best([soft], [code], words=words)).get(0, [])


def decode_best(
    softs: Sequence[NDArray[np.float32]], codes: Sequence[MotherCode], *, words: int = 1, most: int = 1
) -> list[tuple[int, list[Decoded]]]:
    """Decode the most promising of several sets of soft symbols, all of them side by side.

    Parameters
    ----------
    softs : sequence of ndarray
        Soft symbols, each as for :func:`decode`.
    codes : sequence of MotherCode
        Their codes.
    words : int
        How many words to give for each.
    most : int
        How many sets to give words for: those through whose trellis the best paths lead.

    Returns
    -------
    decoded : list of (int, list of Decoded)
        Which set, and what :func:`decode` gives for it; the most promising first.
    """
    norms = [float(np.sqrt(np.sum(soft.astype(np.float64) ** 2))) for soft in softs]
    heard = [at for at, norm in enumerate(norms) if norm > 0]
    metrics = {at: half_metrics(softs[at] / np.float32(norms[at]), codes[at]) for at in heard}
    promise: dict[int, float] = {}
    for part in _chunks(heard):
        paths = _walk(np.stack([metrics[at] for at in part], axis=1))
        promise.update(zip(part, paths.max(axis=-1).tolist(), strict=True))
    best = sorted(heard, key=lambda at: -promise[at])[:most]
    return [(at, _best_rings(metrics[at], words)) for at in best]


def _chunks(items: list[int]) -> list[list[int]]:
    """Cut a list into parts that fit the processor's cache."""
    return [items[start : start + CHUNK] for start in range(0, len(items), CHUNK)]


def _walk(stages: NDArray[np.float32]) -> NDArray[np.float32]:
    """Go round a trellis, or several; give the metric of the best path to each state, shape (..., states)."""
    paths = np.zeros(stages.shape[1:], dtype=np.float32)
    for stage in WRAPS * [*stages]:
        paths = _step(paths, stage)
    return paths


def _step(
    paths: NDArray[np.float32], stage: NDArray[np.float32], came_from: NDArray[np.bool_] | None = None
) -> NDArray[np.float32]:
    """Lengthen paths by a bit; note which of two states each came from."""
    half = 1 << PROFILE.memory >> 1
    new = np.empty((*paths.shape[:-1], half, 2), dtype=np.float32)
    for bit, ends in enumerate((paths + stage, paths - stage)):
        np.maximum(ends[..., :half], ends[..., half:], out=new[..., bit])
        if came_from is not None:
            np.greater(ends[..., half:], ends[..., :half], out=came_from.reshape(new.shape)[..., bit])
    return new.reshape(paths.shape)


def _through(stages: NDArray[np.float32]) -> NDArray[np.float32]:
    """Give the metric of the best path through each state at each cut, shape (CUTS, states)."""
    count, apart = len(stages), len(stages) // CUTS
    turns = range(WRAPS * count)
    through = np.zeros((CUTS, stages.shape[1]), dtype=np.float32)
    paths = np.zeros(stages.shape[1], dtype=np.float32)
    for turn in turns:
        if turn % apart == 0:  # what the last time round finds stays
            through[turn % count // apart] = paths
        paths = _step(paths, stages[turn % count])
    back = np.zeros_like(through)
    paths = np.zeros_like(paths)
    for turn in reversed(turns):
        zero, one = np.tile(paths.reshape(-1, 2).T, 2)
        paths = np.maximum(zero + stages[turn % count], one - stages[turn % count])
        if turn % apart == 0:
            back[turn % count // apart] = paths
    return through + back


def _best_rings(metrics: NDArray[np.float32], words: int) -> list[Decoded]:
    """Find the best rings through a trellis."""
    best: dict[int, float] = {}
    for cut, through in enumerate(_through(metrics)):
        before = cut * len(metrics) // CUTS
        rings, scores = _rings(np.roll(metrics, -before, axis=0), np.argsort(-through)[:STARTS])
        best.update(zip(map(_integer, np.roll(rings, before, axis=-1)), scores.tolist(), strict=True))
    ranked = sorted(best.items(), key=lambda found: -found[1])
    return [Decoded(word, score) for word, score in ranked[:words]]


def _rings(stages: NDArray[np.float32], starts: NDArray[np.intp]) -> tuple[NDArray[np.bool_], NDArray[np.float32]]:
    """Find the best ring through each of some states: its bits, shape (starts, word_bits), and its metric."""
    ring = np.arange(len(starts))
    paths = np.full((len(starts), stages.shape[1]), -np.inf, dtype=np.float32)
    paths[ring, starts] = 0
    came_from = np.empty((len(stages), *paths.shape), dtype=bool)
    for stage, noted in zip(stages, came_from, strict=True):
        paths = _step(paths, stage, noted)
    bits = np.empty((len(starts), len(stages)), dtype=bool)
    state = starts
    for at in range(len(stages) - 1, -1, -1):
        bits[:, at] = state & 1
        state = state >> 1 | came_from[at, ring, state].astype(np.intp) << (PROFILE.memory - 1)
    return bits, paths[ring, starts]


def _integer(bits: NDArray[np.bool_]) -> int:
    """Join bits, lowest first, to a word."""
    return int.from_bytes(np.packbits(bits, bitorder="little").tobytes(), "little")

"""Draw innocents against the soft symbols of a leak, and count how rare their scores are said to be."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from tracemark.codes.accusation import Bound, Evidence, Scores
from tracemark.profile import PROFILE

__all__ = ["CHUNK", "LOW_RATES", "NAMING_RATE", "STEPS", "WAYS", "chances", "counts", "innocents"]

CHUNK = 20_000
"""Innocents drawn at a time."""

STEPS = tuple(half / 2 for half in range(13))
"""Stated chances at which it is counted: 10 to the power of minus these."""

LOW_RATES = (2.0, 3.0, 3.7, 4.3, 4.8)
"""Rates of the bound on both scores together that are best for chances of 1e-1 to 1e-5."""

NAMING_RATE = 7.8
"""That which is best for a name from a list of a thousand."""

WAYS = ("fingerprint alone", "both together")
"""In which candidates are judged."""

BYTE = 8  # bits


def innocents(evidence: Evidence, count: int, rng: np.random.Generator) -> Iterator[Scores]:
    """Score fingerprints and words drawn at random: what an innocent's are to whoever has no key.

    Parameters
    ----------
    evidence : Evidence
        Soft symbols of a leak.
    count : int
        How many to draw; a multiple of :data:`CHUNK`.
    rng : numpy.random.Generator
        What draws them.

    Yields
    ------
    scores : Scores
        Of :data:`CHUNK` innocents.
    """
    stages = np.arange(PROFILE.word_bits)
    cells = len(evidence.fingerprint)
    for _ in range(count // CHUNK):
        drawn = np.frombuffer(rng.bytes(CHUNK * -(-cells // BYTE)), np.uint8).reshape(CHUNK, -1)
        coins = 1 - 2 * np.unpackbits(drawn, axis=1)[:, :cells].astype(np.float32)
        bits = rng.integers(0, 2, (CHUNK, PROFILE.word_bits), dtype=np.int32)
        windows = sum(np.roll(bits, age, axis=1) << age for age in range(PROFILE.memory + 1))
        message = evidence.metrics[stages, windows].sum(axis=1, dtype=np.float64)
        yield Scores((coins @ evidence.fingerprint).astype(np.float64), message)


def chances(bound: Bound, scores: Scores) -> dict[str, NDArray[np.float64]]:
    """Give the natural logarithms of the chances that a bound states, by the way of judging."""
    return dict(zip(WAYS, (bound.fingerprint_alone(scores), bound.together(scores)), strict=True))


def counts(log_chance: NDArray[np.float64]) -> NDArray[np.int64]:
    """Count the innocents whose stated chance is at most that of each step."""
    limits = -np.array(STEPS) * np.log(10)
    return np.array([np.count_nonzero(log_chance <= limit) for limit in limits], dtype=np.int64)

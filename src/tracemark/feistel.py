"""Shuffle all integers of a width, and undo it, by a balanced Feistel network.

NIST SP 800-38G; M. Luby, C. Rackoff, "How to construct pseudorandom permutations from pseudorandom functions" (1988).
"""

import operator
from collections.abc import Callable
from typing import SupportsIndex

__all__ = ["HALF_BYTES", "shuffle", "unshuffle"]

ROUNDS = 10  # as in FF1 of SP 800-38G; 4 are a strong permutation (Luby, Rackoff)
WIDEST = 128  # bits
HALF_BYTES = WIDEST // 2 // 8  # of what a round function gives

Round = Callable[[int, int], int]
"""Gives a number of `HALF_BYTES` for a round, 0 to 9, and one half of the value."""


def shuffle(value: SupportsIndex, *, bits: int, by: Round) -> int:
    """Send an integer to its place.

    Parameters
    ----------
    value : int
        From 0 to ``2**bits - 1``.
    bits : int
        The width: even, 2 to 128.
    by : callable
        The round function; its lowest ``bits / 2`` bits count.

    Returns
    -------
    place : int
        From 0 to ``2**bits - 1``; :func:`unshuffle` leads back.
    """
    half = _half_width(bits)
    left, right = divmod(_checked(value, bits), 1 << half)
    for turn in range(ROUNDS):
        left, right = right, left ^ by(turn, right) % (1 << half)
    return left << half | right


def unshuffle(place: SupportsIndex, *, bits: int, by: Round) -> int:
    """Lead an integer back from its place.

    Parameters
    ----------
    place : int
        What :func:`shuffle` gave.
    bits : int
        The width it was given.
    by : callable
        The round function it was given.

    Returns
    -------
    value : int
        From 0 to ``2**bits - 1``.
    """
    half = _half_width(bits)
    left, right = divmod(_checked(place, bits), 1 << half)
    for turn in reversed(range(ROUNDS)):
        left, right = right ^ by(turn, left) % (1 << half), left
    return left << half | right


def _half_width(bits: int) -> int:
    """Check the width and halve it."""
    if bits % 2 or not 2 <= bits <= WIDEST:
        raise ValueError(f"bits must be even and 2 to {WIDEST}, not {bits}")
    return bits // 2


def _checked(value: SupportsIndex, bits: int) -> int:
    """Check that a value fits the width."""
    number = operator.index(value)
    if not 0 <= number < 1 << bits:
        raise ValueError(f"value must be 0 to 2**{bits} - 1, not {number}")
    return number

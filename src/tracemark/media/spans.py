"""Stretches of a file, and bytes that stand at places of it."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from operator import itemgetter

__all__ = ["Span", "apart", "complement", "overlay", "union"]

Span = tuple[int, int]
"""Where a stretch begins and ends."""


def complement(spans: Iterable[Span], size: int) -> list[Span]:
    """List what lies between spans.

    Parameters
    ----------
    spans : iterable of Span
        In any order; they may overlap, and lie outside.
    size : int
        Of the file.

    Returns
    -------
    between : list of Span
        In rising order, from 0 to `size`.
    """
    found, at = [], 0
    for start, stop in sorted(spans):
        if start > at:
            found.append((at, min(start, size)))
        at = max(at, stop)
    return [*((start, stop) for start, stop in [*found, (at, size)] if start < stop)]


def union(spans: Iterable[Span], size: int) -> list[Span]:
    """List what spans cover, each byte once.

    Parameters
    ----------
    spans : iterable of Span
        In any order; they may overlap, and lie outside.
    size : int
        Of the file.

    Returns
    -------
    covered : list of Span
        In rising order, from 0 to `size`, with something between any two.
    """
    return complement(complement(spans, size), size)


def apart(span: Span, sorted_spans: Sequence[Span]) -> bool:
    """Tell whether a stretch has no byte in common with others.

    Parameters
    ----------
    span : Span
        The one.
    sorted_spans : sequence of Span
        The others, in rising order, none over another.

    Returns
    -------
    answer : bool
    """
    behind = bisect_left(sorted_spans, span[1], key=itemgetter(0))
    return behind == 0 or sorted_spans[behind - 1][1] <= span[0]


def overlay(pieces: Mapping[int, bytearray], at: int, data: bytes) -> None:
    """Write over what lies at a place, as far as something is kept there.

    Parameters
    ----------
    pieces : mapping
        Where bytes stand, in rising order, and the bytes: these are changed.
    at : int
        Not before the first of them.
    data : bytes
        What is written.
    """
    starts = list(pieces)
    start = starts[bisect_right(starts, at) - 1]
    piece = pieces[start]
    room = max(len(piece) - (at - start), 0)
    piece[at - start : at - start + min(len(data), room)] = data[:room]

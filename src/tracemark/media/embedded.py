"""Find JPEG pictures that lie inside other bytes, and blank them.

ITU-T T.81, "Digital compression and coding of continuous-tone still images".
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from operator import itemgetter

from tracemark.media.markers import (
    END_OF_IMAGE,
    LENGTH_BYTES,
    MARKER,
    SEGMENT_HEAD,
    START_OF_IMAGE,
    START_OF_SCAN,
    behind_fill,
)
from tracemark.media.spans import Span

__all__ = ["UNKNOWN_LIMIT", "blank_pictures", "holds_picture"]

UNKNOWN_LIMIT = 4096  # bytes that what is of an unknown kind may have in a copy: no picture worth copying fits in
# SOI and a marker that can come next, T.81 table B.1. The first byte is not asked for: some cameras change it.
BEGINNING = re.compile(rb".\xd8\xff++[\xc0-\xc4\xdb\xdd\xe0-\xef\xfe]", re.DOTALL)
# Runs of fill bytes that are looked up, not walked through: many walks may come into one of them.
LONG_FILL = re.compile(rb"(?<!\xff)\xff{4096,}")
# In a scan, FF is followed by 0 or by a restart marker, B.1.1.5; any other marker ends it.
AFTER_SCAN = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]", re.DOTALL)


def blank_pictures(data: bytes) -> bytes:
    """Overwrite every JPEG picture with zeros.

    Parameters
    ----------
    data : bytes
        Anything.

    Returns
    -------
    data : bytes
        As long as before.
    """
    blanked = bytearray(data)
    for start, stop in _pictures(data):
        blanked[start:stop] = bytes(stop - start)
    return bytes(blanked)


def holds_picture(data: bytes) -> bool:
    """Tell whether a JPEG picture lies somewhere inside.

    Parameters
    ----------
    data : bytes
        Anything.

    Returns
    -------
    held : bool
        A beginning of a JPEG that never comes to its pixels counts for nothing.
    """
    return next(_pictures(data), None) is not None


def _pictures(data: bytes) -> Iterator[tuple[int, int]]:
    """Give where each picture begins and ends; those inside others are part of them."""
    found = BEGINNING.search(data)
    if found is None:
        return
    barren, fills = bytearray(len(data)), [fill.span() for fill in LONG_FILL.finditer(data)]
    while found is not None:
        stop = _end_of_picture(data, found.start(), barren, fills)
        if stop:
            yield found.start(), stop
        found = BEGINNING.search(data, stop or found.start() + 1)


def _end_of_picture(data: bytes, start: int, barren: bytearray, fills: Sequence[Span]) -> int:
    """Walk from segment to segment to the end of a picture; 0 when there is none.

    Places from which no pixels are reached are marked in `barren`, which has a byte for each: a walk that comes there
    ends, so that all walks together are no longer than the data.
    """
    at, scanned = start + len(START_OF_IMAGE), False
    while at + SEGMENT_HEAD.size <= len(data) and not barren[at]:
        barren[at] = True
        begun = _behind_fill(data, at, fills)
        if begun > at:
            at = begun
            continue
        first, marker, length = SEGMENT_HEAD.unpack_from(data, at)
        if data.startswith(END_OF_IMAGE, at):
            return at + len(END_OF_IMAGE) if scanned else 0
        if first != MARKER or length < LENGTH_BYTES:
            return at if scanned else 0
        at += SEGMENT_HEAD.size - LENGTH_BYTES + length
        if marker == START_OF_SCAN:
            scanned = True
            ended = AFTER_SCAN.search(data, at)
            at = len(data) if ended is None else ended.start()
    return len(data) if scanned else 0


def _behind_fill(data: bytes, at: int, fills: Sequence[Span]) -> int:
    """Find the same as :func:`~tracemark.media.markers.behind_fill`; long runs are looked up."""
    before = bisect_right(fills, at, key=itemgetter(0))
    if before and at < fills[before - 1][1]:
        return fills[before - 1][1] - 1
    return behind_fill(data, at)

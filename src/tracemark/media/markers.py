"""Walk through the head of a JPEG file from marker to marker.

ITU-T T.81, "Digital compression and coding of continuous-tone still images", annex B.
"""

import re
import struct
from collections.abc import Iterator

__all__ = [
    "END_OF_IMAGE",
    "FILL",
    "LENGTH_BYTES",
    "MARKER",
    "SEGMENT_HEAD",
    "START_OF_IMAGE",
    "START_OF_SCAN",
    "behind_fill",
    "head_segments",
]

# T.81 table B.1; all but the first and the last marker of a file stand before a length and its data.
MARKER = 0xFF  # first byte of each
START_OF_IMAGE = b"\xff\xd8"
END_OF_IMAGE = b"\xff\xd9"
START_OF_SCAN = 0xDA
SEGMENT_HEAD = struct.Struct(">BBH")  # a marker's two bytes and the length, B.1.1.4
LENGTH_BYTES = 2  # the length counts itself
FILL = re.compile(rb"\xff+")  # any number of these may stand before a marker, and the last one begins it, B.1.1.2


def head_segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Walk through the segments of a JPEG file up to the first scan's header, as far as they can be read.

    Parameters
    ----------
    data : bytes
        The file, or something else.

    Yields
    ------
    marker : int
        Second byte of the segment's marker; the last one is `START_OF_SCAN` unless the file is damaged before it.
    start, stop : int
        Where the segment begins, with its marker, and where it ends.
    """
    at = len(START_OF_IMAGE)
    while data.startswith(START_OF_IMAGE) and at + SEGMENT_HEAD.size <= len(data):
        at = behind_fill(data, at)
        if at + SEGMENT_HEAD.size > len(data):
            return
        first, marker, length = SEGMENT_HEAD.unpack_from(data, at)
        stop = at + SEGMENT_HEAD.size - LENGTH_BYTES + length
        if first != MARKER or length < LENGTH_BYTES or stop > len(data):
            return
        yield marker, at, stop
        if marker == START_OF_SCAN:
            return
        at = stop


def behind_fill(data: bytes, at: int) -> int:
    """Find where a marker begins that may have fill bytes before it.

    Parameters
    ----------
    data : bytes
        What the marker stands in.
    at : int
        Where it is looked for.

    Returns
    -------
    place : int
        Of its first byte; the same where there is no marker.
    """
    filled = FILL.match(data, at)
    return filled.end() - 1 if filled else at

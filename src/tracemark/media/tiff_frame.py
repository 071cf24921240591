"""Put pixels into what is left of a TIFF file without its own.

Adobe, "TIFF revision 6.0", 1992.
"""

import struct
from collections.abc import Mapping, Sequence
from itertools import pairwise
from operator import itemgetter

from tracemark.errors import PhotoError
from tracemark.media.directories import ENTRY_HEAD, INLINE_BYTES, NUMBERS, Entry
from tracemark.media.spans import Span, apart, complement, overlay
from tracemark.media.tiff_skeleton import Skeleton
from tracemark.media.tiff_tags import Type

__all__ = ["assemble"]

SHORT_LIMIT, LONG_LIMIT = 1 << 16, 1 << 32
ENDLESS = 1 << 62


def assemble(skeleton: Skeleton, order: str, pieces: Sequence[bytes]) -> bytes:
    """Put pixels into the place of others.

    Parameters
    ----------
    skeleton : Skeleton
        All else.
    order : str
        Byte order of the file.
    pieces : sequence of bytes
        As many as the file had.

    Returns
    -------
    data : bytes
        A whole file.  Pieces lie each in the place of its own; where one has become larger, they lie one behind the
        other where pieces were, and what does not fit there lies at the end.

    Raises
    ------
    PhotoError
        When it would be larger than 4 GiB.
    """
    kept = {start: bytearray(piece) for start, piece in skeleton.kept}
    holes = complement([(start, start + len(piece)) for start, piece in skeleton.kept], ENDLESS)
    places = _place([len(piece) for piece in pieces], skeleton.pieces, holes)
    end = max([start + len(piece) for start, piece in [*skeleton.kept, *zip(places, pieces, strict=True)]])
    parts = dict(zip(places, pieces, strict=True))
    for entry, values in ((skeleton.offsets, places), (skeleton.sizes, [len(piece) for piece in pieces])):
        end += end % 2
        more = _renumber(kept, order, entry, values, end)
        if more:
            parts[end] = more
            end += len(more)
    if end >= LONG_LIMIT:
        raise PhotoError("TIFF file must have less than 4 GiB")
    joined: list[bytes | bytearray] = []
    at = 0
    whole: dict[int, bytes | bytearray] = {**kept, **parts}
    for start, part in sorted(whole.items(), key=itemgetter(0)):
        joined.append(bytes(start - at))
        joined.append(part)
        at = start + len(part)
    return b"".join(joined)


def _place(sizes: Sequence[int], before: Sequence[Span], holes: Sequence[Span]) -> list[int]:
    """Find a place for each piece: its own, or one in the order of the holes, of which the last has no end."""
    taken = sorted(before)
    alone = all(first[1] <= second[0] for first, second in pairwise(taken))
    kept = complement(holes, ENDLESS)
    free = alone and len(sizes) == len(before) and all(apart(piece, kept) for piece in before)
    if free and all(size <= stop - start for size, (start, stop) in zip(sizes, before, strict=True)):
        return [start for start, _ in before]
    places, number, at = [], 0, holes[0][0]
    for size in sizes:
        at += at % 2  # offsets are even, section 2
        while at + size > holes[number][1]:
            number += 1
            at = holes[number][0] + holes[number][0] % 2
        places.append(at)
        at += size
    return places


def _renumber(kept: Mapping[int, bytearray], order: str, entry: Entry, values: Sequence[int], end: int) -> bytes:
    """Write numbers in the place of others; the answer is what has to be written at the end, if they do not fit."""
    kind = Type.LONG if entry.kind != Type.SHORT or max(values) >= SHORT_LIMIT else Type.SHORT
    written = struct.pack(f"{order}{len(values)}{NUMBERS[kind]}", *(value % LONG_LIMIT for value in values))
    head = struct.pack(order + ENTRY_HEAD, entry.tag, kind, len(values))
    if len(written) <= INLINE_BYTES:
        overlay(kept, entry.at, head + written.ljust(INLINE_BYTES, b"\0"))
        return b""
    if len(written) <= entry.stop - entry.start:
        overlay(kept, entry.at, head)
        overlay(kept, entry.start, written)
        return b""
    overlay(kept, entry.at, head + struct.pack(order + "I", end))
    return written

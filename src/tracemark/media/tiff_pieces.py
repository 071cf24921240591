"""Unpack the strips or tiles of a TIFF file into pixels, and pack pixels into them.

Adobe, "TIFF revision 6.0", 1992, sections 8, 9, 13, 14 and 15; Adobe, "Photoshop TIFF technical notes", 2002 (Deflate).
"""

import math
import zlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import groupby, islice, product

import numpy as np

from tracemark.media.pixels import Pixels
from tracemark.media.strip_codec import PILLOW_NAMES, Lines, pack_strips, unpack_strips
from tracemark.media.tiff_layout import UNCOMPRESSED, TiffLayout

__all__ = ["count_pieces", "deflate_level", "pack", "unpack"]

LEVELS = (1, 4, 6, 9)  # zlib's level by the hint that a stream begins with, IETF RFC 1950, 2.2
HINT_AT = 6  # bits below it
BATCH_BYTES = 1 << 26  # that are unpacked at once, packed as badly as may be
# Bytes that a piece may be packed into for each of its own, and beside them: PackBits at its worst needs twice as many.
# Without a limit a million pieces could each be said to be the whole file.
ROOM, SPARE = 2, 1024
PIECE_BYTES = 1 << 16  # of a stream at a time: in the part that is damaged nothing is found


def unpack(data: bytes, layout: TiffLayout, offsets: Sequence[int], sizes: Sequence[int]) -> tuple[Pixels, bool]:
    """Unpack all pieces.

    Parameters
    ----------
    data : bytes
        The file.
    layout : TiffLayout
        How pixels lie in it.
    offsets, sizes : sequence of int
        Where its pieces are.

    Returns
    -------
    samples : ndarray, shape (rows, columns, samples)
        As stored, of type uint8 or uint16.
    truncated : bool
        Whether something is missing: it is zeros.
    """
    dtype = np.dtype(f"{layout.order}u{layout.bits // 8}")
    whole = np.zeros((layout.rows, layout.columns, layout.samples), dtype.newbyteorder("="))
    spans = iter(zip(offsets, sizes, strict=False))
    truncated = False
    for (high, wide, deep), places in _batches(layout):
        room = _room(high * wide * deep * layout.bits // 8)
        packed = [data[start : start + min(size, room)] for start, size in islice(spans, len(places))]
        packed += [b""] * (len(places) - len(packed))
        lines, damaged = _unpack_batch(packed, layout.compression, high, wide * deep * layout.bits // 8)
        truncated |= damaged
        stored = lines.view(dtype).reshape(len(places), high, wide, deep)
        for (row, column, sample), piece in zip(places, stored, strict=True):
            values = np.cumsum(piece, axis=1, dtype=whole.dtype) if layout.differences else piece
            part = whole[row : row + high, column : column + wide, sample : sample + deep]
            part[...] = values[: part.shape[0], : part.shape[1]]
    return whole, truncated


def pack(samples: Pixels, layout: TiffLayout, *, level: int) -> list[bytes]:
    """Pack samples into pieces; the other way of :func:`unpack`.

    Parameters
    ----------
    samples : ndarray, shape (rows, columns, samples)
        Of type uint8 or uint16.
    layout : TiffLayout
        How pixels lie in the file.
    level : int
        Of zlib, for Deflate.

    Returns
    -------
    pieces : list of bytes
        In the order in which they are numbered.
    """
    dtype = np.dtype(f"{layout.order}u{layout.bits // 8}")
    packed: list[bytes] = []
    for (high, wide, deep), places in _batches(layout):
        stored = np.empty((len(places), high, wide, deep), dtype)
        for (row, column, sample), piece in zip(places, stored, strict=True):
            part = samples[row : row + high, column : column + wide, sample : sample + deep]
            missing = ((0, high - part.shape[0]), (0, wide - part.shape[1]), (0, 0))
            full = np.pad(part, missing, mode="edge") if layout.tiled else part
            piece[...] = full
            if layout.differences:
                piece[:, 1:] -= full[:, :-1]
        lines = stored.reshape(len(places) * high, -1).view(np.uint8)
        packed += _pack_batch(lines, layout.compression, high, level)
    return packed


def count_pieces(layout: TiffLayout) -> int:
    """Count the pieces that a picture has.

    Parameters
    ----------
    layout : TiffLayout
        How pixels lie in the file.

    Returns
    -------
    pieces : int
    """
    down, across = -(-layout.rows // layout.piece[0]), -(-layout.columns // layout.piece[1])
    return down * across * (layout.samples if layout.separate else 1)


def deflate_level(packed: bytes) -> int:
    """Find the level at which zlib packed something.

    Parameters
    ----------
    packed : bytes
        A zlib stream, or something else.

    Returns
    -------
    level : int
        1 to 9; streams have a hint of two bits.
    """
    return LEVELS[packed[1] >> HINT_AT] if len(packed) > 1 else LEVELS[2]


def _batches(layout: TiffLayout) -> Iterator[tuple[tuple[int, int, int], list[tuple[int, int, int]]]]:
    """Give pieces of one shape together: rows, columns and samples, and where each piece begins in the picture."""
    deep = 1 if layout.separate else layout.samples
    high, wide = layout.piece
    places = product(range(0, layout.samples, deep), range(0, layout.rows, high), range(0, layout.columns, wide))

    def shape(place: tuple[int, int, int]) -> tuple[int, int, int]:
        # The last strip is shorter; tiles stick out.
        return (high if layout.tiled else min(high, layout.rows - place[1])), wide, deep

    for common, alike in groupby(places, key=shape):
        most = max(BATCH_BYTES // _room(math.prod(common) * layout.bits // 8), 1)
        while batch := [(row, column, sample) for sample, row, column in islice(alike, most)]:
            yield common, batch


def _room(size: int) -> int:
    """Tell how many bytes a piece of so many may be packed into."""
    return ROOM * size + SPARE


def _unpack_batch(packed: Sequence[bytes], compression: int, high: int, wide: int) -> tuple[Lines, bool]:
    """Unpack pieces of so many lines of so many bytes; the second answer is whether something is missing."""
    whole = np.zeros((len(packed) * high, wide), np.uint8)
    if compression in PILLOW_NAMES:
        try:
            return unpack_strips(packed, compression, high, wide), False
        # That memory is short says nothing of the file.
        except MemoryError:
            raise
        # A decoder given hostile bytes may fail in any way there is.
        except Exception:
            if len(packed) == 1:
                return whole, True
        found = [_unpack_batch([piece], compression, high, wide) for piece in packed]
        return np.concatenate([lines for lines, _ in found]), any(damaged for _, damaged in found)
    damaged = False
    for number, piece in enumerate(packed):
        raw = piece[: high * wide] if compression == UNCOMPRESSED else _inflate(piece, high * wide)
        whole.reshape(len(packed), -1)[number, : len(raw)] = np.frombuffer(raw, np.uint8)
        damaged |= len(raw) < high * wide
    return whole, damaged


def _pack_batch(lines: Lines, compression: int, high: int, level: int) -> list[bytes]:
    """Pack lines of bytes, so many to a piece."""
    if compression in PILLOW_NAMES:
        return pack_strips(lines, compression, high)
    pieces = lines.reshape(-1, high * lines.shape[1])
    if compression == UNCOMPRESSED:
        return [piece.tobytes() for piece in pieces]
    return [zlib.compress(piece.data, level) for piece in pieces]


def _inflate(packed: bytes, size: int) -> bytes:
    """Unpack as much of a stream as there is."""
    stream, found = zlib.decompressobj(), bytearray()
    with suppress(zlib.error):
        for at in range(0, len(packed), PIECE_BYTES):
            found += stream.decompress(packed[at : at + PIECE_BYTES], max(size - len(found), 1))
    return bytes(found[:size])

"""Take a WebP file apart into chunks, and write them.

IETF RFC 9649, "WebP image format", section 2.
"""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

__all__ = ["HEAD", "RiffChunk", "is_webp", "riff_chunks", "write_riff", "write_riff_chunk"]

HEADER_BYTES = 12  # RIFF, size, WEBP; 2.4
HEAD = 8  # bytes before a chunk's data: type and length, 2.3


@dataclass(frozen=True)
class RiffChunk:
    """Where a chunk stands."""

    name: bytes
    """Its type, four letters."""

    start: int
    """Where it begins."""

    end: int
    """Where its data end."""

    def data(self, webp: bytes) -> bytes:
        """Take out what it holds."""
        return webp[self.start + HEAD : self.end]

    def raw(self, webp: bytes) -> memoryview:
        """Give the whole of it, with length and padding, of a file that ends with the padding of its last one."""
        return memoryview(webp)[self.start : self.end + (self.end - self.start) % 2]


def is_webp(data: bytes) -> bool:
    """Tell a WebP file by its beginning.

    Parameters
    ----------
    data : bytes
        Anything.

    Returns
    -------
    answer : bool
    """
    return data.startswith(b"RIFF") and data[8:HEADER_BYTES] == b"WEBP"


def riff_chunks(data: bytes) -> Iterator[RiffChunk]:
    """Give the chunks of a file, as far as they can be read.

    Parameters
    ----------
    data : bytes
        A WebP file.

    Yields
    ------
    chunk : RiffChunk
    """
    at = HEADER_BYTES
    whole = min(len(data), HEAD + int.from_bytes(data[4:8], "little")) if is_webp(data) else 0
    while at + HEAD <= whole:
        name, length = struct.unpack_from("<4sI", data, at)
        end = at + HEAD + length
        if end > whole:
            return
        yield RiffChunk(name, at, end)
        at = end + length % 2


def write_riff_chunk(name: bytes, data: bytes) -> bytes:
    """Write one chunk.

    Parameters
    ----------
    name : bytes
        Its type.
    data : bytes
        What it holds.

    Returns
    -------
    raw : bytes
        With length and padding.
    """
    return name + struct.pack("<I", len(data)) + data + bytes(len(data) % 2)


def write_riff(chunks: Sequence[bytes | memoryview]) -> bytes:
    """Write a file.

    Parameters
    ----------
    chunks : sequence of bytes or memoryview
        What :func:`write_riff_chunk` or :meth:`RiffChunk.raw` gave.

    Returns
    -------
    data : bytes
        A WebP file.
    """
    return b"".join([b"RIFF", struct.pack("<I", 4 + sum(map(len, chunks))), b"WEBP", *chunks])

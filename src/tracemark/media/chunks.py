"""Take a PNG file apart into chunks, and write them.

W3C, "Portable network graphics (PNG) specification", third edition, section 5.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["CHECKSUM_BYTES", "HEAD", "HEADER", "Chunk", "chunks_of", "write_chunk"]

HEADER = b"\x89PNG\r\n\x1a\n"  # 5.2
HEAD = 8  # bytes before a chunk's data: length and type, 5.3
CHECKSUM_BYTES = 4  # and behind
OVERHEAD = HEAD + CHECKSUM_BYTES


@dataclass(frozen=True)
class Chunk:
    """Where a chunk stands."""

    name: bytes
    """Its type."""

    start: int
    """Where it begins."""

    stop: int
    """Where it ends."""

    @property
    def critical(self) -> bool:
        """Whether no picture can be had without it, 5.4."""
        return self.name[:1].isupper()

    @property
    def bound(self) -> bool:
        """Whether it must not outlive a change of pixels, 5.4."""
        return self.name[-1:].isupper()

    def data(self, png: bytes) -> bytes:
        """Take out what it holds."""
        return png[self.start + HEAD : self.stop - CHECKSUM_BYTES]


def write_chunk(name: bytes, data: bytes) -> bytes:
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
        With length and checksum.
    """
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def chunks_of(data: bytes, *, cut: bool = False) -> Iterator[Chunk]:
    """Give the chunks of a file, as far as they can be read.

    Parameters
    ----------
    data : bytes
        A PNG file.
    cut : bool
        Whether a chunk counts that the file ends in.

    Yields
    ------
    chunk : Chunk
    """
    at = len(HEADER)
    while data.startswith(HEADER) and at + OVERHEAD <= len(data):
        length, name = struct.unpack_from(">I4s", data, at)
        stop = at + length + OVERHEAD
        if not (name.isalpha() and name.isascii()) or (stop > len(data) and not cut):
            return
        # Of one that is cut nothing is a checksum.
        yield Chunk(name, at, min(stop, len(data) + CHECKSUM_BYTES))
        at = stop

"""Find what a WebP file says about its picture, and put it into another WebP file.

IETF RFC 9649, "WebP image format", section 2.
"""

import struct

from tracemark.media.embedded import UNKNOWN_LIMIT, holds_picture
from tracemark.media.exif import EXIF_HEADER
from tracemark.media.metadata import C2PA_DROPPED, MOST_ITEMS, Item, Kind, Metadata
from tracemark.media.riff import HEAD, is_webp, riff_chunks, write_riff, write_riff_chunk

__all__ = ["bare", "frame", "insert", "read_items"]

PICTURE = frozenset({b"VP8 ", b"VP8L", b"ALPH", b"VP8X", b"ANIM", b"ANMF"})  # RFC 9649, 2.5 to 2.7
KINDS = {b"EXIF": Kind.EXIF, b"XMP ": Kind.XMP, b"ICCP": Kind.ICC}
# What VP8X says is there, 2.7.
FLAGS = {b"ICCP": 0x20, b"ALPH": 0x10, b"EXIF": 0x08, b"XMP ": 0x04}
VP8L_SIZE_AT, VP8_SIZE_AT = 1, 6  # where a bitstream says how large it is, RFC 9649, 3.4 and RFC 6386, 9.1
SIDE_BITS = 14  # bits of a side


def read_items(data: bytes) -> tuple[tuple[Item, ...], tuple[str, ...]]:
    """Find what a WebP file says about its picture.

    Parameters
    ----------
    data : bytes
        A WebP file; behind the first damage nothing is found.

    Returns
    -------
    items : tuple of Item
        All chunks that are no pixels.  What is a picture itself is left out.
    warnings : tuple of str
        What else was left out, a sentence each.
    """
    items: list[Item] = []
    warnings: list[str] = []
    behind, unknown = False, 0
    for chunk in riff_chunks(data):
        behind = behind or chunk.name in (b"VP8 ", b"VP8L")
        if chunk.name in PICTURE or len(items) + len(warnings) >= MOST_ITEMS:
            continue
        content = chunk.data(data)
        kind = KINDS.get(chunk.name, Kind.OTHER)
        if kind is Kind.OTHER:
            if chunk.name == b"C2PA" or unknown + len(content) > UNKNOWN_LIMIT or holds_picture(content):
                warnings.append(_warning(chunk.name))
                continue
            unknown += len(content)
        payload = b"" if kind is Kind.OTHER else content.removeprefix(EXIF_HEADER)
        items.append(Item(chunk.name, write_riff_chunk(chunk.name, content), kind, payload, behind))
    return tuple(items), tuple(dict.fromkeys(warnings))


def bare(data: bytes) -> bytes:
    """Leave a WebP file as it is: its decoder takes no notice of metadata.

    Parameters
    ----------
    data : bytes
        A WebP file, or something else.

    Returns
    -------
    data : bytes
    """
    return data


def insert(webp: bytes, metadata: Metadata) -> bytes:
    """Put what a photo's file says into a WebP file.

    Parameters
    ----------
    webp : bytes
        A WebP file that says nothing yet.
    metadata : Metadata
        Of a WebP file; of another one nothing is taken over.

    Returns
    -------
    webp : bytes
        The file with both.
    """
    items = metadata.items if metadata.container == "WEBP" else ()
    if not items:
        return webp
    pixels = [chunk for chunk in riff_chunks(webp) if chunk.name != b"VP8X"]
    written = [chunk.raw(webp) for chunk in pixels]
    rows, columns = _size(pixels[-1].name, pixels[-1].data(webp))
    names = [item.name for item in items] + [chunk.name for chunk in pixels]
    flags = sum(flag for name, flag in FLAGS.items() if name in names)
    flags |= FLAGS[b"ALPH"] if _has_alpha(webp) else 0
    sides = (columns - 1).to_bytes(3, "little") + (rows - 1).to_bytes(3, "little")
    before = [item.raw for item in items if not item.behind]
    behind = [item.raw for item in items if item.behind]
    return write_riff([write_riff_chunk(b"VP8X", struct.pack("<I", flags) + sides), *before, *written, *behind])


def frame(item: Item, payload: bytes) -> bytes:
    """Write a payload as a chunk.

    Parameters
    ----------
    item : Item
        Of a WebP file, what the payload takes the place of.
    payload : bytes
        Not empty.

    Returns
    -------
    raw : bytes
        A whole chunk.
    """
    header = EXIF_HEADER if item.raw.startswith(EXIF_HEADER, HEAD) else b""
    return write_riff_chunk(item.name, header + payload)


def _warning(name: bytes) -> str:
    """Say that a chunk was left out."""
    if name == b"C2PA":
        return C2PA_DROPPED
    return f"chunk {name.decode('ascii', 'replace')!r} of an unknown kind was dropped: it may hold a picture"


def _size(name: bytes, bitstream: bytes) -> tuple[int, int]:
    """Read rows and columns from a bitstream."""
    if name == b"VP8L":
        bits = int.from_bytes(bitstream[VP8L_SIZE_AT:][:4], "little")
        side = (1 << SIDE_BITS) - 1
        return (bits >> SIDE_BITS & side) + 1, (bits & side) + 1
    columns, rows = struct.unpack_from("<HH", bitstream, VP8_SIZE_AT)
    return rows % (1 << SIDE_BITS), columns % (1 << SIDE_BITS)


def _has_alpha(webp: bytes) -> bool:
    """Tell whether a lossless bitstream has alpha: it says so behind its size, RFC 9649, 3.4."""
    for chunk in riff_chunks(webp):
        if chunk.name == b"VP8L":
            return bool(int.from_bytes(chunk.data(webp)[VP8L_SIZE_AT:][:4], "little") >> 2 * SIDE_BITS & 1)
    return is_webp(webp) and any(chunk.name == b"ALPH" for chunk in riff_chunks(webp))

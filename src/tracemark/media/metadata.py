"""Carry what a file says about its picture, byte for byte, without the small unmarked copies it may hold.

CIPA DC-008, "Exchangeable image file format for digital still cameras: Exif", version 2.32.
"""

import re
import struct
import zlib
from collections.abc import Iterator

__all__ = ["exif_orientation", "insert_chunks", "orientation_alone", "select_chunks", "without_previews"]

EXIF_HEADER = b"Exif\0\0"  # CIPA DC-008, 4.7.2
BYTE_ORDERS = {b"II*\0": "<", b"MM\0*": ">"}  # TIFF 6.0, section 2: little or big endian, then 42
TIFF_HEADER_BYTES = 8  # byte order, 42, place of the first directory
ENTRY_BYTES = 12  # tag, type, count, value or its place; TIFF 6.0, section 2
ENTRY_VALUE = 8  # where in an entry its value stands
SHORT = 3  # type of a 16-bit value, TIFF 6.0, section 2
ORIENTATION = 0x0112  # CIPA DC-008, 4.6.4
UPRIGHT = 1
ORIENTATIONS = range(UPRIGHT, 9)
# Tags that say where a directory keeps its picture, and how long it is: strips, and a whole JPEG (CIPA DC-008, 4.5.4).
PICTURES = ((0x0111, 0x0117), (0x0201, 0x0202))
# A JPEG inside other bytes, from its first marker to its last (or to the end), ITU-T T.81 table B.1.
EMBEDDED_JPEG = re.compile(rb"\xff\xd8\xff.*?(?:\xff\xd9|\Z)", re.DOTALL)

PNG_HEADER = b"\x89PNG\r\n\x1a\n"  # PNG third edition, 5.2
IHDR_BYTES = 25  # length, type, 13 bytes, checksum; always first, 5.6
PNG_OVERHEAD = 12  # what stands around a chunk's data: length, type, checksum, 5.3
# What says how the samples are to be seen: colour, pixel size, orientation. PNG third edition, 11.3.
KEPT_CHUNKS = frozenset({b"cHRM", b"cICP", b"gAMA", b"iCCP", b"pHYs", b"sRGB", b"eXIf"})


def exif_orientation(exif: bytes) -> int:
    """Read how stored pixels must be turned to stand upright.

    Parameters
    ----------
    exif : bytes
        ``Exif``, two zeros and a TIFF structure; anything else counts as upright.

    Returns
    -------
    orientation : int
        1 to 8 as in the standard; 1 is upright, and what an absent or impossible tag gives.
    """
    try:
        order, first = _open_tiff(exif)
        for at, tag in _entries(exif, order, first):
            if tag == ORIENTATION:
                (value,) = struct.unpack_from(order + "H", exif, at + ENTRY_VALUE)
                return value if value in ORIENTATIONS else UPRIGHT
    except (struct.error, ValueError):
        return UPRIGHT
    return UPRIGHT


def without_previews(exif: bytes) -> bytes:
    """Blank every small picture inside an EXIF block; all else stays in its place.

    Parameters
    ----------
    exif : bytes
        ``Exif``, two zeros and a TIFF structure.

    Returns
    -------
    exif : bytes
        Without a thumbnail directory, and with zeros where it and any embedded JPEG (maker notes
        have some) had their bytes; zeros at the end are cut off.  A block that is damaged is
        replaced by one that holds the orientation alone; no block stays none.
    """
    if not exif:
        return exif
    blanked = bytearray(exif)
    try:
        order, first = _open_tiff(exif)
        link = _link_place(exif, order, first)
        thumbnail = _place(exif, order, link)
        if thumbnail > len(EXIF_HEADER):
            _blank_directory(blanked, order, thumbnail)
        blanked[link : link + 4] = bytes(4)
    except (struct.error, ValueError):
        return orientation_alone(exif_orientation(exif))
    cleaned = EMBEDDED_JPEG.sub(lambda found: bytes(len(found[0])), bytes(blanked))
    end = max(len(cleaned.rstrip(b"\0")), link + 4)
    # Cut where the blanked bytes begin: zeros before them are values.
    return cleaned[: len(exif) - len(exif[end:].lstrip(b"\0"))]


def orientation_alone(orientation: int) -> bytes:
    """Make the smallest EXIF block that holds an orientation.

    Parameters
    ----------
    orientation : int
        1 to 8.

    Returns
    -------
    exif : bytes
        A block of one entry.
    """
    entry = struct.pack("<HHIHH", ORIENTATION, SHORT, 1, orientation, 0)
    return EXIF_HEADER + b"II*\0" + struct.pack("<IH", TIFF_HEADER_BYTES, 1) + entry + bytes(4)


def select_chunks(png: bytes) -> bytes:
    """Copy from a PNG file the chunks that a picture of the same kind needs too.

    Parameters
    ----------
    png : bytes
        A PNG file; what is damaged is left out.

    Returns
    -------
    chunks : bytes
        Whole chunks one after another, previews inside EXIF blanked.
    """
    kept = []
    at = len(PNG_HEADER)
    while at + PNG_OVERHEAD <= len(png):
        (length,) = struct.unpack_from(">I", png, at)
        name, data = png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        if name in KEPT_CHUNKS and len(data) == length:
            if name == b"eXIf":
                data = without_previews(EXIF_HEADER + data)[len(EXIF_HEADER) :]
            kept.append(_chunk(name, data))
        at += length + PNG_OVERHEAD
    return b"".join(kept)


def insert_chunks(png: bytes, chunks: bytes) -> bytes:
    """Put chunks into a PNG file, behind its header.

    Parameters
    ----------
    png : bytes
        A PNG file without such chunks.
    chunks : bytes
        What :func:`select_chunks` gave.

    Returns
    -------
    png : bytes
        The file with both.
    """
    head = len(PNG_HEADER) + IHDR_BYTES
    return png[:head] + chunks + png[head:]


def _chunk(name: bytes, data: bytes) -> bytes:
    """Write one PNG chunk."""
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _open_tiff(exif: bytes) -> tuple[str, int]:
    """Find the byte order of a block and the place of its first directory."""
    start = len(EXIF_HEADER)
    order = BYTE_ORDERS.get(exif[start : start + 4])
    if order is None or not exif.startswith(EXIF_HEADER):
        raise ValueError("EXIF block must begin with its header")
    return order, _place(exif, order, start + 4)


def _place(exif: bytes, order: str, at: int) -> int:
    """Read a place; the block counts from behind its own header."""
    (offset,) = struct.unpack_from(order + "I", exif, at)
    return int(offset) + len(EXIF_HEADER)


def _entries(exif: bytes, order: str, directory: int) -> Iterator[tuple[int, int]]:
    """Give the place and the tag of each entry of a directory."""
    (count,) = struct.unpack_from(order + "H", exif, directory)
    for at in range(directory + 2, directory + 2 + count * ENTRY_BYTES, ENTRY_BYTES):
        yield at, struct.unpack_from(order + "H", exif, at)[0]


def _link_place(exif: bytes, order: str, directory: int) -> int:
    """Find where a directory says which one comes next."""
    (count,) = struct.unpack_from(order + "H", exif, directory)
    link = directory + 2 + count * ENTRY_BYTES
    if link + 4 > len(exif):
        raise ValueError("EXIF directory must lie inside its block")
    return int(link)


def _blank_directory(blanked: bytearray, order: str, directory: int) -> None:
    """Overwrite a directory and the picture that it points to."""
    exif = bytes(blanked)
    values = {tag: _number(exif, order, at) for at, tag in _entries(exif, order, directory)}
    for place, length in PICTURES:
        if place in values and length in values:
            start = values[place] + len(EXIF_HEADER)
            stop = min(start + values[length], len(blanked))
            blanked[start:stop] = bytes(max(stop - start, 0))
    stop = min(_link_place(exif, order, directory) + 4, len(blanked))
    blanked[directory:stop] = bytes(stop - directory)


def _number(exif: bytes, order: str, at: int) -> int:
    """Read the number in an entry, 16 or 32 bits wide."""
    (kind,) = struct.unpack_from(order + "H", exif, at + 2)
    return int(struct.unpack_from(order + ("H" if kind == SHORT else "I"), exif, at + ENTRY_VALUE)[0])

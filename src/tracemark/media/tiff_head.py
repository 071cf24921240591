"""Tell TIFF files by their beginning, and refuse those that end before their directory.

Adobe, "TIFF revision 6.0", 1992, section 2; AWare Systems, "The BigTIFF file format", 2007.
"""

import struct

from tracemark.errors import FormatError
from tracemark.media.directories import BYTE_ORDERS, ENTRY_BYTES

__all__ = ["is_big_tiff", "is_tiff", "refuse_cut"]

# How a file begins -> how it says where its first directory is and how many entries that has, and bytes of an entry.
TIFF = {start: (f"{order}4xI", f"{order}H", ENTRY_BYTES) for start, order in BYTE_ORDERS.items()}
BIG_TIFF = {b"II+\0": ("<8xQ", "<Q", 20), b"MM\0+": (">8xQ", ">Q", 20)}
START_BYTES = 4


def is_tiff(data: bytes) -> bool:
    """Tell a TIFF file by its beginning.

    Parameters
    ----------
    data : bytes
        Anything.

    Returns
    -------
    answer : bool
        False for BigTIFF.
    """
    return data[:START_BYTES] in TIFF


def is_big_tiff(data: bytes) -> bool:
    """Tell a TIFF file with offsets of 64 bits by its beginning.

    Parameters
    ----------
    data : bytes
        Anything.

    Returns
    -------
    answer : bool
    """
    return data[:START_BYTES] in BIG_TIFF


def refuse_cut(data: bytes) -> None:
    """Refuse a file that ends before its directory or in it: most programs write it last, and it tells all else.

    Parameters
    ----------
    data : bytes
        A TIFF or BigTIFF file, or something else.

    Raises
    ------
    FormatError
        When it does.
    """
    known = (TIFF | BIG_TIFF).get(data[:START_BYTES])
    if known is None:
        return
    place, count, entry_bytes = known
    try:
        (at,) = struct.unpack_from(place, data)
        (entries,) = struct.unpack_from(count, data, min(at, len(data)))
    except struct.error:
        at = entries = len(data)
    if at + struct.calcsize(count) + entries * entry_bytes > len(data):
        raise FormatError(
            "image file is damaged or cut short: it must reach to the end of its directory, which tells all else"
        )

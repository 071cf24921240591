"""Write TIFF structures that have one directory and hold nothing but numbers.

Adobe, "TIFF revision 6.0", 1992, section 2.
"""

import struct
from collections.abc import Mapping, Sequence

from tracemark.media.directories import ENTRY_BYTES, ENTRY_HEAD, HEADER_BYTES, INLINE_BYTES, LINK_BYTES, NUMBERS
from tracemark.media.tiff_tags import Tag, Type

__all__ = ["write_structure"]

START = b"II*\0"  # little endian


def write_structure(lines: Mapping[Tag, tuple[Type, Sequence[int]]]) -> bytes:
    """Write a structure.

    Parameters
    ----------
    lines : mapping
        Tag -> type and numbers, at least one; tags in rising order.

    Returns
    -------
    data : bytes
        Header, directory, and behind it the values that have no room in it.  How long it is does not depend on the
        numbers, so that they may be places behind it.
    """
    written, values = struct.pack("<H", len(lines)), b""
    stop = HEADER_BYTES + len(written) + len(lines) * ENTRY_BYTES + LINK_BYTES
    for tag, (kind, numbers) in lines.items():
        value = struct.pack(f"<{len(numbers)}{NUMBERS[kind]}", *numbers)
        inline = len(value) <= INLINE_BYTES
        shown = value.ljust(INLINE_BYTES, b"\0") if inline else struct.pack("<I", stop + len(values))
        written += struct.pack("<" + ENTRY_HEAD, tag, kind, len(numbers)) + shown
        values += b"" if inline else value
    return START + struct.pack("<I", HEADER_BYTES) + written + bytes(LINK_BYTES) + values

"""Read and write metadata that programs put into PNG texts as hexadecimal digits.

ImageMagick began it, and calls these texts ``Raw profile type ...``; ExifTool's page "PNG tags" lists them.
"""

import zlib

from tracemark.media.directories import BYTE_ORDERS
from tracemark.media.embedded import holds_picture
from tracemark.media.exif import EXIF_HEADER
from tracemark.media.metadata import INFLATED_LIMIT, Kind, inflate
from tracemark.media.segment_kinds import PHOTOSHOP_HEADER, XMP_HEADER

__all__ = ["frame", "read"]

KEYWORD = b"Raw profile type "
# What a profile begins with, after which its kind is told.
HEADERS = (
    (EXIF_HEADER, Kind.EXIF),
    *((start, Kind.EXIF) for start in BYTE_ORDERS),
    (XMP_HEADER, Kind.XMP),
    (PHOTOSHOP_HEADER, Kind.PHOTOSHOP),
    (b"8BIM", Kind.PHOTOSHOP),
)
SPOKEN = {b"xmp": Kind.XMP, b"icc": Kind.ICC, b"icm": Kind.ICC}  # these begin in many ways
PART_OF_PAYLOAD = (*BYTE_ORDERS, b"8BIM")
LINE = 72  # digits, as ImageMagick has it


def read(data: bytes, *, packed: bool, limit: int = INFLATED_LIMIT) -> tuple[Kind, bytes]:
    """Find out what a text chunk holds.

    Parameters
    ----------
    data : bytes
        Data of the chunk.
    packed : bool
        Whether it is one of those whose words are packed.
    limit : int
        Bytes that they may have when they are unpacked.

    Returns
    -------
    kind : Kind
        The standard that explains it; ``TEXT`` for mere words.
    payload : bytes
        What that standard speaks of; of words, all of the data.

    Raises
    ------
    ValueError
        When it says that it is a profile, and is none, or a picture.
    """
    if not data.startswith(KEYWORD):
        return Kind.TEXT, data
    name, profile = _profile(data, packed=packed, limit=limit)
    if name in SPOKEN:
        return SPOKEN[name], profile
    for header, kind in HEADERS:
        if profile.startswith(header):
            return kind, profile if header in PART_OF_PAYLOAD else profile.removeprefix(header)
    if holds_picture(profile):
        raise ValueError("raw profile must not hold a picture")
    return Kind.OTHER, b""


def frame(data: bytes, payload: bytes, *, packed: bool) -> bytes:
    """Put a payload in the place of the one that a text chunk holds.

    Parameters
    ----------
    data : bytes
        Data of the chunk.
    payload : bytes
        Of the same kind.
    packed : bool
        Whether it is one of those whose words are packed.

    Returns
    -------
    data : bytes
        Of the new chunk.
    """
    name, profile = _profile(data, packed=packed)
    header = next((known for known, _ in HEADERS if profile.startswith(known)), b"")
    whole = payload if header in PART_OF_PAYLOAD or name in SPOKEN else header + payload
    digits = whole.hex().encode()
    lines = [digits[at : at + LINE] for at in range(0, len(digits), LINE)]
    words = b"\n".join([b"", name, b"%8d" % len(whole), *lines, b""])
    keyword = data.partition(b"\0")[0]
    return keyword + b"\0" + (b"\0" + zlib.compress(words) if packed else words)


def _profile(data: bytes, *, packed: bool, limit: int = INFLATED_LIMIT) -> tuple[bytes, bytes]:
    """Read a profile's name and its bytes."""
    words = data.partition(b"\0")[2]
    parts = (inflate(words[1:], limit=limit) if packed else words).split(None, 2)
    if len(parts) <= 2:
        raise ValueError("raw profile must have a name, a length, and digits")
    name, _, digits = parts
    return name, bytes.fromhex(digits.decode("ascii", errors="replace"))

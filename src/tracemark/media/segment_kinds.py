"""Tell apart what the application segments of a JPEG file hold.

ITU-T T.81, "Digital compression and coding of continuous-tone still images", annex B; ITU-T T.871 (JFIF).
"""

import struct
from dataclasses import dataclass

from tracemark.media.directories import BYTE_ORDERS
from tracemark.media.exif import EXIF_HEADER
from tracemark.media.metadata import C2PA_DROPPED, GAIN_MAP_DROPPED, Kind

__all__ = [
    "ADOBE_HEADER",
    "APP0",
    "EXTENDED",
    "ICC_NUMBERS",
    "JFIF_HEADER",
    "PHOTOSHOP_HEADER",
    "XMP_HEADER",
    "Row",
    "is_metadata",
    "row_of_kind",
    "sort",
]

APP0, APP15, COMMENT = 0xE0, 0xEF, 0xFE  # T.81 table B.1
APP1, APP2, APP11, APP12, APP13, APP14 = 0xE1, 0xE2, 0xEB, 0xEC, 0xED, 0xEE
XMP_HEADER = b"http://ns.adobe.com/xap/1.0/\0"  # ISO 16684-3, "JPEG"
EXTENDED_HEADER = b"http://ns.adobe.com/xmp/extension/\0"
EXTENDED = struct.Struct(">32sII")  # behind it: name of the whole, its length, and where this piece belongs
NAME_BYTES = 32
ICC_HEADER = b"ICC_PROFILE\0"  # ICC.1, annex B.4
ICC_NUMBERS = 2  # bytes behind it: which piece, and how many there are
PHOTOSHOP_HEADER = b"Photoshop 3.0\0"
ADOBE_HEADER = b"Adobe"  # Adobe, technical note 5116
JFIF_HEADER = b"JFIF\0"


@dataclass(frozen=True)
class Row:
    """What becomes of a kind of segment."""

    marker: int
    """Second byte of its marker."""

    header: bytes
    """What it begins with; empty for a comment, and for what is not known."""

    kind: Kind | None
    """What it is kept as; None when it is left out."""

    warning: str = ""
    """What is said when it is left out."""

    @property
    def known(self) -> bool:
        """Whether it stands in the table."""
        return self in ROWS


ROWS = (
    # what      begins with                          is kept as
    Row(APP0, JFIF_HEADER, Kind.OTHER),
    Row(APP0, b"JFXX\0", None),  # thumbnail
    Row(APP1, EXIF_HEADER, Kind.EXIF),
    Row(APP1, XMP_HEADER, Kind.XMP),
    Row(APP1, EXTENDED_HEADER, Kind.EXTENDED_XMP),
    Row(APP2, ICC_HEADER, Kind.ICC),
    Row(APP2, b"MPF\0", None),  # says where pictures lie behind this one
    Row(APP2, b"urn:iso:std:iso:ts:21496:-1\0", None, GAIN_MAP_DROPPED),
    Row(APP2, b"FPXR\0", None, "FlashPix data were dropped: they may hold a preview"),
    Row(APP11, b"JP", None, C2PA_DROPPED),
    Row(APP11, b"HDR_RI", None, GAIN_MAP_DROPPED),
    Row(APP12, b"Ducky", Kind.OTHER),
    Row(APP13, PHOTOSHOP_HEADER, Kind.PHOTOSHOP),
    Row(APP14, ADOBE_HEADER, Kind.OTHER),
    Row(COMMENT, b"", Kind.TEXT),
)
JOINED = (Kind.ICC, Kind.PHOTOSHOP)  # a file has one, in as many segments as it takes


def is_metadata(marker: int) -> bool:
    """Tell whether a segment says something that changes no pixel, or nearly none.

    Parameters
    ----------
    marker : int
        Second byte of its marker.

    Returns
    -------
    said : bool
        JFIF and Adobe's segments count, though they tell how colours are stored.
    """
    return APP0 <= marker <= APP15 or marker == COMMENT


def row_of_kind(kind: Kind) -> Row:
    """Find out how a kind is written.

    Parameters
    ----------
    kind : Kind
        One that has a payload.

    Returns
    -------
    row : Row
    """
    return next(row for row in ROWS if row.kind is kind)


def sort(marker: int, content: bytes) -> tuple[Row, bytes | None]:
    """Find out what a segment is, and which others it belongs to.

    Parameters
    ----------
    marker : int
        Second byte of its marker.
    content : bytes
        What stands behind its length.

    Returns
    -------
    row : Row
        What becomes of it.
    key : bytes or None
        Segments with the same answer belong together; None is a segment that begins something.
    """
    row = next((row for row in ROWS if row.marker == marker and content.startswith(row.header)), None)
    if row is None:
        return Row(marker, b"", Kind.OTHER), b""
    if row.kind is Kind.EXTENDED_XMP:
        return row, content[len(row.header) :][:NAME_BYTES]
    continued = row.kind is Kind.EXIF and not content.startswith(tuple(BYTE_ORDERS), len(EXIF_HEADER))
    return row, b"" if row.kind in JOINED or row.kind is None or continued else None

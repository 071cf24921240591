"""Carry what a file says about its picture, byte for byte, without the small unmarked copies that it may hold."""

import re
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from enum import Enum

from tracemark.media import exif, photoshop, xmp
from tracemark.media.embedded import holds_picture

__all__ = [
    "C2PA_DROPPED",
    "GAIN_MAP_DROPPED",
    "INFLATED_LIMIT",
    "MOST_ITEMS",
    "Edit",
    "Frame",
    "Item",
    "Kind",
    "Metadata",
    "inflate",
    "without_gps",
    "without_previews",
]

# What is said of items that are left out, whatever kind of file they stand in.
C2PA_DROPPED = "C2PA manifest was dropped: it vouches for pixels that a copy does not have"
GAIN_MAP_DROPPED = "gain map was dropped: it is a picture of its own"
MOST_ITEMS = 10_000  # of a file: the rest is left out
INFLATED_LIMIT = 1 << 25  # bytes of all items of a file when they are unpacked; the largest seen have a fifth of it


# What a PNG text is called, W3C PNG, 11.3.3.2, when ImageMagick has written a property of EXIF as text.
GPS_KEYWORD = re.compile(rb"(?=[^\0]{1,79}\0)[\w.: -]*GPS[\w.: -]*\0", re.IGNORECASE)


class Kind(Enum):
    """By which standard an item is written."""

    EXIF = "EXIF"
    XMP = "XMP"
    EXTENDED_XMP = "XMP that did not fit one segment"
    PHOTOSHOP = "Photoshop's block, where IPTC is"
    ICC = "the colour profile"
    TEXT = "a comment"
    OTHER = "an item"


@dataclass(frozen=True)
class Item:
    """One thing that a file says."""

    name: bytes
    """What its container calls it: marker, chunk, and the like."""

    raw: bytes
    """Its bytes as they stand in the file, with all that the container puts around them."""

    kind: Kind = Kind.OTHER
    """The standard that explains it."""

    payload: bytes = b""
    """What that standard speaks of, without the container's bytes; empty for ``OTHER``."""

    behind: bool = False
    """Whether it stands behind the pixels."""


@dataclass(frozen=True)
class Metadata:
    """All that a file says."""

    container: str = ""
    """``"JPEG"``, ``"PNG"``, ``"WEBP"``, ``"AVIF"`` or ``"TIFF"``; empty when there was no file."""

    items: tuple[Item, ...] = ()
    """In the order in which they stand."""

    def payload(self, kind: Kind) -> bytes:
        """Find the first item of a kind; none is empty."""
        return next((item.payload for item in self.items if item.kind is kind), b"")

    @property
    def orientation(self) -> int:
        """EXIF orientation, 1 to 8."""
        return exif.exif_orientation(self.payload(Kind.EXIF))


Frame = Callable[[Item, bytes], bytes]
"""How a container puts a payload in the place of an item's own: answers the item's new raw bytes."""

Edit = Callable[[bytes], bytes]
"""What is done to a payload; raises ValueError when it is damaged."""

PREVIEW_EDITS: Mapping[Kind, Edit] = {
    Kind.EXIF: exif.without_previews,
    Kind.XMP: xmp.without_previews,
    Kind.EXTENDED_XMP: xmp.without_previews,
    Kind.PHOTOSHOP: photoshop.without_previews,
    Kind.TEXT: lambda text: b"" if holds_picture(text) or xmp.holds_picture(text) else text,
}
GPS_EDITS: Mapping[Kind, Edit] = {
    Kind.EXIF: exif.without_gps,
    Kind.XMP: xmp.without_gps,
    Kind.EXTENDED_XMP: xmp.without_gps,
    Kind.PHOTOSHOP: photoshop.without_gps,
    Kind.TEXT: lambda text: b"" if GPS_KEYWORD.match(text) else text,
}


def without_previews(items: Iterable[Item], frame: Frame) -> tuple[tuple[Item, ...], tuple[str, ...]]:
    """Take small pictures out of items.

    Parameters
    ----------
    items : iterable of Item
        What a file says.
    frame : callable
        How its container puts a payload in the place of another.

    Returns
    -------
    items : tuple of Item
        Those that hold no picture are as they were.
    warnings : tuple of str
        What had to go because it is damaged, a sentence each.
    """
    return _edited(items, frame, PREVIEW_EDITS)


def without_gps(items: Iterable[Item], frame: Frame) -> tuple[Item, ...]:
    """Take out of items where a picture was taken.

    Parameters
    ----------
    items : iterable of Item
        What :func:`without_previews` left.
    frame : callable
        How their container puts a payload in the place of another.

    Returns
    -------
    items : tuple of Item
        Those that say nothing of it are as they were.
    """
    return _edited(items, frame, GPS_EDITS)[0]


def inflate(data: bytes, *, limit: int = INFLATED_LIMIT) -> bytes:
    """Unpack what zlib packed, but no more than items may have.

    Parameters
    ----------
    data : bytes
        A whole zlib stream.
    limit : int
        Bytes that it may hold.

    Returns
    -------
    data : bytes
        What it holds.

    Raises
    ------
    ValueError
        When it is damaged, or holds more.
    """
    stream = zlib.decompressobj()
    try:
        unpacked = stream.decompress(data, max(limit, 1))
    except zlib.error as error:
        raise ValueError(f"packed item is damaged: {error}") from error
    if not stream.eof:
        raise ValueError(f"packed item must be whole and have at most {limit} bytes")
    return unpacked


def _edited(
    items: Iterable[Item], frame: Frame, edits: Mapping[Kind, Edit]
) -> tuple[tuple[Item, ...], tuple[str, ...]]:
    """Change payloads; what is damaged goes, and what is empty afterwards."""
    kept, warnings = [], []
    for item in items:
        edit = edits.get(item.kind, bytes)
        try:
            payload = edit(item.payload)
        except ValueError:
            payload = _rest_of(item)
            left = ", all but the orientation" if payload else ""
            warnings.append(f"{item.kind.value} is damaged and was dropped{left}")
        if payload == item.payload:
            kept.append(item)
        elif payload:
            kept.append(replace(item, payload=payload, raw=frame(item, payload)))
    return tuple(kept), tuple(warnings)


def _rest_of(item: Item) -> bytes:
    """Keep of an item that is damaged what viewers cannot do without."""
    turned = exif.exif_orientation(item.payload)
    return exif.orientation_alone(turned) if item.kind is Kind.EXIF and turned != exif.UPRIGHT else b""

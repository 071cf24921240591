"""Find what a JPEG file says about its picture, and put it into another JPEG file.

ITU-T T.81, "Digital compression and coding of continuous-tone still images", annex B; ITU-T T.871 (JFIF).
"""

import struct
from dataclasses import replace

from tracemark.media.embedded import UNKNOWN_LIMIT, holds_picture
from tracemark.media.markers import END_OF_IMAGE, LENGTH_BYTES, MARKER, SEGMENT_HEAD, START_OF_IMAGE, head_segments
from tracemark.media.metadata import MOST_ITEMS, Item, Kind, Metadata
from tracemark.media.segment_kinds import (
    ADOBE_HEADER,
    APP0,
    EXTENDED,
    ICC_NUMBERS,
    JFIF_HEADER,
    Row,
    is_metadata,
    row_of_kind,
    sort,
)

__all__ = ["bare", "frame", "insert", "read_items"]

SEGMENT_LIMIT = 65533  # bytes of data in one segment: its length has 16 bits
XMP_LIMIT = 65502  # bytes of a packet that has one segment, ISO 16684-3, "JPEG"
JFIF_THUMBNAIL_AT = 12  # bytes before its size, T.871 10.1; the thumbnail stands behind
BETWEEN = {Kind.EXTENDED_XMP: EXTENDED.size, Kind.ICC: ICC_NUMBERS}  # bytes between a header and a piece of a payload


def read_items(data: bytes) -> tuple[tuple[Item, ...], tuple[str, ...]]:
    """Find what a JPEG file says about its picture.

    Parameters
    ----------
    data : bytes
        A JPEG file; behind the first damage nothing is found.

    Returns
    -------
    items : tuple of Item
        Comments, and what stands in application segments.  What is a picture itself is left out.
    warnings : tuple of str
        What else was left out, a sentence each.
    """
    groups: dict[tuple[Row, bytes], list[bytes]] = {}
    exif, stop = b"", len(START_OF_IMAGE)
    for marker, start, stop in head_segments(data):
        if is_metadata(marker) and len(groups) < MOST_ITEMS:
            row, key = sort(marker, data[start + SEGMENT_HEAD.size : stop])
            if row.kind is Kind.EXIF:
                # EXIF that does not fit one segment goes on in the next.
                key = exif = str(len(groups)).encode() if key is None else exif
            group = str(len(groups)).encode() if key is None else key
            groups.setdefault((row, group), []).append(data[start:stop])
    items, warnings = [], []
    for (row, _), raws in groups.items():
        item, warning = _item_of(row, raws)
        items += [item] if item else []
        warnings += [warning] if warning else []
    return tuple(items), (*warnings, *_warn_of_rest(data, stop))


def bare(data: bytes) -> bytes:
    """Take everything out of a JPEG file that does not change its pixels.

    Parameters
    ----------
    data : bytes
        A JPEG file, or something else.

    Returns
    -------
    data : bytes
        The same picture, for decoders that trip over damaged metadata.
    """
    kept, end = [START_OF_IMAGE], len(START_OF_IMAGE)
    for marker, start, stop in head_segments(data):
        said = data[start + SEGMENT_HEAD.size : stop].startswith((JFIF_HEADER, ADOBE_HEADER))  # these tell colours
        if said or not is_metadata(marker):
            kept.append(data[start:stop])
        end = stop
    return b"".join([*kept, data[end:]]) if data.startswith(START_OF_IMAGE) else data


def insert(jpeg: bytes, metadata: Metadata) -> bytes:
    """Put what a photo's file says into a JPEG file.

    Parameters
    ----------
    jpeg : bytes
        A JPEG file that says nothing yet.
    metadata : Metadata
        Of a JPEG file, or of another one: then EXIF, XMP and the colour profile are taken over.

    Returns
    -------
    jpeg : bytes
        The file with both.
    """
    alike = metadata.container == "JPEG"
    items = metadata.items if alike else _converted(metadata)
    told = tuple(item.name for item in items) + ((JFIF_HEADER,) if alike else ())
    kept: list[bytes] = []
    before: list[bytes] = []
    end = len(START_OF_IMAGE)
    for marker, start, stop in head_segments(jpeg):
        if not is_metadata(marker):
            break
        header = next(
            (name for name in (JFIF_HEADER, ADOBE_HEADER) if jpeg.startswith(name, start + SEGMENT_HEAD.size)), b""
        )
        if header not in told:
            (before if header == JFIF_HEADER else kept).append(jpeg[start:stop])
        end = stop
    return b"".join([START_OF_IMAGE, *before, *(item.raw for item in items), *kept, memoryview(jpeg)[end:]])


def frame(item: Item, payload: bytes) -> bytes:
    """Write a payload as segments.

    Parameters
    ----------
    item : Item
        Of a JPEG file, what the payload takes the place of.
    payload : bytes
        Not empty.

    Returns
    -------
    raw : bytes
        One segment, or several where it does not fit.
    """
    row = row_of_kind(item.kind)
    room = SEGMENT_LIMIT - len(row.header) - BETWEEN.get(item.kind, 0)
    pieces = [payload[at : at + room] for at in range(0, len(payload), room)]
    raws = []
    for number, piece in enumerate(pieces):
        between = b""
        if item.kind is Kind.EXTENDED_XMP:
            between = EXTENDED.pack(item.name, len(payload), number * room)
        elif item.kind is Kind.ICC:
            between = bytes([number + 1, len(pieces)])
        content = row.header + between + piece
        raws.append(SEGMENT_HEAD.pack(MARKER, row.marker, len(content) + LENGTH_BYTES) + content)
    return b"".join(raws)


def _converted(metadata: Metadata) -> tuple[Item, ...]:
    """Write what another kind of file says the way that JPEG files do."""
    found = [Item(b"", b"", kind, metadata.payload(kind)) for kind in (Kind.EXIF, Kind.XMP, Kind.ICC)]
    fitting = [item for item in found if item.payload and (item.kind is not Kind.XMP or len(item.payload) < XMP_LIMIT)]
    return tuple(replace(item, raw=frame(item, item.payload)) for item in fitting)


def _item_of(row: Row, raws: list[bytes]) -> tuple[Item | None, str]:
    """Make an item of segments that belong together; the second answer is a warning, or empty."""
    raw = b"".join(raws)
    if row.kind is None:
        return None, row.warning
    if not row.known:
        return _unknown(row, raws)
    contents = [segment[SEGMENT_HEAD.size + len(row.header) :] for segment in raws]
    if row.kind is Kind.EXTENDED_XMP:
        pieces = [(EXTENDED.unpack_from(content.ljust(EXTENDED.size, b"\0")), content) for content in contents]
        whole = b"".join(
            content[EXTENDED.size :] for (_, _, _), content in sorted(pieces, key=lambda piece: piece[0][2])
        )
        if pieces[0][0][1] != len(whole):
            return None, "XMP that did not fit one segment is damaged and was dropped"
        return Item(pieces[0][0][0], raw, row.kind, whole), ""
    if row.kind is Kind.ICC:
        return Item(row.header, raw, row.kind, b"".join(content[ICC_NUMBERS:] for content in sorted(contents))), ""
    if row.header == JFIF_HEADER:
        raw = _without_thumbnail(raw)
    payload = b"" if row.kind is Kind.OTHER else b"".join(contents)
    return Item(row.header, raw, row.kind, payload), ""


def _unknown(row: Row, raws: list[bytes]) -> tuple[Item | None, str]:
    """Keep segments of an unknown kind when they can hold no picture: those that are words, or small."""
    raw = b"".join(raws)
    words = b"".join(segment[SEGMENT_HEAD.size :] for segment in raws)
    if _is_text(words):
        return Item(b"", raw, Kind.TEXT, words), ""
    if len(raw) <= UNKNOWN_LIMIT and not holds_picture(raw):
        return Item(b"", raw), ""
    return None, f"APP{row.marker - APP0} segments of an unknown kind were dropped: they may hold a picture"


def _is_text(data: bytes) -> bool:
    """Tell whether bytes are words in UTF-8."""
    try:
        return "\0" not in data.decode()
    except UnicodeDecodeError:
        return False


def _without_thumbnail(raw: bytes) -> bytes:
    """Cut the thumbnail off a JFIF segment."""
    content = raw[SEGMENT_HEAD.size :][:JFIF_THUMBNAIL_AT].ljust(JFIF_THUMBNAIL_AT, b"\0") + bytes(2)
    return raw[:2] + struct.pack(">H", len(content) + LENGTH_BYTES) + content


def _warn_of_rest(data: bytes, scan: int) -> tuple[str, ...]:
    """Say what lies behind the picture, when it is more than padding."""
    end = data.find(END_OF_IMAGE, scan)
    rest = data[end + len(END_OF_IMAGE) :].strip(b"\0") if end >= 0 else b""
    return (f"{len(rest)} bytes behind the picture were dropped, as previews, gain maps and films are",) if rest else ()

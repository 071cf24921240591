"""Find what an AVIF file says about its picture.

Alliance for Open Media, "AV1 image file format (AVIF)", 1.1; ISO/IEC 23008-12, "Image file format".
"""

from itertools import islice

from tracemark.media.boxes import BoxItem, boxes_of, read_boxes
from tracemark.media.metadata import C2PA_DROPPED, GAIN_MAP_DROPPED, MOST_ITEMS, Item, Kind

__all__ = ["bare", "frame", "read_items"]

XMP_CONTENT = b"application/rdf+xml"  # ISO 16684-3
EXIF_OFFSET_BYTES = 4  # an Exif item begins with the distance to its TIFF structure, 23008-12, annex A.2.1
UNKNOWN = b"skip"  # type of items that no decoder knows
C2PA = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")  # of its uuid box, C2PA specification, "BMFF"


def read_items(data: bytes) -> tuple[tuple[Item, ...], tuple[str, ...]]:
    """Find what an AVIF file says about its picture.

    Parameters
    ----------
    data : bytes
        An AVIF file; of one that is damaged nothing is found.

    Returns
    -------
    items : tuple of Item
        EXIF, XMP and the colour profile.
    warnings : tuple of str
        What else was left out, a sentence each.
    """
    try:
        boxes = read_boxes(data)
        # One item may describe many pictures.
        origins = dict.fromkeys(origin for kind, origin, _ in boxes.references if kind == b"cdsc")
        describing = [boxes.items[origin] for origin in islice(origins, MOST_ITEMS)]
        if sum(item.size for item in describing) > len(data):
            raise ValueError("items must not be the same bytes again and again")
        items = [_item_of(data, item) for item in describing]
    except (ValueError, KeyError):
        return (), ()
    for start, stop in boxes.of_item(boxes.primary, b"colr"):
        if data[start : start + 4] in (b"prof", b"rICC"):
            items.append(Item(b"colr", data[start + 4 : stop], Kind.ICC, data[start + 4 : stop]))
    warnings = [
        C2PA_DROPPED
        for kind, start, _ in boxes_of(data, 0, len(data))
        if kind == b"uuid" and data[start : start + len(C2PA)] == C2PA
    ]
    if any(item.kind == b"tmap" for item in boxes.items.values()):
        warnings.append(GAIN_MAP_DROPPED)
    return tuple(dict.fromkeys(item for item in items if item is not None)), tuple(warnings)


def bare(data: bytes) -> bytes:
    """Hide EXIF from a decoder that refuses pictures when it is damaged.

    Parameters
    ----------
    data : bytes
        An AVIF file, or something else.

    Returns
    -------
    data : bytes
        The same picture: the file's own properties say how to turn it.
    """
    try:
        items = read_boxes(data).items.values()
    except ValueError:
        return data
    hidden = bytearray(data)
    for item in items:
        if item.kind == b"Exif":
            hidden[item.kind_at : item.kind_at + len(UNKNOWN)] = UNKNOWN
    return bytes(hidden)


def frame(item: Item, payload: bytes) -> bytes:
    """Write a payload as an item.

    Parameters
    ----------
    item : Item
        Of an AVIF file, what the payload takes the place of.
    payload : bytes
        Not empty.

    Returns
    -------
    raw : bytes
        The item's bytes.
    """
    return item.raw[: len(item.raw) - len(item.payload)] + payload


def _item_of(data: bytes, item: BoxItem) -> Item | None:
    """Find out what an item says."""
    raw = item.data(data)
    if item.kind == b"Exif" and len(raw) > EXIF_OFFSET_BYTES:
        start = EXIF_OFFSET_BYTES + int.from_bytes(raw[:EXIF_OFFSET_BYTES], "big")
        return Item(item.kind, raw, Kind.EXIF, raw[start:])
    if item.content == XMP_CONTENT:
        return Item(item.kind, raw, Kind.XMP, raw)
    return None

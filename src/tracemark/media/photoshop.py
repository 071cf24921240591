"""Take small pictures out of Photoshop's image resources, and out of the IPTC records among them.

Adobe, "Photoshop file formats specification", "Image resources section"; IPTC, "Information interchange model",
version 4.2.
"""

import hashlib
import struct
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from tracemark.media import exif, xmp
from tracemark.media.embedded import blank_pictures

__all__ = ["without_gps", "without_iptc_previews", "without_previews"]

Edit = Callable[[bytes], bytes]

SIGNATURES = frozenset({b"8BIM", b"PHUT", b"AgHg", b"DCSR", b"MeSa"})
HEAD = struct.Struct(">4sH")  # signature, number of the resource; its name and size follow
SIZE_BYTES = 4
# Numbers of resources, "Image resource IDs".
IPTC = 1028
THUMBNAILS = frozenset({1033, 1036})
EXIF = frozenset({1058, 1059})
XMP = 1060
IPTC_DIGEST = 1061  # MD5 of the IPTC resource: programs that find another believe that the records were edited

DATASET = struct.Struct(">BBBH")  # marker, record, dataset, length; IIM 4.2, chapter 3
DATASET_MARKER = 0x1C
EXTENDED = 0x8000  # the length has more bytes than two, and this many
PICTURES = frozenset({(2, 200), (2, 201), (2, 202)})  # object data preview: its format, version and data
OBJECT_RECORDS = range(7, 10)  # these carry the picture itself


@dataclass(frozen=True)
class _Resource:
    """One image resource."""

    number: int
    """What it is."""

    head: bytes
    """Signature, number and name, as they stand."""

    data: bytes
    """What it holds."""

    raw: bytes
    """All of it, padding included."""

    def holding(self, data: bytes) -> bytes:
        """Write it with other data."""
        return self.raw if data == self.data else self.head + _sized(data)


def without_previews(resources: bytes) -> bytes:
    """Take out thumbnails, and whatever else holds a picture.

    Parameters
    ----------
    resources : bytes
        Image resources, one behind the other.

    Returns
    -------
    resources : bytes
        The others byte for byte, but for pictures inside of them.

    Raises
    ------
    ValueError
        When they are damaged from the beginning.
    """
    edits = {**dict.fromkeys(EXIF, exif.without_previews), XMP: xmp.without_previews, IPTC: without_iptc_previews}
    edits |= dict.fromkeys(THUMBNAILS, _nothing)
    return _edited(resources, edits, blank_pictures)


def without_gps(resources: bytes) -> bytes:
    """Take out where a picture was taken; names of places stay.

    Parameters
    ----------
    resources : bytes
        Image resources, one behind the other.

    Returns
    -------
    resources : bytes
        The same without what EXIF and XMP among them say of it.

    Raises
    ------
    ValueError
        When they are damaged from the beginning.
    """
    return _edited(resources, {**dict.fromkeys(EXIF, exif.without_gps), XMP: xmp.without_gps}, bytes)


def without_iptc_previews(records: bytes) -> bytes:
    """Take out pictures from IPTC records.

    Parameters
    ----------
    records : bytes
        Datasets, one behind the other.

    Returns
    -------
    records : bytes
        The others byte for byte.

    Raises
    ------
    ValueError
        When they are damaged from the beginning.
    """
    found = _datasets(records)
    kept = [raw for record, number, raw in found if (record, number) not in PICTURES and record not in OBJECT_RECORDS]
    return b"".join(kept) + _padding(records, (raw for _, _, raw in found))


def _edited(resources: bytes, edits: Mapping[int, Edit], otherwise: Edit) -> bytes:
    """Change what resources hold; those that are damaged, or hold nothing afterwards, go."""
    found = _resources(resources)
    changed: dict[int, bytes] = {}
    for place, resource in enumerate(found):
        with suppress(ValueError):
            changed[place] = edits.get(resource.number, otherwise)(resource.data)
    digests = _settled_digests(found, changed)
    for place, resource in enumerate(found):
        if resource.number == IPTC_DIGEST:
            changed[place] = digests.get(resource.data, resource.data)
    kept = [found[place].holding(data) for place, data in changed.items() if data or not found[place].data]
    return b"".join(kept) + _padding(resources, (resource.raw for resource in found))


def _settled_digests(found: Sequence[_Resource], changed: Mapping[int, bytes]) -> dict[bytes, bytes]:
    """Compute the digests of records anew: what they were -> what they are."""
    records = [place for place, resource in enumerate(found) if resource.number == IPTC and place in changed]
    return {_md5(found[place].data): _md5(changed[place]) for place in records}


def _nothing(data: bytes) -> bytes:  # noqa: ARG001 - an edit is given what it is to change
    """Leave nothing of a resource."""
    return b""


def _resources(data: bytes) -> list[_Resource]:
    """List the resources; behind the last one that can be read, nothing counts."""
    found: list[_Resource] = []
    at = 0
    while at + HEAD.size < len(data) and data[at : at + 4] in SIGNATURES:
        _, number = HEAD.unpack_from(data, at)
        named = at + HEAD.size
        sized = named + _even(1 + data[named])  # a name has its length before it, and is padded
        start = sized + SIZE_BYTES
        size = int.from_bytes(data[sized:start], "big")
        if start + size > len(data):
            break
        stop = start + _even(size)
        found.append(_Resource(number, data[at:sized], data[start : start + size], data[at:stop]))
        at = stop
    if data.strip(b"\0") and not found:
        raise ValueError("image resources must begin with a signature")
    return found


def _datasets(data: bytes) -> list[tuple[int, int, bytes]]:
    """List record, number and bytes of the datasets; behind the last one that can be read, nothing counts."""
    found: list[tuple[int, int, bytes]] = []
    at = 0
    while at + DATASET.size <= len(data) and data[at] == DATASET_MARKER:
        _, record, dataset, length = DATASET.unpack_from(data, at)
        start = at + DATASET.size
        if length & EXTENDED:
            more = length - EXTENDED
            length = int.from_bytes(data[start : start + more], "big")
            start += more
        if start + length > len(data):
            break
        found.append((record, dataset, data[at : start + length]))
        at = start + length
    if data.strip(b"\0") and not found:
        raise ValueError("IPTC records must begin with a marker")
    return found


def _padding(data: bytes, raws: Iterable[bytes]) -> bytes:
    """Find the zeros at the end of a block."""
    rest = data[sum(map(len, raws)) :]
    return b"" if rest.strip(b"\0") else rest


def _sized(data: bytes) -> bytes:
    """Write data behind their length, padded."""
    return struct.pack(">I", len(data)) + data.ljust(_even(len(data)), b"\0")


def _even(size: int) -> int:
    """Round up to an even number."""
    return size + size % 2


def _md5(data: bytes) -> bytes:
    """Compute the digest that Photoshop writes."""
    return hashlib.md5(data, usedforsecurity=False).digest()

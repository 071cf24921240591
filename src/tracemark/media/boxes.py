"""Take an AVIF file apart into items and their properties, and give items other bytes.

ISO/IEC 14496-12, "ISO base media file format", sections 4.2 and 8.11; ISO/IEC 23008-12, "Image file format".
"""

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

__all__ = ["BoxItem", "Boxes", "boxes_of", "is_avif", "read_boxes", "rebuild"]

HEAD = 8  # bytes of a box's size and type, 14496-12, 4.2
LARGE_HEAD = 16  # and of one whose size has 64 bits
FULL_HEAD = 4  # version and flags, of some boxes
BRANDS = (b"avif", b"avis", b"mif1", b"msf1")  # of files that may hold AVIF, AVIF 1.1, section 6
MIME = b"mime"
IN_FILE, IN_BOX = 0, 1  # construction methods of items, 8.11.3
# References between items, and the same of stretches that items are made of: a grid has at most 256 x 256 tiles,
# 23008-12, 6.6.2.3, and one of alpha as many.
MOST_PARTS = 1 << 17
NUMBERS = {0: "", 4: "I", 8: "Q"}  # fields of the item location box, by their size


@dataclass(frozen=True)
class BoxItem:
    """One item of a file."""

    number: int
    """Its ID."""

    kind: bytes
    """Its type, four letters."""

    kind_at: int
    """Where the file says so."""

    content: bytes
    """Of a ``mime`` item, what type of content it is."""

    spans: tuple[tuple[int, int], ...]
    """Where its bytes begin and end."""

    fields: tuple[tuple[int, int], ...]
    """Where the file says where they begin, and how many they are."""

    @property
    def size(self) -> int:
        """How many bytes it says it has."""
        return sum(stop - start for start, stop in self.spans)

    def data(self, file: bytes) -> bytes:
        """Take out its bytes."""
        if self.size > len(file):
            raise ValueError("item must lie inside its file")
        return b"".join(file[start:stop] for start, stop in self.spans)


@dataclass(frozen=True)
class Boxes:
    """What the boxes of a file say."""

    primary: int
    """ID of the picture."""

    items: Mapping[int, BoxItem]
    """By ID."""

    references: tuple[tuple[bytes, int, int], ...]
    """What kind, from which item, to which item."""

    properties: tuple[tuple[bytes, int, int], ...]
    """What kind, and where their content begins and ends."""

    owned: Mapping[int, tuple[int, ...]]
    """Which properties an item has: numbers from 1 on."""

    widths: tuple[str, str]
    """How fields of items are written: offset and length, as :mod:`struct` has it."""

    def of_item(self, number: int, kind: bytes) -> list[tuple[int, int]]:
        """Find an item's properties of a kind."""
        indices = dict.fromkeys(self.owned.get(number, ()))  # each once, however often it is said
        held = [self.properties[index - 1] for index in indices if 0 < index <= len(self.properties)]
        return [(start, stop) for found, start, stop in held if found == kind]


def is_avif(data: bytes) -> bool:
    """Tell a file that may be AVIF by its beginning.

    Parameters
    ----------
    data : bytes
        Anything.

    Returns
    -------
    answer : bool
    """
    return data[4:8] == b"ftyp" and data[8:12] in BRANDS


def boxes_of(data: bytes, start: int, stop: int) -> Iterator[tuple[bytes, int, int]]:
    """Give type, beginning and end of the content of each box, as far as they can be read.

    Parameters
    ----------
    data : bytes
        The file.
    start, stop : int
        Where boxes stand one behind the other.

    Yields
    ------
    kind : bytes
        Four letters.
    start, stop : int
        Of its content.
    """
    at = start
    while at + HEAD <= stop:
        size, kind = struct.unpack_from(">I4s", data, at)
        head = HEAD
        if size == 1 and at + LARGE_HEAD <= stop:
            (size,) = struct.unpack_from(">Q", data, at + HEAD)
            head = LARGE_HEAD
        size = stop - at if size == 0 else size
        if size < head or at + size > stop:
            return
        yield kind, at + head, at + size
        at += size


def read_boxes(data: bytes) -> Boxes:
    """Find out what is in a file.

    Parameters
    ----------
    data : bytes
        An AVIF file.

    Returns
    -------
    boxes : Boxes

    Raises
    ------
    ValueError
        When it is damaged, or something else.
    """
    try:
        return _read_boxes(data)
    except (struct.error, IndexError, KeyError) as error:
        raise ValueError("boxes of the file are damaged") from error


def rebuild(data: bytes, payloads: Mapping[int, bytes]) -> bytes:
    """Give items other bytes.

    Parameters
    ----------
    data : bytes
        An AVIF file whose items lie in its last box.
    payloads : mapping
        ID of an item -> its bytes.

    Returns
    -------
    data : bytes
        The same with these.
    """
    boxes = read_boxes(data)
    start = next(start for kind, start, _ in boxes_of(data, 0, len(data)) if kind == b"mdat")
    head, body = bytearray(data[:start]), b""
    for item in boxes.items.values():
        payload = payloads.get(item.number, item.data(data))
        offset_at, length_at = item.fields[0]
        struct.pack_into(boxes.widths[0], head, offset_at, start + len(body))
        struct.pack_into(boxes.widths[1], head, length_at, len(payload))
        body += payload
    struct.pack_into(">I", head, start - HEAD, HEAD + len(body))
    return bytes(head) + body


def _read_boxes(data: bytes) -> Boxes:
    """Read the meta box."""
    meta = next(((start, stop) for kind, start, stop in boxes_of(data, 0, len(data)) if kind == b"meta"), None)
    if meta is None:
        raise ValueError("file must have a meta box")
    found = {kind: (start, stop) for kind, start, stop in boxes_of(data, meta[0] + FULL_HEAD, meta[1])}
    version = data[found[b"pitm"][0]]
    (primary,) = struct.unpack_from(">I" if version else ">H", data, found[b"pitm"][0] + FULL_HEAD)
    kinds = dict(_kinds(data, *found[b"iinf"]))
    box = found.get(b"idat", (0, 0))[0]
    items, widths = _locations(data, found[b"iloc"][0], box, kinds)
    references = tuple(_references(data, *found[b"iref"])) if b"iref" in found else ()
    inner = {kind: (start, stop) for kind, start, stop in boxes_of(data, *found[b"iprp"])}
    properties = tuple(boxes_of(data, *inner[b"ipco"]))
    return Boxes(primary, items, references, properties, dict(_owned(data, inner[b"ipma"][0])), widths)


def _kinds(data: bytes, start: int, stop: int) -> Iterator[tuple[int, tuple[bytes, int, bytes]]]:
    """Give the type of each item, where it stands, and the type of its content, 8.11.6."""
    counted = start + FULL_HEAD + (4 if data[start] else 2)
    for kind, begun, end in boxes_of(data, counted, stop):
        if kind != b"infe":
            continue
        version, at = data[begun], begun + FULL_HEAD
        number, _, name = struct.unpack_from(">IH4s" if version > 2 else ">HH4s", data, at)
        named = at + struct.calcsize(">IH" if version > 2 else ">HH")
        texts = data[named + len(name) : end].split(b"\0", 2)
        yield number, (name, named, texts[1] if name == MIME and len(texts) > 1 else b"")


def _locations(
    data: bytes, start: int, box: int, kinds: Mapping[int, tuple[bytes, int, bytes]]
) -> tuple[dict[int, BoxItem], tuple[str, str]]:
    """Find where each item lies, 8.11.3."""
    version, at = data[start], start + FULL_HEAD
    offset, length = (">" + NUMBERS[size] for size in divmod(data[at], 16))
    base, index = (NUMBERS[size] for size in divmod(data[at + 1], 16))
    head = (">IHH" if version > 1 else ">HHH" if version else ">HH") + base + "H"
    (count,) = struct.unpack_from(">I" if version > 1 else ">H", data, at + 2)
    at += 6 if version > 1 else 4
    items, parts = {}, 0
    for _ in range(count):
        values = struct.unpack_from(head, data, at)
        at += struct.calcsize(head)
        method = values[1] & 0xF if version else IN_FILE
        origin = (values[-2] if base else 0) + (box if method == IN_BOX else 0)
        parts = _counted(parts + values[-1])
        spans, fields = [], []
        for _ in range(values[-1]):
            at += struct.calcsize(">" + index) if version and index else 0
            fields.append((at, at + struct.calcsize(offset)))
            (place,) = struct.unpack_from(offset, data, at) if offset != ">" else (0,)
            (size,) = struct.unpack_from(length, data, fields[-1][1])
            spans.append((origin + place, origin + place + size))
            at = fields[-1][1] + struct.calcsize(length)
        items[values[0]] = BoxItem(values[0], *kinds.get(values[0], (b"", 0, b"")), tuple(spans), tuple(fields))
    return items, (offset, length)


def _references(data: bytes, start: int, stop: int) -> Iterator[tuple[bytes, int, int]]:
    """Give the references between items, 8.11.12."""
    letter, parts = "I" if data[start] else "H", 0
    for kind, at, _ in boxes_of(data, start + FULL_HEAD, stop):
        origin, count = struct.unpack_from(f">{letter}H", data, at)
        parts = _counted(parts + count)
        targets = struct.unpack_from(f">{count}{letter}", data, at + struct.calcsize(f">{letter}H"))
        yield from ((kind, origin, target) for target in targets)


def _counted(parts: int) -> int:
    """Refuse more parts than files have: each takes fifty times its bytes."""
    if parts > MOST_PARTS:
        raise ValueError(f"items must have at most {MOST_PARTS} parts and references")
    return parts


def _owned(data: bytes, start: int) -> Iterator[tuple[int, tuple[int, ...]]]:
    """Give the properties of each item, 23008-12, 9.3."""
    head = ">IB" if data[start] else ">HB"
    wide = bool(data[start + 3] & 1)
    (count,) = struct.unpack_from(">I", data, start + FULL_HEAD)
    at = start + FULL_HEAD + 4
    for _ in range(count):
        number, owned = struct.unpack_from(head, data, at)
        at += struct.calcsize(head)
        indices = struct.unpack_from(f">{owned}{'H' if wide else 'B'}", data, at)
        at += owned * (2 if wide else 1)
        yield number, tuple(index & (0x7FFF if wide else 0x7F) for index in indices)

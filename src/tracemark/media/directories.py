"""Read the directories of a TIFF structure, which is what TIFF files and EXIF blocks are made of.

Adobe, "TIFF revision 6.0", 1992, section 2.
"""

import struct
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from tracemark.media.tiff_tags import Type

__all__ = [
    "BYTE_ORDERS",
    "COUNT_BYTES",
    "ENTRY_BYTES",
    "ENTRY_HEAD",
    "HEADER_BYTES",
    "INLINE_BYTES",
    "LINK_BYTES",
    "MOST_DIRECTORIES",
    "MOST_ENTRIES",
    "NUMBERS",
    "TYPE_BYTES",
    "Directory",
    "Entry",
    "chain",
    "numbers",
    "open_tiff",
    "read_directory",
    "remove_entry",
]

BYTE_ORDERS = {b"II*\0": "<", b"MM\0*": ">"}  # little or big endian, then 42
HEADER_BYTES = 8  # byte order, 42, place of the first directory
COUNT_BYTES = 2  # a directory begins with the number of its entries
ENTRY_HEAD = "HHI"  # an entry begins with its tag, its type, and how many values it has
ENTRY_BYTES = 12  # these, and a value or its place
VALUE_AT = 8  # where in an entry its value stands, or the place of it
INLINE_BYTES = 4  # a value that needs no more stands in the entry
LINK_BYTES = 4  # a directory ends with the place of the next one
# Bytes of a value of each type; 13 is IFD, of Adobe's PageMaker notes.
TYPE_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
NUMBERS: Mapping[int, str] = {Type.BYTE: "B", Type.SHORT: "H", Type.LONG: "I", Type.IFD: "I"}  # unsigned; for struct
MOST_ENTRIES = 4096  # in a directory, and before the last one of a chain: cameras write a hundred
MOST_DIRECTORIES = 64  # in all chains of a file: cameras write four or five


@dataclass(frozen=True)
class Entry:
    """What a directory says about one tag."""

    at: int
    """Where it stands."""

    tag: int
    """Its number."""

    kind: int
    """Type of its values."""

    count: int
    """How many there are."""

    start: int
    """Where the first value stands."""

    stop: int
    """Where the last one ends; both may lie outside of the data."""


@dataclass(frozen=True)
class Directory:
    """One list of tags."""

    start: int
    """Where it begins."""

    entries: tuple[Entry, ...]
    """In the order in which they stand."""

    link: int
    """Where it says which directory comes next."""

    next: int
    """Where that one begins; 0 for none."""

    @property
    def stop(self) -> int:
        """Where it ends."""
        return self.link + LINK_BYTES

    def entry(self, tag: int) -> Entry | None:
        """Find a tag; the first one counts."""
        return next((entry for entry in self.entries if entry.tag == tag), None)


def open_tiff(data: bytes) -> tuple[str, int]:
    """Find the byte order of a TIFF structure and the place of its first directory.

    Parameters
    ----------
    data : bytes
        All of it.

    Returns
    -------
    order : str
        ``"<"`` or ``">"``, as :mod:`struct` has it.
    first : int
        Where the first directory begins.

    Raises
    ------
    ValueError
        When it is no TIFF structure.
    """
    order = BYTE_ORDERS.get(data[:4])
    if order is None or len(data) < HEADER_BYTES:
        raise ValueError("TIFF structure must begin with its header")
    return order, int.from_bytes(data[4:HEADER_BYTES], "little" if order == "<" else "big")


def read_directory(data: bytes, order: str, at: int) -> Directory:
    """Read one directory.

    Parameters
    ----------
    data : bytes
        The whole structure.
    order : str
        Its byte order.
    at : int
        Where the directory begins.

    Returns
    -------
    directory : Directory

    Raises
    ------
    ValueError
        When it does not lie inside the structure, or has thousands of entries.
    """
    if not HEADER_BYTES <= at <= len(data) - COUNT_BYTES:
        raise ValueError("directory must lie inside its structure")
    (count,) = struct.unpack_from(order + "H", data, at)
    link = at + COUNT_BYTES + count * ENTRY_BYTES
    if link + LINK_BYTES > len(data) or count > MOST_ENTRIES:
        raise ValueError(f"directory must lie inside its structure and have at most {MOST_ENTRIES} entries")
    (following,) = struct.unpack_from(order + "I", data, link)
    places = range(at + COUNT_BYTES, link, ENTRY_BYTES)
    return Directory(at, tuple(_read_entry(data, order, place) for place in places), link, following)


def chain(data: bytes, order: str, places: Iterable[int]) -> Iterator[Directory]:
    """Give directories and those that come after them, as far as they can be read.

    Parameters
    ----------
    data : bytes
        The whole structure.
    order : str
        Its byte order.
    places : iterable of int
        Where the first ones begin; 0 for none.  A list may grow by what is found in those that were given.

    Yields
    ------
    directory : Directory
        Each once, at most 64, and none behind 4096 entries: a chain that bites its tail ends there.
    """
    seen, entries = {0}, 0
    for place in places:
        at = place
        while at not in seen:
            if len(seen) > MOST_DIRECTORIES or entries >= MOST_ENTRIES:
                return
            seen.add(at)
            try:
                directory = read_directory(data, order, at)
            except ValueError:
                break
            entries += len(directory.entries)
            yield directory
            at = directory.next


def numbers(data: bytes, order: str, entry: Entry | None, *, most: int = sys.maxsize) -> tuple[int, ...]:
    """Read the unsigned numbers of an entry.

    Parameters
    ----------
    data : bytes
        The whole structure.
    order : str
        Its byte order.
    entry : Entry or None
        Where they stand.
    most : int
        How many are read, from the first on: they take nine times the memory of the bytes that they stand in.

    Returns
    -------
    values : tuple of int
        None for no entry, for values of other types, and for values that do not lie inside the structure.
    """
    if entry is None or entry.kind not in NUMBERS or entry.stop > len(data):
        return ()
    return struct.unpack_from(f"{order}{min(entry.count, most)}{NUMBERS[entry.kind]}", data, entry.start)


def remove_entry(data: bytes, order: str, directory: Directory, tag: int) -> bytes:
    """Take an entry out of a directory; nothing outside of the directory moves.

    Parameters
    ----------
    data : bytes
        The whole structure.
    order : str
        Its byte order.
    directory : Directory
        Where the entry stands.
    tag : int
        Which one; all with this tag go.

    Returns
    -------
    data : bytes
        As long as before: entries behind it move up, and the end of the directory is zeros.
    """
    kept = [entry for entry in directory.entries if entry.tag != tag]
    lines = b"".join(data[entry.at : entry.at + ENTRY_BYTES] for entry in kept)
    count = struct.pack(order + "H", len(kept))
    link = data[directory.link : directory.stop]
    written = (count + lines + link).ljust(directory.stop - directory.start, b"\0")
    return data[: directory.start] + written + data[directory.stop :]


def _read_entry(data: bytes, order: str, at: int) -> Entry:
    """Read one entry; a value of an unknown type has no bytes."""
    tag, kind, count = struct.unpack_from(order + ENTRY_HEAD, data, at)
    size = TYPE_BYTES.get(kind, 0) * count
    start = at + VALUE_AT
    if size > INLINE_BYTES:
        (start,) = struct.unpack_from(order + "I", data, start)
    return Entry(at, tag, kind, count, start, start + size)

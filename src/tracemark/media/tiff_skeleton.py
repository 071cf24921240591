"""Keep everything of a TIFF file but its pixels, each byte at its place.

Adobe, "TIFF revision 6.0", 1992; Adobe, "Photoshop TIFF technical notes", 2002.  Offsets in a TIFF file count from its
beginning, and maker notes have some that nobody else knows of: so nothing moves but pixels.
"""

import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from tracemark.media import photoshop, xmp
from tracemark.media.directories import (
    ENTRY_BYTES,
    ENTRY_HEAD,
    HEADER_BYTES,
    INLINE_BYTES,
    MOST_DIRECTORIES,
    TYPE_BYTES,
    Directory,
    Entry,
    chain,
    numbers,
    open_tiff,
    read_directory,
)
from tracemark.media.embedded import UNKNOWN_LIMIT, blank_pictures
from tracemark.media.exif import preview_spans
from tracemark.media.metadata import C2PA_DROPPED, Edit, Kind
from tracemark.media.spans import Span, apart, complement, overlay, union
from tracemark.media.tiff_layout import TiffLayout
from tracemark.media.tiff_tags import Tag

__all__ = ["Skeleton", "build_skeleton"]

DROPPED: Mapping[int, str] = {
    Tag.LAYERS: "layers were dropped: they have no mark",
    Tag.C2PA: C2PA_DROPPED,
    Tag.SUB_DIRECTORIES: "",  # of smaller versions of the picture, which go without a word
}
# Where strips and tiles are, and how long.
PIECES = frozenset({Tag.STRIP_OFFSETS, Tag.STRIP_SIZES, Tag.TILE_OFFSETS, Tag.TILE_SIZES})
WINDOWS = range(Tag.WINDOWS_TITLE, Tag.WINDOWS_SUBJECT + 1)
GEO = frozenset({Tag.MODEL_TIE_POINTS, Tag.GEO_KEYS, Tag.GEO_NUMBERS, Tag.GEO_WORDS})
# What may be long.
LARGE = PIECES | GEO | {Tag.DESCRIPTION, Tag.TRANSFER, Tag.PALETTE, Tag.XMP, Tag.IPTC, Tag.PHOTOSHOP, Tag.ICC, *WINDOWS}
POINTERS = (Tag.EXIF_DIRECTORY, Tag.GPS_DIRECTORY, Tag.INTEROPERABILITY)
PREVIEW_EDITS: Mapping[int, tuple[Kind, Edit]] = {
    Tag.XMP: (Kind.XMP, xmp.without_previews),
    Tag.IPTC: (Kind.PHOTOSHOP, photoshop.without_iptc_previews),
    Tag.PHOTOSHOP: (Kind.PHOTOSHOP, photoshop.without_previews),
}
GPS_EDITS: Mapping[int, Edit] = {Tag.XMP: xmp.without_gps, Tag.PHOTOSHOP: photoshop.without_gps}


@dataclass(frozen=True, eq=False)
class Skeleton:
    """All of a file but its pixels."""

    kept: tuple[tuple[int, bytes], ...]
    """Where bytes stand, in rising order, and the bytes."""

    offsets: Entry
    """Where the file says where its pieces begin."""

    sizes: Entry
    """Where it says how long they are."""

    pieces: tuple[Span, ...]
    """Where they were."""


def build_skeleton(data: bytes, layout: TiffLayout, *, gps: bool) -> tuple[Skeleton, tuple[str, ...]]:
    """Take the pixels out of a file, and the small pictures, and what else holds pixels without a mark.

    Parameters
    ----------
    data : bytes
        A TIFF file.
    layout : TiffLayout
        How pixels lie in it.
    gps : bool
        Whether the file may go on telling where the picture was taken.

    Returns
    -------
    skeleton : Skeleton
    warnings : tuple of str
        What was left out, a sentence each.
    """
    order, first = open_tiff(data)
    main = read_directory(data, order, first)
    pixels = union(_pieces(data, layout), len(data))
    lines, warnings = _edited_lines(data, main, pixels, gps=gps)
    kept_entries = {entry.at: entry for entry, _ in lines}
    referenced = [span for span in _referenced(data, order, kept_entries.values()) if apart(span, pixels)]
    numbers_of = [(entry.start, entry.stop) for entry in kept_entries.values() if entry.tag in PIECES]
    referenced += [(0, HEADER_BYTES), (main.start, main.stop), *numbers_of]
    removed = [*pixels, *preview_spans(data, order, main)]
    removed += _referenced(data, order, [entry for entry in main.entries if entry.at not in kept_entries])
    borders = {place for span in removed for place in span}
    small = [
        (start, stop)
        for start, stop in complement([*referenced, *removed], len(data))
        # Zeros beside pixels are padding.
        if stop - start <= UNKNOWN_LIMIT and (data[start:stop].strip(b"\0") or not borders & {start, stop})
    ]
    kept = union([*referenced, *small], len(data))
    pieces = {start: bytearray(blank_pictures(data[start:stop])) for start, stop in kept}
    for entry, payload in lines:
        if payload is not None:
            overlay(pieces, entry.start, payload.ljust(entry.stop - entry.start, b"\0"))
    written, moved = _write_lines(data, order, main, lines)
    overlay(pieces, main.start, written)
    known = tuple((start, bytes(piece)) for start, piece in pieces.items())
    offsets, sizes = moved[layout.offsets.tag], moved[layout.sizes.tag]
    return Skeleton(known, offsets, sizes, tuple(_pieces(data, layout))), tuple(warnings)


def _edited_lines(
    data: bytes, main: Directory, pixels: Sequence[Span], *, gps: bool
) -> tuple[list[tuple[Entry, bytes | None]], list[str]]:
    """List the entries of the main directory that stay, each with its value where that changes."""
    lines: list[tuple[Entry, bytes | None]] = []
    warnings = []
    known: set[int] = set()
    for entry in main.entries:
        if entry.tag in known:
            # Each tag stands once, section 2.
            continue
        known.add(entry.tag)
        if entry.tag in DROPPED or (entry.tag == Tag.GPS_DIRECTORY and not gps):
            warnings += [DROPPED[entry.tag]] if DROPPED.get(entry.tag) else []
            continue
        if entry.tag in PIECES:
            lines.append((entry, None))
            continue
        large = entry.stop - entry.start > UNKNOWN_LIMIT and entry.tag not in LARGE
        if large or not apart((entry.start, entry.stop), pixels):
            warnings.append(f"tag {entry.tag} of an unknown kind was dropped: it may hold a picture")
            continue
        before = data[entry.start : entry.stop]
        try:
            after = _edited(entry.tag, before, gps=gps)
        except ValueError:
            warnings.append(f"{PREVIEW_EDITS[entry.tag][0].value} is damaged and was dropped")
            continue
        if after or not before:
            lines.append((entry, None if after == before else after))
    return lines, warnings


def _edited(tag: int, value: bytes, *, gps: bool) -> bytes:
    """Clean the value of a tag."""
    if tag in PREVIEW_EDITS:
        value = PREVIEW_EDITS[tag][1](value)
    return value if gps or tag not in GPS_EDITS else GPS_EDITS[tag](value)


def _write_lines(
    data: bytes, order: str, main: Directory, lines: Sequence[tuple[Entry, bytes | None]]
) -> tuple[bytes, dict[int, Entry]]:
    """Write the main directory anew, the last in its file; the second answer is where its entries are now."""
    written, moved = struct.pack(order + "H", len(lines)), {}
    for entry, payload in lines:
        at = main.start + len(written)
        line = data[entry.at : entry.at + ENTRY_BYTES]
        if payload is not None:
            count = -(-len(payload) // TYPE_BYTES[entry.kind])
            line = struct.pack(order + ENTRY_HEAD, entry.tag, entry.kind, count) + line[-INLINE_BYTES:]
        shift = at - entry.at if entry.start == entry.at + ENTRY_BYTES - INLINE_BYTES else 0
        moved[entry.tag] = replace(entry, at=at, start=entry.start + shift, stop=entry.stop + shift)
        written += line
    return written.ljust(main.stop - main.start, b"\0"), moved


def _referenced(data: bytes, order: str, entries: Iterable[Entry]) -> list[Span]:
    """List values, and the directories that are no pictures, and their values."""
    found_here = list(entries)
    spans = [(entry.start, entry.stop) for entry in found_here]
    pointers = [entry for entry in found_here if entry.tag in POINTERS]
    places = [place for entry in pointers for place in numbers(data, order, entry, most=MOST_DIRECTORIES)]
    for directory in chain(data, order, places):
        spans += [(directory.start, directory.stop), *((entry.start, entry.stop) for entry in directory.entries)]
        # One chain for all, which has an end: a chain for each directory would have a product of two.
        places += numbers(data, order, directory.entry(Tag.INTEROPERABILITY), most=MOST_DIRECTORIES)
    return spans


def _pieces(data: bytes, layout: TiffLayout) -> list[Span]:
    """List where pixels lie."""
    starts, sizes = (numbers(data, layout.order, entry) for entry in (layout.offsets, layout.sizes))
    return [(start, start + size) for start, size in zip(starts, sizes, strict=False)]

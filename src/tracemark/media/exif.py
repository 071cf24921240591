"""Read what EXIF says of a picture, and take small pictures and places out of it.

CIPA DC-008, "Exchangeable image file format for digital still cameras: Exif", version 2.32.  Nothing is ever moved:
maker notes point to places of the block in ways that only their makers know.
"""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import product

from tracemark.media.directories import (
    COUNT_BYTES,
    ENTRY_BYTES,
    HEADER_BYTES,
    LINK_BYTES,
    MOST_DIRECTORIES,
    MOST_ENTRIES,
    Directory,
    chain,
    numbers,
    open_tiff,
    read_directory,
    remove_entry,
)
from tracemark.media.embedded import blank_pictures
from tracemark.media.small_tiff import write_structure
from tracemark.media.spans import Span, apart, union
from tracemark.media.tiff_tags import Tag, Type

__all__ = ["EXIF_HEADER", "exif_orientation", "orientation_alone", "preview_spans", "without_gps", "without_previews"]

UPRIGHT = 1
ORIENTATIONS = range(UPRIGHT, 9)
# What a JPEG has before the block, CIPA DC-008, 4.7.2; some programs write it into other files, too.
EXIF_HEADER = b"Exif\0\0"
# Tags that say where a directory keeps its picture, and how long it is: strips, tiles, and a whole JPEG.
# TIFF 6.0, sections 8 and 15; CIPA DC-008, 4.5.4.
PICTURES = (
    (Tag.STRIP_OFFSETS, Tag.STRIP_SIZES),
    (Tag.TILE_OFFSETS, Tag.TILE_SIZES),
    (Tag.THUMBNAIL_OFFSET, Tag.THUMBNAIL_SIZE),
)
# Strips and tiles of all small pictures together.  A pyramid of half, quarter and smaller sizes of a photo of 13,000
# rows has 39,000 strips when each has one row of one colour, and of tiles of 256 x 256 it has 2600.
MOST_STRIPS = 1 << 16
LARGEST_DIRECTORY = COUNT_BYTES + ENTRY_BYTES * MOST_ENTRIES + LINK_BYTES


def exif_orientation(exif: bytes) -> int:
    """Read how stored pixels must be turned to stand upright.

    Parameters
    ----------
    exif : bytes
        A TIFF structure; anything else counts as upright.

    Returns
    -------
    orientation : int
        1 to 8 as in the standard; 1 is upright, and what an absent or impossible tag gives.
    """
    with suppress(ValueError):
        return _orientation(exif)
    with suppress(ValueError):
        # A directory that is cut short is read as far as it goes.
        return _orientation(exif + bytes(LARGEST_DIRECTORY))
    return UPRIGHT


def orientation_alone(orientation: int) -> bytes:
    """Make the smallest EXIF block that holds an orientation.

    Parameters
    ----------
    orientation : int
        1 to 8.

    Returns
    -------
    exif : bytes
        A TIFF structure of one entry.
    """
    return write_structure({Tag.ORIENTATION: (Type.SHORT, [orientation])})


def without_previews(exif: bytes) -> bytes:
    """Blank every small picture inside an EXIF block; all else stays in its place.

    Parameters
    ----------
    exif : bytes
        A TIFF structure.

    Returns
    -------
    exif : bytes
        Without directories behind the first one, where thumbnails are, and with zeros where they and any embedded
        JPEG (maker notes have some) had their bytes; zeros at the end are cut off.

    Raises
    ------
    ValueError
        When the block has no directory that can be read.
    """
    order, first = open_tiff(exif)
    main = read_directory(exif, order, first)
    spans = [*preview_spans(exif, order, main), *_pictures_of(exif, order, [main])]
    blanked = _blank(exif, spans, main)
    blanked = blank_pictures(blanked[: main.link] + bytes(main.stop - main.link) + blanked[main.stop :])
    if main.entry(Tag.SUB_DIRECTORIES) is not None:
        blanked = remove_entry(blanked, order, main, Tag.SUB_DIRECTORIES)
    end = max(len(blanked.rstrip(b"\0")), main.stop)
    # Cut where the blanked bytes begin: zeros before them are values.
    return blanked[: len(exif) - len(exif[end:].lstrip(b"\0"))]


def preview_spans(data: bytes, order: str, main: Directory) -> Iterator[Span]:
    """Find all directories of pictures but one, and the pictures, as far as cameras and programs write so many.

    Parameters
    ----------
    data : bytes
        A TIFF structure.
    order : str
        Its byte order.
    main : Directory
        The one that stays; its own picture is not meant.

    Yields
    ------
    start, stop : int
        Where they begin and end.
    """
    below = numbers(data, order, main.entry(Tag.SUB_DIRECTORIES), most=MOST_DIRECTORIES)
    directories = list(chain(data, order, [main.next, *below]))
    yield from ((directory.start, directory.stop) for directory in directories)
    yield from _pictures_of(data, order, directories)


def without_gps(exif: bytes) -> bytes:
    """Take out where a picture was taken.

    Parameters
    ----------
    exif : bytes
        A TIFF structure, an EXIF block or a whole TIFF file.

    Returns
    -------
    exif : bytes
        As long as before: the GPS directory and its values are zeros, and nothing points to it.

    Raises
    ------
    ValueError
        When the block has no directory that can be read.
    """
    order, first = open_tiff(exif)
    main = read_directory(exif, order, first)
    pointer = main.entry(Tag.GPS_DIRECTORY)
    if pointer is None:
        return exif
    spans: list[Span] = []
    for directory in chain(exif, order, numbers(exif, order, pointer, most=MOST_DIRECTORIES)):
        spans += [(entry.start, entry.stop) for entry in directory.entries] + [(directory.start, directory.stop)]
    return remove_entry(_blank(exif, spans, main), order, main, Tag.GPS_DIRECTORY)


def _orientation(exif: bytes) -> int:
    """Read the orientation of a block whose first directory is whole."""
    order, first = open_tiff(exif)
    values = numbers(exif, order, read_directory(exif, order, first).entry(Tag.ORIENTATION), most=1)
    return values[0] if values and values[0] in ORIENTATIONS else UPRIGHT


def _pictures_of(data: bytes, order: str, directories: Iterable[Directory]) -> Iterator[Span]:
    """Give where the pictures lie that directories point to, those that cannot be there excepted."""
    left = MOST_STRIPS
    for directory, tags in product(directories, PICTURES):
        places, lengths = (numbers(data, order, directory.entry(tag), most=left) for tag in tags)
        left -= min(len(places), len(lengths))
        for start, size in zip(places, lengths, strict=False):
            if start + size <= len(data):
                yield start, start + size


def _blank(data: bytes, spans: Iterable[Span], main: Directory) -> bytes:
    """Overwrite bytes with zeros, but not the header nor the directory that must stay."""
    blanked = bytearray(data)
    staying = [(0, HEADER_BYTES), (main.start, main.stop)]
    free = (span for span in spans if apart(span, staying))
    for start, stop in union(free, len(data)):
        blanked[start:stop] = bytes(stop - start)
    return bytes(blanked)

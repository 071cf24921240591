"""Read what EXIF says of a picture, and take small pictures and places out of it.

CIPA DC-008, "Exchangeable image file format for digital still cameras: Exif", version 2.32.  Nothing is ever moved:
maker notes point to places of the block in ways that only their makers know.
"""

import struct
from collections.abc import Iterable

from tracemark.media.directories import MOST_ENTRIES, Directory, chain, numbers, open_tiff, read_directory, remove_entry
from tracemark.media.embedded import blank_pictures

__all__ = ["exif_orientation", "orientation_alone", "preview_spans", "without_gps", "without_previews"]

SHORT = 3  # type of a 16-bit value, TIFF 6.0, section 2
ORIENTATION = 0x0112  # CIPA DC-008, 4.6.4
UPRIGHT = 1
ORIENTATIONS = range(UPRIGHT, 9)
GPS_DIRECTORY = 0x8825  # CIPA DC-008, 4.6.3
SUB_DIRECTORIES = 0x014A  # Adobe, TIFF technical note 1
# Tags that say where a directory keeps its picture, and how long it is: strips, tiles, and a whole JPEG.
# TIFF 6.0, sections 8 and 15; CIPA DC-008, 4.5.4.
PICTURES = ((0x0111, 0x0117), (0x0144, 0x0145), (0x0201, 0x0202))
HEADER_BYTES = 8  # of a TIFF structure
LARGEST_DIRECTORY = 2 + 12 * MOST_ENTRIES + 4  # bytes, TIFF 6.0, section 2


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
    # A directory that is cut short is read as far as it goes.
    whole = exif + bytes(LARGEST_DIRECTORY)
    try:
        order, first = open_tiff(whole)
        values = numbers(whole, order, read_directory(whole, order, first).entry(ORIENTATION))
    except ValueError:
        return UPRIGHT
    return values[0] if values and values[0] in ORIENTATIONS else UPRIGHT


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
    entry = struct.pack("<HHIHH", ORIENTATION, SHORT, 1, orientation, 0)
    return b"II*\0" + struct.pack("<IH", HEADER_BYTES, 1) + entry + bytes(4)


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
    spans = [*preview_spans(exif, order, main), *_pictures_of(exif, order, main)]
    blanked = _blank(exif, spans, main)
    blanked = blank_pictures(blanked[: main.link] + bytes(main.stop - main.link) + blanked[main.stop :])
    if main.entry(SUB_DIRECTORIES) is not None:
        blanked = remove_entry(blanked, order, main, SUB_DIRECTORIES)
    end = max(len(blanked.rstrip(b"\0")), main.stop)
    # Cut where the blanked bytes begin: zeros before them are values.
    return blanked[: len(exif) - len(exif[end:].lstrip(b"\0"))]


def preview_spans(data: bytes, order: str, main: Directory) -> list[tuple[int, int]]:
    """Find all directories of pictures but one, and the pictures.

    Parameters
    ----------
    data : bytes
        A TIFF structure.
    order : str
        Its byte order.
    main : Directory
        The one that stays; its own picture is not meant.

    Returns
    -------
    spans : list of (int, int)
        Where they begin and end.
    """
    spans = []
    for directory in chain(data, order, [main.next, *numbers(data, order, main.entry(SUB_DIRECTORIES))]):
        spans += [*_pictures_of(data, order, directory), (directory.start, directory.stop)]
    return spans


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
    pointer = main.entry(GPS_DIRECTORY)
    if pointer is None:
        return exif
    spans = []
    for directory in chain(exif, order, numbers(exif, order, pointer)):
        spans += [(entry.start, entry.stop) for entry in directory.entries] + [(directory.start, directory.stop)]
    return remove_entry(_blank(exif, spans, main), order, main, GPS_DIRECTORY)


def _pictures_of(data: bytes, order: str, directory: Directory) -> list[tuple[int, int]]:
    """List where the pictures lie that a directory points to, those that cannot be there excepted."""
    spans = []
    for place, length in PICTURES:
        places = numbers(data, order, directory.entry(place))
        lengths = numbers(data, order, directory.entry(length))
        spans += [(start, start + size) for start, size in zip(places, lengths, strict=False)]
    return [(start, stop) for start, stop in spans if stop <= len(data)]


def _blank(data: bytes, spans: Iterable[tuple[int, int]], main: Directory) -> bytes:
    """Overwrite bytes with zeros, but not the header nor the directory that must stay."""
    blanked = bytearray(data)
    for start, stop in spans:
        end = min(stop, len(data))
        if HEADER_BYTES <= start < end and (end <= main.start or start >= main.stop):
            blanked[start:end] = bytes(end - start)
    return bytes(blanked)

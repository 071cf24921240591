"""Take small pictures and places out of an XMP packet, and touch nothing else.

ISO 16684-1, "Graphic technology - Extensible metadata platform (XMP) specification".
"""

import re

from tracemark.media.spans import complement

__all__ = ["holds_picture", "without_gps", "without_previews"]

# Pictures stand in XMP as base64, in lines that may end in character references. How each kind begins:
BEGINNINGS = (
    rb"/9j/",  # JPEG: FF D8 FF
    rb"iVBORw0KGgo",  # PNG
    rb"R0lGOD",  # GIF
    rb"UklGR",  # RIFF, as WebP is
    rb"SUkqA",  # TIFF, little endian
    rb"TU0AK",  # TIFF, big endian
    rb"AAAA[A-Za-z0-9+/]{2}Z0eX",  # 'ftyp' from the fifth byte on: AVIF, HEIC and films
)
# It never gives back what it has, as it need not: to be able to, it would take eighty times the memory.
PICTURE = re.compile(rb"(?<![A-Za-z0-9+/])(?:%s)(?:[A-Za-z0-9+/=\s]++|&#x?[0-9A-Fa-f]{1,6};)*+" % b"|".join(BEGINNINGS))
LEAST_PICTURE = 100  # characters: no file of these kinds is smaller, and words may begin like one
# Places, as attributes and as elements: exif:GPSLatitude and its like, and those that drones write.
GPS_ATTRIBUTE = re.compile(rb"""\s[\w.-]+:GPS[\w.-]*\s*=\s*(?:"[^"]*"|'[^']*')""", re.IGNORECASE)
GPS_TAG = re.compile(rb"<(/?)([\w.-]+:GPS[\w.-]*)(?:\s[^<>]*?)?(/?)>", re.IGNORECASE)  # ends, name, is empty


def without_previews(xmp: bytes) -> bytes:
    """Cut out every small picture, such as those of ``xmp:Thumbnails`` and ``GImage:Data``.

    Parameters
    ----------
    xmp : bytes
        A packet in UTF-8.

    Returns
    -------
    xmp : bytes
        The same with the properties that held pictures empty.

    Raises
    ------
    ValueError
        When it is written in another way than UTF-8, so that pictures would not be found.
    """
    _refuse_wide(xmp)
    return PICTURE.sub(lambda found: b"" if len(found[0]) >= LEAST_PICTURE else found[0], xmp)


def holds_picture(text: bytes) -> bool:
    """Tell whether words hold a picture as base64.

    Parameters
    ----------
    text : bytes
        Of any kind.

    Returns
    -------
    held : bool
    """
    return any(len(found[0]) >= LEAST_PICTURE for found in PICTURE.finditer(text))


def without_gps(xmp: bytes) -> bytes:
    """Take out where a picture was taken; names of places stay.

    Parameters
    ----------
    xmp : bytes
        A packet in UTF-8.

    Returns
    -------
    xmp : bytes
        The same without properties whose names begin with ``GPS``, and whatever is inside of them.

    Raises
    ------
    ValueError
        When it is written in another way than UTF-8.
    """
    _refuse_wide(xmp)
    return _without_elements(GPS_ATTRIBUTE.sub(b"", xmp))


def _without_elements(xmp: bytes) -> bytes:
    """Take out places that are elements, each up to its own end; one that has none stays."""
    begun: dict[bytes, list[int]] = {}
    spans = []
    for tag in GPS_TAG.finditer(xmp):
        ends, name, empty = tag[1], tag[2].lower(), tag[3]
        if ends and begun.get(name):
            spans.append((begun[name].pop(), tag.end()))
        elif empty:
            spans.append(tag.span())
        elif not ends:
            begun.setdefault(name, []).append(tag.start())
    return b"".join(xmp[start:stop] for start, stop in complement(spans, len(xmp)))


def _refuse_wide(xmp: bytes) -> None:
    """Refuse characters of two or four bytes: some of those are 0."""
    if b"\0" in xmp.rstrip(b"\0"):
        raise ValueError("XMP must be UTF-8")

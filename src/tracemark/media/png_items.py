"""Find what a PNG file says about its picture, and put it into another PNG file.

W3C, "Portable network graphics (PNG) specification", third edition.
"""

import struct
import zlib

from tracemark.media import raw_profiles
from tracemark.media.chunks import CHECKSUM_BYTES, HEAD, HEADER, Chunk, chunks_of, write_chunk
from tracemark.media.embedded import UNKNOWN_LIMIT, holds_picture
from tracemark.media.exif import EXIF_HEADER
from tracemark.media.metadata import C2PA_DROPPED, INFLATED_LIMIT, MOST_ITEMS, Item, Kind, Metadata, inflate

__all__ = ["bare", "frame", "insert", "read_items"]

IHDR_BYTES = 25  # always the first chunk, 5.6
IEND_BYTES = 12  # and the last
DEPTH_AT, COLOUR_AT = 24, 25  # in the file, 11.2.1
PALETTE = 3
WHOLE_DEPTHS = (8, 16)  # of samples that are written as they were

# What says how samples are to be seen, how large they are, when and where they come from, 11.3; and "Extensions to the
# PNG 1.2 specification" for the last four.
KEPT = frozenset(
    b"cHRM cICP gAMA iCCP sRGB mDCV cLLI pHYs sPLT eXIf tIME tEXt zTXt iTXt bKGD sBIT oFFs pCAL sCAL sTER".split()
)
OF_SAMPLES = frozenset({b"bKGD", b"sBIT"})  # these depend on how samples are stored
# What belongs to how this file stores its pixels, and makes no sense in another one.
PIXELS = frozenset({b"tRNS", b"hIST", b"acTL", b"fcTL", b"fdAT", b"iDOT"})
NEEDED = frozenset({b"tRNS", b"acTL", b"fcTL", b"fdAT"})  # by a decoder, beside critical chunks
DROPPED = {
    b"caBX": C2PA_DROPPED,
    b"dSIG": "digital signature was dropped: it vouches for pixels that a copy does not have",
}
TEXTS = frozenset({b"tEXt", b"zTXt", b"iTXt"})
XMP_KEYWORD = b"XML:com.adobe.xmp"  # ISO 16684-3, "PNG"


def read_items(data: bytes) -> tuple[tuple[Item, ...], tuple[str, ...]]:
    """Find what a PNG file says about its picture.

    Parameters
    ----------
    data : bytes
        A PNG file; behind the first damage nothing is found.

    Returns
    -------
    items : tuple of Item
        Ancillary chunks.  What is a picture itself is left out.
    warnings : tuple of str
        What else was left out, a sentence each.
    """
    items: list[Item] = []
    warnings: list[str] = []
    skipped = PIXELS if _stays(data) else PIXELS | OF_SAMPLES
    behind, unknown, room = False, 0, INFLATED_LIMIT
    for chunk in chunks_of(data):
        behind = behind or chunk.name == b"IDAT"
        if chunk.critical or chunk.name in skipped or len(items) + len(warnings) >= MOST_ITEMS:
            continue
        raw = data[chunk.start : chunk.stop]
        size = 0 if chunk.name in KEPT else len(raw)
        warning = _refusal(chunk, raw, unknown + size)
        unknown += 0 if warning else size
        try:
            items += [] if warning else [_item_of(chunk.name, raw, behind=behind, room=room)]
            room -= 0 if warning else len(items[-1].payload)
        except ValueError as error:
            warning = f"chunk {chunk.name.decode('ascii')} was dropped: {error}"
        warnings += [warning] if warning else []
    return tuple(items), tuple(dict.fromkeys(warnings))


def bare(data: bytes) -> bytes:
    """Take everything out of a PNG file that does not change its pixels.

    Parameters
    ----------
    data : bytes
        A PNG file, or something else.

    Returns
    -------
    data : bytes
        The same picture, for decoders that trip over damaged metadata.
    """
    kept, start, end = [], 0, len(HEADER)
    for chunk in chunks_of(data):
        if not chunk.critical and chunk.name not in NEEDED:
            kept.append(data[start : chunk.start])
            start = chunk.stop
        end = chunk.stop
    return b"".join([*kept, data[start:]]) if end > len(HEADER) else data


def insert(png: bytes | memoryview, metadata: Metadata) -> bytes:
    """Put what a photo's file says into a PNG file.

    Parameters
    ----------
    png : bytes or memoryview
        A PNG file that says nothing yet.
    metadata : Metadata
        Of a PNG file; of another one nothing is taken over.

    Returns
    -------
    png : bytes
        The file with both.
    """
    items = metadata.items if metadata.container == "PNG" else ()
    before = b"".join(item.raw for item in items if not item.behind)
    behind = b"".join(item.raw for item in items if item.behind)
    whole, head, end = memoryview(png), len(HEADER) + IHDR_BYTES, len(png) - IEND_BYTES
    return b"".join([whole[:head], before, whole[head:end], behind, whole[end:]])


def frame(item: Item, payload: bytes) -> bytes:
    """Write a payload as a chunk.

    Parameters
    ----------
    item : Item
        Of a PNG file, what the payload takes the place of.
    payload : bytes
        Not empty.

    Returns
    -------
    raw : bytes
        A whole chunk.
    """
    data = item.raw[HEAD:-CHECKSUM_BYTES]
    if item.name == b"eXIf":
        written = (EXIF_HEADER if data.startswith(EXIF_HEADER) else b"") + payload
    elif item.name == b"iTXt":
        head, packed, _ = _open_international(data)
        written = head + (zlib.compress(payload) if packed else payload)
    else:
        written = raw_profiles.frame(data, payload, packed=item.name == b"zTXt")
    return write_chunk(item.name, written)


def _refusal(chunk: Chunk, raw: bytes, unknown: int) -> str:
    """Say why a chunk is left out; empty when it stays."""
    name = chunk.name.decode("ascii")
    if raw[-CHECKSUM_BYTES:] != struct.pack(">I", zlib.crc32(raw[4:-CHECKSUM_BYTES])):
        return f"chunk {name} is damaged and was dropped"
    if chunk.name not in KEPT and (chunk.bound or unknown > UNKNOWN_LIMIT or holds_picture(raw)):
        return DROPPED.get(chunk.name, f"chunk {name} of an unknown kind was dropped: it may hold a picture")
    return DROPPED.get(chunk.name, "")


def _item_of(name: bytes, raw: bytes, *, behind: bool, room: int) -> Item:
    """Find out what a chunk holds, unpacked in so many bytes."""
    kind, payload, data = Kind.OTHER, b"", raw[HEAD:-CHECKSUM_BYTES]
    if name == b"eXIf":
        kind, payload = Kind.EXIF, data.removeprefix(EXIF_HEADER)
    elif name == b"iTXt" and data.startswith(XMP_KEYWORD + b"\0"):
        kind, payload = Kind.XMP, _open_international(data, room)[2]
    elif name in TEXTS:
        kind, payload = raw_profiles.read(data, packed=name == b"zTXt", limit=room)
    elif name == b"iCCP":
        kind, payload = Kind.ICC, inflate(data.partition(b"\0")[2][1:], limit=room)
    return Item(name, raw, kind, payload, behind)


def _open_international(data: bytes, room: int = INFLATED_LIMIT) -> tuple[bytes, bool, bytes]:
    """Take a text apart, 11.3.3.4: all before the words, whether they are packed, and the words."""
    keyword, _, rest = data.partition(b"\0")
    packed, (language, _, more) = rest[:1] == b"\1", rest[2:].partition(b"\0")
    translated, _, words = more.partition(b"\0")
    head = b"\0".join([keyword, rest[:2] + language, translated, b""])
    return head, packed, inflate(words, limit=room) if packed else words


def _stays(data: bytes) -> bool:
    """Tell whether samples are written the way in which they are stored."""
    names = {chunk.name for chunk in chunks_of(data)}
    if b"IHDR" not in names or len(data) <= COLOUR_AT or b"tRNS" in names:
        return False
    return data[COLOUR_AT] != PALETTE and data[DEPTH_AT] in WHOLE_DEPTHS

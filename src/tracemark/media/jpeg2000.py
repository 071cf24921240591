"""Find out whether a JPEG 2000 file can be given to its decoder, which takes memory for each part before it has any.

ITU-T T.800, "JPEG 2000 image coding system: core coding system", annexes A and I.
"""

import struct
import sys
from collections.abc import Iterator

from tracemark.media.boxes import boxes_of

__all__ = ["is_decodable"]

CODESTREAM = b"jp2c"  # the box that holds it, I.5.4; some files are nothing else
START = b"\xff\x4f"  # SOC, A.2, with the other markers
SIZE, DEFAULT_STYLE, COMPONENT_STYLE, PART, DATA, END = 0xFF51, 0xFF52, 0xFF53, 0xFF90, 0xFF93, 0xFFD9
OTHERS = frozenset(
    {0xFF50, 0xFF55, 0xFF57, 0xFF58, 0xFF59, *range(0xFF5C, 0xFF62), 0xFF63, 0xFF64, *range(0xFF74, 0xFF7A)}
)
MARKER_BYTES = 2
# Capabilities; columns and rows to the end of the picture, before it, of a tile and before the first one; components.
SIZES = struct.Struct(">H8IH")  # A.5.1
PARTS = struct.Struct(">HI")  # which tile, and bytes from the marker on; A.4.2
# Bytes before the flags, and before levels, sides of code-blocks and the rest, A.6.1 and A.6.2.
STYLES = {DEFAULT_STYLE: (0, 5), COMPONENT_STYLE: (1, 2)}
OWN_PRECINCTS = 1  # flag: sides of precincts stand behind so many bytes of the rest
PRECINCTS_AT = 5
LEAST_SIDE = 2  # logarithm: sides of code-blocks count from here
MOST_COMPONENTS = 4  # RGB and alpha
# OpenJPEG takes 11 kB for each tile, and more for each component of it.
MOST_TILES, TILE_PIXELS = 1024, 4096  # in any picture, and pixels of each in a larger one
# And 400 bytes for each code-block, 500 for each precinct: at these twice as much as at usual ones.
LEAST_BLOCK, LEAST_PRECINCT = 8, 5  # logarithms: samples of a code-block, pixels on a side of a precinct


def is_decodable(data: bytes) -> bool:
    """Tell whether a picture has no more components, tiles, precincts and code-blocks than can be asked for.

    Parameters
    ----------
    data : bytes
        A JPEG 2000 file.

    Returns
    -------
    answer : bool
        False, too, when it is damaged where it says how many there are.
    """
    try:
        return all(_fits(marker, content) for marker, content in _segments(data))
    except (IndexError, StopIteration, ValueError, ZeroDivisionError, struct.error):
        return False


def _segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Give marker and content of the segments before all tiles, and before the data of each."""
    at = 0
    if not data.startswith(START):
        # The box may be longer than a file that is cut short.
        at = next(start for kind, start, _ in boxes_of(data, 0, sys.maxsize) if kind == CODESTREAM)
    if not data.startswith(START + SIZE.to_bytes(MARKER_BYTES, "big"), at):
        raise ValueError("codestream must begin with its size")
    at, end_of_part = at + len(START), 0
    while at < len(data):
        (marker,) = struct.unpack_from(">H", data, at)
        if marker == END:
            return
        if marker == DATA:
            if end_of_part <= at:
                raise ValueError("data of a tile must end behind their beginning")
            at = end_of_part
            continue
        (length,) = struct.unpack_from(">H", data, at + MARKER_BYTES)
        content = data[at + 2 * MARKER_BYTES : at + MARKER_BYTES + length]
        if marker == PART:
            _, size = PARTS.unpack_from(content)
            # The last one need not say how long it is.
            end_of_part = at + size if size else len(data)
        elif marker not in (SIZE, DEFAULT_STYLE, COMPONENT_STYLE) and marker not in OTHERS:
            raise ValueError(f"segments must be of known kinds, not {marker:#x}")
        yield marker, content
        at += MARKER_BYTES + length


def _fits(marker: int, content: bytes) -> bool:
    """Tell whether what one segment says can be asked of a decoder."""
    if marker == SIZE:
        _, columns, rows, left, top, wide, high, before, above, components = SIZES.unpack_from(content)
        tiles = -(-(columns - before) // wide) * -(-(rows - above) // high)
        most = max(MOST_TILES, (columns - left) * (rows - top) // TILE_PIXELS)
        return bool(components <= MOST_COMPONENTS and tiles <= most)
    if marker not in STYLES:
        return True
    flags_at, style_at = STYLES[marker]
    levels, wide, high = content[style_at : style_at + 3]
    precincts = content[style_at + PRECINCTS_AT :][: levels + 1] if content[flags_at] & OWN_PRECINCTS else b""
    # The first ones are of the picture at its smallest, each of the next ones has twice its side.
    usual = all(min(divmod(sides, 16)) + levels - level >= LEAST_PRECINCT for level, sides in enumerate(precincts))
    return usual and wide % 16 + high % 16 + 2 * LEAST_SIDE >= LEAST_BLOCK

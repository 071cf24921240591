"""Refuse JPEG 2000 files whose decoder would take memory for far more than their pixels, before it has seen any.

ITU-T T.800, "JPEG 2000 image coding system: core coding system", annexes A and I.
"""

import struct
import sys
from collections.abc import Iterator

from tracemark.errors import FormatError
from tracemark.media.boxes import boxes_of

__all__ = ["refuse_costly"]

CODESTREAM = b"jp2c"  # the box that holds it, I.5.4; some files are nothing else
START = b"\xff\x4f"  # SOC, A.2, with the other markers
SIZE, DEFAULT_STYLE, COMPONENT_STYLE, PART, DATA, END = 0xFF51, 0xFF52, 0xFF53, 0xFF90, 0xFF93, 0xFFD9
# What else OpenJPEG knows the length of: CAP, TLM, PLM, PLT, CPF, QCD, QCC, RGN, POC, PPM, PPT, CRG, COM, and of part 2
# (T.801) MCT, MCC, MCO and CBD.
OTHERS = frozenset(
    (0xFF50, 0xFF55, 0xFF57, 0xFF58, 0xFF59, *range(0xFF5C, 0xFF62), 0xFF63, 0xFF64, *range(0xFF74, 0xFF7A))
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
# OpenJPEG takes 11 kB for each tile, 400 bytes for each code-block and 500 for each precinct.
FEW_TILES, TILE_PIXELS = 1024, 4096  # in any picture, and pixels of each where there are more
FEW_PARTS, PART_SAMPLES = 1 << 17, 256  # the same of code-blocks, and of precincts


def refuse_costly(data: bytes) -> None:
    """Refuse a picture with more components, tiles, precincts or code-blocks than encoders make of so many pixels.

    Parameters
    ----------
    data : bytes
        A JPEG 2000 file.

    Raises
    ------
    FormatError
        When it is such a picture, or damaged where it says how many there are.
    """
    try:
        costly = _is_costly(data)
    except (IndexError, StopIteration, ValueError, ZeroDivisionError, struct.error):
        raise FormatError("image file is damaged or cut short: a JPEG 2000 file must say what its parts are") from None
    if costly:
        raise FormatError(
            f"JPEG 2000 must have at most {MOST_COMPONENTS} components, and tiles, precincts and code-blocks of usual"
            " sizes; save it with these, or as PNG"
        )


def _is_costly(data: bytes) -> bool:
    """Tell whether a picture has more parts than can be asked of a decoder."""
    segments = _segments(data)
    _, content = next(segments)
    _, right, lower, left, top, wide, high, before, above, components = SIZES.unpack_from(content)
    columns, rows = right - left, lower - top
    tiles = -(-(right - before) // wide) * -(-(lower - above) // high)
    if components > MOST_COMPONENTS or (tiles > FEW_TILES and wide * high < TILE_PIXELS):
        return True
    samples = columns * rows * components
    for marker, content in segments:
        if marker not in STYLES:
            continue
        flags_at, style_at = STYLES[marker]
        levels, block_columns, block_rows = content[style_at : style_at + 3]
        blocks = samples >> (block_columns % 16 + block_rows % 16 + 2 * LEAST_SIDE)
        precincts = content[style_at + PRECINCTS_AT :][: levels + 1] if content[flags_at] & OWN_PRECINCTS else b""
        # The first ones are of the picture at its smallest, each of the next ones of twice its sides.
        scales = range(len(precincts) - 1, -1, -1)
        count = components * sum(
            (-columns >> scale + sides % 16) * (-rows >> scale + sides // 16)  # both rounded up, and negative
            for scale, sides in zip(scales, precincts, strict=True)
        )
        if max(blocks, count) > max(FEW_PARTS, samples // PART_SAMPLES):
            return True
    return False


def _segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Give marker and content of the segments before all tiles, the size first, and before the data of each."""
    at = 0
    if not data.startswith(START):
        # The box may be longer than a file that is cut short.
        found = next((start for kind, start, _ in boxes_of(data, 0, sys.maxsize) if kind == CODESTREAM), None)
        if found is None:
            raise ValueError("file must have a box that holds a codestream")
        at = found
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
        if marker not in (SIZE, *STYLES, PART) and marker not in OTHERS:
            if end_of_part:
                raise ValueError(f"segments of a tile must be of known kinds, not {marker:#x}")
            at += MARKER_BYTES  # as OpenJPEG does, which looks for the next one that it knows
            continue
        (length,) = struct.unpack_from(">H", data, at + MARKER_BYTES)
        content = data[at + 2 * MARKER_BYTES : at + MARKER_BYTES + length]
        if marker == PART:
            _, size = PARTS.unpack_from(content)
            # The last one need not say how long it is.
            end_of_part = at + size if size else len(data)
        yield marker, content
        at += MARKER_BYTES + length

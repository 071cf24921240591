"""Make the frame of a TIFF file for pixels that come from none.

Adobe, "TIFF revision 6.0", 1992.
"""

import struct
from collections.abc import Mapping, Sequence

from tracemark.errors import PhotoError
from tracemark.media.directories import ENTRY_BYTES, HEADER_BYTES, INLINE_BYTES
from tracemark.media.pixels import COLOURS, Pixels
from tracemark.media.tiff import TiffFrame, read_frame
from tracemark.media.tiff_layout import (
    BITS,
    COLUMNS,
    COMPRESSION,
    DEFLATE,
    DIFFERENCES,
    EXTRA_SAMPLES,
    PHOTOMETRIC,
    PREDICTOR,
    RGB,
    ROWS,
    ROWS_PER_STRIP,
    SAMPLES,
    STRIP_OFFSETS,
    STRIP_SIZES,
    read_layout,
)

__all__ = ["plain_frame"]

START = b"II*\0"  # little endian, section 2
STRIP_BYTES = 1 << 18  # libtiff's own choice is smaller, and slower to read
KINDS = {"H": 3, "I": 4}  # numbers of types, by their letter
BLACK_IS_ZERO = 1  # photometric interpretation, section 4
UNASSOCIATED_ALPHA = 2  # colours are not multiplied by it, section 18


def plain_frame(pixels: Pixels) -> TiffFrame:
    """Make the frame of a photo that comes from no file.

    Parameters
    ----------
    pixels : ndarray
        Grey, RGB or RGBA of 8 or 16 bits.

    Returns
    -------
    frame : TiffFrame
        Of a file in strips that are packed by Deflate, from differences.
    """
    rows, columns = pixels.shape[:2]
    samples = 1 if pixels.ndim == 2 else pixels.shape[2]
    high = max(STRIP_BYTES // (columns * samples * pixels.dtype.itemsize), 1)
    strips = -(-rows // high)
    lines = {
        COLUMNS: ("I", [columns]),
        ROWS: ("I", [rows]),
        BITS: ("H", [8 * pixels.dtype.itemsize] * samples),
        COMPRESSION: ("H", [DEFLATE]),
        PHOTOMETRIC: ("H", [RGB if samples >= COLOURS else BLACK_IS_ZERO]),
        STRIP_OFFSETS: ("I", [0] * strips),
        SAMPLES: ("H", [samples]),
        ROWS_PER_STRIP: ("I", [high]),
        STRIP_SIZES: ("I", [0] * strips),
        PREDICTOR: ("H", [DIFFERENCES]),
        EXTRA_SAMPLES: ("H", [UNASSOCIATED_ALPHA] * (samples - COLOURS)),
    }
    kept = {tag: line for tag, line in lines.items() if line[1]}
    data = START + HEADER_BYTES.to_bytes(4, "little") + _write_directory(kept)
    layout = read_layout(data)
    if layout is None:
        raise PhotoError(f"pixels must be grey, RGB or RGBA of 8 or 16 bits, not {pixels.dtype} of {pixels.shape}")
    return read_frame(data, layout)[0]


def _write_directory(lines: Mapping[int, tuple[str, Sequence[int]]]) -> bytes:
    """Write the only directory of a file, and behind it values that do not fit; lines are letters and numbers."""
    written, values = struct.pack("<H", len(lines)), b""
    stop = HEADER_BYTES + len(written) + len(lines) * ENTRY_BYTES + INLINE_BYTES
    for tag, (letter, numbers) in lines.items():
        value = struct.pack(f"<{len(numbers)}{letter}", *numbers)
        inline = len(value) <= INLINE_BYTES
        shown = value.ljust(INLINE_BYTES, b"\0") if inline else struct.pack("<I", stop + len(values))
        written += struct.pack("<HHI", tag, KINDS[letter], len(numbers)) + shown
        values += b"" if inline else value
    return written + bytes(INLINE_BYTES) + values

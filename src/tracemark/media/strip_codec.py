"""Pack bytes by LZW and PackBits, and unpack them.

Adobe, "TIFF revision 6.0", 1992, sections 9 and 13.  Pillow does the work: packed bytes are put into a file whose
pixels they are, whatever they mean in the file that they come from.
"""

import io
import struct
from collections.abc import Sequence
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray
from PIL import Image, TiffImagePlugin

from tracemark.media.directories import numbers, open_tiff, read_directory
from tracemark.media.tiff_layout import LZW, PACK_BITS, ROWS_PER_STRIP, STRIP_OFFSETS, STRIP_SIZES

__all__ = ["PILLOW_NAMES", "Lines", "pack_strips", "unpack_strips"]

Lines = NDArray[np.uint8]
"""Shape (lines, bytes)."""

PILLOW_NAMES = {LZW: "tiff_lzw", PACK_BITS: "packbits"}
GROUP = 4  # bytes in a pixel of the file that Pillow sees, where lines allow it: it refuses very many pixels
# That file: header, and tags with their types: columns, rows, bits, compression, photometric, offsets, samples, rows in
# a strip, sizes.
HEADER = struct.Struct("<4sI")
LINE = struct.Struct("<HHII")
LINES = ((256, 4), (257, 4), (258, 3), (259, 3), (262, 3), (273, 4), (277, 3), (278, 4), (279, 4))


def unpack_strips(packed: Sequence[bytes], compression: int, high: int, wide: int) -> Lines:
    """Unpack the strips of a picture.

    Parameters
    ----------
    packed : sequence of bytes
        The strips.
    compression : int
        How they are packed: a key of `PILLOW_NAMES`.
    high, wide : int
        Lines of each, and bytes of a line.

    Returns
    -------
    lines : ndarray, shape (lines, bytes)
    """
    group = GROUP if wide % GROUP == 0 else 1
    sizes = [len(piece) for piece in packed]
    lists = len(packed) > 1
    lists_at = HEADER.size + 2 + len(LINES) * LINE.size + 4
    start = lists_at + 2 * 4 * len(packed)
    offsets = [start + before for before in accumulate(sizes[:-1], initial=0)]
    values = [
        wide // group,
        len(packed) * high,
        8,
        compression,
        5 if group > 1 else 1,
        lists_at if lists else start,
        group,
        high,
        lists_at + 4 * len(packed) if lists else sizes[0],
    ]
    counts = [1, 1, 1, 1, 1, len(packed), 1, 1, len(packed)]
    head = HEADER.pack(b"II*\0", HEADER.size) + struct.pack("<H", len(LINES))
    head += b"".join(LINE.pack(*line, count, value) for line, count, value in zip(LINES, counts, values, strict=True))
    head += bytes(4) + struct.pack(f"<{2 * len(packed)}I", *offsets, *sizes)
    with TiffImagePlugin.TiffImageFile(io.BytesIO(b"".join([head, *packed]))) as image:
        return np.asarray(image).reshape(-1, wide)


def pack_strips(lines: Lines, compression: int, high: int) -> list[bytes]:
    """Pack a picture into strips; the other way of :func:`unpack_strips`.

    Parameters
    ----------
    lines : ndarray, shape (lines, bytes)
        Of all strips.
    compression : int
        How: a key of `PILLOW_NAMES`.
    high : int
        Lines of each strip.

    Returns
    -------
    packed : list of bytes
        The strips.
    """
    group = GROUP if lines.shape[1] % GROUP == 0 else 1
    directory = TiffImagePlugin.ImageFileDirectory_v2()
    directory[ROWS_PER_STRIP] = high
    shaped = lines.reshape(len(lines), -1, group) if group > 1 else lines
    image = Image.frombuffer(
        "CMYK" if group > 1 else "L",
        shaped.shape[1::-1],
        np.ascontiguousarray(shaped),
        "raw",
        "CMYK" if group > 1 else "L",
        0,
        1,
    )
    file = io.BytesIO()
    image.save(file, format="TIFF", compression=PILLOW_NAMES[compression], tiffinfo=directory)
    data = file.getvalue()
    order, first = open_tiff(data)
    found = read_directory(data, order, first)
    spans = [numbers(data, order, found.entry(tag)) for tag in (STRIP_OFFSETS, STRIP_SIZES)]
    return [data[start : start + size] for start, size in zip(*spans, strict=True)]

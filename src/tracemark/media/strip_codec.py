"""Pack bytes by LZW and PackBits, and unpack them.

Adobe, "TIFF revision 6.0", 1992, sections 9 and 13.  Pillow does the work: packed bytes are put into a file whose
pixels they are, whatever they mean in the file that they come from.
"""

import io
from collections.abc import Sequence
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray
from PIL import Image, TiffImagePlugin

from tracemark.media.directories import numbers, open_tiff, read_directory
from tracemark.media.small_tiff import write_structure
from tracemark.media.tiff_layout import BLACK_IS_ZERO, LZW, PACK_BITS, SEPARATED
from tracemark.media.tiff_tags import Tag, Type

__all__ = ["PILLOW_NAMES", "Lines", "pack_strips", "unpack_strips"]

Lines = NDArray[np.uint8]
"""Shape (lines, bytes)."""

PILLOW_NAMES = {LZW: "tiff_lzw", PACK_BITS: "packbits"}
GROUP = 4  # bytes in a pixel of the file that Pillow sees, where lines allow it: it refuses very many pixels


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
    lines = {
        Tag.COLUMNS: (Type.LONG, [wide // group]),
        Tag.ROWS: (Type.LONG, [len(packed) * high]),
        Tag.BITS: (Type.SHORT, [8]),
        Tag.COMPRESSION: (Type.SHORT, [compression]),
        Tag.PHOTOMETRIC: (Type.SHORT, [SEPARATED if group > 1 else BLACK_IS_ZERO]),
        Tag.STRIP_OFFSETS: (Type.LONG, sizes),
        Tag.SAMPLES: (Type.SHORT, [group]),
        Tag.ROWS_PER_STRIP: (Type.LONG, [high]),
        Tag.STRIP_SIZES: (Type.LONG, sizes),
    }
    start = len(write_structure(lines))
    lines[Tag.STRIP_OFFSETS] = Type.LONG, list(accumulate(sizes[:-1], initial=start))
    head = write_structure(lines)
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
    directory[Tag.ROWS_PER_STRIP] = high
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
    spans = [numbers(data, order, found.entry(tag)) for tag in (Tag.STRIP_OFFSETS, Tag.STRIP_SIZES)]
    return [data[start : start + size] for start, size in zip(*spans, strict=True)]

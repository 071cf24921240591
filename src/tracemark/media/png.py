"""Write the pixels of PNG files, and read those that Pillow does not read in full.

W3C, "Portable network graphics (PNG) specification", third edition.
"""

import struct
import zlib
from collections.abc import Iterator

import cv2
import numpy as np

from tracemark.errors import FormatError, PhotoError
from tracemark.media.chunks import HEADER, chunks_of, write_chunk
from tracemark.media.pixels import COLOURS, LEAST_SHARE, PIXEL_LIMIT, Pixels, swap_colours
from tracemark.media.settings import PngSettings

__all__ = ["decode_deep", "encode_png", "is_deep", "lacks_rows", "mend_png"]

IHDR = struct.Struct(">IIBBBBB")  # columns, rows, bits, colour type, two methods, interlacing; 11.2.1
IHDR_AT = 16  # in the file
DEEP = 16  # bits a sample
DEPTHS = (1, 2, 4, 8, DEEP)  # 11.2.1
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # of each colour type, table 12
PALETTE, GREY_ALPHA = 3, 4  # colour types
TRANSPARENT_GREY = 2  # bytes of the sample that is transparent, 11.3.1.1
# Where each of the seven passes of an interlaced picture begins and how far its pixels are apart, 8.2.
PASSES = ((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1))
# Photographs become smaller than with the default of OpenCV or with zlib's strategy, as soon as with the one and far
# sooner than with the other: docs/formats.md.
COMPRESSION = (cv2.IMWRITE_PNG_COMPRESSION, 3, cv2.IMWRITE_PNG_STRATEGY, cv2.IMWRITE_PNG_STRATEGY_RLE)
ZLIB_LEVEL = 6
SUB = 1  # filter: a sample less the one to its left, 9.2
HIGHEST_FILTER = 4
PIECE = 1 << 16  # bytes that are unpacked at a time: in the piece that is damaged nothing is found


def is_deep(data: bytes) -> bool:
    """Tell whether a PNG file has sixteen bits a sample.

    Parameters
    ----------
    data : bytes
        A PNG file.

    Returns
    -------
    deep : bool
    """
    header = _header(data)
    return header is not None and header[2] == DEEP


def decode_deep(data: bytes) -> tuple[Pixels, PngSettings]:
    """Decode a PNG of sixteen bits a sample, which Pillow would cut to eight.

    Parameters
    ----------
    data : bytes
        A PNG file.

    Returns
    -------
    pixels : ndarray, uint16
        Grey, RGB or RGBA; a transparent colour becomes RGBA.
    settings : PngSettings
        How it was stored.

    Raises
    ------
    FormatError
        When it is damaged.
    """
    chunks = list(chunks_of(data))
    if not any(chunk.name == b"IEND" for chunk in chunks):
        # OpenCV takes as much memory as a chunk is said to be long, before it looks whether the file has it.
        raise FormatError("its chunks must lie inside the file, and the last one must be IEND")
    bgr = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if bgr is None:
        raise FormatError("its pixels cannot be decoded")
    pixels = swap_colours(bgr.astype(np.uint16, copy=False))
    header = _header(data)
    transparent = next((chunk.data(data) for chunk in chunks if chunk.name == b"tRNS"), b"")
    if pixels.ndim == 2 and len(transparent) == TRANSPARENT_GREY:
        # OpenCV takes no notice of it.
        opaque = np.where(pixels == int.from_bytes(transparent, "big"), 0, np.iinfo(np.uint16).max)
        return np.dstack([pixels, pixels, pixels, opaque.astype(np.uint16)]), PngSettings(grey_alpha=True)
    return pixels, PngSettings(grey_alpha=header is not None and header[3] == GREY_ALPHA)


def lacks_rows(data: bytes, pixels: Pixels) -> bool:
    """Tell whether a PNG file ends its pixels early, which Pillow takes no notice of.

    Parameters
    ----------
    data : bytes
        A PNG file.
    pixels : ndarray
        What Pillow made of it: rows that are missing are black, or of the palette's first colour.

    Returns
    -------
    answer : bool

    Notes
    -----
    Counting samples takes two thirds of the time of reading a file, so it is only done where the last row may be one
    that is missing.
    """
    header = _header(data)
    if header is None or header[3] not in CHANNELS:
        return False
    # The last pass of an interlaced picture has every second row.
    last = pixels[len(pixels) // 2 * 2 - 1 if header[-1] else -1]
    colours = last[:, :COLOURS] if pixels.ndim > 2 else last
    if (colours != (colours[0] if header[3] == PALETTE else 0)).any():
        return False
    whole = sum(high * size for high, size in _lines(*header))
    return sum(map(len, _unpack(data, whole))) < whole


def encode_png(pixels: Pixels, settings: PngSettings) -> bytes | memoryview:
    """Write a PNG file.

    Parameters
    ----------
    pixels : ndarray
        Grey, RGB or RGBA of 8 or 16 bits.
    settings : PngSettings
        How.

    Returns
    -------
    data : bytes or memoryview
        A whole file that says nothing else; not copied, as tens of megabytes are to be put together with what it says.

    Raises
    ------
    PhotoError
        When the encoder fails.
    """
    if settings.grey_alpha:
        return _encode_grey_alpha(pixels[..., [0, -1]])
    done, data = cv2.imencode(".png", swap_colours(pixels), COMPRESSION)
    if not done:
        raise PhotoError("pixels cannot be written as PNG")
    return data.data


def mend_png(data: bytes) -> bytes | None:
    """Complete a PNG file that is cut short or damaged.

    Parameters
    ----------
    data : bytes
        A PNG file.

    Returns
    -------
    whole : bytes or None
        With black in place of what is missing; None when too little is there.
    """
    header = _header(data)
    if header is None or header[0] * header[1] > PIXEL_LIMIT or header[2] not in DEPTHS or header[3] not in CHANNELS:
        return None
    lines = _lines(*header)
    whole = sum(high * size for high, size in lines)
    unpacked = b"".join(_unpack(data, whole))
    if len(unpacked) * LEAST_SHARE < whole:
        return None
    stored = _without_junk(unpacked[:whole].ljust(whole, b"\0"), lines)
    needed = (b"IHDR", b"PLTE", b"tRNS")
    kept = [write_chunk(chunk.name, chunk.data(data)) for chunk in chunks_of(data) if chunk.name in needed]
    return b"".join([HEADER, *kept, write_chunk(b"IDAT", zlib.compress(stored, 1)), write_chunk(b"IEND", b"")])


def _header(data: bytes) -> tuple[int, ...] | None:
    """Read what a file says of its pixels; nothing of one that is no PNG file."""
    there = data.startswith(HEADER) and len(data) >= IHDR_AT + IHDR.size
    return IHDR.unpack_from(data, IHDR_AT) if there else None


def _unpack(data: bytes, whole: int) -> Iterator[bytes]:
    """Unpack filtered samples, as far as they are there and no more than a whole picture has."""
    stream, size = zlib.decompressobj(), 0
    packed = b"".join(chunk.data(data) for chunk in chunks_of(data, cut=True) if chunk.name == b"IDAT")
    for at in range(0, len(packed), PIECE):
        try:
            piece = stream.decompress(packed[at : at + PIECE], max(whole - size, 1))
        except zlib.error:
            return
        yield piece
        size += len(piece)
        if size >= whole:
            return


def _lines(columns: int, rows: int, bits: int, colour: int, *methods: int) -> list[tuple[int, int]]:
    """List for each pass how many lines it has, and how many bytes each: the number of its filter comes first, 7.2."""
    lines = []
    for first_row, first_column, down, across in PASSES if methods[-1] else ((0, 0, 1, 1),):
        high = len(range(first_row, rows, down))
        wide = len(range(first_column, columns, across))
        lines += [(high, 1 + -(-wide * bits * CHANNELS[colour] // 8))] if wide else []
    return lines


def _without_junk(stored: bytes, lines: list[tuple[int, int]]) -> bytes:
    """Blank what stands behind the first line that has no filter of the standard."""
    at = 0
    for high, size in lines:
        filters = np.frombuffer(stored, np.uint8, high * size, at)[::size]
        odd = np.flatnonzero(filters > HIGHEST_FILTER)
        if odd.size:
            end = at + int(odd[0]) * size
            return stored[:end] + bytes(len(stored) - end)
        at += high * size
    return stored


def _encode_grey_alpha(pixels: Pixels) -> bytes:
    """Write grey with alpha, which OpenCV does not."""
    rows, columns = pixels.shape[:2]
    samples = np.ascontiguousarray(pixels.astype(pixels.dtype.newbyteorder(">"))).view(np.uint8)
    samples = samples.reshape(rows, columns, -1)
    filtered = np.empty((rows, 1 + samples[0].size), np.uint8)
    filtered[:, 0] = SUB
    filtered[:, 1:] = np.diff(samples, axis=1, prepend=np.zeros((rows, 1, samples.shape[2]), np.uint8)).reshape(
        rows, -1
    )
    header = IHDR.pack(columns, rows, 8 * pixels.dtype.itemsize, GREY_ALPHA, 0, 0, 0)
    packer = zlib.compressobj(ZLIB_LEVEL, strategy=zlib.Z_RLE)
    packed = packer.compress(filtered.tobytes()) + packer.flush()
    return b"".join([HEADER, write_chunk(b"IHDR", header), write_chunk(b"IDAT", packed), write_chunk(b"IEND", b"")])

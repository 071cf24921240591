"""Read how AVIF files were written, and write others.

Alliance for Open Media, "AV1 image file format (AVIF)", 1.1; "AV1 codec ISO media file format binding", 1.2.
"""

import io
import struct
from bisect import bisect_left
from functools import lru_cache
from typing import Any

import numpy as np
from PIL import Image

from tracemark.media.av1 import quantiser_index
from tracemark.media.boxes import Boxes, BoxItem, read_boxes, rebuild
from tracemark.media.metadata import Kind, Metadata
from tracemark.media.pixels import COLOURS, LEAST_SHARE, Pixels
from tracemark.media.settings import AvifSettings
from tracemark.media.tiff_tags import Tag

__all__ = ["avif_settings", "encode_avif", "mend_avif", "quality_of"]

GRID = b"grid"
CONFIGURATION_AT = 2  # of av1C: where it tells bit depth and subsampling, AV1-ISOBMFF, 2.3.3
HIGH_DEPTH, HALF_COLUMNS, HALF_ROWS = 0x40, 0x08, 0x04
SUBSAMPLINGS = {0: "4:4:4", HALF_COLUMNS: "4:2:2", HALF_COLUMNS | HALF_ROWS: "4:2:0"}
NCLX = struct.Struct(">4sHHHB")  # kind of colour box, primaries, transfer, matrix, range; ISO/IEC 14496-12, 12.1.5
FULL_RANGE = 0x80
TRIAL_SIDE = 16  # of a picture that is coded to see how finely, pixels
COARSEST = 255  # quantiser index
SPEED = 9  # of libaom, 0 to 10: far sooner than at Pillow's 6, for few more bytes: docs/formats.md
# EXIF orientation for quarter turns to the left and, after them, no mirror (the last), upside down, left to right;
# ISO/IEC 23008-12, 6.5.10 and 6.5.12.
ORIENTATIONS = ((4, 2, 1), (5, 7, 8), (2, 4, 3), (7, 5, 6))
LOSSLESS = 100  # quality: of grey it loses nothing


def avif_settings(data: bytes) -> tuple[AvifSettings, str]:
    """Read how finely an AVIF file was written.

    Parameters
    ----------
    data : bytes
        An AVIF file.

    Returns
    -------
    settings : AvifSettings
    refusal : str
        Why no copy can be written like it; empty when one can.
    """
    try:
        boxes = read_boxes(data)
        item = _coded(boxes)
        start, _ = boxes.of_item(item.number, b"av1C")[0]
        flags = data[start + CONFIGURATION_AT]
        index = quantiser_index(item.data(data))
    except (ValueError, IndexError):
        return AvifSettings(), "AVIF must be whole to be copied, and boxes of this one are damaged"
    if flags & HIGH_DEPTH:
        return AvifSettings(), "AVIF must have 8 bits a sample to be copied; save it as TIFF or PNG of 16 bits"
    primaries, transfer, full = _colours(data, boxes)
    return (
        AvifSettings(
            quality=AvifSettings.quality if index is None else quality_of(index),
            subsampling=SUBSAMPLINGS.get(flags & (HALF_COLUMNS | HALF_ROWS), AvifSettings.subsampling),
            full_range=full,
            primaries=primaries,
            transfer=transfer,
            orientation=_orientation(data, boxes),
        ),
        "",
    )


@lru_cache
def quality_of(index: int) -> int:
    """Find the quality at which a picture is coded so finely.

    Parameters
    ----------
    index : int
        ``base_q_idx`` of a bitstream, 0 to 255.

    Returns
    -------
    quality : int
        0 to 100: the highest that is not finer.

    Notes
    -----
    The way from quality to index is libavif's, and changed between its versions; so it is tried on a flat picture.
    """
    return bisect_left(range(LOSSLESS + 1), -index, key=lambda quality: -_index_at(quality))


def encode_avif(pixels: Pixels, settings: AvifSettings, metadata: Metadata, *, quality: int | None) -> bytes:
    """Write an AVIF file.

    Parameters
    ----------
    pixels : ndarray, uint8
        Grey, RGB or RGBA; alpha loses nothing.
    settings : AvifSettings
        How.
    metadata : Metadata
        What it says; of files of other kinds nothing is taken over.
    quality : int or None
        1 to 100, in place of that of the settings.

    Returns
    -------
    data : bytes
        A whole file.
    """
    said = {item.kind: item for item in metadata.items} if metadata.container == "AVIF" else {}
    tags = Image.Exif()
    tags[Tag.ORIENTATION] = settings.orientation
    if Kind.EXIF in said:
        tags[Tag.MAKER] = "its place is taken below"
    data = _encode(
        pixels,
        quality=settings.quality if quality is None else quality,
        subsampling="4:0:0" if pixels.ndim == 2 else settings.subsampling,
        range="full" if settings.full_range else "limited",
        exif=tags,
        xmp=said[Kind.XMP].raw if Kind.XMP in said else b"",
        icc_profile=said[Kind.ICC].raw if Kind.ICC in said else b"",
    )
    boxes = read_boxes(data)
    payloads = {item.number: said[Kind.EXIF].raw for item in boxes.items.values() if item.kind == b"Exif"}
    if pixels.ndim > 2 and pixels.shape[2] > COLOURS:
        # libavif codes alpha as finely as colours; a copy's alpha is its photo's.
        alpha = _encode(np.ascontiguousarray(pixels[..., -1]), quality=LOSSLESS, subsampling="4:0:0", range="full")
        (auxiliary,) = (origin for kind, origin, _ in boxes.references if kind == b"auxl")
        payloads[auxiliary] = _coded(read_boxes(alpha)).data(alpha)
    return _with_colours(rebuild(data, payloads), settings)


def mend_avif(data: bytes) -> bytes | None:
    """Complete an AVIF file that is cut short.

    Parameters
    ----------
    data : bytes
        An AVIF file.

    Returns
    -------
    whole : bytes or None
        With zeros in place of what is missing; None when nothing is, or when too little is there.
    """
    try:
        boxes = read_boxes(data)
        end = max(stop for item in boxes.items.values() for _, stop in item.spans)
    except ValueError:
        return None
    return data.ljust(end, b"\0") if len(data) < end <= len(data) * LEAST_SHARE else None


def _encode(pixels: Pixels, **options: Any) -> bytes:
    """Let Pillow write a file."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, format="AVIF", speed=SPEED, **options)
    return file.getvalue()


def _index_at(quality: int) -> int:
    """Find how finely the encoder codes at a quality."""
    data = _encode(np.zeros((TRIAL_SIDE, TRIAL_SIDE), np.uint8), quality=quality)
    index = quantiser_index(_coded(read_boxes(data)).data(data))
    return COARSEST if index is None else index


def _coded(boxes: Boxes) -> BoxItem:
    """Find the item that holds the picture, or the first of its tiles."""
    item = boxes.items.get(boxes.primary)
    tiles = [target for kind, origin, target in boxes.references if kind == b"dimg" and origin == boxes.primary]
    if item is not None and item.kind == GRID and tiles:
        item = boxes.items.get(tiles[0])
    if item is None:
        raise ValueError("file must have a picture")
    return item


def _colours(data: bytes, boxes: Boxes) -> tuple[int, int, bool]:
    """Read primaries, transfer and whether samples use their full range."""
    for start, stop in boxes.of_item(boxes.primary, b"colr"):
        if data[start : start + 4] == b"nclx" and stop - start >= NCLX.size:
            _, primaries, transfer, _, full = NCLX.unpack_from(data, start)
            return primaries, transfer, bool(full & FULL_RANGE)
    return AvifSettings.primaries, AvifSettings.transfer, AvifSettings.full_range


def _with_colours(data: bytes, settings: AvifSettings) -> bytes:
    """Say what the photo's primaries and transfer are."""
    boxes = read_boxes(data)
    for start, stop in boxes.of_item(boxes.primary, b"colr"):
        if data[start : start + 4] == b"nclx":
            kind, _, _, matrix, full = NCLX.unpack_from(data, start)
            written = NCLX.pack(kind, settings.primaries, settings.transfer, matrix, full)
            return data[:start] + written + data[stop:]
    return data


def _orientation(data: bytes, boxes: Boxes) -> int:
    """Find the EXIF orientation that does what the file's own properties do."""
    turned = [data[start] & 3 for start, _ in boxes.of_item(boxes.primary, b"irot")]
    mirrored = [data[start] & 1 for start, _ in boxes.of_item(boxes.primary, b"imir")]
    return ORIENTATIONS[turned[0] if turned else 0][mirrored[0] if mirrored else -1]

"""Read and write TIFF files whose pixels lose nothing.

Adobe, "TIFF revision 6.0", 1992.  Neither Pillow nor OpenCV does it: the one cuts sixteen bits to eight, the other
turns pictures upright and multiplies colours by alpha.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from tracemark.errors import FormatError, PhotoError
from tracemark.media.directories import numbers, open_tiff, read_directory
from tracemark.media.exif import exif_orientation, orientation_alone
from tracemark.media.metadata import Item, Kind, Metadata
from tracemark.media.pixels import LEAST_SHARE, PIXEL_LIMIT, Pixels
from tracemark.media.tiff_frame import assemble
from tracemark.media.tiff_layout import TiffLayout
from tracemark.media.tiff_pieces import count_pieces, deflate_level, pack, unpack
from tracemark.media.tiff_skeleton import Skeleton, build_skeleton
from tracemark.media.tiff_tags import Tag

__all__ = ["TiffFrame", "encode_tiff", "read_frame", "read_tiff", "without_places"]

# What other kinds of file have, too.
KINDS: Mapping[int, Kind] = {Tag.ICC: Kind.ICC, Tag.XMP: Kind.XMP, Tag.PHOTOSHOP: Kind.PHOTOSHOP}
LEVEL = 6  # of zlib, for a file that is written anew


@dataclass(frozen=True, eq=False)
class TiffFrame:
    """All of a TIFF file but its pixels."""

    layout: TiffLayout
    """How pixels lie in it."""

    skeleton: Skeleton
    """Everything else, each byte at its place."""

    placeless: Skeleton
    """The same without GPS positions."""

    level: int = LEVEL
    """Of zlib, where pixels are packed by Deflate."""


def read_tiff(data: bytes, layout: TiffLayout) -> tuple[Pixels, bool]:
    """Read the pixels of a TIFF file.

    Parameters
    ----------
    data : bytes
        The file.
    layout : TiffLayout
        How they lie in it.

    Returns
    -------
    pixels : ndarray
        Grey, RGB or RGBA of 8 or 16 bits, as stored.  Colours that were multiplied by alpha stay so.
    truncated : bool
        Whether some are missing: they are zeros.

    Raises
    ------
    FormatError
        When nearly all are missing, or the lists of where they are.
    PhotoError
        When the file says that it has more than 170 million pixels.
    """
    if layout.rows * layout.columns > PIXEL_LIMIT:
        raise PhotoError(f"photo must have at most {PIXEL_LIMIT} pixels, not {layout.rows * layout.columns}")
    if max(layout.offsets.stop, layout.sizes.stop) > len(data):
        raise FormatError(
            "image file is damaged or cut short: it must reach to the end of its lists of where its pixels are"
        )
    offsets, sizes = (numbers(data, layout.order, entry) for entry in (layout.offsets, layout.sizes))
    there = sum(start < len(data) for start in offsets[: len(sizes)])
    stuffed = sum(min(size, len(data)) for size in sizes)
    if there * LEAST_SHARE < count_pieces(layout) or not stuffed:
        raise FormatError("image file is damaged or cut short: its pixels are not where it says")
    samples, truncated = unpack(data, layout, offsets, sizes)
    colours = samples[..., : layout.colours]
    if layout.inverted:
        np.invert(colours, out=colours)
    if samples.shape[2] == 1:
        return samples[..., 0], truncated
    return (samples[..., [0, 0, 0, 1]] if layout.colours == 1 else samples), truncated


def read_frame(data: bytes, layout: TiffLayout) -> tuple[TiffFrame, Metadata, tuple[str, ...]]:
    """Read all of a TIFF file but its pixels.

    Parameters
    ----------
    data : bytes
        The file.
    layout : TiffLayout
        How its pixels lie in it.

    Returns
    -------
    frame : TiffFrame
        What a copy is written into.
    metadata : Metadata
        What files of other kinds can have of it: orientation, profile, XMP and Photoshop's block.
    warnings : tuple of str
        What was left out, a sentence each.
    """
    skeleton, warnings = build_skeleton(data, layout, gps=True)
    placeless, _ = build_skeleton(data, layout, gps=False)
    order, first = open_tiff(data)
    main = read_directory(data, order, first)
    items = [Item(b"", b"", Kind.EXIF, orientation_alone(exif_orientation(data)))]
    for tag, kind in KINDS.items():
        entry = main.entry(tag)
        items += [Item(b"", b"", kind, data[entry.start : entry.stop])] if entry is not None else []
    starts = numbers(data, order, layout.offsets)
    level = deflate_level(data[starts[0] : starts[0] + 2]) if starts else LEVEL
    return TiffFrame(layout, skeleton, placeless, level), Metadata("TIFF", tuple(items)), warnings


def without_places(frame: TiffFrame) -> TiffFrame:
    """Take out of a TIFF file where its picture was taken.

    Parameters
    ----------
    frame : TiffFrame
        What :func:`read_frame` gave.

    Returns
    -------
    frame : TiffFrame
    """
    return replace(frame, skeleton=frame.placeless)


def encode_tiff(pixels: Pixels, frame: TiffFrame) -> bytes:
    """Write a TIFF file.

    Parameters
    ----------
    pixels : ndarray
        Shape and dtype of the photo's.
    frame : TiffFrame
        All else.

    Returns
    -------
    data : bytes
        A whole file.

    Raises
    ------
    PhotoError
        When it would be larger than 4 GiB.
    """
    layout = frame.layout
    samples = pixels.reshape(layout.rows, layout.columns, -1)
    if layout.colours == 1:
        samples = samples[..., [0, -1] if layout.samples > 1 else [0]]
    if layout.inverted:
        samples = samples.copy()
        samples[..., : layout.colours] = ~samples[..., : layout.colours]
    return assemble(frame.skeleton, layout.order, pack(samples, layout, level=frame.level))

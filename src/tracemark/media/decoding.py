"""Decode image files, whole ones and those that are cut short."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from PIL import Image, JpegImagePlugin

from tracemark.errors import FormatError
from tracemark.media.avif import avif_settings
from tracemark.media.heic import is_heic, read_heic
from tracemark.media.jpeg_tables import has_own_codes
from tracemark.media.mending import mend
from tracemark.media.opening import DamagedError, open_image
from tracemark.media.pixels import COLOURS, PIXEL_LIMIT, Pixels
from tracemark.media.png import decode_deep, is_deep, lacks_rows
from tracemark.media.settings import JpegSettings, PngSettings, Settings
from tracemark.media.tiff import read_tiff
from tracemark.media.tiff_head import is_big_tiff, is_tiff, refuse_cut
from tracemark.media.tiff_layout import DEVELOP, first_page, read_layout, refuse_pages
from tracemark.media.webp import webp_settings

__all__ = ["Decoded", "decode", "refusal_of"]

WRITABLE = ("JPEG", "PNG", "TIFF", "WebP", "AVIF")
TIFF_REFUSAL = (
    "TIFF must be grey or RGB of 8 or 16 bits, and packed by LZW, Deflate, PackBits or not at all, to be copied;"
    " save it so"
)
BIG_TIFF_REFUSAL = (
    "TIFF must have offsets of 32 bits to be copied, and this one is BigTIFF, with 64; save it as plain TIFF"
)
FINEST_SUBSAMPLING = 0  # Pillow's number for 4:4:4
UNKNOWN_SUBSAMPLING = -1  # Pillow's word for layouts it cannot write, such as 4:4:0
# How raw files begin that are no TIFF, and where: Canon, Fuji, Olympus, Panasonic, Sigma, Minolta.
RAW_STARTS = (
    (b"ftypcrx ", 4),
    (b"FUJIFILMCCD-RAW", 0),
    (b"IIRO", 0),
    (b"IIRS", 0),
    (b"MMOR", 0),
    (b"IIU\0", 0),
    (b"FOVb", 0),
    (b"\0MRM", 0),
)

# Pillow mode -> the mode that keeps all of it and is grey, RGB or RGBA.
MODES = {
    "1": "L",
    "L": "L",
    "LA": "RGBA",
    "La": "RGBA",
    "P": "RGB",
    "PA": "RGBA",
    "RGB": "RGB",
    "RGBA": "RGBA",
    "RGBX": "RGB",
    "RGBa": "RGBA",
    "YCbCr": "RGB",
}
DEEP_GREY = ("I;16", "I;16B", "I;16L")
DEEP_GREY_PPM = "I"  # 32 bits, of which this format has values for 16
RGB_NAMES = (ord("R"), ord("G"), ord("B"))  # of components that are stored as such, when nothing else is said


@dataclass(frozen=True, eq=False)
class Decoded:
    """A picture out of its file."""

    pixels: Pixels
    """Grey (rows, columns), RGB (rows, columns, 3) or RGBA (rows, columns, 4), as stored."""

    format: str
    """One of Pillow's names."""

    truncated: bool = False
    """Whether the file ends early, or is seen to be damaged in the middle: a PNG by its checksums, a packed TIFF where
    a strip does not unpack to its size.  Damage in the middle of other files is not recognised."""

    jpeg: JpegSettings | None = None
    """How a JPEG file was written; None for other formats."""

    settings: Settings | None = None
    """How a file of another format was written, where that matters."""

    notes: tuple[str, ...] = ()
    """What a copy will not have: a sentence each."""

    refusal: str = ""
    """Why no copy can be written; empty when one can."""


def decode(data: bytes) -> Decoded:
    """Decode an image file.

    Parameters
    ----------
    data : bytes
        What is in the file.

    Returns
    -------
    decoded : Decoded

    Raises
    ------
    FormatError
        When it is no image, is damaged, or holds an animation or CMYK.
    PhotoError
        When it says that it has more than 170 million pixels.
    """
    try:
        return _decode(data)
    except DamagedError as error:
        mended = mend(data)
        if mended is None:
            raise FormatError(str(error)) from error
        try:
            return replace(_decode(mended), truncated=True)
        except FormatError as lasting:
            # The first one may say that it is no image at all.
            raise FormatError(str(lasting)) from error


def refusal_of(name: str) -> str:
    """Say why copies of a format cannot be written.

    Parameters
    ----------
    name : str
        Of the format.

    Returns
    -------
    sentence : str
        What to do instead; empty when they can be written.
    """
    if name.upper() in map(str.upper, WRITABLE):
        return ""
    return f"photo must be {', '.join(WRITABLE[:-1])} or {WRITABLE[-1]} to be copied, not {name}; save it as PNG first"


def _decode(data: bytes) -> Decoded:
    """Decode a file that is whole."""
    if any(data.startswith(start, at) for start, at in RAW_STARTS):
        raise FormatError(DEVELOP)
    refuse_cut(data)
    if is_tiff(data):
        refuse_pages(data)
        layout = read_layout(data)
        if layout is not None:
            pixels, truncated = read_tiff(data, layout)
            return Decoded(pixels, "TIFF", truncated)
        data = first_page(data)
    if is_heic(data):
        try:
            return Decoded(read_heic(data, limit=PIXEL_LIMIT), "HEIC", refusal=refusal_of("HEIC"))
        except FormatError as error:
            raise DamagedError(str(error)) from error
    with open_image(data) as image:
        name = str(image.format)
        if image.mode not in MODES and not _is_deep_grey(image):
            raise FormatError(f"photo must be grey, RGB or RGBA, not {image.mode}; convert it to RGB first")
        try:
            if name == "PNG" and is_deep(data):
                pixels, stored = decode_deep(data)
                return Decoded(pixels, name, settings=stored)
            pixels = _to_pixels(image)
            if name == "PNG" and lacks_rows(data, pixels):
                raise FormatError("its pixels end early")
        # That memory is short says nothing of the file.
        except MemoryError:
            raise
        # A decoder given hostile bytes may fail in any way there is.
        except Exception as error:
            raise DamagedError(f"image file is damaged or cut short: {error}") from error
        if name == "AVIF":
            coded, refusal = avif_settings(data)
            return Decoded(pixels, name, settings=coded, refusal=refusal)
        jpeg = _jpeg_settings(image, data) if isinstance(image, JpegImagePlugin.JpegImageFile) else None
        tiff_refusal = BIG_TIFF_REFUSAL if is_big_tiff(data) else TIFF_REFUSAL
        refusal = tiff_refusal if name == "TIFF" else refusal_of(name)
        return Decoded(pixels, name, False, jpeg, _settings(image, data), _notes(image), refusal)


def _settings(image: Image.Image, data: bytes) -> Settings | None:
    """Read how a file was written that is no JPEG."""
    if image.format == "PNG":
        grey = image.mode == "LA" or (image.mode in ("1", "L") and "transparency" in image.info)
        return PngSettings(grey_alpha=grey)
    return webp_settings(data) if image.format == "WEBP" else None


def _notes(image: Image.Image) -> tuple[str, ...]:
    """Say what becomes of samples that cannot be marked as they are."""
    if image.mode in ("P", "PA"):
        return ("palette became RGB: a mark needs more colours than it has",)
    if image.mode == "1":
        return ("black and white became grey: a mark needs more levels",)
    if _is_rarely_subsampled(image):
        return ("colours became 4:4:4: the subsampling that they have cannot be written",)
    return ()


def _is_rarely_subsampled(image: Image.Image) -> bool:
    """Tell whether a JPEG's colours lie as no copy's can, such as 4:1:1 and 4:4:0."""
    if not isinstance(image, JpegImagePlugin.JpegImageFile) or image.layers != COLOURS:
        return False
    return JpegImagePlugin.get_sampling(image) == UNKNOWN_SUBSAMPLING


def _jpeg_settings(image: JpegImagePlugin.JpegImageFile, data: bytes) -> JpegSettings:
    """Read how finely a JPEG was written."""
    subsampling = JpegImagePlugin.get_sampling(image)
    info: dict[Any, Any] = image.info
    named = tuple(layer[0] for layer in image.layer) == RGB_NAMES
    # Which of JFIF, Adobe's marker and the components' names is believed is libjpeg's custom.
    rgb = image.layers == COLOURS and "jfif" not in info and info.get("adobe_transform", 0 if named else 1) == 0
    return JpegSettings(
        quantisation={number: tuple(table) for number, table in image.quantization.items()},
        subsampling=FINEST_SUBSAMPLING if subsampling == UNKNOWN_SUBSAMPLING else subsampling,
        progressive=bool(info.get("progressive")),
        optimised=has_own_codes(data),
        rgb=rgb,
    )


def _is_deep_grey(image: Image.Image) -> bool:
    """Tell whether an image is grey of sixteen bits."""
    return image.mode in DEEP_GREY or (image.format == "PPM" and image.mode == DEEP_GREY_PPM)


def _to_pixels(image: Image.Image) -> Pixels:
    """Bring an image to grey, RGB or RGBA."""
    if _is_deep_grey(image):
        return np.asarray(image).astype(np.uint16)
    mode = "RGBA" if "transparency" in image.info else MODES[image.mode]
    return np.asarray(image if image.mode == mode else image.convert(mode)).copy()

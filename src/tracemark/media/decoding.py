"""Decode image files, whole ones and those that are cut short."""

import io
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, JpegImagePlugin, UnidentifiedImageError

from tracemark.errors import FormatError, PhotoError
from tracemark.media.settings import JpegSettings

__all__ = ["COLOURS", "Decoded", "Pixels", "decode", "swap_colours"]

Pixels = NDArray[np.uint8] | NDArray[np.uint16]

READABLE = (
    "JPEG",
    "PNG",
    "WEBP",
    "TIFF",
    "BMP",
    "GIF",
    "AVIF",
    "PPM",
    "JPEG2000",
)  # Pillow's names; none runs programs
PIXEL_LIMIT = 170_000_000  # the largest camera back has 151 million; Pillow itself refuses above 179 million
END_OF_IMAGE = b"\xff\xd9"  # ITU-T T.81 table B.1
FINEST_SUBSAMPLING = 0  # Pillow's number for 4:4:4
UNKNOWN_SUBSAMPLING = -1  # Pillow's word for layouts it cannot write, such as 4:4:0
PNG_DEPTH_AT = 24  # where a PNG file says how many bits a sample has, PNG third edition, 11.2.1
DEEP = 16  # bits a sample

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
COLOURS = 3
RGB_NAMES = (ord("R"), ord("G"), ord("B"))  # of components that are stored as such, when nothing else is said


@dataclass(frozen=True, eq=False)
class Decoded:
    """A picture out of its file."""

    pixels: Pixels
    """Grey (rows, columns), RGB (rows, columns, 3) or RGBA (rows, columns, 4), as stored."""

    format: str
    """One of Pillow's names."""

    truncated: bool = False
    """Whether the file ends early."""

    jpeg: JpegSettings | None = None
    """How a JPEG file was written."""


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
    with _open(data) as image:
        name = str(image.format)
        if image.mode not in MODES and image.mode not in DEEP_GREY:
            raise FormatError(f"photo must be grey, RGB or RGBA, not {image.mode}; convert it to RGB first")
        settings = _jpeg_settings(image) if isinstance(image, JpegImagePlugin.JpegImageFile) else None
        pixels, truncated = _decode(image, data, name)
        return Decoded(pixels, name, truncated, settings)


def swap_colours(pixels: Pixels) -> Pixels:
    """Turn RGB into OpenCV's BGR, or back: the swap is its own inverse.

    Parameters
    ----------
    pixels : ndarray
        Grey, RGB or RGBA.

    Returns
    -------
    swapped : ndarray
        Grey, BGR or BGRA.
    """
    if pixels.ndim == 2:
        return pixels
    order = [2, 1, 0] if pixels.shape[2] == COLOURS else [2, 1, 0, COLOURS]
    return pixels[..., order]


def _open(data: bytes) -> Image.Image:
    """Open an image without decoding it, refusing what is no image or too large."""
    too_large = f"photo must have at most {PIXEL_LIMIT} pixels"
    try:
        image = Image.open(io.BytesIO(data), formats=READABLE)
        frames = getattr(image, "n_frames", 1)
    except Image.DecompressionBombError as error:
        raise PhotoError(f"{too_large}, and this one has more") from error
    except UnidentifiedImageError as error:
        raise FormatError("file is not an image of a kind that can be read, or its beginning is damaged") from error
    # A decoder given hostile bytes may fail in any way there is.
    except Exception as error:
        raise FormatError(f"image file is damaged: {error}") from error
    if image.width * image.height > PIXEL_LIMIT:
        raise PhotoError(f"{too_large}, not {image.width * image.height}")
    if frames > 1:
        raise FormatError("photo must be a single picture, not an animation or several pages")
    return image


def _jpeg_settings(image: JpegImagePlugin.JpegImageFile) -> JpegSettings:
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
        rgb=rgb,
    )


def _decode(image: Image.Image, data: bytes, name: str) -> tuple[Pixels, bool]:
    """Decode the pixels; the second answer is whether the file was cut short."""
    try:
        if name == "PNG" and data[PNG_DEPTH_AT] == DEEP:
            return _decode_deep(data), False
        return _to_pixels(image), False
    # A decoder given hostile bytes may fail in any way there is.
    except Exception as error:
        if name != "JPEG":
            raise FormatError(f"image file is damaged or cut short: {error}") from error
    try:
        # Told where the file ends, the decoder gives all it has; this needs no switch that is global to Pillow.
        with Image.open(io.BytesIO(data + END_OF_IMAGE), formats=("JPEG",)) as cut:
            return _to_pixels(cut), True
    except Exception as error:
        raise FormatError(f"image file is damaged or cut short: {error}") from error


def _decode_deep(data: bytes) -> Pixels:
    """Decode a PNG of sixteen bits a sample, which Pillow would cut to eight."""
    bgr = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if bgr is None:
        raise FormatError("its pixels cannot be decoded")
    return swap_colours(bgr.astype(np.uint16, copy=False))


def _to_pixels(image: Image.Image) -> Pixels:
    """Bring an image to grey, RGB or RGBA."""
    if image.mode in DEEP_GREY:
        return np.asarray(image).astype(np.uint16)
    mode = "RGBA" if "transparency" in image.info else MODES[image.mode]
    return np.asarray(image if image.mode == mode else image.convert(mode)).copy()

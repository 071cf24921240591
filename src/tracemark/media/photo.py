"""Open and write image files: the one door between a file and its pixels."""

import io
import os
import secrets
import warnings
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, JpegImagePlugin, UnidentifiedImageError

from tracemark.errors import FormatError, OutputError, PhotoError
from tracemark.media.metadata import (
    exif_orientation,
    insert_chunks,
    orientation_alone,
    select_chunks,
    without_previews,
)

__all__ = ["JpegSettings", "Photo", "encode_photo", "read_photo", "write_atomically"]

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
WRITABLE = ("JPEG", "PNG")
PIXEL_LIMIT = 170_000_000  # the largest camera back has 151 million; Pillow itself refuses above 179 million
HIGHEST_QUALITY = 100  # of the scale that libjpeg made common
END_OF_IMAGE = b"\xff\xd9"  # ITU-T T.81 table B.1
SEGMENT_LIMIT = 65533  # bytes of data in one JPEG segment: its length has 16 bits and counts itself, ITU-T T.81 B.1.1.4
FINEST_SUBSAMPLING = 0  # Pillow's number for 4:4:4
UNKNOWN_SUBSAMPLING = -1  # Pillow's word for layouts it cannot write, such as 4:4:0
PNG_DEPTH_AT = 24  # where a PNG file says how many bits a sample has, PNG third edition, 11.2.1
DEEP = 16  # bits a sample
TOKEN_BYTES = 8  # random bytes in the name of a draft

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


@dataclass(frozen=True)
class JpegSettings:
    """How finely a JPEG file was written."""

    quantisation: Mapping[int, Sequence[int]]
    """Table number -> 64 divisors, in the order Pillow gives and takes them."""

    subsampling: int
    """0 is 4:4:4, 1 is 4:2:2, 2 is 4:2:0."""

    progressive: bool
    """Whether it shows coarsely before it shows finely."""


@dataclass(frozen=True, eq=False)
class Photo:
    """A picture as its file holds it, and what is needed to write another like it."""

    pixels: Pixels
    """Grey (rows, columns), RGB (rows, columns, 3) or RGBA (rows, columns, 4), as stored: not turned upright."""

    format: str
    """``"JPEG"``, ``"PNG"``, or another of Pillow's names."""

    orientation: int = 1
    """EXIF orientation, 1 to 8: how a viewer turns the stored pixels; 1 is as they are."""

    truncated: bool = False
    """Whether the file ends early; the rows that are missing are grey or black."""

    exif: bytes = b""
    """EXIF block of a JPEG file, without embedded previews."""

    icc: bytes = b""
    """Colour profile of a JPEG file."""

    chunks: bytes = b""
    """Colour, pixel size and EXIF chunks of a PNG file, without embedded previews."""

    jpeg: JpegSettings | None = None
    """How a JPEG file was written; None for other formats."""


def read_photo(source: str | os.PathLike[str] | bytes) -> Photo:
    """Read an image file.

    Parameters
    ----------
    source : path-like or bytes
        The file, or what is in it.

    Returns
    -------
    photo : Photo
        Its pixels as stored: the EXIF orientation is told, not applied.  Palettes become RGB, a
        transparent colour becomes RGBA; sixteen bits stay sixteen.  A JPEG that is cut short
        gives what there is, and says so in ``truncated``.

    Raises
    ------
    FormatError
        When the file cannot be read, is no image, is damaged, or holds an animation or CMYK.
    PhotoError
        When it says that it has more than 170 million pixels.
    """
    data = source if isinstance(source, bytes) else _read_bytes(Path(source))
    if not data:
        raise FormatError("image file is empty")
    with warnings.catch_warnings():
        # Pillow warns of what is handled here: size, damage, odd metadata.
        warnings.simplefilter("ignore")
        with _open(data) as image:
            return _read_image(image, data)


def encode_photo(pixels: Pixels, *, like: Photo, quality: int | None = None, restart_interval: int = 0) -> bytes:
    """Write pixels the way another photo was written.

    Parameters
    ----------
    pixels : ndarray
        Shape and dtype of ``like.pixels``.
    like : Photo
        What :func:`read_photo` gave: JPEG or PNG.  Format, orientation tag, EXIF and colour
        profile are taken from it, and JPEG quantisation tables and subsampling.
    quality : int, optional
        JPEG quality, 1 to 100, in place of the quantisation tables.  PNG loses nothing and
        takes no notice.
    restart_interval : int, optional
        MCUs between the restart markers of a JPEG file; 0 for none.

    Returns
    -------
    data : bytes
        A whole file.

    Raises
    ------
    FormatError
        When `like` is of a format that cannot be written.
    PhotoError
        When shape, dtype or quality are not what they must be.
    """
    if like.format not in WRITABLE:
        raise FormatError(f"photo must be {' or '.join(WRITABLE)} to be written, not {like.format}")
    if pixels.shape != like.pixels.shape or pixels.dtype != like.pixels.dtype:
        raise PhotoError(
            f"pixels must be {like.pixels.dtype} of shape {like.pixels.shape} like the photo they"
            f" replace, not {pixels.dtype} of shape {pixels.shape}"
        )
    if quality is not None and not 1 <= quality <= HIGHEST_QUALITY:
        raise PhotoError(f"quality must be 1 to {HIGHEST_QUALITY}, not {quality}")
    if like.jpeg is None:
        return _encode_png(pixels, like)
    fineness = {"qtables": like.jpeg.quantisation} if quality is None else {"quality": quality}
    return _encode_jpeg(pixels, like, like.jpeg, {**fineness, "restart_marker_blocks": restart_interval})


def write_atomically(path: str | os.PathLike[str], data: bytes) -> None:
    """Write a file so that it is there whole or not at all.

    Parameters
    ----------
    path : path-like
        Where to; an existing file is replaced, its folder must exist.
    data : bytes
        All that the file is to hold.

    Raises
    ------
    OutputError
        When it cannot be written; what was there before is still there.
    """
    target = Path(path)
    draft = target.with_name(f".tracemark-{secrets.token_hex(TOKEN_BYTES)}")
    try:
        try:
            with draft.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(target)
            _settle(target.parent)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise OutputError(f"{target} cannot be written: {(error.strerror or str(error)).lower()}") from error


def _settle(folder: Path) -> None:
    """See to it that the names in a folder last through a power cut, where the system can do that."""
    with suppress(OSError):
        opened = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)


def _read_bytes(path: Path) -> bytes:
    """Read a file, with a plain sentence when that fails."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise FormatError(f"image file cannot be read: {(error.strerror or str(error)).lower()}") from error


def _open(data: bytes) -> Image.Image:
    """Open an image without decoding it, refusing what is no image or too large."""
    too_large = f"photo must have at most {PIXEL_LIMIT} pixels"
    try:
        image = Image.open(io.BytesIO(data), formats=READABLE)
    except Image.DecompressionBombError as error:
        raise PhotoError(f"{too_large}, and this one has more") from error
    except UnidentifiedImageError as error:
        raise FormatError("file is not an image of a kind that can be read, or its beginning is damaged") from error
    # A decoder given hostile bytes may fail in any way there is.
    except Exception as error:
        raise FormatError(f"image file is damaged: {error}") from error
    if image.width * image.height > PIXEL_LIMIT:
        raise PhotoError(f"{too_large}, not {image.width * image.height}")
    return image


def _read_image(image: Image.Image, data: bytes) -> Photo:
    """Take pixels and settings out of an opened image."""
    # An MPO file is a JPEG with previews or second views behind it: the first is the photo.
    name = "JPEG" if image.format == "MPO" else str(image.format)
    if name != "JPEG" and getattr(image, "n_frames", 1) > 1:
        raise FormatError("photo must be a single picture, not an animation or several pages")
    if image.mode not in MODES and image.mode not in DEEP_GREY:
        raise FormatError(f"photo must be grey, RGB or RGBA, not {image.mode}; convert it to RGB first")
    settings = None
    if isinstance(image, JpegImagePlugin.JpegImageFile):
        settings = _jpeg_settings(image)
    exif = without_previews(image.info.get("exif", b""))
    pixels, truncated = _decode(image, data, name)
    return Photo(
        pixels=pixels,
        format=name,
        orientation=exif_orientation(exif),
        truncated=truncated,
        exif=exif,
        icc=image.info.get("icc_profile") or b"",
        chunks=select_chunks(data) if name == "PNG" else b"",
        jpeg=settings,
    )


def _jpeg_settings(image: JpegImagePlugin.JpegImageFile) -> JpegSettings:
    """Read how finely a JPEG was written."""
    subsampling = JpegImagePlugin.get_sampling(image)
    return JpegSettings(
        quantisation={number: tuple(table) for number, table in image.quantization.items()},
        subsampling=FINEST_SUBSAMPLING if subsampling == UNKNOWN_SUBSAMPLING else subsampling,
        progressive=bool(image.info.get("progressive")),
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
    return _swap_colours(bgr.astype(np.uint16, copy=False))


def _to_pixels(image: Image.Image) -> Pixels:
    """Bring an image to grey, RGB or RGBA."""
    if image.mode in DEEP_GREY:
        return np.asarray(image).astype(np.uint16)
    mode = "RGBA" if "transparency" in image.info else MODES[image.mode]
    return np.asarray(image if image.mode == mode else image.convert(mode)).copy()


def _swap_colours(pixels: Pixels) -> Pixels:
    """Turn RGB into OpenCV's BGR, or back: the swap is its own inverse."""
    if pixels.ndim == 2:
        return pixels
    order = [2, 1, 0] if pixels.shape[2] == COLOURS else [2, 1, 0, COLOURS]
    return pixels[..., order]


def _encode_jpeg(pixels: Pixels, like: Photo, settings: JpegSettings, options: Mapping[str, Any]) -> bytes:
    """Write a JPEG file."""
    exif = like.exif if len(like.exif) <= SEGMENT_LIMIT else orientation_alone(like.orientation)
    file = io.BytesIO()
    _to_image(pixels).save(
        file,
        format="JPEG",
        subsampling=settings.subsampling,
        progressive=settings.progressive,
        exif=exif,
        icc_profile=like.icc or None,
        **options,
    )
    return file.getvalue()


def _to_image(pixels: Pixels) -> Image.Image:
    """Wrap pixels for Pillow's JPEG encoder, which takes RGB fastest with a fourth, idle channel."""
    if pixels.ndim == 2:
        return Image.fromarray(pixels)
    wide = cv2.cvtColor(pixels, cv2.COLOR_RGB2RGBA)
    return Image.frombuffer("RGBX", pixels.shape[1::-1], np.asarray(wide), "raw", "RGBX", 0, 1)


def _encode_png(pixels: Pixels, like: Photo) -> bytes:
    """Write a PNG file."""
    done, data = cv2.imencode(".png", _swap_colours(pixels))
    if not done:
        raise PhotoError("pixels cannot be written as PNG")
    return insert_chunks(data.tobytes(), like.chunks)

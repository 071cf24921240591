"""Open and write image files: the one door between a file and its pixels."""

import os
import warnings
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import SupportsIndex

import numpy as np

from tracemark.arguments import checked_kind, checked_path, checked_whole
from tracemark.errors import FormatError, PhotoError, TracemarkError, why
from tracemark.media.decoding import decode, refusal_of
from tracemark.media.metadata import Metadata
from tracemark.media.pixels import COLOURS, Pixels
from tracemark.media.saying import bare, read_said, said_without_gps
from tracemark.media.settings import JpegSettings, Settings
from tracemark.media.tiff import TiffFrame, without_places
from tracemark.media.writing import write_pixels
from tracemark.shortage import memory_for

__all__ = [
    "JpegSettings",
    "Photo",
    "as_baseline",
    "check_writable",
    "checked_quality",
    "encode_photo",
    "image_bytes",
    "read_photo",
    "without_gps",
]

SHALLOW = frozenset({"AVIF", "JPEG", "WEBP"})  # formats that have 8 bits a sample
HIGHEST_QUALITY = 100  # of the scale that libjpeg made common

_warnings_hushed = Lock()


@dataclass(frozen=True, eq=False)
class Photo:
    """A picture as its file holds it, and what is needed to write another like it."""

    pixels: Pixels
    """Grey (rows, columns), RGB (rows, columns, 3) or RGBA (rows, columns, 4), as stored: not turned upright, but for
    HEIC, which is only read."""

    format: str
    """``"JPEG"``, ``"PNG"``, or another of Pillow's names."""

    orientation: int = 1
    """EXIF orientation, 1 to 8: how a viewer turns the stored pixels; 1 is as they are."""

    truncated: bool = False
    """Whether the file ends early, or is seen to be damaged in the middle, as PNG and packed TIFF may be; what is
    missing is grey or black.  Damage in the middle of other files is not recognised."""

    metadata: Metadata = field(default_factory=Metadata)
    """What else the file says, without embedded previews."""

    jpeg: JpegSettings | None = None
    """How a JPEG file was written; None for other formats."""

    settings: Settings | None = None
    """How a file of another format was written, where that matters."""

    warnings: tuple[str, ...] = ()
    """What copies will not have, other than smaller versions of the picture: a sentence each."""

    refusal: str = ""
    """Why no copy can be written like it; empty when one can."""


def image_bytes(source: str | os.PathLike[str]) -> bytes:
    """Read the bytes of an image file, for those who need them besides what they show.

    Parameters
    ----------
    source : path-like
        The file.  A pipe will do, but no device: it may have no end.

    Returns
    -------
    data : bytes
        For :func:`read_photo`.

    Raises
    ------
    FormatError
        When the file cannot be read.
    """
    path = checked_path(source, "source", refuse=FormatError)
    try:
        if path.is_char_device() or path.is_block_device():
            raise FormatError("image file must be a file or a pipe, and is a device")
        return path.read_bytes()
    except OSError as error:
        raise FormatError(f"image file cannot be read: {why(error)}") from error


@memory_for("read it")
def read_photo(source: str | os.PathLike[str] | bytes | bytearray | memoryview) -> Photo:
    """Read an image file.

    Parameters
    ----------
    source : path-like or bytes-like
        The file, as for :func:`image_bytes`, or what is in it.

    Returns
    -------
    photo : Photo
        Its pixels as stored: the EXIF orientation is told, not applied.  Palettes become RGB, a
        transparent colour becomes RGBA; sixteen bits stay sixteen.  A file that is cut short
        gives what there is, and says so in ``truncated``, if it is of a format that can be read so.

    Raises
    ------
    FormatError
        When the file cannot be read, is no image, is damaged, or holds an animation or CMYK.
    PhotoError
        When it says that it has more than 170 million pixels.
    MemoryError
        When there is not memory enough for it.
    """
    data = bytes(source) if isinstance(source, bytes | bytearray | memoryview) else image_bytes(source)
    if not data:
        raise FormatError("image file is empty")
    # Which warnings are shown is the whole program's; of two threads at once, one would have the last word.
    with _warnings_hushed, warnings.catch_warnings():
        # Pillow warns of what is handled here: size, damage, odd metadata.
        warnings.simplefilter("ignore")
        decoded = decode(bare(data))
    said = read_said(data, truncated=decoded.truncated)
    return Photo(
        decoded.pixels,
        decoded.format,
        orientation=said.orientation,
        truncated=decoded.truncated,
        metadata=said.metadata,
        jpeg=decoded.jpeg,
        settings=decoded.settings if said.frame is None else said.frame,
        warnings=(*decoded.notes, *said.warnings),
        refusal=decoded.refusal,
    )


def without_gps(photo: Photo) -> Photo:
    """Take out of a photo where it was taken, so that its copies do not tell.

    Parameters
    ----------
    photo : Photo
        What :func:`read_photo` gave.

    Returns
    -------
    photo : Photo
        The same without GPS positions in EXIF and XMP.  Names of places stay: they are part of the caption.
    """
    checked_kind(photo, Photo, "photo", refuse=PhotoError)
    if isinstance(photo.settings, TiffFrame):
        return replace(photo, settings=without_places(photo.settings))
    return replace(photo, metadata=said_without_gps(photo.metadata))


def as_baseline(photo: Photo) -> Photo:
    """Have the copies of a progressive JPEG written as baseline, which can be spliced.

    Parameters
    ----------
    photo : Photo
        What :func:`read_photo` gave.

    Returns
    -------
    photo : Photo
        The same with the same quantisation tables, subsampling and metadata; unchanged when it is no progressive JPEG.
    """
    if photo.jpeg is None or not photo.jpeg.progressive:
        return photo
    return replace(photo, jpeg=replace(photo.jpeg, progressive=False))


def check_writable(photo: Photo) -> None:
    """Refuse a photo that no copy can be written like, before any work is done.

    Parameters
    ----------
    photo : Photo
        What :func:`read_photo` gave.

    Raises
    ------
    FormatError
        When it is of a kind that is only read, or cut short: the sentence says what to do.
    """
    checked_kind(photo, Photo, "photo", refuse=PhotoError)
    refusal = photo.refusal or refusal_of(photo.format)
    if photo.truncated:
        raise FormatError("photo must be a whole file to be copied, and this one ends early or is damaged")
    if refusal:
        raise FormatError(refusal)


@memory_for("write it")
def encode_photo(pixels: Pixels, *, like: Photo, quality: int | None = None) -> bytes:
    """Write pixels the way another photo was written.

    Parameters
    ----------
    pixels : ndarray
        Shape and dtype of ``like.pixels``.
    like : Photo
        What :func:`read_photo` gave: JPEG, PNG, TIFF, WebP or AVIF.  Format, metadata and fineness are taken from it.
    quality : int, optional
        Of JPEG, WebP and AVIF, 1 to 100, in place of the fineness of `like`.  What loses nothing takes no notice.

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
    MemoryError
        When there is not memory enough for it.
    """
    check_writable(like)
    checked_kind(pixels, np.ndarray, "pixels", refuse=PhotoError)
    if pixels.shape != like.pixels.shape or pixels.dtype != like.pixels.dtype:
        raise PhotoError(
            f"pixels must be {like.pixels.dtype} of shape {like.pixels.shape} like the photo they"
            f" replace, not {pixels.dtype} of shape {pixels.shape}"
        )
    if like.format in SHALLOW and pixels.dtype != np.uint8:
        raise PhotoError(f"pixels must be uint8 to be written as {like.format}, not {pixels.dtype}")
    if like.format == "JPEG" and pixels.ndim > 2 and pixels.shape[2] > COLOURS:
        raise PhotoError("pixels must be grey or RGB to be written as JPEG, not RGBA")
    fineness = checked_quality(quality)
    settings = like.settings if like.jpeg is None else like.jpeg
    return write_pixels(pixels, like.format, settings, like.metadata, quality=fineness)


def checked_quality(quality: SupportsIndex | None, *, refuse: type[TracemarkError] = PhotoError) -> int | None:
    """Refuse what no encoder can be told.

    Parameters
    ----------
    quality : int, optional
        As for :func:`encode_photo`.
    refuse : type
        Error to raise.

    Returns
    -------
    quality : int or None
        A plain integer, or None as it was given.

    Raises
    ------
    TracemarkError
        Of the type that was given, when it is no whole number, 1 to 100.
    """
    if quality is None:
        return None
    return checked_whole(quality, "quality", least=1, most=HIGHEST_QUALITY, refuse=refuse)

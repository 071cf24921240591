"""Encode pixels as JPEG files that say nothing else."""

import io
import threading
from typing import Any

import cv2
import numpy as np
from PIL import Image, ImageFile

from tracemark.errors import PhotoError
from tracemark.media.jpeg_tables import quality_of
from tracemark.media.pixels import Pixels
from tracemark.media.settings import JPEG_QUALITY, JpegSettings

__all__ = ["encode_jpeg"]

# Pillow's number of a subsampling -> OpenCV's: 4:4:4, 4:2:2 and 4:2:0.
SAMPLING_FACTORS = (
    cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444,
    cv2.IMWRITE_JPEG_SAMPLING_FACTOR_422,
    cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420,
)
ROOM = 6  # bytes a pixel for a file that Pillow cannot write bit by bit; noise takes 3.2 in 4:4:4 at quality 100


def encode_jpeg(pixels: Pixels, settings: JpegSettings, *, quality: int | None) -> bytes:
    """Write a JPEG file.

    Parameters
    ----------
    pixels : ndarray
        Grey or RGB, 8 bits.
    settings : JpegSettings
        How.
    quality : int or None
        1 to 100, in place of the quantisation tables; 95 when there are none, either.

    Returns
    -------
    data : bytes
        A whole file.

    Raises
    ------
    PhotoError
        When the encoder fails.

    Notes
    -----
    OpenCV lets other threads run while it encodes, and Pillow does not; but it takes no tables, only a quality.
    A file with restart markers is made to be spliced, and only files with the same Huffman tables can be: it has
    those for any picture, whatever the settings say.
    """
    if quality is None and not settings.quantisation:
        quality = JPEG_QUALITY
    standard = quality_of(settings.quantisation) if quality is None else quality
    interval = settings.restart_interval
    optimised = settings.optimised and not interval
    if standard is not None and not settings.progressive and not settings.rgb:
        return _encode_standard(pixels, standard, settings.subsampling, interval, optimised=optimised)
    fineness: dict[str, Any] = {"qtables": settings.quantisation} if quality is None else {"quality": quality}
    return _save_with_room(
        _to_image(pixels),
        subsampling=settings.subsampling,
        progressive=settings.progressive,
        optimize=optimised,
        keep_rgb=settings.rgb,
        restart_marker_blocks=interval,
        **fineness,
    )


def _encode_standard(pixels: Pixels, quality: int, subsampling: int, interval: int, *, optimised: bool) -> bytes:
    """Write a baseline JPEG file with the quantisation tables of a quality."""
    options = [cv2.IMWRITE_JPEG_QUALITY, quality, cv2.IMWRITE_JPEG_RST_INTERVAL, interval]
    options += [cv2.IMWRITE_JPEG_OPTIMIZE, int(optimised)]
    if pixels.ndim > 2:
        options += [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, SAMPLING_FACTORS[subsampling]]
    bgr = pixels if pixels.ndim == 2 else cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR)
    done, data = cv2.imencode(".jpg", bgr, options)
    if not done:
        raise PhotoError("pixels cannot be written as JPEG")
    return data.tobytes()


def _save_with_room(image: Image.Image, **options: Any) -> bytes:
    """Let Pillow write a JPEG file; it fails where a file that is written at once has more bytes than it guesses."""
    file = io.BytesIO()
    with _MAXBLOCK:
        guessed = ImageFile.MAXBLOCK
        ImageFile.MAXBLOCK = max(guessed, ROOM * image.width * image.height)
        try:
            image.save(file, format="JPEG", **options)
        finally:
            ImageFile.MAXBLOCK = guessed
    return file.getvalue()


_MAXBLOCK = threading.Lock()
"""Held by whoever changes Pillow's constant; Pillow's encoder lets no other thread run in any case."""


def _to_image(pixels: Pixels) -> Image.Image:
    """Wrap pixels for Pillow's JPEG encoder, which takes RGB fastest with a fourth, idle channel."""
    if pixels.ndim == 2:
        return Image.fromarray(pixels)
    wide = cv2.cvtColor(pixels, cv2.COLOR_RGB2RGBA)
    return Image.frombuffer("RGBX", pixels.shape[1::-1], np.asarray(wide), "raw", "RGBX", 0, 1)

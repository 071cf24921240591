"""Write pixels as files, by format."""

from collections.abc import Callable

from tracemark.media import jpeg_items, png_items, webp_items
from tracemark.media.avif import encode_avif
from tracemark.media.jpeg_encoding import encode_jpeg
from tracemark.media.metadata import Metadata
from tracemark.media.pixels import Pixels
from tracemark.media.plain_tiff import plain_frame
from tracemark.media.png import encode_png
from tracemark.media.settings import (
    AvifSettings,
    JpegSettings,
    PngSettings,
    Settings,
    WebpSettings,
)
from tracemark.media.tiff import TiffFrame, encode_tiff
from tracemark.media.webp import encode_webp

__all__ = ["write_pixels"]

AnySettings = JpegSettings | Settings | None
Writer = Callable[[Pixels, AnySettings, Metadata, int | None], bytes]


def write_pixels(
    pixels: Pixels,
    name: str,
    settings: AnySettings,
    metadata: Metadata,
    *,
    quality: int | None,
) -> bytes:
    """Write a file.

    Parameters
    ----------
    pixels : ndarray
        What it shows, of a shape and type that its format can hold.
    name : str
        Of the format.
    settings : JpegSettings, Settings or None
        How; None, and what belongs to another format, is how photos are written that come from no file.
    metadata : Metadata
        What it says.
    quality : int or None
        In place of that of the settings; formats that lose nothing take no notice.

    Returns
    -------
    data : bytes
        A whole file.
    """
    return WRITERS[name](pixels, settings, metadata, quality)


def _write_jpeg(pixels: Pixels, settings: AnySettings, metadata: Metadata, quality: int | None) -> bytes:
    """Write a JPEG file."""
    usual = settings if isinstance(settings, JpegSettings) else JpegSettings()
    return jpeg_items.insert(encode_jpeg(pixels, usual, quality=quality), metadata)


def _write_png(pixels: Pixels, settings: AnySettings, metadata: Metadata, _quality: int | None) -> bytes:
    """Write a PNG file."""
    usual = settings if isinstance(settings, PngSettings) else PngSettings()
    return png_items.insert(encode_png(pixels, usual), metadata)


def _write_tiff(pixels: Pixels, settings: AnySettings, _metadata: Metadata, _quality: int | None) -> bytes:
    """Write a TIFF file."""
    return encode_tiff(pixels, settings if isinstance(settings, TiffFrame) else plain_frame(pixels))


def _write_webp(pixels: Pixels, settings: AnySettings, metadata: Metadata, quality: int | None) -> bytes:
    """Write a WebP file."""
    usual = settings if isinstance(settings, WebpSettings) else WebpSettings()
    return webp_items.insert(encode_webp(pixels, usual, quality=quality), metadata)


def _write_avif(pixels: Pixels, settings: AnySettings, metadata: Metadata, quality: int | None) -> bytes:
    """Write an AVIF file."""
    return encode_avif(
        pixels, settings if isinstance(settings, AvifSettings) else AvifSettings(), metadata, quality=quality
    )


WRITERS: dict[str, Writer] = {
    "AVIF": _write_avif,
    "JPEG": _write_jpeg,
    "PNG": _write_png,
    "TIFF": _write_tiff,
    "WEBP": _write_webp,
}

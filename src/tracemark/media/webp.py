"""Write the pixels of WebP files.

IETF RFC 9649, "WebP image format".
"""

import io

from PIL import Image

from tracemark.media.pixels import LEAST_SHARE, Pixels
from tracemark.media.riff import HEAD, is_webp, riff_chunks
from tracemark.media.settings import WebpSettings
from tracemark.media.vp8 import webp_quality

__all__ = ["encode_webp", "mend_webp", "webp_settings"]

LOSSLESS = WebpSettings(lossless=True)


def webp_settings(data: bytes) -> WebpSettings:
    """Read how finely a WebP file was written.

    Parameters
    ----------
    data : bytes
        A WebP file.

    Returns
    -------
    settings : WebpSettings
    """
    for chunk in riff_chunks(data):
        if chunk.name == b"VP8 ":
            return WebpSettings(lossless=False, quality=webp_quality(chunk.data(data)))
    return LOSSLESS


def encode_webp(pixels: Pixels, settings: WebpSettings, *, quality: float | None) -> bytes:
    """Write a WebP file.

    Parameters
    ----------
    pixels : ndarray, uint8
        Grey, RGB or RGBA; alpha loses nothing.
    settings : WebpSettings
        How.
    quality : float or None
        1 to 100, in place of that of the settings; what loses nothing takes no notice.

    Returns
    -------
    data : bytes
        A whole file that says nothing else.
    """
    fineness = {} if settings.lossless else {"quality": settings.quality if quality is None else quality}
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, format="WEBP", lossless=settings.lossless, exact=True, **fineness)
    return file.getvalue()


def mend_webp(data: bytes) -> bytes | None:
    """Complete a WebP file that is cut short.

    Parameters
    ----------
    data : bytes
        A WebP file.

    Returns
    -------
    whole : bytes or None
        With zeros in place of what is missing; None when nothing is, or when too little is there.
    """
    whole = HEAD + int.from_bytes(data[4:HEAD], "little")
    if not is_webp(data) or not len(data) < whole <= len(data) * LEAST_SHARE:
        return None
    return data.ljust(whole, b"\0")

"""Complete image files that are cut short, so that decoders give what there is."""

from tracemark.media.avif import mend_avif
from tracemark.media.markers import END_OF_IMAGE, START_OF_IMAGE
from tracemark.media.pixels import LEAST_SHARE
from tracemark.media.png import mend_png
from tracemark.media.webp import mend_webp

__all__ = ["mend"]

BITMAP, BITMAP_SIZE = b"BM", slice(2, 6)  # of a BMP file: how it begins, and where its size stands


def mend(data: bytes) -> bytes | None:
    """Complete a file.

    Parameters
    ----------
    data : bytes
        A file that a decoder refused.

    Returns
    -------
    whole : bytes or None
        One that it may read, with grey or black in place of what is missing; None for files of other kinds, and when
        too little is there.
    """
    if data.startswith(START_OF_IMAGE):
        # Told where the file ends, the decoder gives all it has; this needs no switch that is global to Pillow.
        return data + END_OF_IMAGE
    if data.startswith(BITMAP):
        whole = int.from_bytes(data[BITMAP_SIZE], "little")
        return data.ljust(whole, b"\0") if len(data) < whole <= len(data) * LEAST_SHARE else None
    return mend_png(data) or mend_webp(data) or mend_avif(data)

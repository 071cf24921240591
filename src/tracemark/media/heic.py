"""Read HEIC files, which phones write, for leaks; they are never written.

ISO/IEC 23008-12, "Image file format", annex B.  The decoder is an extra: ``pip install '.[heic]'``.
"""

import io

import numpy as np

from tracemark.errors import FormatError, PhotoError
from tracemark.media.pixels import Pixels

__all__ = ["is_heic", "read_heic"]

BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"})  # 23008-12, B.4
CONTAINERS = frozenset({b"mif1", b"msf1"})  # brands that say nothing of the codec, 10.2
BRAND_BYTES = 4
FIRST_BRAND_AT, OTHERS_AT = 8, 16  # in the file: ISO/IEC 14496-12, 4.3
MOST_BRANDS_BYTES = 256  # files have a handful
MODES = ("L", "RGB", "RGBA")
INSTALL = "HEIC is read by pi-heif, which must be installed, from the folder of tracemark: pip install '.[heic]'"


def is_heic(data: bytes) -> bool:
    """Tell a HEIC file by its beginning.

    Parameters
    ----------
    data : bytes
        Anything.

    Returns
    -------
    answer : bool
    """
    size = int.from_bytes(data[:BRAND_BYTES], "big")
    if data[4:8] != b"ftyp":
        return False
    first = data[FIRST_BRAND_AT : FIRST_BRAND_AT + BRAND_BYTES]
    others = {
        data[at : at + BRAND_BYTES] for at in range(OTHERS_AT, min(size, len(data), MOST_BRANDS_BYTES), BRAND_BYTES)
    }
    return first in BRANDS or (first in CONTAINERS and bool(others & BRANDS) and b"avif" not in others)


def read_heic(data: bytes, *, limit: int) -> Pixels:
    """Read the picture of a HEIC file, turned upright.

    Parameters
    ----------
    data : bytes
        The file.
    limit : int
        Pixels that it may have.

    Returns
    -------
    pixels : ndarray, uint8
        Grey, RGB or RGBA.

    Raises
    ------
    FormatError
        When the decoder is not installed, or the file is damaged.
    PhotoError
        When the file says that it has more pixels.
    """
    try:
        import pi_heif
    except ImportError as error:
        raise FormatError(INSTALL) from error
    try:
        image = pi_heif.open_heif(io.BytesIO(data))
        columns, rows = image.size
    # That memory is short says nothing of the file.
    except MemoryError:
        raise
    # A decoder given hostile bytes may fail in any way there is.
    except Exception as error:
        raise FormatError(f"image file is damaged or cut short: {error}") from error
    if rows * columns > limit:
        raise PhotoError(f"photo must have at most {limit} pixels, not {rows * columns}")
    try:
        if image.mode not in MODES:
            raise FormatError(f"photo must be grey, RGB or RGBA, not {image.mode}; convert it to RGB first")
        return np.asarray(image).copy()
    except (FormatError, MemoryError):
        raise
    except Exception as error:
        raise FormatError(f"image file is damaged or cut short: {error}") from error

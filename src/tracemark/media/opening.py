"""Open image files, and refuse those that a decoder must not be given."""

import io

from PIL import Image, TiffImagePlugin, UnidentifiedImageError

from tracemark.errors import FormatError, PhotoError
from tracemark.media.jpeg2000 import refuse_costly
from tracemark.media.pixels import PIXEL_LIMIT
from tracemark.media.tiff_layout import pieces_fit
from tracemark.media.tiff_tags import Tag

__all__ = ["DamagedError", "open_image"]

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


class DamagedError(FormatError):
    """A file that may be readable once it is completed."""


def open_image(data: bytes) -> Image.Image:
    """Open an image without decoding it.

    Parameters
    ----------
    data : bytes
        What is in the file.

    Returns
    -------
    image : Image.Image
        Of one picture.

    Raises
    ------
    DamagedError
        When it is no image, or damaged at its beginning.
    FormatError
        When it is an animation or has several pages, or so many parts that they would take all memory.
    PhotoError
        When it says that it has more than 170 million pixels.
    """
    too_large = f"photo must have at most {PIXEL_LIMIT} pixels"
    try:
        image = Image.open(io.BytesIO(data), formats=READABLE)
        frames = getattr(image, "n_frames", 1)
    except Image.DecompressionBombError as error:
        raise PhotoError(f"{too_large}, and this one has more") from error
    except UnidentifiedImageError as error:
        raise DamagedError("file is not an image of a kind that can be read, or its beginning is damaged") from error
    # That memory is short says nothing of the file.
    except MemoryError:
        raise
    # A decoder given hostile bytes may fail in any way there is.
    except Exception as error:
        raise DamagedError(f"image file is damaged: {error}") from error
    if image.width * image.height > PIXEL_LIMIT:
        raise PhotoError(f"{too_large}, not {image.width * image.height}")
    if isinstance(image, TiffImagePlugin.TiffImageFile) and not _tiles_fit(image):
        raise FormatError("image file is damaged: its tiles must not be far larger than its picture")
    if image.format == "JPEG2000":
        refuse_costly(data)
    if frames > 1:
        raise FormatError("photo must be a single picture, not an animation or several pages; save one of them")
    return image


def _tiles_fit(image: TiffImagePlugin.TiffImageFile) -> bool:
    """Tell whether libtiff can be given the tiles of a file, when it has some."""
    if Tag.TILE_OFFSETS not in image.tag_v2:
        return True
    high, wide = (
        side if isinstance(side, int) else 0 for side in map(image.tag_v2.get, (Tag.TILE_ROWS, Tag.TILE_COLUMNS))
    )
    return min(high, wide) > 0 and pieces_fit(image.height, image.width, (high, wide))

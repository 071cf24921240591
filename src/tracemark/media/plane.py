"""Pack a single plane of pixels into few bytes, and unpack it."""

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tracemark.errors import FormatError, PhotoError

__all__ = ["pack_plane", "unpack_plane"]

COMPRESSION = 6  # zlib's level, 0 to 9; 9 takes longer and saves hardly anything: docs/ledger.md
PIXEL_LIMIT = 16_000_000  # four times what the working scale of the largest photo has


def pack_plane(plane: NDArray[np.uint8]) -> bytes:
    """Pack a plane without loss.

    Parameters
    ----------
    plane : ndarray, shape (rows, columns), uint8
        Not empty.

    Returns
    -------
    data : bytes
        A PNG file.

    Raises
    ------
    PhotoError
        When it is no such plane.
    """
    if plane.ndim != 2 or plane.dtype != np.uint8 or not 0 < plane.size <= PIXEL_LIMIT:
        raise PhotoError(
            f"plane must be uint8 of shape (rows, columns) and have 1 to {PIXEL_LIMIT} pixels, not {plane.dtype} of"
            f" shape {plane.shape}"
        )
    file = io.BytesIO()
    Image.fromarray(plane).save(file, format="PNG", compress_level=COMPRESSION)
    return file.getvalue()


def unpack_plane(data: bytes) -> NDArray[np.uint8]:
    """Unpack what :func:`pack_plane` packed.

    Parameters
    ----------
    data : bytes
        A PNG file.

    Returns
    -------
    plane : ndarray, shape (rows, columns), uint8
        As it was.

    Raises
    ------
    FormatError
        When it is damaged, or something else.
    """
    try:
        with Image.open(io.BytesIO(data), formats=("PNG",)) as image:
            if image.mode != "L" or image.width * image.height > PIXEL_LIMIT:
                raise FormatError(f"packed plane must be grey and have at most {PIXEL_LIMIT} pixels")
            return np.asarray(image).copy()
    # That memory is short says nothing of the file.
    except (FormatError, MemoryError):
        raise
    # A decoder given hostile bytes may fail in any way there is.
    except Exception as error:
        raise FormatError(f"packed plane is damaged: {error}") from error

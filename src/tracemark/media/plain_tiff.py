"""Make the frame of a TIFF file for pixels that come from none.

Adobe, "TIFF revision 6.0", 1992.
"""

from tracemark.errors import PhotoError
from tracemark.media.pixels import COLOURS, Pixels
from tracemark.media.small_tiff import write_structure
from tracemark.media.tiff import TiffFrame, read_frame
from tracemark.media.tiff_layout import BLACK_IS_ZERO, DEFLATE, DIFFERENCES, RGB, read_layout
from tracemark.media.tiff_tags import Tag, Type

__all__ = ["plain_frame"]

STRIP_BYTES = 1 << 18  # libtiff's own choice is smaller, and slower to read
UNASSOCIATED_ALPHA = 2  # colours are not multiplied by it, section 18


def plain_frame(pixels: Pixels) -> TiffFrame:
    """Make the frame of a photo that comes from no file.

    Parameters
    ----------
    pixels : ndarray
        Grey, RGB or RGBA of 8 or 16 bits.

    Returns
    -------
    frame : TiffFrame
        Of a file in strips that are packed by Deflate, from differences.
    """
    rows, columns = pixels.shape[:2]
    samples = 1 if pixels.ndim == 2 else pixels.shape[2]
    high = max(STRIP_BYTES // (columns * samples * pixels.dtype.itemsize), 1)
    strips = -(-rows // high)
    lines = {
        Tag.COLUMNS: (Type.LONG, [columns]),
        Tag.ROWS: (Type.LONG, [rows]),
        Tag.BITS: (Type.SHORT, [8 * pixels.dtype.itemsize] * samples),
        Tag.COMPRESSION: (Type.SHORT, [DEFLATE]),
        Tag.PHOTOMETRIC: (Type.SHORT, [RGB if samples >= COLOURS else BLACK_IS_ZERO]),
        Tag.STRIP_OFFSETS: (Type.LONG, [0] * strips),
        Tag.SAMPLES: (Type.SHORT, [samples]),
        Tag.ROWS_PER_STRIP: (Type.LONG, [high]),
        Tag.STRIP_SIZES: (Type.LONG, [0] * strips),
        Tag.PREDICTOR: (Type.SHORT, [DIFFERENCES]),
        Tag.EXTRA_SAMPLES: (Type.SHORT, [UNASSOCIATED_ALPHA] * (samples - COLOURS)),
    }
    kept = {tag: line for tag, line in lines.items() if line[1]}
    data = write_structure(kept)
    layout = read_layout(data)
    if layout is None:
        raise PhotoError(f"pixels must be grey, RGB or RGBA of 8 or 16 bits, not {pixels.dtype} of {pixels.shape}")
    return read_frame(data, layout)[0]

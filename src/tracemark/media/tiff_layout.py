"""Find out how a TIFF file stores its pixels.

Adobe, "TIFF revision 6.0", 1992; TIFF technical notes; Adobe, "Digital negative (DNG) specification".
"""

from dataclasses import dataclass

from tracemark.errors import FormatError
from tracemark.media.directories import (
    MOST_DIRECTORIES,
    Directory,
    Entry,
    chain,
    numbers,
    open_tiff,
    read_directory,
)
from tracemark.media.pixels import COLOURS
from tracemark.media.tiff_tags import Tag

__all__ = ["DEVELOP", "TiffLayout", "first_page", "pieces_fit", "read_layout", "refuse_pages"]

WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, SEPARATED = 0, 1, 2, 5  # photometric interpretations, sections 3 to 6, 16
COLOUR_FILTER, LINEAR_RAW = 32803, 34892  # the same, of raw files: TIFF/EP and DNG
REDUCED, MASK = 1, 4  # bits of NewSubfileType
SEPARATE = 2  # planar configuration
UNCOMPRESSED, LZW, DEFLATE, OLD_DEFLATE, PACK_BITS = 1, 5, 8, 32946, 32773
COMPRESSIONS = (UNCOMPRESSED, LZW, DEFLATE, OLD_DEFLATE, PACK_BITS)
DIFFERENCES = 2  # predictor, section 14
DEPTHS = (8, 16)
TILE_UNIT = 16  # sides of tiles are multiples of it, section 15
LARGEST_TILE = 4096  # side of a tile that is larger than its picture
MOST_PIECES = 1 << 20  # the smallest tiles of the largest photo are fewer
STICKING_OUT = 4  # times the pixels of a picture, or of the largest tile, that all tiles may have: they stick out
CANON_RAW = b"CR"  # behind the header of a CR2 file
DEVELOP = "photo must be developed, not a camera's raw file; save it as JPEG, TIFF or PNG first"


@dataclass(frozen=True)
class TiffLayout:
    """How pixels lie in a file."""

    order: str
    """Byte order, as :mod:`struct` has it."""

    rows: int
    """Of the picture."""

    columns: int
    """Of the picture."""

    bits: int
    """Of a sample: 8 or 16."""

    samples: int
    """In a pixel."""

    colours: int
    """Of these: 1 is grey, 3 is RGB; one more is alpha."""

    inverted: bool
    """Whether white is 0."""

    separate: bool
    """Whether each kind of sample has pieces of its own."""

    compression: int
    """How pieces are packed: one of `COMPRESSIONS`."""

    differences: bool
    """Whether samples are less the ones to their left."""

    piece: tuple[int, int]
    """Rows and columns of a piece, a strip or a tile."""

    tiled: bool
    """Whether pieces are tiles: those stick out at the right and at the bottom."""

    offsets: Entry
    """Where the file says where its pieces begin."""

    sizes: Entry
    """Where it says how long they are."""


def read_layout(data: bytes) -> TiffLayout | None:
    """Find out how pixels lie in a file.

    Parameters
    ----------
    data : bytes
        A TIFF file.

    Returns
    -------
    layout : TiffLayout or None
        None when pixels are stored in another way than samples of 8 or 16 bits that lose nothing.
    """
    try:
        order, first = open_tiff(data)
        main = read_directory(data, order, first)
    except ValueError:
        return None
    tiled = main.entry(Tag.TILE_OFFSETS) is not None
    offsets, sizes = (
        main.entry(Tag.TILE_OFFSETS if tiled else Tag.STRIP_OFFSETS),
        main.entry(Tag.TILE_SIZES if tiled else Tag.STRIP_SIZES),
    )

    def number(tag: int, otherwise: int) -> int:
        return next(iter(numbers(data, order, main.entry(tag), most=1)), otherwise)

    rows, columns, samples = number(Tag.ROWS, 0), number(Tag.COLUMNS, 0), number(Tag.SAMPLES, 1)
    bits, formats = (
        set(numbers(data, order, main.entry(tag), most=COLOURS + 1))  # with alpha
        for tag in (Tag.BITS, Tag.SAMPLE_FORMAT)
    )
    photometric, predictor = number(Tag.PHOTOMETRIC, -1), number(Tag.PREDICTOR, 1)
    colours = COLOURS if photometric == RGB else 1
    strip_rows = min(max(number(Tag.ROWS_PER_STRIP, rows), 1), rows)
    layout = (number(Tag.TILE_ROWS, 0), number(Tag.TILE_COLUMNS, 0)) if tiled else (strip_rows, columns)
    usual = (
        offsets is not None
        and sizes is not None
        and rows * columns > 0
        and layout[0] * layout[1] > 0
        and (not tiled or layout[0] % TILE_UNIT == layout[1] % TILE_UNIT == 0)
        and pieces_fit(rows, columns, layout)
        and colours <= samples <= colours + 1  # alpha
        and len(bits) == 1
        and bits <= set(DEPTHS)
        and formats <= {1}
        and WHITE_IS_ZERO <= photometric <= RGB
        and number(Tag.COMPRESSION, UNCOMPRESSED) in COMPRESSIONS
        and predictor in (1, DIFFERENCES)
        and number(Tag.FILL_ORDER, 1) == 1
    )
    if not usual or offsets is None or sizes is None:
        return None
    return TiffLayout(
        order=order,
        rows=rows,
        columns=columns,
        bits=bits.pop(),
        samples=samples,
        colours=colours,
        inverted=photometric == WHITE_IS_ZERO,
        separate=number(Tag.PLANAR, 1) == SEPARATE and samples > 1,
        compression=number(Tag.COMPRESSION, UNCOMPRESSED),
        differences=predictor == DIFFERENCES and number(Tag.COMPRESSION, UNCOMPRESSED) != UNCOMPRESSED,
        piece=layout,
        tiled=tiled,
        offsets=offsets,
        sizes=sizes,
    )


def pieces_fit(rows: int, columns: int, piece: tuple[int, int]) -> bool:
    """Tell whether a picture may have such pieces; a decoder takes memory for all of one, whatever the picture's size.

    Parameters
    ----------
    rows, columns : int
        Of the picture.
    piece : tuple of int
        Rows and columns of a strip or tile.

    Returns
    -------
    answer : bool
        False when they are very many, or far larger than the picture.
    """
    high, wide = piece
    pieces = -(-rows // high) * -(-columns // wide)
    return pieces <= MOST_PIECES and pieces * high * wide <= STICKING_OUT * max(rows * columns, LARGEST_TILE**2)


def refuse_pages(data: bytes) -> None:
    """Refuse a TIFF file that is a document of several pages, or a camera's raw file.

    Parameters
    ----------
    data : bytes
        A TIFF file.

    Raises
    ------
    FormatError
        When it is: thumbnails and masks are no pages.
    """
    try:
        order, first = open_tiff(data)
        main = read_directory(data, order, first)
    except ValueError:
        return
    below = list(chain(data, order, numbers(data, order, main.entry(Tag.SUB_DIRECTORIES), most=MOST_DIRECTORIES)))
    behind = list(chain(data, order, [main.next]))
    raw = main.entry(Tag.DNG_VERSION) is not None or data[8:10] == CANON_RAW
    if raw or any(_is_raw(data, order, directory, below) for directory in [main, *below]):
        raise FormatError(DEVELOP)
    if any(_is_page(data, order, directory) for directory in behind):
        raise FormatError("photo must be a single picture, not an animation or several pages; save one page")


def first_page(data: bytes) -> bytes:
    """Take thumbnails and masks from what a decoder will see.

    Parameters
    ----------
    data : bytes
        A TIFF file.

    Returns
    -------
    data : bytes
        With one directory.
    """
    try:
        order, first = open_tiff(data)
        main = read_directory(data, order, first)
    except ValueError:
        return data
    return data[: main.link] + bytes(main.stop - main.link) + data[main.stop :] if main.next else data


def _is_raw(data: bytes, order: str, directory: Directory, below: list[Directory]) -> bool:
    """Tell whether a directory has what came from a sensor, or is a thumbnail of what is below it."""
    photometric = numbers(data, order, directory.entry(Tag.PHOTOMETRIC), most=1)
    kind = numbers(data, order, directory.entry(Tag.NEW_SUBFILE_TYPE), most=1)
    reduced = bool(kind and kind[0] & REDUCED and below and directory not in below)
    return reduced or any(value in (COLOUR_FILTER, LINEAR_RAW) for value in photometric)


def _is_page(data: bytes, order: str, directory: Directory) -> bool:
    """Tell whether a directory has a picture of its own, other than a thumbnail or a mask."""
    kind = numbers(data, order, directory.entry(Tag.NEW_SUBFILE_TYPE), most=1)
    small = bool(kind and kind[0] & (REDUCED | MASK)) or directory.entry(Tag.THUMBNAIL_OFFSET) is not None
    return not small and (directory.entry(Tag.STRIP_OFFSETS) or directory.entry(Tag.TILE_OFFSETS)) is not None

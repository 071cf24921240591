"""Number the tags of TIFF structures, and the types of their values.

Adobe, "TIFF revision 6.0", 1992, section 2 and appendix A; Adobe, "TIFF technical note 1"; CIPA DC-008 (EXIF).
"""

from enum import IntEnum

__all__ = ["Tag", "Type"]


class Tag(IntEnum):
    """What a directory may say something about."""

    NEW_SUBFILE_TYPE = 254
    COLUMNS = 256
    ROWS = 257
    BITS = 258
    COMPRESSION = 259
    PHOTOMETRIC = 262
    FILL_ORDER = 266
    DESCRIPTION = 270
    MAKER = 271
    STRIP_OFFSETS = 273
    ORIENTATION = 274
    SAMPLES = 277
    ROWS_PER_STRIP = 278
    STRIP_SIZES = 279
    PLANAR = 284
    TRANSFER = 301
    PREDICTOR = 317
    PALETTE = 320
    TILE_COLUMNS = 322
    TILE_ROWS = 323
    TILE_OFFSETS = 324
    TILE_SIZES = 325
    SUB_DIRECTORIES = 330
    EXTRA_SAMPLES = 338
    SAMPLE_FORMAT = 339
    THUMBNAIL_OFFSET = 513
    THUMBNAIL_SIZE = 514
    XMP = 700
    IPTC = 33723
    MODEL_TIE_POINTS = 33922  # of GeoTIFF
    PHOTOSHOP = 34377
    EXIF_DIRECTORY = 34665
    ICC = 34675
    GEO_KEYS = 34735
    GEO_NUMBERS = 34736
    GEO_WORDS = 34737
    GPS_DIRECTORY = 34853
    LAYERS = 37724
    WINDOWS_TITLE = 40091
    WINDOWS_COMMENT = 40092
    WINDOWS_AUTHOR = 40093
    WINDOWS_KEYWORDS = 40094
    WINDOWS_SUBJECT = 40095
    INTEROPERABILITY = 40965
    DNG_VERSION = 50706
    C2PA = 52545


class Type(IntEnum):
    """What the numbers of an entry are."""

    BYTE = 1
    SHORT = 3
    LONG = 4
    IFD = 13

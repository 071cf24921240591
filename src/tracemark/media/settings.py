"""How a file was written, so that another one can be written like it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tracemark.media.tiff import TiffFrame

__all__ = [
    "JPEG_QUALITY",
    "AvifSettings",
    "JpegSettings",
    "PngSettings",
    "Settings",
    "WebpSettings",
]

JPEG_QUALITY = 95  # for photos that do not come from a JPEG file; what OpenCV takes, too


@dataclass(frozen=True)
class JpegSettings:
    """How finely a JPEG file was written."""

    quantisation: Mapping[int, Sequence[int]] = field(default_factory=dict)
    """Table number -> 64 divisors, in the order Pillow gives and takes them; none for photos that do not come from a
    JPEG file, which need a quality: `JPEG_QUALITY` where nobody says another."""

    subsampling: int = 2
    """0 is 4:4:4, 1 is 4:2:2, 2 is 4:2:0; the last for photos that do not come from a JPEG file, as OpenCV has it."""

    progressive: bool = False
    """Whether it shows coarsely before it shows finely."""

    optimised: bool = False
    """Whether its Huffman tables were made for it; otherwise they are those that T.81 annex K has for any picture."""

    rgb: bool = False
    """Whether it is stored as red, green and blue; nearly all files have luma and two colour differences."""

    restart_interval: int = 0
    """MCUs between two restart markers; 0 for none.  What was read has none here: only spliced copies get them."""


@dataclass(frozen=True)
class PngSettings:
    """How a PNG file was stored; its pixels lose nothing either way."""

    grey_alpha: bool = False
    """Whether RGBA is written as grey and alpha, of which it was made."""


@dataclass(frozen=True)
class WebpSettings:
    """How finely a WebP file was written."""

    lossless: bool = False
    """Whether its pixels lose nothing."""

    quality: float = 90
    """0 to 100 on the scale of libwebp, when they do; 90 for photos that come from no WebP file."""


@dataclass(frozen=True)
class AvifSettings:
    """How an AVIF file was written."""

    quality: int = 80
    """0 to 100 on the scale of libavif; 80 for photos that come from no AVIF file."""

    subsampling: str = "4:4:4"
    """Of colour; 4:4:4 for photos that come from no AVIF file."""

    full_range: bool = True
    """Whether samples use all 256 values, not those of television."""

    primaries: int = 1
    """Colour primaries by ITU-T H.273; 1 is sRGB's."""

    transfer: int = 13
    """Transfer characteristics by ITU-T H.273; 13 is sRGB's."""

    orientation: int = 1
    """EXIF orientation, as the file's own properties have it."""


Settings = PngSettings | WebpSettings | AvifSettings | TiffFrame
"""Of files other than JPEG."""

"""How a file was written, so that another one can be written like it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

__all__ = ["JpegSettings", "PngSettings", "Settings"]


@dataclass(frozen=True)
class JpegSettings:
    """How finely a JPEG file was written."""

    quantisation: Mapping[int, Sequence[int]]
    """Table number -> 64 divisors, in the order Pillow gives and takes them."""

    subsampling: int
    """0 is 4:4:4, 1 is 4:2:2, 2 is 4:2:0."""

    progressive: bool
    """Whether it shows coarsely before it shows finely."""

    rgb: bool = False
    """Whether it is stored as red, green and blue; nearly all files have luma and two colour differences."""


@dataclass(frozen=True)
class PngSettings:
    """How a PNG file was stored; its pixels lose nothing either way."""

    grey_alpha: bool = False
    """Whether RGBA is written as grey and alpha, of which it was made."""


Settings = PngSettings
"""Of files other than JPEG."""

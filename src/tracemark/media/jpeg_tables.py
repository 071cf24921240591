"""Recognise the quantisation tables that a quality stands for."""

import io
from collections.abc import Mapping, Sequence
from functools import cache

from PIL import Image, JpegImagePlugin

__all__ = ["quality_of"]

QUALITIES = range(1, 101)  # of the scale that libjpeg made common, T.81 annex K at 50
BLOCK = 8  # pixels: the smallest picture there is


def quality_of(tables: Mapping[int, Sequence[int]]) -> int | None:
    """Tell which quality quantisation tables come from.

    Parameters
    ----------
    tables : mapping
        Table number -> 64 divisors, as :class:`~tracemark.media.settings.JpegSettings` has them.

    Returns
    -------
    quality : int or None
        1 to 100; None for the tables of cameras and of programs that have their own.
    """
    return _standard().get(_frozen(tables))


@cache
def _standard() -> dict[tuple[tuple[int, ...], ...], int]:
    """Make the tables of all qualities, for colour and for grey; the best of those that are alike."""
    known = {}
    for mode in ("RGB", "L"):
        for quality in QUALITIES:
            file = io.BytesIO()
            Image.new(mode, (BLOCK, BLOCK)).save(file, format="JPEG", quality=quality)
            with Image.open(file) as image:
                if isinstance(image, JpegImagePlugin.JpegImageFile):
                    known[_frozen(image.quantization)] = quality
    return known


def _frozen(tables: Mapping[int, Sequence[int]]) -> tuple[tuple[int, ...], ...]:
    """Make tables comparable."""
    return tuple(tuple(tables[number]) for number in sorted(tables))

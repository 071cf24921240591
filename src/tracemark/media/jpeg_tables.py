"""Recognise the tables that many JPEG files share: those of a quality, and those that T.81 annex K gives.

ITU-T T.81, "Digital compression and coding of continuous-tone still images".
"""

import io
from collections.abc import Mapping, Sequence
from functools import cache

from PIL import Image, JpegImagePlugin

from tracemark.media.markers import SEGMENT_HEAD, START_OF_SCAN, head_segments

__all__ = ["has_own_codes", "quality_of"]

QUALITIES = range(1, 101)  # of the scale that libjpeg made common, T.81 annex K at 50
BLOCK = 8  # pixels: the smallest picture there is
DEFINE_HUFFMAN_TABLES = 0xC4  # T.81 table B.1
LENGTHS = 16  # of codes, bits: bytes behind a table's name that count its codes, B.2.4.2


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


def has_own_codes(data: bytes) -> bool:
    """Tell whether a JPEG file has Huffman tables that were made for it.

    Parameters
    ----------
    data : bytes
        The file.

    Returns
    -------
    own : bool
        False for the tables of T.81 annex K, which suit any picture, and where there are none.
    """
    return not _codes(data) <= _any_pictures_codes()


def _codes(data: bytes) -> frozenset[bytes]:
    """Collect the Huffman tables before the first scan, each with its name; none of a file that is damaged there."""
    found: set[bytes] = set()
    for marker, start, stop in head_segments(data):
        if marker == START_OF_SCAN:
            return frozenset(found)
        content = data[start + SEGMENT_HEAD.size : stop] if marker == DEFINE_HUFFMAN_TABLES else b""
        at = 0
        while at < len(content):
            end = at + 1 + LENGTHS + sum(content[at + 1 : at + 1 + LENGTHS])
            found.add(content[at:end])
            at = end
    return frozenset()


@cache
def _any_pictures_codes() -> frozenset[bytes]:
    """Collect the Huffman tables of annex K, K.3.3."""
    file = io.BytesIO()
    Image.new("RGB", (BLOCK, BLOCK)).save(file, format="JPEG")
    return _codes(file.getvalue())


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

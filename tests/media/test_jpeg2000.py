import struct
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.media.test_photo import picture, save
from tracemark.errors import FormatError
from tracemark.media.jpeg2000 import FEW_PARTS, refuse_costly
from tracemark.media.photo import read_photo

SIZE, STYLE, COMPONENT_STYLE, PART = b"\xff\x51", b"\xff\x52", b"\xff\x53", b"\xff\x90"
WHOLE = save(picture(np.random.default_rng(0), 32, 32), format="JPEG2000")
USUAL = [
    {},
    {"no_jp2": True},
    {"tile_size": (32, 32)},
    {"num_resolutions": 6, "progression": "RPCL"},
    {"num_resolutions": 6, "precinct_size": (64, 64), "codeblock_size": (32, 32), "plt": True, "comment": "a picture"},
    {"codeblock_size": (8, 8)},
    {"num_resolutions": 3, "precinct_size": (16, 16)},
    {"tile_size": (48, 32), "offset": (3, 5)},
]


@pytest.mark.parametrize("options", USUAL)
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_what_an_encoder_writes_is_decoded(channels, options, rng):
    stored = picture(rng, channels=channels)
    assert (read_photo(save(stored, format="JPEG2000", **options)).pixels == stored).all()


def small(rng, **options) -> bytearray:
    return bytearray(save(picture(rng, 32, 32), format="JPEG2000", no_jp2=True, **options))


COSTLY = "JPEG 2000 must have at most 4 components, and tiles, precincts and code-blocks of usual sizes"
DAMAGED = "a JPEG 2000 file must say what its parts are"


def resize(data, side, tile):
    """Say that picture and tiles are of other sizes."""
    struct.pack_into(">II", data, 8, side, side)
    struct.pack_into(">II", data, 24, tile, tile)
    return bytes(data)


@pytest.mark.parametrize(("side", "tile", "fits"), [(32, 1, True), (33, 1, False), (2100, 64, True), (2100, 63, False)])
def test_very_many_tiles_are_refused(side, tile, fits, rng):
    data = resize(small(rng), side, tile)
    if fits:
        refuse_costly(data)
    else:
        with pytest.raises(FormatError, match=COSTLY):
            refuse_costly(data)


def test_more_components_than_colours_and_alpha_are_refused(rng):
    data = small(rng)
    struct.pack_into(">H", data, 40, 5)
    with pytest.raises(FormatError, match=COSTLY):
        refuse_costly(data)


@pytest.mark.parametrize("marker", [STYLE, COMPONENT_STYLE])
@pytest.mark.parametrize("place", [STYLE, PART])
@pytest.mark.parametrize(
    ("flags", "style", "fits"),
    [
        (0, b"\1\4\4\0\0", True),
        (0, b"\1\2\2\0\0", True),
        (0, b"\1\1\2\0\0", False),
        (1, b"\1\4\4\0\0\x55\x55", True),
        (1, b"\1\4\4\0\0\x44\x55", True),
        (1, b"\1\4\4\0\0\x33\x55", False),
        (1, b"\1\4\4\0\0\x44\x44", False),
        (1, b"\1\4\4\0\0\x44\xf0", True),
        (1, b"\1\4\4\0\0\x44\x27", True),
        (1, b"\1\4\4\0\0\x44\x16", False),
    ],
)
def test_tiny_precincts_and_blocks_are_refused_in_large_pictures(flags, style, fits, place, marker, rng):
    data = small(rng)
    at = data.index(place)
    content = bytes([flags]) + b"\0\0\1\0" + style if marker == STYLE else bytes([0, flags]) + style
    added = marker + struct.pack(">H", 2 + len(content)) + content
    if place == PART:
        struct.pack_into(">I", data, at + 6, struct.unpack_from(">I", data, at + 6)[0] + len(added))
        at += 12
    asking = bytearray(data[:at] + added + data[at:])
    refuse_costly(bytes(asking))
    side = 4000
    assert 3 * side**2 > 256 * FEW_PARTS
    if fits:
        refuse_costly(resize(asking, side, side))
    else:
        with pytest.raises(FormatError, match=COSTLY):
            refuse_costly(resize(asking, side, side))


@pytest.mark.parametrize("marker", [b"\xff\x56", b"\xff\x65", b"\xff\x72"])
def test_segments_that_the_decoder_passes_over_hide_nothing(marker, rng):
    data = small(rng)
    at = data.index(STYLE)
    stored = read_photo(bytes(data)).pixels
    strange = bytes(data[:at]) + marker + b"\0\x04\0\0" + bytes(data[at:])
    np.testing.assert_array_equal(read_photo(strange).pixels, stored)
    tiny = STYLE + b"\0\x0c\0\0\0\1\0\1\0\0\0\0"
    hiding = bytearray(data[:at] + marker + struct.pack(">H", 2 + len(tiny)) + tiny + data[at:])
    with pytest.raises(FormatError, match=COSTLY):
        refuse_costly(resize(hiding, 4000, 4000))


def test_many_tiles_are_refused_by_the_door(rng):
    with pytest.raises(FormatError, match=COSTLY):
        read_photo(resize(small(rng), 64, 1))


@pytest.mark.parametrize(
    "data", [b"", b"\xff\x4f", b"\xff\x4f\xff\x51", b"\xff\x4f\xff\x93\xff\x93", b"no picture at all"]
)
def test_what_is_damaged_is_refused(data):
    with pytest.raises(FormatError, match=DAMAGED):
        refuse_costly(data)


@pytest.mark.parametrize("size", [0, 1])
def test_a_last_box_of_another_name_is_refused_whatever_size_it_says(size, rng):
    data = save(picture(rng, 32, 32), format="JPEG2000")
    at = data.index(b"jp2c")
    large = struct.pack(">Q", 16 + len(data[at + 4 :])) if size else b""
    with pytest.raises(FormatError, match=DAMAGED):
        refuse_costly(data[: at - 4] + struct.pack(">I", size) + b"jp2x" + large + data[at + 4 :])


@given(at=st.integers(0, 300), junk=st.binary(max_size=30), length=st.integers(0, 900))
def test_no_damage_breaks_the_answer(at, junk, length):
    with suppress(FormatError):
        refuse_costly((WHOLE[:at] + junk + WHOLE[at + len(junk) :])[:length])

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.media.test_photo import picture, save
from tracemark.errors import FormatError
from tracemark.media.jpeg2000 import is_decodable
from tracemark.media.photo import read_photo

SIZE, STYLE, COMPONENT_STYLE, PART = b"\xff\x51", b"\xff\x52", b"\xff\x53", b"\xff\x90"
WHOLE = save(picture(np.random.default_rng(0), 32, 32), format="JPEG2000")
USUAL = [
    {},
    {"no_jp2": True},
    {"tile_size": (32, 32)},
    {"num_resolutions": 6, "progression": "RPCL"},
    {"num_resolutions": 6, "precinct_size": (64, 64), "codeblock_size": (32, 32), "plt": True, "comment": "a picture"},
    {"codeblock_size": (16, 16)},
    {"tile_size": (48, 32), "offset": (3, 5)},
]


@pytest.mark.parametrize("options", USUAL)
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_what_an_encoder_writes_is_decoded(channels, options, rng):
    stored = picture(rng, channels=channels)
    assert (read_photo(save(stored, format="JPEG2000", **options)).pixels == stored).all()


def small(rng, **options) -> bytearray:
    return bytearray(save(picture(rng, 32, 32), format="JPEG2000", no_jp2=True, **options))


def test_very_many_tiles_are_refused(rng):
    data = small(rng)
    struct.pack_into(">II", data, 24, 1, 1)  # what a tile has
    assert is_decodable(data)
    struct.pack_into(">II", data, 8, 64, 64)  # what the picture has
    assert not is_decodable(data)


def test_more_components_than_colours_and_alpha_are_refused(rng):
    data = small(rng)
    struct.pack_into(">H", data, 40, 5)
    assert not is_decodable(data)


@pytest.mark.parametrize("marker", [STYLE, COMPONENT_STYLE])
@pytest.mark.parametrize("place", [STYLE, PART])
@pytest.mark.parametrize(
    ("flags", "style", "fits"),
    [
        (0, b"\1\4\4\0\0", True),
        (0, b"\1\1\1\0\0", False),
        (1, b"\1\4\4\0\0\x55\x55", True),
        (1, b"\1\4\4\0\0\x44\x55", True),
        (1, b"\1\4\4\0\0\x33\x55", False),
        (1, b"\1\4\4\0\0\x55\x54", False),
    ],
)
def test_tiny_precincts_and_blocks_are_refused_wherever_they_are_asked_for(flags, style, fits, place, marker, rng):
    data = small(rng)
    at = data.index(place)
    content = bytes([flags]) + b"\0\0\1\0" + style if marker == STYLE else bytes([0, flags]) + style
    added = marker + struct.pack(">H", 2 + len(content)) + content
    if place == PART:
        struct.pack_into(">I", data, at + 6, struct.unpack_from(">I", data, at + 6)[0] + len(added))
        at += 12
    assert is_decodable(bytes(data[:at] + added + data[at:])) is fits


def test_tiny_tiles_are_refused_in_words(rng):
    data = small(rng)
    struct.pack_into(">II", data, 24, 1, 1)
    struct.pack_into(">II", data, 8, 64, 64)
    with pytest.raises(FormatError, match="with tiles, precincts and code-blocks of usual sizes"):
        read_photo(bytes(data))


@pytest.mark.parametrize(
    "data", [b"", b"\xff\x4f", b"\xff\x4f\xff\x51", b"\xff\x4f\xff\x93\xff\x93", b"no picture at all"]
)
def test_what_is_damaged_is_not_decodable(data):
    assert not is_decodable(data)


@given(at=st.integers(0, 300), junk=st.binary(max_size=30), length=st.integers(0, 900))
def test_no_damage_breaks_the_answer(at, junk, length):
    is_decodable((WHOLE[:at] + junk + WHOLE[at + len(junk) :])[:length])

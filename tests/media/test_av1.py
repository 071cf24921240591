import io

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tracemark.media.av1 import quantiser_index
from tracemark.media.boxes import read_boxes

LIBAOM = [4 * step for step in range(62)] + [249, 255]  # av1/encoder/ratectrl.c, quantizer_to_qindex


def bitstream(pixels, **options) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, format="AVIF", speed=9, **options)
    boxes = read_boxes(file.getvalue())
    return boxes.items[boxes.primary].data(file.getvalue())


def test_every_quality_has_one_of_the_steps_of_the_encoder(rng):
    noise = rng.integers(0, 255, (24, 40, 3), np.uint8)
    indices = [quantiser_index(bitstream(noise, quality=quality)) for quality in range(0, 101, 4)]
    assert set(indices) <= set(LIBAOM)
    assert indices == sorted(indices, reverse=True)
    assert (indices[0], indices[-1]) == (255, 0)


@pytest.mark.parametrize("shape", [(1, 1, 3), (16, 16), (2, 4200, 3), (70, 129, 3), (900, 1200, 3)])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"subsampling": "4:4:4", "range": "limited"},
        {"tile_rows": 1, "tile_cols": 1},
        {"advanced": {"tune-content": "screen"}},
        {"advanced": {"sb-size": "64"}},
    ],
)
def test_the_index_does_not_depend_on_anything_but_quality(options, shape, rng):
    pixels = rng.integers(0, 255, shape, np.uint8)
    options = {name: value for name, value in options.items() if pixels.ndim > 2 or name != "subsampling"}
    expected = quantiser_index(bitstream(np.zeros((16, 16), np.uint8), quality=60))
    assert quantiser_index(bitstream(pixels, quality=60, **options)) == expected


def test_more_bits_a_sample_are_no_hindrance(rng):
    if not cv2.haveImageWriter("a.avif"):
        pytest.skip("this OpenCV writes no AVIF, and Pillow none of ten bits")
    noise = rng.integers(0, 1023, (24, 40, 3)).astype(np.uint16)
    options = [cv2.IMWRITE_AVIF_DEPTH, 10, cv2.IMWRITE_AVIF_QUALITY, 60]
    data = cv2.imencode(".avif", noise, options)[1].tobytes()
    boxes = read_boxes(data)
    assert quantiser_index(boxes.items[boxes.primary].data(data)) in LIBAOM


def obu(kind, *fields) -> bytes:
    """An OBU made of fields: pairs of a value and its bits."""
    bits = "".join(f"{value:0{width}b}" for value, width in fields)
    data = int(bits.ljust(-(-len(bits) // 8) * 8, "0"), 2).to_bytes(-(-len(bits) // 8), "big")
    return bytes([kind << 3 | 2, len(data)]) + data


@pytest.mark.parametrize("ordered", [0, 1])
@pytest.mark.parametrize("numbered", [0, 1])
@pytest.mark.parametrize("screen", [0, 1])
def test_a_still_with_the_headers_of_a_film_has_an_index_too(screen, numbered, ordered):
    # 5.5.1: profile, still, not reduced; no timing, a delay, one operating point of level 8, and its tier and delay
    sequence = [(0, 3), (1, 1), (0, 1), (0, 1), (1, 1), (0, 5), (0, 12), (8, 5), (0, 1), (1, 1), (3, 4)]
    # 300 x 200 pixels, and frame numbers of 3 + 4 + 3 bits
    sequence += [(8, 4), (7, 4), (299, 9), (199, 8), (numbered, 1), *([(3, 4), (4, 3)] if numbered else [])]
    # large blocks and intra tools; inter tools, order; screen content is chosen or told; order of 3 bits
    sequence += [(1, 1), (3, 2), (0, 4), (ordered, 1), *([(3, 2)] if ordered else [])]
    sequence += [(1, 1), (1, 1)] if screen else [(0, 1), (0, 1)]
    sequence += [*([(2, 3)] if ordered else []), (0, 1), (0, 2)]
    # 5.9.2: a shown key frame; screen content with whole vectors; numbers; its own size and no other
    frame = [(0, 1), (0, 2), (1, 1), (0, 1), *([(1, 1), (1, 1)] if screen else [])]
    frame += [
        *([(5, 10)] if numbered else []),
        (0, 1),
        *([(2, 3)] if ordered else []),
        (0, 1),
        *([(0, 1)] if screen else []),
    ]
    # context is kept; tiles are alike, and one: 3 x 2 large blocks could be more; the index
    frame += [(1, 1), (1, 1), (0, 1), (0, 1), (137, 8)]
    assert quantiser_index(b"\x12\0" + obu(1, *sequence) + obu(6, *frame)) == 137


@pytest.mark.parametrize("data", [b"", b"\x12\x00", b"\x0a\x0a", b"\x32\x02\x00\x00", b"\x0a\x01\x18\x32\x00"])
def test_what_has_no_frame_has_no_index(data):
    assert quantiser_index(data) is None


WHOLE = bitstream(np.zeros((16, 16, 3), np.uint8))


@given(at=st.integers(0, 40), junk=st.binary(max_size=20), length=st.integers(0, 60))
def test_no_damage_breaks_the_reader(at, junk, length):
    index = quantiser_index((WHOLE[:at] + junk + WHOLE[at + len(junk) :])[:length])
    assert index is None or 0 <= index <= 255

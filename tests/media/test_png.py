import io
import struct
import zlib
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tests.media.blocks import chunk
from tracemark.errors import FormatError
from tracemark.media.chunks import chunks_of
from tracemark.media.photo import encode_photo, read_photo
from tracemark.media.png import decode_deep, encode_png, is_deep, mend_png
from tracemark.media.settings import PngSettings

GREY, RGB, PALETTE, GREY_ALPHA, RGBA = 0, 2, 3, 4, 6
CHANNELS = {GREY: 1, RGB: 3, GREY_ALPHA: 2, RGBA: 4}


def png(samples, colour, *chunks) -> bytes:
    """A file made of its samples, shape (rows, columns, channels), byte by byte."""
    bits = 8 * samples.itemsize
    rows = b"".join(b"\0" + row.astype(f">u{samples.itemsize}").tobytes() for row in samples)
    header = struct.pack(">IIBBBBB", samples.shape[1], samples.shape[0], bits, colour, 0, 0, 0)
    parts = [chunk(b"IHDR", header), *chunks, chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def samples_of(data) -> np.ndarray:
    """What is stored in a file, by taking its filters away one row after the other."""
    columns, rows, bits, colour = struct.unpack_from(">IIBB", data, 16)
    wide = CHANNELS[colour] * bits // 8
    packed, at = b"", 8
    while at < len(data):
        length, name = struct.unpack_from(">I4s", data, at)
        packed += data[at + 8 : at + 8 + length] if name == b"IDAT" else b""
        at += length + 12
    lines = np.frombuffer(zlib.decompress(packed), np.uint8).reshape(rows, -1)
    assert set(lines[:, 0]) == {1}
    plain = np.cumsum(lines[:, 1:].reshape(rows, columns, wide), axis=1, dtype=np.uint8)
    return plain.reshape(rows, -1).view(f">u{bits // 8}").reshape(rows, columns, -1)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("colour", CHANNELS)
def test_every_kind_of_sample_is_read_and_written_as_it_was(colour, dtype, rng):
    stored = rng.integers(0, np.iinfo(dtype).max, (9, 13, CHANNELS[colour]), dtype, endpoint=True)
    data = png(stored, colour)
    photo = read_photo(data)
    assert is_deep(data) == (dtype is np.uint16)
    assert photo.pixels.dtype == dtype
    colours = stored[..., [0, 0, 0, 1]] if colour == GREY_ALPHA else stored
    np.testing.assert_array_equal(photo.pixels, colours[..., 0] if colour == GREY else colours)
    assert photo.settings == PngSettings(grey_alpha=colour == GREY_ALPHA)
    written = encode_photo(photo.pixels, like=photo)
    assert written[24:26] == data[24:26]
    again = read_photo(written)
    np.testing.assert_array_equal(again.pixels, photo.pixels)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_transparent_grey_becomes_grey_with_alpha(dtype, rng):
    stored = rng.integers(0, 3, (9, 13, 1)).astype(dtype)
    photo = read_photo(png(stored, GREY, chunk(b"tRNS", b"\0\1")))
    np.testing.assert_array_equal(photo.pixels[..., 3], np.where(stored[..., 0] == 1, 0, np.iinfo(dtype).max))
    assert encode_photo(photo.pixels, like=photo)[25] == GREY_ALPHA


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (7, 1), (20, 33)])
def test_grey_with_alpha_is_written_sample_for_sample(shape, dtype, rng):
    pixels = rng.integers(0, np.iinfo(dtype).max, (*shape, 4), dtype, endpoint=True)
    data = encode_png(pixels, PngSettings(grey_alpha=True))
    np.testing.assert_array_equal(samples_of(data), pixels[..., [0, 3]])
    with Image.open(io.BytesIO(data)) as image:
        image.load()
        if dtype is np.uint8:
            np.testing.assert_array_equal(np.asarray(image), pixels[..., [0, 3]])


@pytest.mark.parametrize(
    ("mode", "sentence"),
    [("P", "palette became RGB"), ("PA", "palette became RGB"), ("1", "black and white became grey")],
)
def test_what_a_mark_cannot_be_put_into_becomes_more_and_it_is_said(mode, sentence):
    image = Image.linear_gradient("L").convert("RGB")
    image = image.convert("RGBA").convert("P") if mode == "PA" else image.convert(mode)
    file = io.BytesIO()
    image.save(file, format="PNG", **({"transparency": 0} if mode == "PA" else {}))
    photo = read_photo(file.getvalue())
    assert photo.warnings[0].startswith(sentence)
    with Image.open(io.BytesIO(encode_photo(photo.pixels, like=photo))) as copy:
        assert copy.mode == {"P": "RGB", "PA": "RGBA", "1": "L"}[mode]
        np.testing.assert_array_equal(
            np.asarray(copy), np.asarray(image.convert(copy.mode)) if mode == "P" else photo.pixels
        )


@pytest.mark.parametrize("interlaced", [False, True])
@pytest.mark.parametrize("bits", [1, 2, 4, 8, 16])
@pytest.mark.parametrize("shape", [(1, 1), (3, 2), (5, 9), (17, 33)])
def test_a_whole_picture_is_mended_to_itself(shape, bits, interlaced, rng):
    rows, columns = shape
    starts = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)]
    stored = b""
    for row, column, down, across in starts if interlaced else [(0, 0, 1, 1)]:
        high, wide = len(range(row, rows, down)), len(range(column, columns, across))
        stored += b"".join(b"\1" + rng.bytes(-(-wide * bits // 8)) for _ in range(high)) if wide else b""
    header = struct.pack(">IIBBBBB", columns, rows, bits, GREY, 0, 0, interlaced)
    parts = [chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(stored))]
    cut = b"\x89PNG\r\n\x1a\n" + b"".join(parts)
    whole = mend_png(cut)
    assert zlib.decompress(whole[whole.index(b"IDAT") + 4 : -16]) == stored
    np.testing.assert_array_equal(read_photo(cut + chunk(b"IEND", b"")).pixels, read_photo(whole).pixels)


@pytest.mark.parametrize("interlaced", [False, True])
@pytest.mark.parametrize(("colour", "bits"), [(PALETTE, 8), *product(CHANNELS, (8, 16))])
def test_a_picture_whose_stream_ends_before_its_last_row_is_cut_short(colour, bits, interlaced, rng):
    wide, rows, columns = {**CHANNELS, PALETTE: 1}[colour] * bits // 8, 40, 50
    header = struct.pack(">IIBBBBB", columns, rows, bits, colour, 0, 0, interlaced)
    lines = [(5, 7), (5, 6), (5, 13), (10, 12), (10, 25), (20, 25), (20, 50)] if interlaced else [(rows, columns)]
    stored = b"".join(b"\0" + rng.bytes(across * wide) for down, across in lines for _ in range(down))
    palette = [chunk(b"PLTE", rng.bytes(768))] if colour == PALETTE else []

    def read(samples):
        parts = [chunk(b"IHDR", header), *palette, chunk(b"IDAT", zlib.compress(samples)), chunk(b"IEND", b"")]
        return read_photo(b"\x89PNG\r\n\x1a\n" + b"".join(parts))

    assert not read(stored).truncated
    assert not read(stored[: len(stored) // 2].ljust(len(stored), b"\0")).truncated
    for there in (len(stored) // 2, len(stored) - columns * wide - 1):
        photo = read(stored[:there])
        assert photo.truncated
        assert photo.pixels.shape[:2] == (rows, columns)


def test_a_picture_of_which_nearly_nothing_is_there_is_not_mended(rng):
    data = png(rng.integers(0, 255, (900, 900, 3), np.uint8), RGB)
    assert mend_png(data[:5000]) is None
    assert mend_png(data[:20]) is None
    assert mend_png(data[:16] + b"\xff" * 8 + data[24:]) is None
    assert mend_png(b"no PNG") is None


@given(at=st.integers(8, 700), junk=st.binary(max_size=30), length=st.integers(0, 900))
def test_no_damage_breaks_mending(at, junk, length):
    whole = png(np.random.default_rng(0).integers(0, 65535, (9, 13, 3), np.uint16), RGB)
    mend_png((whole[:at] + junk + whole[at + len(junk) :])[:length])


@pytest.mark.parametrize("damaged", [40, -1])
def test_a_deep_picture_with_a_chunk_of_a_wrong_length_gives_what_stands_before(damaged, rng):
    whole = rng.integers(0, 65535, (300, 400, 3), np.uint16)
    data = bytearray(encode_png(whole, PngSettings()))
    pieces = [piece for piece in chunks_of(bytes(data)) if piece.name == b"IDAT"]
    struct.pack_into(">I", data, pieces[damaged].start, 0xFF000000)
    photo = read_photo(bytes(data))
    assert photo.truncated
    there = 100 if damaged > 0 else 300
    np.testing.assert_array_equal(photo.pixels[:there], whole[:there])


@pytest.mark.parametrize("data", [b"no PNG", png(np.zeros((2, 2, 3), np.uint16), RGB)[:-1]])
def test_deep_pixels_whose_chunks_are_not_all_there_are_refused(data):
    with pytest.raises(FormatError, match="must lie inside the file"):
        decode_deep(data)


def test_deep_pixels_that_cannot_be_decoded_are_refused():
    with pytest.raises(FormatError, match="cannot be decoded"):
        decode_deep(png(np.zeros((2, 2, 3), np.uint16), RGB).replace(b"IDAT", b"IDOT"))

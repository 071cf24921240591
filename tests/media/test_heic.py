import sys

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tracemark as tm
from tests.media.blocks import box
from tests.media.make_heic import KEY, RECIPIENT, TARGET
from tests.media.test_photo import run_short_of_memory
from tracemark.errors import FormatError, PhotoError
from tracemark.media.heic import is_heic, read_heic
from tracemark.media.photo import check_writable, encode_photo, read_photo

DATA = TARGET.read_bytes()


def test_a_file_is_read_and_not_copied(demo_photo):
    photo = read_photo(TARGET)
    assert photo.format == "HEIC"
    small = cv2.resize(read_photo(demo_photo).pixels, photo.pixels.shape[1::-1], interpolation=cv2.INTER_AREA)
    assert abs(photo.pixels.astype(float) - small).mean() < 6
    for refuse in (check_writable, lambda photo: encode_photo(photo.pixels, like=photo)):
        with pytest.raises(FormatError, match=r"must be .* to be copied, not HEIC; save it as PNG first"):
            refuse(photo)


def test_the_mark_is_read_in_what_a_phone_has_saved_as_heic(demo_photo):
    leak = read_photo(TARGET).pixels
    photo = cv2.resize(read_photo(demo_photo).pixels, leak.shape[1::-1], interpolation=cv2.INTER_AREA)
    assert tm.detect(leak, key=KEY).recipients == (RECIPIENT,)
    found = tm.detect(leak, key=KEY, original=photo, recipients=range(100))
    assert (found.method, found.recipients) == ("informed", (RECIPIENT,))


@pytest.mark.parametrize("kept", [0.5, 0.9])
def test_a_file_cut_short_gives_what_there_is(kept):
    photo, whole = read_photo(DATA[: int(len(DATA) * kept)]), read_photo(DATA).pixels
    assert photo.truncated
    np.testing.assert_array_equal(photo.pixels[:100], whole[:100])


def test_without_the_decoder_it_is_said_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "pi_heif", None)
    with pytest.raises(FormatError, match=r"pip install '\.\[heic\]'"):
        read_photo(TARGET)


def test_a_picture_of_too_many_pixels_is_refused():
    with pytest.raises(PhotoError, match="must have at most 1000 pixels, not 230400"):
        read_heic(DATA, limit=1000)


@pytest.mark.parametrize("place", ["pi_heif.open_heif", "tracemark.media.heic.np.asarray"])
def test_memory_that_is_short_is_not_taken_for_damage(place, monkeypatch):
    monkeypatch.setattr(place, run_short_of_memory)
    with pytest.raises(MemoryError):
        read_photo(DATA)


@pytest.mark.parametrize(
    ("brands", "answer"),
    [
        (b"heic\0\0\0\0mif1", True),
        (b"heix\0\0\0\0", True),
        (b"mif1\0\0\0\0mif1heic", True),
        (b"mif1\0\0\0\0mif1avif", False),
        (b"mif1\0\0\0\0avifheic", False),
        (b"avif\0\0\0\0mif1", False),
        (b"crx \0\0\0\0", False),
    ],
)
def test_a_file_is_told_by_its_brands(brands, answer):
    assert is_heic(box(b"ftyp", brands)) == answer
    assert not is_heic(brands)


@given(data=st.data())
def test_no_damage_ends_in_anything_but_a_sentence(data):
    damaged = bytearray(DATA)
    for _ in range(data.draw(st.integers(1, 6))):
        damaged[data.draw(st.integers(0, 700))] = data.draw(st.integers(0, 255))
    try:
        photo = read_photo(bytes(damaged[: data.draw(st.integers(8, len(damaged)))]))
    except PhotoError:
        return
    assert isinstance(photo.pixels, np.ndarray)

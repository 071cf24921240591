import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image

import tracemark as tm
from tests.media.test_photo import run_short_of_memory
from tracemark.media.plane import pack_plane, unpack_plane


@given(arrays.arrays(np.uint8, st.tuples(st.integers(1, 40), st.integers(1, 40))))
def test_what_was_packed_is_unpacked_as_it_was(plane):
    np.testing.assert_array_equal(unpack_plane(pack_plane(plane)), plane)


@pytest.mark.parametrize("shape", [(0, 4), (4,), (4, 4, 3)])
def test_what_is_no_plane_is_refused(shape):
    with pytest.raises(tm.PhotoError, match="plane must be uint8"):
        pack_plane(np.zeros(shape, np.uint8))


def test_other_types_are_refused():
    with pytest.raises(tm.PhotoError, match="not float32"):
        pack_plane(np.zeros((4, 4), np.float32))


def png(mode, size):
    file = io.BytesIO()
    Image.new(mode, size).save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize(
    "data", [b"", b"no picture", png("L", (9, 9))[:-24], png("RGB", (4, 4)), png("1", (9999, 9999))]
)
def test_what_is_damaged_or_something_else_is_refused(data):
    with pytest.raises(tm.FormatError, match="packed plane"):
        unpack_plane(data)


def test_memory_that_is_short_is_not_taken_for_damage(monkeypatch):
    monkeypatch.setattr("PIL.Image.open", run_short_of_memory)
    with pytest.raises(MemoryError):
        unpack_plane(png("L", (4, 4)))

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from tracemark.errors import PhotoError
from tracemark.signal.pixels import checked_pixels


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.float64])
@pytest.mark.parametrize("shape", [(1, 1), (4, 5), (4, 5, 3), (4, 5, 4)])
def test_a_photo_passes_as_it_is(dtype, shape):
    pixels = np.ones(shape, dtype=dtype)
    assert checked_pixels(pixels) is pixels


@pytest.mark.parametrize(
    ("image", "sentence"),
    [
        ("car.jpg", "must be a NumPy array, not str"),
        ([[1, 2], [3, 4]], "must be a NumPy array, not list"),
        (None, "must be a NumPy array, not NoneType"),
        (np.zeros((), dtype=np.uint8), r"must have shape .* not \(\)"),
        (np.zeros(12, dtype=np.uint8), r"must have shape .* not \(12,\)"),
        (np.zeros((4, 5, 1), dtype=np.uint8), r"must have shape .* not \(4, 5, 1\)"),
        (np.zeros((4, 5, 2), dtype=np.uint8), r"must have shape .* not \(4, 5, 2\)"),
        (np.zeros((2, 4, 5, 3), dtype=np.uint8), r"must have shape .* not \(2, 4, 5, 3\)"),
        (np.zeros((0, 5), dtype=np.uint8), r"must have pixels, not shape \(0, 5\)"),
        (np.zeros((5, 0, 3), dtype=np.float32), r"must have pixels, not shape \(5, 0, 3\)"),
        (np.zeros((4, 5), dtype=np.int16), "not int16"),
        (np.zeros((4, 5), dtype=bool), "not bool"),
        (np.zeros((4, 5), dtype=np.float16), "not float16"),
        (np.zeros((4, 5), dtype=np.complex64), "not complex64"),
        (np.full((4, 5), np.nan), "without NaN"),
        (np.ma.masked_invalid(np.full((4, 5), np.nan)), "must be a plain NumPy array, not a masked one"),
        (np.full((4, 5), 1.001), r"0 \.\. 1"),
        (np.full((4, 5), -0.001, dtype=np.float32), r"0 \.\. 1"),
        (np.full((4, 5), 200.0), "not in 200 .. 200"),
        (np.full((4, 5), np.inf), "not in inf .. inf"),
    ],
)
def test_what_cannot_be_a_photo_is_refused_in_words(image, sentence):
    with pytest.raises(PhotoError, match=sentence):
        checked_pixels(image)


def test_one_nan_among_many_pixels_is_seen():
    pixels = np.full((50, 50, 3), 0.5, dtype=np.float32)
    pixels[31, 7, 2] = np.nan
    with pytest.raises(PhotoError, match="without NaN"):
        checked_pixels(pixels)


@given(
    arrays.arrays(
        st.one_of(arrays.scalar_dtypes(), arrays.byte_string_dtypes(), arrays.array_dtypes()),
        arrays.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=5),
    )
)
def test_any_array_passes_or_is_refused_in_words(image):
    try:
        checked = checked_pixels(image)
    except PhotoError as error:
        refusal = error
    else:
        assert checked is image or not image.dtype.isnative
        assert checked.dtype.isnative
        np.testing.assert_array_equal(checked, image)
        return
    assert "must" in str(refusal)

import numpy as np
import pytest

from tracemark.signal.luma import PEAK, luma_of, plane_of

DTYPES = [np.uint8, np.uint16, np.float32, np.float64]
BT601 = (0.299, 0.587, 0.114)  # ITU-R BT.601-7, clause 2.5.1


def most(dtype):
    return np.iinfo(dtype).max if np.issubdtype(dtype, np.integer) else 1


@pytest.mark.parametrize("dtype", DTYPES)
def test_black_is_0_and_white_is_the_peak_in_every_dtype(dtype):
    for value, luma in ((0, 0), (most(dtype), PEAK)):
        np.testing.assert_allclose(plane_of(np.full((2, 3), value, dtype=dtype)), luma)
        np.testing.assert_allclose(luma_of(np.full((2, 3, 4), value, dtype=dtype)), luma, rtol=1e-6)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("channels", [3, 4])
def test_luma_weighs_red_green_and_blue_as_jpeg_does(dtype, channels, rng):
    pixels = (rng.uniform(0, 1, (5, 7, channels)) * most(dtype)).astype(dtype)
    expected = pixels[..., :3].astype(np.float64) / most(dtype) * PEAK @ np.array(BT601)
    # Eight bits may be rounded to whole levels.
    np.testing.assert_allclose(luma_of(pixels), expected, atol=0.51 if dtype == np.uint8 else 0.01)
    assert luma_of(pixels).dtype == np.float32


def test_a_picture_in_eight_and_in_sixteen_bits_has_one_luma(rng):
    pixels = rng.integers(0, 256, (6, 5), dtype=np.uint8)
    np.testing.assert_allclose(luma_of(pixels), luma_of(pixels.astype(np.uint16) * 257), atol=1e-3)


@pytest.mark.parametrize("view", [np.s_[::-1], np.s_[:, ::2], np.s_[..., ::-1]], ids=["flipped", "stepped", "bgr"])
def test_a_view_reads_as_its_copy_does(view, rng):
    pixels = rng.integers(0, 256, (6, 8, 3), dtype=np.uint8)[view]
    np.testing.assert_array_equal(luma_of(pixels), luma_of(pixels.copy()))

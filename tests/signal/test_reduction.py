import numpy as np
import pytest

from tracemark.signal.reduction import halve


@pytest.mark.parametrize("shape", [(6, 8), (7, 9), (2, 2), (6, 8, 3), (7, 9, 3)])
def test_each_pixel_is_the_mean_of_four(shape, rng):
    pixels = rng.integers(0, 256, shape, dtype=np.uint8)
    small = halve(pixels)
    rows, columns = shape[0] // 2, shape[1] // 2
    assert small.shape == (rows, columns, *shape[2:])
    if shape[0] % 2 == 0:
        means = pixels.reshape(rows, 2, columns, 2, -1).mean(axis=(1, 3)).reshape(small.shape)
        assert np.abs(small - means).max() <= 0.5


@pytest.mark.parametrize(("dtype", "peak"), [(np.uint16, 65535), (np.float32, 1.0), (np.float64, 1.0)])
def test_every_depth_comes_out_as_eight_bits(dtype, peak, rng):
    levels = rng.integers(0, 256, (8, 10, 3))
    levels[..., 1] = levels[..., 0]
    deep = (levels / 255 * peak).astype(dtype)
    np.testing.assert_allclose(halve(deep), halve(levels.astype(np.uint8)), atol=1)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_alpha_is_left_out(dtype, rng):
    pixels = rng.integers(0, np.iinfo(dtype).max, (8, 10, 4), dtype=dtype)
    np.testing.assert_array_equal(halve(pixels), halve(pixels[..., :3]))


def test_black_and_white_stay():
    for value, peak in ((0, 0), (255, 255)):
        assert (halve(np.full((4, 6, 3), value, np.uint8)) == peak).all()

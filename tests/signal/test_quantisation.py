import io

import numpy as np
import pytest
from PIL import Image

from tracemark.signal.quantisation import BLOCK, blocks_of, coefficients_of, jpeg_steps


@pytest.mark.parametrize("quality", [1, 20, 50, 75, 90, 100])
def test_steps_are_those_that_a_jpeg_of_that_quality_says(quality):
    """Pillow writes with the Independent JPEG Group's scale."""
    data = io.BytesIO()
    Image.new("L", (8, 8)).save(data, "JPEG", quality=quality)
    with Image.open(data) as image:
        np.testing.assert_array_equal(jpeg_steps(quality).ravel(), image.quantization[0])


@pytest.mark.parametrize("shape", [(16, 24), (9, 31), (1, 1)])
def test_blocks_are_the_picture_filled_up_with_its_edge(shape, rng):
    luma = rng.uniform(0, 255, shape).astype(np.float32)
    blocks = blocks_of(luma)
    down, across = blocks.shape[:2]
    joined = blocks.swapaxes(1, 2).reshape(down * BLOCK, across * BLOCK)
    np.testing.assert_array_equal(joined[: shape[0], : shape[1]], luma)
    assert (joined[shape[0] :, : shape[1]] == luma[-1]).all()
    assert (joined[:, shape[1] :] == joined[:, shape[1] - 1 : shape[1]]).all()


def test_a_blocks_first_coefficient_is_its_mean_from_the_middle_of_all_levels():
    flat = np.full((1, 1, BLOCK, BLOCK), 130, dtype=np.float32)
    coefficients = coefficients_of(flat)
    assert coefficients[0, 0, 0, 0] == pytest.approx(2 * BLOCK)
    np.testing.assert_allclose(coefficients.ravel()[1:], 0, atol=1e-4)

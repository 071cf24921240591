import numpy as np
import pytest
from scipy.linalg import expm

from tracemark.geometry.stretching import stretches


def test_stretches_are_symmetric_and_keep_the_area():
    listed = stretches(0.12, 0.03)
    assert listed.shape == (61, 2, 2)
    np.testing.assert_allclose(np.linalg.det(listed), 1)
    np.testing.assert_array_equal(listed, listed.transpose(0, 2, 1))
    sides = np.linalg.svd(listed, compute_uv=False)
    assert np.log(sides[:, 0] / sides[:, 1]).max() == pytest.approx(0.12, rel=0.07)  # along whatever axis
    assert sum(np.array_equal(one, np.eye(2)) for one in listed) == 1


@pytest.mark.parametrize(("straight", "diagonal"), [(0.12, 0.0), (0.0, -0.12), (-0.06, 0.09)])
def test_a_stretch_is_the_exponential_of_its_logarithm(straight, diagonal):
    wanted = expm(np.array([[straight, diagonal], [diagonal, -straight]]) / 2)
    off = np.abs(stretches(0.12, 0.03) - wanted).max(axis=(1, 2))
    assert off.min() < 1e-12

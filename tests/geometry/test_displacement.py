import numpy as np
import pytest
from scipy import ndimage

from tracemark.geometry import displacement
from tracemark.geometry.displacement import details, displacements, doubted, softened


def moved(luma, x, y):
    """Show at each place what the original shows (x, y) further."""
    return ndimage.shift(luma, (-y, -x), order=3, mode="reflect").astype(np.float32)


@pytest.mark.parametrize("shift", [(0.0, 0.0), (0.4, -0.3), (-0.7, 0.05)])
@pytest.mark.parametrize("tones", [(1.0, 0.0), (0.3, 120.0), (1.8, -60.0)])
def test_blocks_tell_their_displacement_whatever_the_light(coffee, shift, tones):
    leak = moved(coffee, *shift) * np.float32(tones[0]) + np.float32(tones[1])
    found = displacements(*details(leak, coffee, np.ones_like(coffee)))
    sure = np.trace(found.information, axis1=-2, axis2=-1)
    best = sure > np.median(sure)
    np.testing.assert_allclose(np.median(found.offset[best], axis=0), shift, atol=0.03)
    assert np.median(found.likeness[best]) > 0.95


def test_what_has_no_weight_says_nothing(coffee, rng):
    weights = np.ones_like(coffee)
    weights[:, :200] = 0
    leak = moved(coffee, 0.4, 0.2)
    other = np.where(weights > 0, leak, rng.uniform(0, 255, leak.shape)).astype(np.float32)
    first, second = (displacements(*details(picture, coffee, weights)) for picture in (leak, other))
    np.testing.assert_allclose(first.information, second.information, rtol=1e-3)
    assert not first.information[:, :10].any()
    assert not first.likeness[:, :10].any()


def test_a_flat_picture_tells_nothing(coffee):
    found = displacements(*details(np.full_like(coffee, 90), coffee, np.ones_like(coffee)))
    assert np.trace(found.information, axis1=-2, axis2=-1).max() < 1e-3
    assert np.isfinite(found.offset).all()


def test_an_edge_tells_only_what_lies_across_it():
    edge = np.tile(np.where(np.arange(160) < 80, 40, 200).astype(np.float32), (160, 1))
    found = displacements(*details(edge, edge, np.ones_like(edge)))
    middle = found.information[5, 5]
    assert middle[0, 0] > 1000 * abs(middle[1, 1])


def test_no_block_tells_less_than_nothing():
    # moved sideways, a picture that grows like this only gets lighter: what it tells of the move is rounding
    growing = np.tile(255 * np.exp((np.arange(320) - 320) / 12), (320, 1)).astype(np.float32)
    found = displacements(*details(growing, growing, np.ones_like(growing)))
    assert np.linalg.eigvalsh(found.information).min() >= 0


def test_softened_information_never_exceeds_what_straying_allows(rng):
    root = rng.normal(size=(20, 2, 2)) * 30
    information = root @ root.swapaxes(1, 2)
    allowed = softened(information, 0.1)
    exact = np.linalg.inv(np.linalg.inv(information) + 0.01 * np.eye(2))
    np.testing.assert_allclose(allowed, exact, rtol=1e-6)
    assert np.linalg.eigvalsh(allowed).max() <= 100
    np.testing.assert_array_equal(softened(np.zeros((1, 2, 2)), 0.1), 0)


def test_what_running_sums_leave_where_nothing_is_says_nothing():
    # as a window without detail was left beside letters: it has no inverse
    square = np.array([[2.0, 0, 0], [0, -1, -1], [0, -1, -1]]) * 3.08395285e-18
    nothing = np.zeros((1, 1))
    found = displacement._solved(square[None, None], np.zeros((1, 1, 3)), nothing, np.ones((1, 1)), area=2304.0)
    assert not found.information.any()
    assert not found.offset.any()


def test_a_block_counts_half_that_strays_by_two_of_its_deviations():
    information = np.stack([np.diag([4.0, 1.0])] * 3)
    stray = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 4.0]])
    np.testing.assert_allclose(doubted(information, stray), [1, 1 / 2, 1 / 5])

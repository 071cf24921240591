import numpy as np
import pytest

from tracemark.transforms import corners, density, mapped, moving, resizing, scaling, tangent

SEEN = np.array([[1.1, 0.2, 5], [-0.1, 0.9, 3], [2e-4, -1e-4, 1]])


def test_resizing_takes_corners_to_corners():
    transform = resizing((100, 200), (37, 500))
    np.testing.assert_allclose(mapped(transform, corners((100, 200))), corners((37, 500)), atol=1e-12)


def test_scaling_is_resizing_by_one_factor():
    np.testing.assert_allclose(scaling(1.7), resizing((100, 200), (170, 340)))


def test_moving_adds_to_every_point():
    points = np.array([[0.0, 1.0], [20.0, -3.0]])
    np.testing.assert_allclose(mapped(moving(np.array([3.0, -2.0])), points), points + np.array([3, -2]))


@pytest.mark.parametrize("factor", [0.5, 1.0, 3.0])
def test_density_counts_pixels_along_a_side(factor):
    assert density(resizing((300, 600), (int(300 / factor), int(600 / factor))), (300, 600)) == pytest.approx(factor)


def test_density_of_what_was_seen_at_an_angle_is_that_in_the_middle():
    middle = np.array([99.5, 49.5]) + 1e-3 * np.array([[0, 0], [1, 0], [0, 1]])
    origin, right, lower = mapped(SEEN, middle)
    area = abs(np.linalg.det([right - origin, lower - origin])) * 1e6
    assert density(SEEN, (100, 200)) == pytest.approx(1 / np.sqrt(area), rel=1e-3)


def test_a_projective_transform_divides_by_the_distance():
    point = SEEN @ [70, 40, 1]
    np.testing.assert_allclose(mapped(SEEN, np.array([[70.0, 40.0]])), [point[:2] / point[2]])


def test_a_tangent_is_the_transform_but_for_the_square_of_the_distance():
    point = np.array([70.0, 40.0])
    for far, most in ((0, 1e-12), (1, 1e-3), (10, 1e-1)):
        around = point + far * np.array([[1, 0], [0, 1], [-1, -1]])
        np.testing.assert_allclose(mapped(tangent(SEEN, point), around), mapped(SEEN, around), atol=most)
    assert np.abs(mapped(tangent(SEEN, point), point[None] + 100) - mapped(SEEN, point[None] + 100)).max() > 0.5
    np.testing.assert_allclose(tangent(SEEN / SEEN[0, 0], point), tangent(SEEN, point))
    np.testing.assert_array_equal(tangent(SEEN, point)[2], [0, 0, 1])

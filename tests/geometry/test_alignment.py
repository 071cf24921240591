import cv2
import numpy as np
import pytest

from tracemark.geometry.alignment import align, fits, pyramid
from tracemark.geometry.straightening import Sight
from tracemark.transforms import resizing

TRUE = np.array([[1.1, 0.05, -30], [-0.04, 1.05, 12], [6e-5, -4e-5, 1]])  # leak to original


def leak_of(original):
    luma = cv2.warpPerspective(original, np.linalg.inv(TRUE), (560, 380), flags=cv2.INTER_CUBIC)
    return Sight(luma, np.ones_like(luma))


def error(transform, true=TRUE, size=(560, 380)):
    points = np.stack(np.meshgrid(np.linspace(60, size[0] - 60, 9), np.linspace(60, size[1] - 60, 7)), -1)
    ours, theirs = (cv2.perspectiveTransform(points.reshape(1, -1, 2), each) for each in (transform, true))
    return float(np.sqrt(((ours - theirs) ** 2).sum(axis=-1).mean()))


def test_the_pyramid_ends_with_the_original(coffee):
    levels = pyramid(coffee)
    assert levels[-1].luma is coffee
    for level in levels:
        np.testing.assert_allclose(level.transform, resizing(coffee.shape, level.luma.shape))


@pytest.mark.parametrize("gain", [1.0, 0.4])
def test_a_start_some_pixels_off_is_refined_to_hundredths(coffee, gain):
    start = np.array([[1.01, 0.01, -6], [-0.01, 1.01, 7], [0, 0, 1]]) @ TRUE
    sight = leak_of(coffee)
    found = align(Sight(sight.luma * np.float32(gain) + 30, sight.weights), pyramid(coffee), start)
    assert error(start) > 5
    assert error(found) < 0.05


def test_a_reduced_leak_is_refined_to_hundredths(coffee):
    small = cv2.resize(coffee, (150, 100), interpolation=cv2.INTER_AREA)
    true = resizing(small.shape, coffee.shape)
    start = np.array([[1.005, 0, 3], [0, 1.005, -3], [0, 0, 1]]) @ true
    sight = Sight(small, np.ones_like(small))
    levels = pyramid(coffee)
    assert not fits(sight, levels[-1], true)
    assert error(align(sight, levels, start), true, (150, 100)) < 0.15


def test_a_flat_leak_leaves_the_start(coffee):
    flat = Sight(np.full_like(coffee, 90), np.ones_like(coffee))
    np.testing.assert_allclose(align(flat, pyramid(coffee), np.eye(3)), np.eye(3), atol=1e-6)


def test_a_start_outside_the_original_is_given_back(coffee):
    start = np.array([[1, 0, 5000], [0, 1, 0], [0, 0, 1.0]])
    sight = Sight(coffee, np.ones_like(coffee))
    np.testing.assert_array_equal(align(sight, pyramid(coffee), start), start)

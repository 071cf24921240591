import cv2
import numpy as np
import pytest

from tracemark.geometry.template import template_places, whole_places


def middle(place, shape):
    """Where the corners of the leak lie in the original."""
    points = np.array([[[0, 0], [shape[1] - 1, shape[0] - 1]]], dtype=float)
    return cv2.perspectiveTransform(points, place)[0]


@pytest.mark.parametrize("turns", range(4))
@pytest.mark.parametrize("mirror", [False, True])
def test_the_whole_photo_is_among_its_turned_and_mirrored_places(coffee, turns, mirror):
    leak = np.rot90(coffee[:, ::-1] if mirror else coffee, turns)[::2, ::2]
    differences = []
    for place in whole_places(leak, coffee.shape):
        back = cv2.warpPerspective(np.ascontiguousarray(leak), place, (600, 400))
        differences.append(np.abs(back - coffee)[20:-20, 20:-20].mean())
    assert min(differences) < 6
    assert len(differences) == 4


def test_a_leak_of_another_aspect_is_not_the_whole_photo(coffee):
    assert whole_places(np.zeros((400, 500), np.float32), coffee.shape) == []


@pytest.mark.parametrize(("factor", "turns"), [(1.0, 0), (0.6, 1)])
def test_a_plain_crop_is_found_at_any_scale(coffee, factor, turns):
    crop = cv2.resize(coffee[60:260, 250:530], None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    leak = np.ascontiguousarray(np.rot90(crop, turns))
    best = template_places(leak, coffee)[0]
    found = np.sort(middle(best, leak.shape), axis=0)
    np.testing.assert_allclose(found, [[250, 60], [529, 259]], atol=8)


def test_a_leak_larger_than_the_original_at_every_scale_has_no_place(coffee):
    assert template_places(np.zeros((10, 4000), np.float32), coffee) == []

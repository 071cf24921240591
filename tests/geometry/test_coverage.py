import cv2
import numpy as np
import pytest

from tracemark.geometry.coverage import coverage
from tracemark.geometry.displacement import details, displacements
from tracemark.geometry.straightening import Sight


def weighed(leak, original):
    ones = np.ones_like(original)
    return coverage(Sight(leak, ones), ones, original, displacements(*details(leak, original, ones)))


@pytest.mark.parametrize("gamma", [0.6, 1.0, 1.6])
def test_a_photo_in_any_tones_is_shown_everywhere(coffee, gamma):
    leak = 255 * (coffee / 255) ** np.float32(gamma)
    assert weighed(cv2.GaussianBlur(leak, (0, 0), 0.8), coffee).mean() > 0.97


def test_letters_are_foreign_and_what_lies_between_is_not(coffee):
    leak, ink = coffee.copy(), np.zeros(coffee.shape, np.uint8)
    for row in range(60, 400, 90):
        cv2.putText(ink, "NOT FOR PUBLICATION", (10, row), cv2.FONT_HERSHEY_SIMPLEX, 1.6, 1, 6)
    leak[ink > 0] = 20
    weights = weighed(leak, coffee)
    dark = ink.astype(bool) & (coffee > 80)
    assert weights[dark].mean() < 0.1
    assert weights[cv2.dilate(ink, np.ones((9, 9))) == 0].mean() > 0.95


def test_a_vignette_is_no_foreign_body(coffee):
    down, across = np.mgrid[-1:1:400j, -1:1:600j]
    leak = (coffee * (1 - 0.2 * (down**2 + across**2))).astype(np.float32)
    assert weighed(leak, coffee).mean() > 0.9


def test_another_picture_pasted_in_is_foreign(coffee, astronaut):
    leak = coffee.copy()
    leak[100:300, 200:400] = astronaut[150:350, 150:350]
    weights = weighed(leak, coffee)
    assert weights[110:290, 210:390].mean() < 0.35
    assert weights[:, :180].mean() > 0.95


def test_where_nothing_agrees_nothing_is_shown(coffee):
    np.testing.assert_array_equal(weighed(np.full_like(coffee, 50), coffee), 0)

import cv2
import numpy as np
import pytest

from tracemark.geometry.consensus import propose
from tracemark.geometry.features import Features, extract

BEND = np.array([[0.9, 0.1, 20], [-0.12, 0.85, 60], [1e-4, -1e-4, 1]])


def seen(luma, transform):
    return cv2.warpPerspective(luma, transform, (640, 480))


def corners(transform, shape=(400, 600)):
    points = np.array([[[0, 0], [shape[1], 0], [shape[1], shape[0]], [0, shape[0]]]], dtype=float)
    return cv2.perspectiveTransform(points, transform)[0]


@pytest.mark.parametrize("mirror", [False, True])
@pytest.mark.parametrize("inverted", [False, True])
def test_a_bent_mirrored_or_negative_leak_is_placed(coffee, mirror, inverted):
    transform = BEND @ np.array([[-1, 0, 599], [0, 1, 0], [0, 0, 1]]) if mirror else BEND
    leak = seen(255 - coffee if inverted else coffee, transform)
    best = propose(extract(leak), extract(coffee))[0]
    assert best.votes > 60
    assert best.negative == inverted
    np.testing.assert_allclose(corners(best.transform @ transform), corners(np.eye(3)), atol=1.5)


def test_unrelated_pictures_bring_few_votes_together(coffee, astronaut):
    assert all(proposal.votes < 15 for proposal in propose(extract(astronaut), extract(coffee)))


def test_few_pairs_give_a_similarity(coffee):
    leak = extract(cv2.resize(coffee, (300, 200), interpolation=cv2.INTER_AREA))
    few = Features(leak.keypoints[:9], leak.descriptors[:9])
    best = propose(few, extract(coffee))[0]
    assert best.votes < 8
    np.testing.assert_array_equal(best.transform[2], [0, 0, 1])
    np.testing.assert_allclose(best.transform[:2, :2], 2 * np.eye(2), atol=0.1)


def test_the_same_input_gives_the_same_proposal(coffee):
    leak, original = extract(seen(coffee, BEND)), extract(coffee)
    first, second = (propose(leak, original)[0] for _ in range(2))
    np.testing.assert_array_equal(first.transform, second.transform)


def test_pictures_without_keypoints_bring_no_proposal(coffee):
    none = extract(np.zeros((50, 50), np.float32))
    assert propose(none, extract(coffee)) == []
    assert propose(extract(coffee), none) == []

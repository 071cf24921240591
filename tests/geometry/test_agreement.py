import numpy as np

from tracemark.geometry.agreement import agreement
from tracemark.geometry.displacement import details


def compared(leak, original, weights=None):
    return agreement(*details(leak, original, np.ones_like(original) if weights is None else weights))


def test_a_picture_agrees_with_itself_in_other_light(coffee):
    found = compared(coffee * np.float32(0.5) + 70, coffee)
    assert found.correlation > 0.95
    assert found.score > 100


def test_a_negative_disagrees(coffee):
    assert compared(255 - coffee, coffee).correlation < -0.95


def test_unrelated_and_misplaced_pictures_do_not_agree(coffee, astronaut):
    assert abs(compared(astronaut[:400], coffee[:, :512]).score) < 8
    assert abs(compared(np.roll(coffee, (40, 60), axis=(0, 1)), coffee).score) < 8


def test_the_nearer_of_two_frames_agrees_better(coffee, rng):
    near, far = (coffee + rng.normal(0, sigma, coffee.shape).astype(np.float32) for sigma in (3, 6))
    assert compared(near, coffee).correlation > compared(far, coffee).correlation


def test_nothing_agrees_with_nothing(coffee):
    for found in (compared(np.zeros_like(coffee), coffee), compared(coffee, coffee, np.zeros_like(coffee))):
        assert found.score == found.correlation == 0

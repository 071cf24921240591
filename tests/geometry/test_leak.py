import numpy as np
import pytest

from tracemark.geometry import leak as room
from tracemark.geometry.features import extract
from tracemark.geometry.leak import Leak
from tracemark.geometry.straightening import sight_of


@pytest.fixture
def lettered(coffee):
    """A leak with white bars over a tenth of it."""
    barred = coffee.copy()
    barred[::20] = barred[1::20] = 255
    return barred


@pytest.mark.parametrize("negative", [False, True])
def test_a_sight_is_that_of_the_leak_or_of_its_negative(lettered, negative):
    sight, expected = Leak(lettered).sight(negative=negative), sight_of(255 - lettered if negative else lettered)
    np.testing.assert_array_equal(sight.luma, expected.luma)
    np.testing.assert_array_equal(sight.weights, expected.weights)


def test_a_leak_without_letters_is_legible_as_it_is(coffee):
    leak = Leak(coffee)
    assert leak.legible_features is leak.features


def test_keypoints_between_letters_are_those_of_the_picture(coffee, lettered):
    leak, picture = Leak(lettered), extract(coffee).keypoints

    def found_again(features):
        away = np.linalg.norm(features.keypoints[:, None, :2] - picture[None, :, :2], axis=-1)
        return np.count_nonzero(away.min(axis=0) < 2)

    assert found_again(leak.legible_features) > 1.2 * found_again(leak.features)


def test_nothing_is_looked_for_twice_however_often_it_is_asked_for(lettered, monkeypatch):
    calls = []

    def counted(name):
        once = getattr(room, name)

        def counting(*arguments, **options):
            calls.append(name)
            return once(*arguments, **options)

        return counting

    for name in ("extract", "legible", "sight_of"):
        monkeypatch.setattr(room, name, counted(name))
    leak = Leak(lettered)
    assert not calls
    for _ in range(2):
        assert leak.features is not leak.legible_features
        assert leak.sight(negative=True) is not leak.sight(negative=False)
    assert sorted(calls) == ["extract", "extract", "legible", "sight_of", "sight_of"]

import numpy as np
import pytest

import tracemark as tm
from tests.damage import jpeg
from tracemark import blind_search
from tracemark.blind_search import CLEAR_MERIT, CLEAR_SHARE, readings_of
from tracemark.placing import UNMOVED, Placed, placements_of
from tracemark.profile import PROFILE
from tracemark.signal.luma import luma_of
from tracemark.transforms import corners, mapped

KEY = tm.Key(bytes(range(32)))


@pytest.fixture(scope="module")
def placements(demo_photo):
    """All placements of a clear copy, as of one whose message cannot be read."""
    photo = tm.read_photo(demo_photo).pixels[:512, :768]
    luma = luma_of(jpeg(tm.embed(photo, recipient=17, key=KEY), 90))
    return luma, list(placements_of(luma, KEY))


def test_no_place_is_handed_on_twice_whatever_search_finds_it(placements):
    luma, found = placements
    placed = [mapped(one.transform, corners(luma.shape)) for one in found if one.luma is luma]
    for number, one in enumerate(placed):
        for other in placed[:number]:
            off = one - other
            tiles = PROFILE.tile_pixels * np.rint(off.mean(axis=0) / PROFILE.tile_pixels)
            assert np.abs(off - tiles).max() > UNMOVED


def test_the_true_place_comes_first_and_echoes_of_it_are_far_less_clear(placements):
    _, found = placements
    np.testing.assert_allclose(found[0].transform[:2, :2], np.eye(2), atol=1e-3)
    upside_down = [one for one in found if one.transform[0, 0] < 0]
    assert upside_down
    assert max(one.merit for one in upside_down) < CLEAR_SHARE * found[0].merit


def test_echoes_of_a_clear_placement_are_not_gone_through_as_thoroughly(monkeypatch):
    asked = []

    def decoded(placed, key, *, clear):
        asked.append(clear)
        return iter(())

    monkeypatch.setattr(blind_search, "_decoded", decoded)
    merits = [CLEAR_MERIT - 1, CLEAR_MERIT + 1, 1000.0, CLEAR_SHARE * 1000 - 1, CLEAR_SHARE * 1000 + 1]
    luma = np.zeros((64, 64), np.float32)
    assert list(readings_of([Placed(luma, np.eye(3), merit) for merit in merits], KEY)) == []
    assert asked == [False, True, True, False, True]

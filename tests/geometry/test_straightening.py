import cv2
import numpy as np
import pytest

from tracemark.geometry.straightening import LONGEST, Sight, bring, fetch, inside, legible, reduced, sight_of, without
from tracemark.transforms import resizing


def believed(luma):
    return Sight(luma, np.ones_like(luma))


@pytest.mark.parametrize("factor", [1, 3])
def test_a_leak_is_brought_and_fetched_alike(coffee, factor):
    leak = cv2.resize(coffee, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC)
    transform = resizing(leak.shape, coffee.shape)
    down, across = np.mgrid[:400, :600].astype(np.float32)
    places = np.stack([across, down], axis=-1) * factor + np.float32((factor - 1) / 2)
    for straight in (bring(believed(leak), transform, coffee.shape), fetch(believed(leak), places)):
        inner = (slice(8, -8), slice(8, -8))
        assert np.abs(straight.luma - coffee)[inner].mean() < 2.5
        np.testing.assert_array_equal(straight.weights[inner], 1)


def test_a_leak_is_reduced_to_a_shape_once(coffee):
    sight = sight_of(coffee)
    small, back = reduced(sight, 5.0)
    again, _ = reduced(sight, 5.0)
    assert again is small
    assert small.luma.shape != coffee.shape
    np.testing.assert_allclose(back, resizing(small.luma.shape, coffee.shape))


def test_places_outside_the_leak_have_no_weight(coffee):
    straight = bring(believed(coffee), np.array([[1.0, 0, 100], [0, 1, 0], [0, 0, 1]]), coffee.shape)
    assert not straight.weights[:, :99].any()
    np.testing.assert_array_equal(straight.weights[:, 101:], 1)


@pytest.mark.parametrize("shape", [(400, 600), (1301, 2007), (40, LONGEST + 3000)])
def test_the_places_inside_a_leak_are_those_where_a_leak_that_is_believed_shows_something(shape, rng):
    down, across = np.mgrid[-20:420, -30:630].astype(np.float32)
    tilted = np.stack([across + down / 9, down - across / 7], axis=-1)
    places = np.asarray(tilted * np.float32(max(shape) / 600), dtype=np.float32)
    leak = believed(rng.uniform(0, 255, shape).astype(np.float32))
    weights = inside(places, shape)
    np.testing.assert_allclose(weights, fetch(leak, places).weights, atol=1e-6)
    assert 0 < weights.mean() < 0.9


def test_white_letters_are_not_believed_and_do_not_shine_through(coffee):
    leak = coffee.copy()
    leak[100:140, 100:400] = 255
    sight = sight_of(leak)
    assert not sight.weights[100:140, 100:400].any()
    assert sight.weights[200:].mean() > 0.9
    small = bring(sight, resizing(leak.shape, (40, 60)), (40, 60))
    expected = cv2.resize(coffee, (60, 40), interpolation=cv2.INTER_AREA)
    assert np.abs(small.luma - expected)[small.weights > 0].max() < 90


def test_a_picture_without_cut_off_tones_is_believed(coffee):
    np.testing.assert_array_equal(
        sight_of(coffee / 2 + np.arange(600, dtype=np.float32) / 10).weights.mean() > 0.97, True
    )


def test_what_is_foreign_is_not_believed_any_more(coffee):
    foreign = np.zeros_like(coffee)
    foreign[50:150, 100:300] = 1
    half = resizing((200, 300), coffee.shape)
    left = without(believed(np.zeros((200, 300), np.float32)), foreign, half).weights
    assert not left[26:74, 51:149].any()
    np.testing.assert_array_equal(left[:24], 1)


def test_letters_are_filled_with_what_surrounds_them(coffee):
    smooth = cv2.GaussianBlur(coffee, (0, 0), 8)
    leak = smooth.copy()
    leak[::20] = leak[1::20] = leak[2::20] = 255
    assert np.abs(legible(sight_of(leak)) - smooth).mean() < 0.1 * np.abs(leak - smooth).mean()
    assert legible(sight_of(smooth)) is smooth


def test_broad_bars_over_a_large_leak_are_filled_everywhere(coffee):
    large = cv2.resize(coffee, None, fx=5, fy=5, interpolation=cv2.INTER_CUBIC).clip(0, 250)
    leak = large.copy()
    for top in (200, 700, 1200, 1700):
        leak[top : top + 150, 300:2700] = 255
    filled, hidden = legible(sight_of(leak)), leak == 255
    assert (filled == leak)[~hidden].mean() > 0.99  # but for the bars' own borders
    assert filled[hidden].max() < 255
    assert np.abs(filled - large)[hidden].mean() < 0.4 * np.abs(leak - large)[hidden].mean()


def test_a_dither_of_black_and_white_is_believed_and_a_white_page_around_a_small_picture_is_not(coffee):
    dither = np.where(coffee > np.random.default_rng(1).uniform(0, 255, coffee.shape), 255, 0).astype(np.float32)
    assert sight_of(dither).weights.all()
    page = np.full((2400, 3200), 255, dtype=np.float32)
    page[1000:1200, 1000:1300] = cv2.resize(coffee, (300, 200), interpolation=cv2.INTER_AREA)  # 0.8 % of the page
    weights = sight_of(page).weights
    assert weights[1000:1200, 1000:1300].mean() > 0.9
    assert not weights[:900].any()

import cv2
import numpy as np
import pytest
from scipy.stats import norm

from tracemark.signal import quantisation
from tracemark.signal.quantisation import (
    NOISE,
    SURE,
    _explained,
    _slope,
    left_when_saved,
    likeliest_quality,
    likely_qualities,
    log_likelihood,
    saved,
    slopes,
)

ROWS, COLUMNS = 240, 336


@pytest.fixture
def photo(rng):
    smooth = cv2.GaussianBlur(rng.standard_normal((ROWS, COLUMNS)).astype(np.float32), (0, 0), 3)
    fine = cv2.GaussianBlur(rng.standard_normal((ROWS, COLUMNS)).astype(np.float32), (0, 0), 1)
    return np.clip(128 + 250 * smooth + 30 * fine, 0, 255).round().astype(np.float32)


@pytest.fixture
def mark(rng):
    """Faint, and as strong everywhere."""
    smooth = cv2.GaussianBlur(rng.standard_normal((ROWS, COLUMNS)), (0, 0), 1.5)
    return (smooth / smooth.std()).astype(np.float32)


@pytest.fixture
def covered():
    return np.ones((ROWS, COLUMNS), dtype=np.float32)


@pytest.mark.parametrize("quality", [10, 30, 50, 70, 85, 95])
def test_the_quality_of_a_jpeg_shows_in_its_pixels(quality, photo):
    assert quality in likely_qualities(saved(photo, quality))[:2]


def test_colours_that_were_cut_off_and_empty_blocks_do_not_hide_the_quality(photo, rng):
    leak = saved(photo, 75)
    leak[:, :200] += rng.uniform(-2, 2, (ROWS, 200)).astype(np.float32)  # as in two thirds of the blocks
    framed = np.pad(leak, 160, constant_values=58)  # a desktop, far larger
    assert likely_qualities(leak)[0] == 75
    assert likely_qualities(framed)[0] == 75


def test_what_is_smaller_than_a_block_has_no_quality():
    assert likely_qualities(np.zeros((7, 100), dtype=np.float32)) == []


def test_slopes_are_the_derivative_of_the_log_chance():
    lower = np.linspace(-4, 3, 29, dtype=np.float32)
    for width in (0.3, 1.0, 3.0):
        upper, step = lower + np.float32(width), 1e-4
        chances = [np.log(norm.cdf(upper - move) - norm.cdf(lower - move)) for move in np.array([-step, step]) / 2]
        expected = np.clip((chances[1] - chances[0]) / step, -SURE, SURE)
        np.testing.assert_allclose(_slope(lower, upper), expected, atol=2e-3)


def test_slopes_are_finite_and_odd_however_far_off_a_coefficient_is():
    lower = np.array([-1e6, -30, -8, -1, 7, 29, 1e6], dtype=np.float32)
    slope = _slope(lower, lower + 1)
    np.testing.assert_allclose(slope, -_slope(-lower - 1, -lower), atol=1e-4)
    np.testing.assert_allclose(slope[[0, 1, 2, -3, -2, -1]], [-SURE] * 3 + [SURE] * 3)


@pytest.mark.parametrize("quality", [20, 50, 75])
def test_slopes_show_a_mark_that_the_difference_hardly_shows(quality, photo, mark, covered):
    leak = saved(photo + mark, quality)
    spread = np.ones_like(photo)

    def seen(values):
        return float(np.sum(values * mark)) / np.sqrt(float(np.sum(values**2)) * float(np.sum(mark**2)))

    assert (
        seen(slopes(leak, photo, quality, spread, covered, noise=0.5)) > 1.05 * seen(leak - saved(photo, quality)) > 0
    )


def test_a_leak_without_a_mark_shows_none(photo, mark, covered):
    leak = saved(photo, 50)
    values = slopes(leak, photo, 50, np.ones_like(photo), covered)
    assert abs(np.sum(values * mark)) < 5 * np.sqrt(np.sum(values**2) * np.mean(mark**2))


def test_where_no_mark_can_be_slopes_are_those_of_rounding(photo, covered):
    leak = saved(photo, 30)
    none, some = (slopes(leak, photo, 30, np.full_like(photo, spread), covered) for spread in (0, 2))
    assert NOISE < 2
    assert np.abs(none).mean() > 0
    assert not np.array_equal(none, some)


@pytest.mark.parametrize("shape", [(8, 8), (9, 15), (64, 33), (5, 5)])
def test_slopes_have_the_shape_of_the_leak(shape, rng):
    leak = rng.uniform(0, 255, shape).astype(np.float32)
    values = slopes(leak, leak, 75, *np.ones((2, *shape), dtype=np.float32))
    assert values.shape == shape
    assert np.isfinite(values).all()


def test_slopes_are_nothing_where_the_leak_shows_something_else(photo, mark, covered):
    covered[:, :168] = 0
    leak = photo + mark
    leak[:, :168] = 255 - leak[:, :168]
    one, other = (slopes(each, photo, 90, np.ones_like(photo), covered) for each in (leak, photo + mark))
    assert not one[:, :168].any()
    np.testing.assert_allclose(one[:, 168:], other[:, 168:], atol=1e-6)


def test_a_moire_is_mistrusted_at_its_own_frequency_alone(photo, mark, covered):
    across = np.arange(COLUMNS, dtype=np.float32)
    moire = 12 * np.sin(2 * np.pi * across / 5)
    spread = np.full_like(photo, 1)

    def seen(noise_free, values):
        return float(np.sum(values * mark)) / float(np.sum(noise_free * mark))

    clean, spoiled = (slopes(np.rint(photo + mark + more), photo, 98, spread, covered) for more in (0, moire))
    assert 0.6 < seen(clean, spoiled) < 1
    assert np.std(spoiled) < 1.3 * np.std(clean)  # though the moire is ten times the mark


def test_what_rounding_explains_is_what_it_leaves(rng):
    likely = np.array([0.0, 4.0, 9.0, -14.0, 60.5], dtype=np.float32)
    steps = np.array([40.0, 12.0, 20.0, 20.0, 8.0], dtype=np.float32)
    variance = np.full(5, 4.0, dtype=np.float32)
    drawn = likely + np.sqrt(variance) * rng.standard_normal((200_000, 5))
    left = np.mean((np.rint(drawn / steps) * steps - likely) ** 2, axis=0)
    np.testing.assert_allclose(_explained(likely, steps, variance), left, rtol=0.2, atol=0.05)


@pytest.mark.parametrize("quality", [50, 75])
def test_in_heavy_noise_slopes_tell_as_much_as_the_difference(quality, photo, mark, covered, rng):
    """Noise is not held to be what coarse steps left, where they would have left nothing."""
    noise = 25 * rng.standard_normal(photo.shape).astype(np.float32)
    leak = saved(photo + 2 * mark + noise, quality)

    def seen(values):
        return float(np.sum(values * mark)) / np.sqrt(float(np.sum(values**2)) * float(np.sum(mark**2)))

    assert seen(slopes(leak, photo, quality, 2 * covered, covered)) > 0.9 * seen(leak - photo)


def test_saving_alike_leaves_little_and_otherwise_more(photo, mark, covered):
    leak = saved(photo + mark / 4, 30)
    left = left_when_saved(leak, photo, [30, 60, 90], covered)
    assert left[0] < 0.5
    assert left.argmin() == 0
    assert (left[1:] > 0.9).all()


def test_of_qualities_that_leave_hardly_more_the_likeliest_is_chosen():
    assert likeliest_quality([50, 49, 52], np.array([0.63, 0.9, 0.57])) == 50
    assert likeliest_quality([75, 50], np.array([1.2, 0.3])) == 50
    assert likeliest_quality([50, 75], np.array([np.inf, np.inf])) == 50


def test_a_leak_is_likeliest_where_what_was_added_is_known(photo, mark, covered):
    leak = saved(photo + 2 * mark, 60)
    likely = [log_likelihood(leak, photo + times * mark, 60, covered, covered) for times in (0, 1, 2, 3, 4)]
    assert np.argmax(likely) == 2


def test_slopes_are_the_derivative_of_the_log_likelihood(photo, mark, covered, monkeypatch):
    monkeypatch.setattr(quantisation, "ASTRAY", 0.0)
    leak = saved(photo + 2 * mark, 60)
    tuned = {"leak": leak, "quality": 60, "spread": covered, "cover": covered, "noise": 5.0}
    high, low = (log_likelihood(expected=photo + move * mark, **tuned) for move in (0.05, -0.05))
    slope = float(np.vdot(slopes(expected=photo, **tuned), mark))
    assert (high - low) / 0.1 == pytest.approx(slope, rel=0.15)


def test_few_coefficients_that_went_astray_do_not_outweigh_all_others(photo, mark, covered):
    leak = saved(photo + 2 * mark, 60)
    leak[::40, ::40] += 100
    likely = [log_likelihood(leak, photo + times * mark, 60, covered, covered) for times in (0, 2)]
    assert likely[1] - likely[0] > 200


def test_what_shows_something_else_has_no_part_in_the_likelihood(photo, covered):
    covered[:, :168] = 0
    other = photo.copy()
    other[:, :168] = 255 - other[:, :168]
    one, same = (log_likelihood(leak, photo, 90, np.ones_like(photo), covered) for leak in (photo, other))
    assert one == pytest.approx(same)

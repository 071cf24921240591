"""What quantisation lets through of a faint mark."""

import numpy as np
import pytest
from scipy.fft import idctn
from scipy.stats import norm

from tracemark.signal import likelihood
from tracemark.signal.jpeg_quality import saved
from tracemark.signal.likelihood import SURE, Found, _explained, _slope
from tracemark.signal.quantisation import NOISE, Coding, blocks_of, coefficients_of


def slopes(leak, expected, coding, spread, cover):
    return Found.of(leak, cover).beside(expected, spread).slopes(coding)


def log_likelihood(leak, expected, coding, spread, cover):
    return Found.of(leak, cover).beside(expected, spread).log_likelihood(coding)


def likeness(values, mark):
    """Correlate what is seen with the mark."""
    return float(np.sum(values * mark)) / np.sqrt(float(np.sum(values**2)) * float(np.sum(mark**2)))


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

    assert (
        likeness(slopes(leak, photo, Coding.jpeg(quality, 0.5), spread, covered), mark)
        > 1.05 * likeness(leak - saved(photo, quality), mark)
        > 0
    )


def test_a_leak_without_a_mark_shows_none(photo, mark, covered):
    leak = saved(photo, 50)
    values = slopes(leak, photo, Coding.jpeg(50), np.ones_like(photo), covered)
    assert abs(np.sum(values * mark)) < 5 * np.sqrt(np.sum(values**2) * np.mean(mark**2))


def test_where_no_mark_can_be_slopes_are_those_of_rounding(photo, covered):
    leak = saved(photo, 30)
    none, some = (slopes(leak, photo, Coding.jpeg(30), np.full_like(photo, spread), covered) for spread in (0, 2))
    assert NOISE < 2
    assert np.abs(none).mean() > 0
    assert not np.array_equal(none, some)


@pytest.mark.parametrize("shape", [(8, 8), (9, 15), (64, 33), (5, 5)])
def test_slopes_have_the_shape_of_the_leak(shape, rng):
    leak = rng.uniform(0, 255, shape).astype(np.float32)
    values = slopes(leak, leak, Coding.jpeg(75), *np.ones((2, *shape), dtype=np.float32))
    assert values.shape == shape
    assert np.isfinite(values).all()


def test_slopes_are_nothing_where_the_leak_shows_something_else(photo, mark, covered):
    covered[:, :168] = 0
    leak = photo + mark
    leak[:, :168] = 255 - leak[:, :168]
    one, other = (slopes(each, photo, Coding.jpeg(90), np.ones_like(photo), covered) for each in (leak, photo + mark))
    assert not one[:, :168].any()
    np.testing.assert_allclose(one[:, 168:], other[:, 168:], atol=1e-6)


def test_a_moire_is_mistrusted_at_its_own_frequency_alone(photo, mark, covered):
    across = np.arange(photo.shape[1], dtype=np.float32)
    moire = 12 * np.sin(2 * np.pi * across / 5)
    spread = np.full_like(photo, 1)

    def seen(noise_free, values):
        return float(np.sum(values * mark)) / float(np.sum(noise_free * mark))

    clean, spoiled = (
        slopes(np.rint(photo + mark + more), photo, Coding.jpeg(98), spread, covered) for more in (0, moire)
    )
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

    left = slopes(leak, photo, Coding.jpeg(quality), 2 * covered, covered)
    assert likeness(left, mark) > 0.9 * likeness(leak - photo, mark)


def test_a_leak_is_likeliest_where_what_was_added_is_known(photo, mark, covered):
    leak = saved(photo + 2 * mark, 60)
    likely = [
        log_likelihood(leak, photo + times * mark, Coding.jpeg(60), covered, covered) for times in (0, 1, 2, 3, 4)
    ]
    assert np.argmax(likely) == 2


def test_slopes_are_the_derivative_of_the_log_likelihood(photo, mark, covered, monkeypatch):
    monkeypatch.setattr(likelihood, "ASTRAY", 0.0)
    leak = saved(photo + 2 * mark, 60)
    tuned = {"leak": leak, "coding": Coding.jpeg(60, 5.0), "spread": covered, "cover": covered}
    high, low = (log_likelihood(expected=photo + move * mark, **tuned) for move in (0.05, -0.05))
    slope = float(np.vdot(slopes(expected=photo, **tuned), mark))
    assert (high - low) / 0.1 == pytest.approx(slope, rel=0.15)


def test_few_coefficients_that_went_astray_do_not_outweigh_all_others(photo, mark, covered):
    leak = saved(photo + 2 * mark, 60)
    leak[::40, ::40] += 100
    likely = [log_likelihood(leak, photo + times * mark, Coding.jpeg(60), covered, covered) for times in (0, 2)]
    assert likely[1] - likely[0] > 200


def test_what_shows_something_else_has_no_part_in_the_likelihood(photo, covered):
    covered[:, :168] = 0
    other = photo.copy()
    other[:, :168] = 255 - other[:, :168]
    one, same = (log_likelihood(leak, photo, Coding.jpeg(90), np.ones_like(photo), covered) for leak in (photo, other))
    assert one == pytest.approx(same)


def test_a_mark_shows_beside_what_a_dead_zone_took(photo, mark, covered, rng):
    """Codecs that are not known: what is small is gone, and the rest is off by something."""
    coefficients = coefficients_of(blocks_of(photo + mark))
    coefficients += rng.uniform(-6, 6, coefficients.shape).astype(np.float32)
    kept = np.where(np.abs(coefficients) > 8, coefficients, 0)
    leak = 128 + idctn(kept, axes=(2, 3), norm="ortho").swapaxes(1, 2).reshape(photo.shape)

    codings = (Coding.dead_zone(16, 2.0), Coding.jpeg(98, 2.0), Coding.dead_zone(64, 2.0))
    seen = [likeness(slopes(leak, photo, coding, covered, covered), mark) for coding in codings]
    assert seen[0] > 1.1 * max(seen[1:]) > 0


def test_a_dead_zone_of_the_steps_and_a_grid_agree_on_what_is_on_the_grid(photo, covered):
    flat = np.full_like(photo, 128)  # coefficients of nothing
    grid = Coding(np.full((8, 8), 16, dtype=np.float32), True, 2.0)
    one, other = (slopes(flat, photo, coding, covered, covered) for coding in (grid, Coding.dead_zone(16, 2.0)))
    np.testing.assert_array_equal(one, other)

import numpy as np
import pytest

from tracemark.signal.wavelet import decompose
from tracemark.signal.whitening import FADING, LIMIT, whiten

LEVELS = (2, 3)


def texture(rng, spread=30.0, shape=(128, 160)):
    return (128 + spread * rng.standard_normal(shape)).astype(np.float32)


def test_an_empty_picture_stays_empty():
    np.testing.assert_allclose(whiten(np.full((64, 96), 90, dtype=np.float32), levels=LEVELS), 0, atol=1e-3)


def test_only_the_kept_levels_are_left(rng):
    cA, bands = decompose(whiten(texture(rng), levels=LEVELS), levels=4)
    for level, triple in enumerate(bands, start=1):
        for band in triple:
            assert (np.abs(band).max() > 0.1) == (level in LEVELS)
    np.testing.assert_allclose(cA, 0, atol=1e-3)


def test_a_coefficient_of_a_textured_place_has_about_unit_spread(rng):
    _, bands = decompose(whiten(texture(rng), levels=LEVELS), levels=3)
    for level in LEVELS:
        assert np.std(bands[level - 1]) == pytest.approx(1, abs=0.3)


def test_contrast_and_brightness_of_a_textured_place_do_not_matter(rng):
    luma = texture(rng, 60)
    changed = whiten(luma * np.float32(0.6) + 20, levels=LEVELS)
    np.testing.assert_allclose(changed, whiten(luma, levels=LEVELS), atol=0.1)


def test_a_single_bright_spot_weighs_no_more_than_its_neighbours(rng):
    luma = texture(rng)
    most = np.abs(whiten(luma, levels=LEVELS)).max()
    luma[64:68, 64:68] = 10_000
    white = whiten(luma, levels=LEVELS)
    assert np.abs(white).max() < 2 * most
    _, bands = decompose(white, levels=3)
    assert max(np.abs(band).max() for triple in bands for band in triple) < 1.01 * LIMIT


def test_loud_and_quiet_places_come_out_alike(rng):
    luma = texture(rng, 1.0, (128, 256)) - 128
    luma[:, :128] *= 60
    luma[:, 128:] *= 20
    white = whiten(luma, levels=LEVELS)
    assert np.std(white[:, :112]) == pytest.approx(np.std(white[:, 144:]), rel=0.1)


@pytest.mark.parametrize("favour", [0.25, 0.5, 1.0])
def test_favour_weighs_a_smooth_place_by_that_power_of_its_contrast(favour, rng):
    luma = texture(rng, 1.0, (128, 256)) - 128
    luma[:, :128] *= 80
    luma[:, 128:] *= 20
    white = whiten(luma, levels=LEVELS, favour=favour)
    assert np.std(white[:, 144:]) / np.std(white[:, :112]) == pytest.approx(4**favour, rel=0.1)


def test_without_favour_nothing_is_favoured(rng):
    luma = texture(rng)
    np.testing.assert_array_equal(whiten(luma, levels=LEVELS, favour=0.0), whiten(luma, levels=LEVELS))


@pytest.mark.parametrize("density", [0.3, 0.5, 0.8])
def test_in_an_enlarged_picture_a_level_weighs_by_the_pixels_its_period_had(density, rng):
    luma, levels = texture(rng), (1, 2, 3)
    _, full = decompose(whiten(luma, levels=levels), levels=3)
    _, less = decompose(whiten(luma, levels=levels, density=density), levels=3)
    for level, (one, two) in enumerate(zip(full, less, strict=True), start=1):
        own_pixels = density * 2**level  # in the shortest period, of which 2 hold all of it
        expected = min(own_pixels / 2, 1) ** FADING
        for whole, weighed in zip(one, two, strict=True):
            np.testing.assert_allclose(weighed, whole * expected, atol=1e-4)


@pytest.mark.parametrize("density", [1.0, 1.5, 7.0])
def test_a_picture_that_was_not_enlarged_weighs_all_levels_alike(density, rng):
    luma, levels = texture(rng), (1, 2, 3)
    np.testing.assert_array_equal(whiten(luma, levels=levels, density=density), whiten(luma, levels=levels))


def test_the_luma_given_is_not_written_to(rng):
    luma = texture(rng)
    luma.setflags(write=False)
    assert whiten(luma, levels=LEVELS) is not luma

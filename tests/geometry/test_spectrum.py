import numpy as np
import pytest

from tracemark.geometry.spectrum import LIMIT, SHARP_LIMIT, SIDE, spectrum_of, turned_back, values_at


@pytest.mark.parametrize("shape", [(200, 300), (301, 201), (64, 64)])
def test_noise_has_unit_power_everywhere(shape, rng):
    spectrum = spectrum_of(rng.standard_normal(shape).astype(np.float32))
    assert (spectrum.rows, spectrum.columns) == shape
    power = np.abs(spectrum.values) ** 2
    quarters = power.reshape(4, SIDE // 4, 4, SIDE // 4).mean(axis=(1, 3))
    assert quarters == pytest.approx(1, abs=0.2)


def test_the_phase_is_taken_at_the_centre():
    white = np.zeros((101, 151), dtype=np.float32)
    white[50, 75] = 1
    values = spectrum_of(white).values
    np.testing.assert_allclose(values, np.abs(values), atol=1e-3)


@pytest.mark.parametrize("shape", [(300, 401), (256, 500), (501, 333)])
def test_a_wave_is_read_at_its_frequency_with_its_phase(shape, rng):
    frequency, phase = np.array([0.0625, -0.2109375]), 0.7  # (x, y), cycles a pixel
    down, across = np.mgrid[: shape[0], : shape[1]]
    centre = np.array([shape[1] - 1, shape[0] - 1]) / 2
    turns = (across - centre[0]) * frequency[0] + (down - centre[1]) * frequency[1]
    wave = np.cos(2 * np.pi * turns + phase) + rng.standard_normal(shape)
    spectrum = spectrum_of(wave.astype(np.float32))
    for bins in (spectrum.values, spectrum.sharp):
        value = values_at(bins, frequency)
        assert abs(value) > 0.99 * LIMIT
        assert np.angle(value) == pytest.approx(phase, abs=0.1)
        assert np.angle(values_at(bins, -frequency)) == pytest.approx(-phase, abs=0.1)
        # Not at the mirrored frequency, nor with the axes swapped.
        for other in (frequency * [1, -1], frequency[::-1]):
            assert abs(values_at(bins, other)) < 0.9 * LIMIT


def test_no_bin_outweighs_its_neighbours(rng):
    down, across = np.mgrid[:200, :300]
    wave = 1000 * np.cos(across * 0.9 + down * 0.4) + rng.standard_normal((200, 300))
    spectrum = spectrum_of(wave.astype(np.float32))
    assert np.abs(spectrum.values).max() <= LIMIT * 1.001
    assert np.abs(spectrum.sharp).max() <= SHARP_LIMIT * 1.001


def test_a_strong_line_keeps_its_peak_in_the_sharp_spectrum_only(rng):
    frequency = np.array([0.0625, -0.2109375])
    down, across = np.mgrid[:300, :400]
    wave = 5 * np.cos(2 * np.pi * (across * frequency[0] + down * frequency[1])) + rng.standard_normal((300, 400))
    spectrum = spectrum_of(wave.astype(np.float32))
    beside = frequency + np.array([1 / SIDE, 0])
    sharp, clipped = (
        [abs(values_at(bins, at)) for at in (frequency, beside)] for bins in (spectrum.sharp, spectrum.values)
    )
    assert sharp[0] > sharp[1] > LIMIT
    assert clipped == pytest.approx([LIMIT, LIMIT], rel=1e-3)


def test_the_sharp_spectrum_is_the_other_where_neither_is_clipped(rng):
    down, across = np.mgrid[:300, :400]
    wave = 5 * np.cos(across * 0.9 + down * 0.4) + rng.standard_normal((300, 400))
    spectrum = spectrum_of(wave.astype(np.float32))
    low = np.abs(spectrum.values) < 0.99 * LIMIT
    assert 0.99 < low.mean() < 1
    np.testing.assert_allclose(spectrum.sharp[low], spectrum.values[low], atol=1e-5)
    assert np.abs(spectrum.sharp[~low]).max() > LIMIT


def test_an_empty_leak_has_an_empty_spectrum():
    spectrum = spectrum_of(np.zeros((64, 80), dtype=np.float32))
    np.testing.assert_array_equal(spectrum.values, 0)
    np.testing.assert_array_equal(spectrum.sharp, 0)


def test_values_on_the_grid_are_the_bins_and_between_them_are_means(rng):
    spectrum = spectrum_of(rng.standard_normal((150, 200)).astype(np.float32))
    rows, columns = rng.integers(1, SIDE - 2, (2, 50))
    at = np.stack([columns, rows], axis=-1) / SIDE - 0.5
    for bins in (spectrum.values, spectrum.sharp):
        np.testing.assert_allclose(values_at(bins, at), bins[rows, columns], atol=1e-4)
        between = values_at(bins, at + 0.5 / SIDE)
        blocks = [bins[rows + down, columns + across] for down in (0, 1) for across in (0, 1)]
        np.testing.assert_allclose(between, np.mean(blocks, axis=0), atol=1e-4)


def test_frequencies_that_pixels_cannot_hold_read_as_nothing(rng):
    spectrum = spectrum_of(rng.standard_normal((150, 200)).astype(np.float32))
    outside = np.array([[0.51, 0.1], [-0.51, 0], [0.1, 0.7], [0, -3.0]])
    np.testing.assert_array_equal(values_at(spectrum.values, outside), 0)
    np.testing.assert_array_equal(values_at(spectrum.sharp, outside), 0)


def test_a_spectrum_of_fewer_bins_shows_the_same(rng):
    white = rng.standard_normal((120, 200)).astype(np.float32)
    frequencies = rng.uniform(-0.4, 0.4, (300, 2))
    large, small = (spectrum_of(white, side=side) for side in (SIDE, SIDE // 2))
    assert small.values.shape == (SIDE // 2, SIDE // 2)
    one, other = (values_at(spectrum.sharp, frequencies) for spectrum in (large, small))
    assert np.corrcoef(np.abs(one), np.abs(other))[0, 1] > 0.9
    assert np.abs(np.angle(one * np.conj(other)))[np.abs(one) > 0.5].max() < 0.6


def test_factors_take_turns_off_whatever_whole_ones_there_are(rng):
    turns = rng.uniform(-300, 300, (7, 5))
    factors = turned_back(turns)
    assert factors.dtype == np.complex64
    np.testing.assert_allclose(factors, np.exp(-2j * np.pi * turns), atol=1e-6)
    np.testing.assert_allclose(turned_back(turns + 1000), factors, atol=1e-6)

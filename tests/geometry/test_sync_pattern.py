import numpy as np
import pytest

from tracemark.geometry.sync_pattern import sync_lines, sync_tile
from tracemark.keys import Key
from tracemark.profile import PROFILE

KEY, OTHER = Key(bytes(range(32))), Key(bytes(32))
SIDE = PROFILE.tile_pixels


@pytest.fixture(scope="module")
def lines():
    return sync_lines(KEY)


def test_a_key_always_draws_the_same_lines(lines):
    again = sync_lines(Key(bytes(range(32))))
    np.testing.assert_array_equal(again.frequencies, lines.frequencies)
    np.testing.assert_array_equal(again.phases, lines.phases)


def test_another_key_draws_other_lines(lines):
    other = {tuple(place) for place in sync_lines(OTHER).frequencies.tolist()}
    shared = other & {tuple(place) for place in lines.frequencies.tolist()}
    assert len(shared) < PROFILE.sync_lines / 4


def test_lines_lie_in_the_ring(lines):
    assert lines.frequencies.shape == (PROFILE.sync_lines, 2)
    radius = np.hypot(*lines.frequencies.T)
    low, high = PROFILE.sync_radii
    assert low <= radius.min()
    assert radius.max() <= high


def test_no_line_is_drawn_twice_nor_as_its_own_mirror_image():
    for secret in range(40):
        down, across = sync_lines(Key(bytes([secret] * 32))).frequencies.T
        assert len({*zip(down.tolist(), across.tolist(), strict=True)}) == PROFILE.sync_lines
        # One half of the plane; the other is its mirror image.
        assert ((across > 0) | ((across == 0) & (down > 0))).all()


def test_lines_can_be_told_apart_from_their_quarter_turn_and_mirror_image(lines):
    own = {tuple(place) for place in np.concatenate([lines.frequencies, -lines.frequencies]).tolist()}
    for turned in ([[0, 1], [-1, 0]], [[1, 0], [0, -1]], [[0, 1], [1, 0]]):
        others = {tuple(place) for place in (lines.frequencies @ np.array(turned)).tolist()}
        assert len(own & others) < PROFILE.sync_lines / 4


def test_the_spectrum_of_the_tile_is_the_lines_and_nothing_else(lines):
    tile = sync_tile(lines)
    assert tile.shape == (SIDE, SIDE)
    assert tile.dtype == np.float32
    spectrum = np.fft.fft2(tile.astype(np.float64)) / SIDE**2
    # Unit mean square over this many lines and their mirror images.
    expected = np.zeros((SIDE, SIDE), dtype=complex)
    size = 1 / np.sqrt(2 * len(lines.phases))
    for (down, across), phase in zip(lines.frequencies.tolist(), lines.phases, strict=True):
        expected[down % SIDE, across % SIDE] += size * np.exp(1j * phase)
        expected[-down % SIDE, -across % SIDE] += size * np.exp(-1j * phase)
    np.testing.assert_allclose(spectrum, expected, atol=1e-6)


def test_the_tile_has_unit_energy_and_no_mean(lines):
    tile = sync_tile(lines)
    assert np.mean(tile**2) == pytest.approx(1, rel=1e-4)
    assert np.mean(tile) == pytest.approx(0, abs=1e-5)
    # No pixel stands out: a few would be seen, and clipped.
    assert np.abs(tile).max() < 6


def test_the_tile_repeats_without_a_seam(lines):
    tile = sync_tile(lines)
    inner = np.abs(np.diff(tile, axis=1)).mean()
    assert np.abs(tile[:, 0] - tile[:, -1]).mean() < 1.5 * inner
    assert np.abs(tile[0] - tile[-1]).mean() < 1.5 * np.abs(np.diff(tile, axis=0)).mean()

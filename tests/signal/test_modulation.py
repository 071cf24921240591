import numpy as np
import pytest

from tracemark.keys import Key
from tracemark.profile import PROFILE
from tracemark.signal.chips import codebook
from tracemark.signal.modulation import (
    LEAST,
    build_layers,
    contrary,
    correlate_cells,
    correlate_slots,
    cut,
    join,
    tile_over,
)

KEY = Key(bytes(range(32)))
SLOTS = 1 + PROFILE.message_slots + 1  # beacon, message, fingerprint
CELL, TILE = PROFILE.cell, PROFILE.tile


def draw(rng, cells):
    """Patterns that differ within a cell, and beacon signs."""
    patterns = np.argsort(rng.random((*cells, PROFILE.patterns)), axis=-1)[..., :SLOTS]
    return patterns, rng.choice(np.array([-1, 1], dtype=np.float32), cells)


def build(rng, cells=(9, 11), allowance=None):
    patterns, signs = draw(rng, cells)
    sync = rng.standard_normal((PROFILE.tile_pixels, PROFILE.tile_pixels)).astype(np.float32)
    if allowance is None:
        allowance = np.ones((cells[0] * CELL, cells[1] * CELL), dtype=np.float32)
    return build_layers(codebook(KEY), patterns, sync, signs, allowance), patterns, signs, sync


def test_correlating_all_cells_at_once_agrees_with_one_after_another(rng):
    white = rng.standard_normal((2 * PROFILE.tile_pixels, PROFILE.tile_pixels)).astype(np.float32)
    book = codebook(KEY)
    quick = correlate_cells(white, book)
    assert quick.shape == (2 * TILE, TILE, PROFILE.patterns)
    for row in range(2 * TILE):
        for column in range(TILE):
            cell = white[row * CELL : (row + 1) * CELL, column * CELL : (column + 1) * CELL]
            for pattern in range(PROFILE.patterns):
                chips = book[row % TILE, column % TILE, pattern].reshape(CELL, CELL)
                slow = float(np.mean(cell * chips)) * CELL
                assert quick[row, column, pattern] == pytest.approx(slow, abs=1e-4)


def test_correlating_the_slots_of_a_photo_agrees_with_correlating_all_patterns(rng):
    white = rng.standard_normal((PROFILE.tile_pixels, 2 * PROFILE.tile_pixels)).astype(np.float32)
    rows, columns = TILE - 3, TILE + 5
    layers, patterns, _, _ = build(rng, (rows, columns))
    drawn = np.stack([cut(slot) for slot in layers.signed], axis=2)
    quick = correlate_slots(cut(white)[:rows, :columns], drawn)
    every = correlate_cells(white, codebook(KEY))[:rows, :columns]
    shares = [*[PROFILE.message_share / PROFILE.message_slots] * PROFILE.message_slots, PROFILE.fingerprint_share]
    slow = np.take_along_axis(every, patterns[..., 1:], axis=-1) * np.sqrt(shares)
    np.testing.assert_allclose(quick, slow, atol=1e-4)


def test_what_is_cut_into_cells_is_joined_again(rng):
    pixels = rng.standard_normal((3 * CELL, 5 * CELL)).astype(np.float32)
    cells = cut(pixels)
    assert cells.shape == (3, 5, CELL * CELL)
    np.testing.assert_array_equal(cells[1, 2], pixels[CELL : 2 * CELL, 2 * CELL : 3 * CELL].ravel())
    np.testing.assert_array_equal(join(cells), pixels)


def test_patterns_turn_about_exactly_where_they_outweigh_the_others(rng):
    drawn = rng.standard_normal((2, 3, 4, 256)).astype(np.float32)
    turned = contrary(drawn)
    part = np.abs(drawn) / np.abs(drawn).sum(axis=2, keepdims=True)
    assert (np.sign(turned) == -np.sign(drawn))[part > 0.46].all()
    assert (np.sign(turned) == np.sign(drawn))[part < 0.44].all()
    np.testing.assert_allclose(turned[part > 0.66], -drawn[part > 0.66], rtol=1e-5)
    np.testing.assert_allclose(turned[part < 0.2], LEAST * drawn[part < 0.2], rtol=1e-5)
    assert not contrary(np.zeros((1, 1, 4, 256), np.float32)).any()


def test_white_noise_correlates_with_unit_variance(rng):
    white = rng.standard_normal((PROFILE.tile_pixels, 2 * PROFILE.tile_pixels)).astype(np.float32)
    assert np.std(correlate_cells(white, codebook(KEY))) == pytest.approx(1, abs=0.05)


def test_layers_hold_what_one_cell_after_another_would(rng):
    allowance = rng.uniform(0, 3, (9 * CELL, 11 * CELL)).astype(np.float32)
    layers, patterns, signs, sync = build(rng, allowance=allowance)
    book = codebook(KEY)
    message = PROFILE.message_share / PROFILE.message_slots
    shares = [*[message] * PROFILE.message_slots, PROFILE.fingerprint_share]
    for row, column in np.ndindex(9, 11):
        place = np.s_[row * CELL : (row + 1) * CELL, column * CELL : (column + 1) * CELL]
        for slot, share in enumerate(shares):
            chips = book[row % TILE, column % TILE, patterns[row, column, slot + 1]].reshape(CELL, CELL)
            expected = chips * allowance[place] * np.sqrt(share)
            np.testing.assert_allclose(layers.signed[slot][place], expected, atol=1e-4)
        beacon = book[row % TILE, column % TILE, patterns[row, column, 0]].reshape(CELL, CELL) * signs[row, column]
        own = np.s_[row % TILE * CELL : (row % TILE + 1) * CELL, column % TILE * CELL : (column % TILE + 1) * CELL]
        expected = beacon * np.sqrt(PROFILE.beacon_share) + sync[own] * np.sqrt(PROFILE.sync_share)
        np.testing.assert_allclose(layers.common[place], expected * allowance[place], atol=1e-4)


def test_the_shares_of_energy_add_up_to_the_allowance(rng):
    shares = PROFILE.sync_share + PROFILE.beacon_share + PROFILE.message_share + PROFILE.fingerprint_share
    assert shares == pytest.approx(1)
    layers, *_ = build(rng, cells=(2 * TILE, 2 * TILE))
    signs = rng.choice(np.array([-1, 1]), len(layers.signed))
    mark = layers.common + np.einsum("s,sij->ij", signs, layers.signed)
    assert np.mean(mark**2) == pytest.approx(1, abs=0.05)


def test_where_nothing_may_change_nothing_does(rng):
    allowance = np.ones((9 * CELL, 11 * CELL), dtype=np.float32)
    allowance[40:80, 100:] = 0
    layers, *_ = build(rng, allowance=allowance)
    for layer in (layers.common, *layers.signed):
        np.testing.assert_array_equal(layer[40:80, 100:], 0)


def test_what_is_modulated_is_what_correlates(rng):
    layers, patterns, *_ = build(rng, cells=(TILE, TILE))
    message = PROFILE.message_share / PROFILE.message_slots
    correlation = correlate_cells(layers.signed[0], codebook(KEY)) / CELL
    chosen = np.take_along_axis(correlation, patterns[..., 1:2], axis=-1)
    np.testing.assert_allclose(chosen, np.sqrt(message), rtol=1e-3)


@pytest.mark.parametrize("shape", [(3, 3), (3, 10), (7, 4), (2, 2)])
def test_a_tile_repeats_from_the_corner(shape, rng):
    tile = rng.standard_normal((3, 3)).astype(np.float32)
    over = tile_over(tile, shape)
    assert over.shape == shape
    for row, column in np.ndindex(shape):
        assert over[row, column] == tile[row % 3, column % 3]

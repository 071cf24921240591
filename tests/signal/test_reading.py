from dataclasses import replace

import cv2
import numpy as np
import pytest

from tracemark.keys import Key
from tracemark.profile import PROFILE
from tracemark.signal.chips import CellChoice, beacon_choices, codebook, message_choices
from tracemark.signal.modulation import correlate_cells
from tracemark.signal.reading import (
    CellReading,
    beacon_scores,
    central,
    energies,
    excess_energy,
    gather,
    known_word_scores,
    read_cells,
    shrink,
    word_strengths,
)
from tracemark.signal.robust_hash import hash_lines, soft_hash
from tracemark.signal.whitening import whiten

KEY = Key(bytes(range(32)))
CELL, TILE, GRID, SIDE = PROFILE.cell, PROFILE.tile, PROFILE.grid, PROFILE.tile_pixels
LEVELS = tuple(level for level, _ in PROFILE.chip_levels)
FAVOUR = 0.5  # of smooth places, in a leak that has a pixel for each working pixel


def reading_of(rng, tiles, covered=None):
    cells = (tiles[0] * TILE, tiles[1] * TILE)
    correlation = rng.standard_normal((*cells, PROFILE.patterns)).astype(np.float32)
    covered = np.ones(cells, dtype=bool) if covered is None else covered
    hashed = rng.uniform(-1, 1, cells).astype(np.float32)
    return CellReading(correlation * covered[..., None], np.eye(3), covered, hashed)


def slow_score(reading, beacon, chip_set, first):
    """The beacon's correlation at one place, cell by cell."""
    total = 0.0
    for row, column in np.ndindex(reading.correlation.shape[:2]):
        at = first[0] * TILE + row, first[1] * TILE + column
        if all(0 <= place < GRID * TILE for place in at):
            pattern = beacon.patterns[chip_set, at[0], at[1], 0]
            sign = beacon.signs[chip_set, at[0], at[1], 0] * reading.hash[row, column]
            total += float(reading.correlation[row, column, pattern] * sign)
    return total


@pytest.mark.parametrize("tiles", [(1, 1), (2, 3), (4, 1)])
def test_scoring_all_places_at_once_agrees_with_one_after_another(tiles, rng):
    reading, beacon = reading_of(rng, tiles), beacon_choices(KEY)
    scores = beacon_scores(reading, beacon)
    assert scores.shape == (len(beacon.patterns), GRID + tiles[0] - 1, GRID + tiles[1] - 1)
    norm = np.sqrt(np.sum((reading.correlation * reading.hash[..., None]) ** 2) / PROFILE.patterns)
    for chip_set, place in ((0, (0, 0)), (5, (tiles[0], 2)), (len(scores) - 1, scores.shape[1:])):
        at = (min(place[0], scores.shape[1] - 1), min(place[1], scores.shape[2] - 1))
        slow = slow_score(reading, beacon, chip_set, (at[0] - tiles[0] + 1, at[1] - tiles[1] + 1)) / norm
        assert scores[chip_set, *at] == pytest.approx(slow, abs=1e-3)


def test_the_beacon_of_a_place_scores_highest_there(rng):
    beacon, chip_set, first = beacon_choices(KEY), 11, (2, 3)
    reading = reading_of(rng, (2, 2))
    cells = np.s_[first[0] * TILE : (first[0] + 2) * TILE, first[1] * TILE : (first[1] + 2) * TILE]
    added = np.zeros_like(reading.correlation)
    signs = beacon.signs[chip_set][cells] * np.sign(reading.hash)[..., None]
    np.put_along_axis(added, beacon.patterns[chip_set][cells], signs, axis=-1)
    told = replace(reading, correlation=reading.correlation + added)
    scores = beacon_scores(told, beacon)
    assert np.unravel_index(scores.argmax(), scores.shape) == (chip_set, first[0] + 1, first[1] + 1)
    assert scores.max() > 12
    elsewhere = replace(told, hash=rng.uniform(-1, 1, told.hash.shape).astype(np.float32))
    assert beacon_scores(elsewhere, beacon)[chip_set, first[0] + 1, first[1] + 1] < 5


def test_noise_scores_as_standard_deviations(rng):
    covered = rng.random((2 * TILE, 2 * TILE)) < 0.7
    scores = beacon_scores(reading_of(rng, (2, 2), covered), beacon_choices(KEY))
    inner = scores[:, 1:-1, 1:-1]
    assert np.std(inner) == pytest.approx(1, abs=0.05)
    assert np.abs(scores).max() < 6.5


def test_nothing_scores_nothing(rng):
    scores = beacon_scores(reading_of(rng, (1, 2), np.zeros((TILE, 2 * TILE), dtype=bool)), beacon_choices(KEY))
    np.testing.assert_array_equal(scores, 0)


@pytest.mark.parametrize("first", [(0, 0), (3, 4), (-1, 2), (GRID - 1, -1), (GRID - 1, GRID - 1)])
def test_gathering_picks_each_cell_of_the_photo_once(first, rng):
    reading, choice = reading_of(rng, (2, 2)), message_choices(KEY, 3)
    soft, cells = gather(reading, choice, first)
    rows, columns = (range(*part.indices(GRID * TILE)) for part in cells)
    assert soft.shape == (len(rows), len(columns), PROFILE.message_slots)
    assert len(rows) == len([r for r in range(2 * TILE) if 0 <= first[0] * TILE + r < GRID * TILE])
    for i, row in enumerate(rows):
        for j, column in enumerate(columns):
            own = reading.correlation[row - first[0] * TILE, column - first[1] * TILE]
            expected = own[choice.patterns[row, column]] * choice.signs[row, column]
            np.testing.assert_array_equal(soft[i, j], expected)


def test_an_upright_leak_reads_as_its_cells_do(rng):
    luma = (128 + 40 * rng.standard_normal((2 * SIDE, SIDE))).astype(np.float32)
    reading = read_cells(luma, np.eye(3), codebook(KEY), hash_lines(KEY))
    assert reading.covered.shape == (2 * TILE, TILE)
    assert reading.covered.all()
    np.testing.assert_allclose(reading.transform, np.eye(3), atol=1e-9)
    expected = correlate_cells(whiten(luma, levels=LEVELS, favour=FAVOUR), codebook(KEY))
    np.testing.assert_allclose(reading.correlation, expected, atol=0.02)
    np.testing.assert_allclose(reading.hash, soft_hash(luma, hash_lines(KEY)), atol=1e-3)


@pytest.mark.parametrize("tiles", [(0, 0), (3, 2), (-2, 5)])
def test_moving_a_leak_by_whole_tiles_changes_nothing(tiles, rng):
    luma = (128 + 40 * rng.standard_normal((300, 400))).astype(np.float32)
    near = np.array([[1, 0, 100.0], [0, 1, 60.0], [0, 0, 1]])
    far = near + np.array([[0, 0, tiles[0] * SIDE], [0, 0, tiles[1] * SIDE], [0, 0, 0]])
    one, two = (read_cells(luma, transform, codebook(KEY), hash_lines(KEY)) for transform in (near, far))
    np.testing.assert_allclose(one.transform, two.transform, atol=1e-6)
    np.testing.assert_allclose(one.correlation, two.correlation, atol=1e-3)


@pytest.mark.parametrize("scale", [1.0, 0.5, 0.32, 1.6])
def test_cells_outside_the_leak_are_not_counted(scale, rng):
    rows, columns = round(10 * CELL / scale), round(12 * CELL / scale)
    luma = (128 + 40 * rng.standard_normal((rows, columns))).astype(np.float32)
    begin = np.array([2.0 * CELL, 3.0 * CELL])  # two cells across, three down
    transform = np.diag([scale, scale, 1.0])
    transform[:2, 2] = begin + (scale - 1) / 2
    reading = read_cells(luma, transform, codebook(KEY), hash_lines(KEY))
    expected = np.zeros((TILE, TILE), dtype=bool)
    expected[3:13, 2:14] = True
    np.testing.assert_array_equal(reading.covered, expected)
    outside = reading.correlation[~expected]
    assert np.abs(outside).max() < 1e-3


@pytest.mark.parametrize("scale", [2.0, 3.0, 0.5])
def test_a_leak_of_any_size_reads_its_patterns(scale, rng):
    cells = codebook(KEY)[:, :, 4].reshape(TILE, TILE, PROFILE.cell, PROFILE.cell)
    drawn = cells.swapaxes(1, 2).reshape(SIDE, SIDE)
    luma = np.tile(128 + 4 * drawn, (2, 2)) + rng.standard_normal((2 * SIDE, 2 * SIDE))
    factor = {"interpolation": cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA}
    leak = cv2.resize(luma.astype(np.float32), None, fx=scale, fy=scale, **factor)
    transform = np.diag([1 / scale, 1 / scale, 1.0])
    transform[:2, 2] = (1 / scale - 1) / 2
    reading = read_cells(leak, transform, codebook(KEY), hash_lines(KEY))
    assert reading.correlation[..., 4].mean() > 5 * np.abs(reading.correlation[..., 5].mean())
    assert (reading.correlation[..., 4] > 0).mean() > 0.95


@pytest.mark.parametrize("shape", [(400, 700), (700, 400), (1, 3000), (300, 200)])
def test_shrinking_fits_the_long_side_and_tells_the_factor(shape, rng):
    luma = rng.uniform(0, 255, shape).astype(np.float32)
    small, factor = shrink(luma, long_side=256 if max(shape) > 300 else 512)
    if max(shape) <= 300:
        assert factor == 1
        np.testing.assert_array_equal(small, luma)
        return
    assert max(small.shape) == 256
    assert small.shape == tuple(max(round(side * factor), 1) for side in shape)
    assert factor == 256 / max(shape)


def test_a_choice_of_one_set_is_read_with_its_own_signs(rng):
    reading = reading_of(rng, (1, 1))
    choice = message_choices(KEY, 0)
    flipped = CellChoice(choice.patterns, -choice.signs)
    np.testing.assert_array_equal(gather(reading, flipped, (0, 0))[0], -gather(reading, choice, (0, 0))[0])


def test_energy_is_in_excess_where_something_was_added_whatever_its_sign(rng):
    reading, choice = reading_of(rng, (2, 2)), message_choices(KEY, 3)
    cells = np.s_[: 2 * TILE, : 2 * TILE]
    added = np.zeros_like(reading.correlation)
    signs = rng.choice(np.array([-1, 1], dtype=np.float32), choice.patterns[cells].shape)
    np.put_along_axis(added, choice.patterns[cells], signs, axis=-1)
    told = replace(reading, correlation=reading.correlation + added)
    negative = replace(told, correlation=-told.correlation)
    for chip_set, first, least, most in ((3, (0, 0), 8, np.inf), (4, (0, 0), -5, 5), (3, (1, 2), -5, 5)):
        other = message_choices(KEY, chip_set)
        excess = excess_energy(energies(told), other, first)
        assert least < excess < most
        assert excess_energy(energies(negative), other, first) == pytest.approx(excess)
    nothing = reading_of(rng, (1, 1), np.zeros((TILE, TILE), dtype=bool))
    assert excess_energy(energies(nothing), choice, (0, 0)) == 0


def test_the_energy_of_noise_is_in_excess_by_standard_deviations(rng):
    covered = rng.random((2 * TILE, 2 * TILE)) < 0.7
    energy = energies(reading_of(rng, (2, 2), covered))
    places = [(row, column) for row in range(-1, GRID) for column in range(-1, GRID)]
    excess = [excess_energy(energy, message_choices(KEY, chip_set), at) for chip_set in range(6) for at in places]
    assert np.mean(excess) == pytest.approx(0, abs=0.2)
    assert np.std(excess) == pytest.approx(1, abs=0.15)


def test_energies_are_relative_to_each_cell_and_nothing_outside_the_leak(rng):
    covered = rng.random((TILE, TILE)) < 0.7
    reading = reading_of(rng, (1, 1), covered)
    energy = energies(reading)
    np.testing.assert_array_equal(energy[~covered], 0)
    np.testing.assert_allclose(energy.mean(axis=-1), 0, atol=1e-5)
    loud = replace(reading, correlation=reading.correlation * rng.uniform(1, 9, (TILE, TILE, 1)))
    np.testing.assert_allclose(energies(loud), energy, atol=1e-3)


@pytest.mark.parametrize(("scale", "favoured"), [(1.0, True), (2.0, True), (0.5, False)])
def test_a_dense_leak_weighs_its_smooth_places_more_and_a_reduced_one_does_not(scale, favoured, rng):
    luma = rng.standard_normal((SIDE, 2 * SIDE))
    luma[:, :SIDE] *= 15
    luma[:, SIDE:] *= 60
    method = {"interpolation": cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA}
    leak = cv2.resize((128 + luma).astype(np.float32), None, fx=scale, fy=scale, **method)
    transform = np.diag([1 / scale, 1 / scale, 1.0])
    transform[:2, 2] = (1 / scale - 1) / 2
    reading = read_cells(leak, transform, codebook(KEY), hash_lines(KEY))
    smooth, busy = (np.std(reading.correlation[:, cells]) for cells in (np.s_[: TILE - 1], np.s_[TILE + 1 :]))
    # Four times the contrast, to the power of FAVOUR.
    assert smooth / busy == pytest.approx(4**FAVOUR if favoured else 1, rel=0.15)


@pytest.mark.parametrize(("shape", "kept"), [((300, 500), (200, 200)), ((150, 500), (150, 200)), ((90, 80), (90, 80))])
def test_the_middle_of_a_leak_lies_where_it_lay(shape, kept, rng):
    luma = rng.standard_normal(shape).astype(np.float32)
    transform = np.array([[1.5, 0, 7], [0, 1.5, -3], [0, 0, 1]])
    middle, own = central(luma, transform, side=300)
    assert middle.shape == kept
    row, column = np.argwhere(luma == middle[10, 20])[0]
    np.testing.assert_allclose(own @ [20, 10, 1], transform @ [column, row, 1])
    assert abs(2 * (row - 10) - (shape[0] - kept[0])) <= 1
    assert abs(2 * (column - 20) - (shape[1] - kept[1])) <= 1


def test_a_known_word_scores_highest_at_its_place(rng):
    choice, first = message_choices(KEY, 11), (2, 3)
    codeword = rng.choice(np.array([-1, 1], dtype=np.int8), choice.signs.shape)
    reading = reading_of(rng, (2, 2))
    cells = np.s_[first[0] * TILE : (first[0] + 2) * TILE, first[1] * TILE : (first[1] + 2) * TILE]
    added = np.zeros_like(reading.correlation)
    np.put_along_axis(added, choice.patterns[cells], (choice.signs * codeword)[cells], axis=-1)
    told = replace(reading, correlation=reading.correlation + added)
    scores = known_word_scores(told, choice, codeword)
    assert np.unravel_index(scores.argmax(), scores.shape) == (first[0] + 1, first[1] + 1)
    soft, _ = gather(told, choice, first)
    power = np.sum(told.correlation**2) / PROFILE.patterns
    assert scores.max() == pytest.approx(np.sum(soft * codeword[cells]) / np.sqrt(3 * power), rel=1e-4)
    assert np.std(known_word_scores(reading, choice, codeword)[1:-1, 1:-1]) == pytest.approx(1, abs=0.3)


def test_the_strength_of_a_word_is_told_cell_by_cell_whatever_the_cell_s_noise(rng):
    choice, first = message_choices(KEY, 11), (1, 1)
    codeword = rng.choice(np.array([-1, 1], dtype=np.int8), choice.signs.shape)
    reading = reading_of(rng, (2, 2))
    cells = np.s_[first[0] * TILE : (first[0] + 2) * TILE, first[1] * TILE : (first[1] + 2) * TILE]
    pasted = rng.random(reading.correlation.shape[:2]) < 1 / 3
    added = np.zeros_like(reading.correlation)
    np.put_along_axis(added, choice.patterns[cells], (choice.signs * codeword)[cells], axis=-1)
    noise = rng.uniform(0.1, 10, (*pasted.shape, 1)).astype(np.float32)
    covered = np.arange(pasted.shape[1]) >= 8
    told = replace(
        reading,
        correlation=noise * (reading.correlation + added * pasted[..., None]),
        covered=reading.covered & covered,
    )
    found = word_strengths(told, choice, codeword, first)
    seen = told.covered
    np.testing.assert_array_equal(np.isnan(found), ~seen)
    assert found[pasted & seen].mean() == pytest.approx(np.sqrt(3), rel=0.1)
    assert found[~pasted & seen].mean() == pytest.approx(0, abs=0.15)
    assert found[~pasted & seen].std() == pytest.approx(1, abs=0.1)

from dataclasses import replace

import numpy as np
import pytest

from tracemark.keys import Key
from tracemark.profile import PROFILE
from tracemark.signal.chips import CellChoice, beacon_choices, codebook, message_choices
from tracemark.signal.places import (
    beacon_scores,
    energies,
    excess_energies,
    excess_energy,
    first_tile,
    gather,
    known_word_scores,
    word_strengths,
)
from tracemark.signal.reading import CellReading, read_cells
from tracemark.signal.robust_hash import hash_lines
from tracemark.transforms import scaling

KEY = Key(bytes(range(32)))
TILE, GRID = PROFILE.tile, PROFILE.grid


def reading_of(rng, tiles, covered=None):
    cells = (tiles[0] * TILE, tiles[1] * TILE)
    correlation = rng.standard_normal((*cells, PROFILE.patterns)).astype(np.float32)
    covered = np.ones(cells, dtype=bool) if covered is None else covered
    hashed = rng.uniform(-1, 1, cells).astype(np.float32)
    return CellReading(correlation * covered[..., None], np.eye(3), covered, hashed, hashed)


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


@pytest.mark.parametrize("scale", [1.0, 0.5, 0.25])
def test_noise_in_a_thin_strip_scores_as_standard_deviations_too(scale, rng):
    """Most of its cells stick out of it, and those that do by less than half are in the scores."""
    place = scaling(scale)
    place[:2, 2] = 50.3, 91.7
    scores = []
    for _ in range(4):
        strip = rng.normal(128, 20, (64, 1500)).astype(np.float32)
        reading = read_cells(strip, place, codebook(KEY), hash_lines(KEY))
        every = beacon_scores(reading, beacon_choices(KEY))
        down, across = (side // TILE for side in reading.correlation.shape[:2])
        scores.append(every[:, down - 1 : GRID, across - 1 : GRID])  # where all of the strip is in the photo
    assert np.std(scores) == pytest.approx(1, abs=0.05)
    assert np.mean(np.abs(scores) > 2.33) == pytest.approx(0.02, abs=0.006)


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


def test_the_energies_of_several_chip_sets_at_every_place_are_those_of_each_alone(rng):
    covered = rng.random((2 * TILE, 3 * TILE)) < 0.7
    reading = reading_of(rng, (2, 3), covered)
    choices = [message_choices(KEY, chip_set) for chip_set in (5, 0, 9)]
    found = excess_energies(reading, np.stack([choice.patterns for choice in choices]))
    assert found.shape == (3, GRID + 1, GRID + 2)
    energy = energies(reading)
    for number, place in ((0, (0, 0)), (1, (GRID, GRID + 1)), (2, (1, 2)), (1, (4, 6))):
        first = first_tile(reading, place)
        alone = excess_energy(energy, choices[number], first)
        whole = covered.sum()
        rows, columns = (slice(max(-tiles * TILE, 0), (GRID - tiles) * TILE) for tiles in first)
        there = covered[rows, columns].sum()  # what it is in deviations of the whole leak
        assert found[number, *place] == pytest.approx(alone * np.sqrt(there / whole), rel=0.05)


def test_energies_are_relative_to_each_cell_and_nothing_outside_the_leak(rng):
    covered = rng.random((TILE, TILE)) < 0.7
    reading = reading_of(rng, (1, 1), covered)
    energy = energies(reading)
    np.testing.assert_array_equal(energy[~covered], 0)
    np.testing.assert_allclose(energy.mean(axis=-1), 0, atol=1e-5)
    loud = replace(reading, correlation=reading.correlation * rng.uniform(1, 9, (TILE, TILE, 1)))
    np.testing.assert_allclose(energies(loud), energy, atol=1e-3)


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

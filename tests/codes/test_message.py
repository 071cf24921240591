import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.codes.words import SIDE, random_word
from tracemark.codes.message import MotherCode, encode, mother_code
from tracemark.keys import Key
from tracemark.profile import PROFILE

KEY = Key(bytes(range(32)))
WORDS = st.integers(0, 2**PROFILE.word_bits - 1)


def parity_of(word, stage, generator, profile=PROFILE):
    """One symbol as it is defined: the parity of the bits that the generator sees, the newest first."""
    seen = [word >> (stage - age) % profile.word_bits & 1 for age in range(profile.memory + 1) if generator >> age & 1]
    return 1 - 2 * (sum(seen) % 2)


def test_a_key_always_draws_the_same_code(code):
    again = mother_code(Key(bytes(range(32))), SIDE)
    np.testing.assert_array_equal(again.stages, code.stages)
    np.testing.assert_array_equal(again.generators, code.generators)
    other = mother_code(Key(bytes(32)), SIDE)
    assert np.mean(other.generators == code.generators) < 0.01


def test_every_symbol_has_a_stage_and_a_generator_with_the_newest_bit(code):
    assert code.stages.shape == code.generators.shape == (SIDE, SIDE, PROFILE.message_slots)
    assert code.stages.min() == 0
    assert code.stages.max() == PROFILE.word_bits - 1
    assert (code.generators & 1).all()
    assert code.generators.max() < 2 << PROFILE.memory


def test_every_tile_has_all_stages_nearly_alike(code):
    for row, column in np.ndindex(PROFILE.grid, PROFILE.grid):
        tile = np.s_[row * PROFILE.tile : (row + 1) * PROFILE.tile, column * PROFILE.tile : (column + 1) * PROFILE.tile]
        counts = np.bincount(code.stages[tile].ravel(), minlength=PROFILE.word_bits)
        assert counts.max() - counts.min() <= 3


@pytest.mark.parametrize("shape", [(1, 22), (22, 1), (2, 11), (11, 2), (3, 8), (8, 3), (4, 6), (6, 4), (5, 5)])
def test_a_scrap_of_22_cells_has_nearly_all_stages_and_sees_every_bit(shape, code):
    """A bit that no symbol depends on could be read at no strength."""
    rows, columns = shape
    for row, column in np.ndindex(9, 9):
        stages = np.unique(code.stages[row : row + rows, column : column + columns])
        assert len(stages) >= 54
        seen = (stages[:, None] - np.arange(PROFILE.memory + 1)) % PROFILE.word_bits
        assert len(np.unique(seen)) == PROFILE.word_bits


def test_a_scrap_the_size_of_a_tile_has_all_stages_wherever_it_is_cut(code):
    for row, column in np.ndindex(2 * PROFILE.tile, 2 * PROFILE.tile):
        scrap = code.stages[row : row + PROFILE.tile, column : column + PROFILE.tile]
        assert len(np.unique(scrap)) == PROFILE.word_bits


@given(word=WORDS)
@settings(max_examples=10)
def test_a_symbol_is_the_parity_of_its_window(word):
    code = mother_code(KEY, 8)
    symbols = encode(word, code)
    assert symbols.dtype == np.int8
    for at in np.ndindex(symbols.shape):
        assert symbols[at] == parity_of(word, int(code.stages[at]), int(code.generators[at]))


@given(one=WORDS, two=WORDS)
@settings(max_examples=20)
def test_the_code_is_linear(one, two):
    code = mother_code(KEY, 16)
    np.testing.assert_array_equal(encode(one, code) * encode(two, code), encode(one ^ two, code))


def test_part_of_the_symbols_is_what_that_part_of_the_code_gives(code, rng):
    word = random_word(rng)
    part = np.s_[5:17, 30:41]
    np.testing.assert_array_equal(encode(word, code[part]), encode(word, code)[part])
    np.testing.assert_array_equal(encode(word, code.ravel()), encode(word, code).ravel())


def test_words_that_differ_have_symbols_that_differ_by_fair_coins(code, rng):
    agree = []
    for _ in range(50):
        one, two = (encode(random_word(rng), code).astype(np.int64) for _ in range(2))
        agree.append(float(np.mean(one == two)))
    assert np.abs(np.array(agree) - 0.5).max() < 5 / np.sqrt(code.stages.size)


def test_a_code_is_picked_from_as_its_arrays_are(code):
    part = code[3, 4]
    assert isinstance(part, MotherCode)
    np.testing.assert_array_equal(part.stages, code.stages[3, 4])
    np.testing.assert_array_equal(part.generators, code.generators[3, 4])

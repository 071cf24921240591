"""What a sign shows in a mix, against going through all copies one by one."""

import itertools

import numpy as np
import pytest

from tracemark.signal.collusion import AT_ONCE, LEAST_COPIES, MIXES, Mixture

CELLS, SLOTS, PIXELS = AT_ONCE + 3, 2, 5
FUNCTIONS = {
    "least": lambda copies: copies.min(axis=0),
    "most": lambda copies: copies.max(axis=0),
    "their mean": lambda copies: (copies.min(axis=0) + copies.max(axis=0)) / 2,
    "median": lambda copies: np.median(copies, axis=0),
    "modified negative": lambda copies: copies.min(axis=0) + copies.max(axis=0) - np.median(copies, axis=0),
}


def scene(rng, copies):
    drawn = rng.standard_normal((CELLS, SLOTS, PIXELS)).astype(np.float32)
    signs = rng.choice(np.array([-1, 1], dtype=np.int8), (copies, CELLS, SLOTS))
    return drawn, signs


def test_every_mix_has_a_function_here():
    assert len(FUNCTIONS) == len(MIXES)


@pytest.mark.parametrize("copies", [3, 5, 9])
@pytest.mark.parametrize(("way", "function"), list(enumerate(FUNCTIONS.values())))
def test_copies_are_mixed_pixel_by_pixel(copies, way, function, rng):
    drawn, signs = scene(rng, copies)
    slow = function(np.einsum("cns,nsp->cnp", signs, drawn))
    np.testing.assert_allclose(Mixture(drawn, signs).mixed(way), slow, atol=1e-5)


@pytest.mark.parametrize("copies", [3, 5, 9])
@pytest.mark.parametrize(("way", "function"), list(enumerate(FUNCTIONS.values())))
def test_a_slot_shows_half_of_what_its_sign_changes_in_the_mix(copies, way, function, rng):
    drawn, signs = scene(rng, copies)
    own = np.array(list(itertools.product([-1, 1], repeat=SLOTS)))
    for member, cell in itertools.product((copies - 1, 0, 1), (0, AT_ONCE - 1, AT_ONCE, CELLS - 1)):
        quick = Mixture(drawn, signs).among(member, way)
        others = np.delete(signs[:, cell], member, axis=0) @ drawn[cell]
        mixed = np.array([function(np.vstack([others, content @ drawn[cell]])) for content in own])
        np.testing.assert_allclose(quick.expected[cell], mixed.mean(axis=0), atol=1e-5)
        slow = [np.mean(mixed * own[:, slot, None], axis=0) for slot in range(SLOTS)]
        np.testing.assert_allclose(quick.patterns[cell], slow, atol=1e-5)


def test_the_spread_is_that_of_all_contents(rng):
    drawn, signs = scene(rng, 5)
    own = np.array(list(itertools.product([-1, 1], repeat=SLOTS)))
    rest = np.einsum("cns,nsp->cnp", signs[1:], drawn)
    mixed = np.array([np.minimum(rest.min(axis=0), np.einsum("s,nsp->np", content, drawn)) for content in own])
    assert Mixture(drawn, signs).among(0, 0).spread == pytest.approx(np.sqrt(mixed.var(axis=0).mean()), rel=1e-5)


def test_the_signs_of_a_copy_change_nothing_in_what_is_given_for_it(rng):
    drawn, signs = scene(rng, 5)
    before = [Mixture(drawn, signs).among(member, 0) for member in (2, 3)]
    signs[2] = rng.choice(np.array([-1, 1], dtype=np.int8), signs[2].shape)
    after = [Mixture(drawn, signs).among(member, 0) for member in (2, 3)]
    np.testing.assert_array_equal(after[0].patterns, before[0].patterns)
    np.testing.assert_array_equal(after[0].expected, before[0].expected)
    assert after[0].spread == before[0].spread
    assert not np.array_equal(after[1].expected, before[1].expected)


def test_copies_that_are_the_same_are_left_out_one_at_a_time(rng):
    drawn, signs = scene(rng, 3)
    signs[1] = signs[2] = signs[0]
    median = list(FUNCTIONS).index("median")
    first, last = (Mixture(drawn, signs).among(member, median) for member in (0, 2))
    np.testing.assert_allclose(first.expected, last.expected, atol=1e-6)
    # the median of two that are the same and any third is theirs
    np.testing.assert_allclose(first.patterns, 0, atol=1e-6)
    assert first.spread == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("copies", [LEAST_COPIES - 2, 4])
def test_other_numbers_of_copies_are_refused(copies, rng):
    with pytest.raises(ValueError, match=f"must be odd and at least 3, not {copies}"):
        Mixture(*scene(rng, copies))

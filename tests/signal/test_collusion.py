"""What a sign shows in a mix, against going through all copies one by one."""

import itertools

import numpy as np
import pytest

from tracemark.profile import PROFILE
from tracemark.signal.collusion import AT_ONCE, LEAST_COPIES, MIXES, correlate_among

CELLS, SLOTS, PIXELS = AT_ONCE + 3, 2, 5
FUNCTIONS = {
    "least": lambda copies: copies.min(axis=0),
    "most": lambda copies: copies.max(axis=0),
    "their mean": lambda copies: (copies.min(axis=0) + copies.max(axis=0)) / 2,
    "median": lambda copies: np.median(copies, axis=0),
    "modified negative": lambda copies: copies.min(axis=0) + copies.max(axis=0) - np.median(copies, axis=0),
}


def scene(rng, copies):
    values = rng.standard_normal((CELLS, PIXELS)).astype(np.float32)
    drawn = rng.standard_normal((CELLS, SLOTS, PIXELS)).astype(np.float32)
    signs = rng.choice(np.array([-1, 1], dtype=np.int8), (copies, CELLS, SLOTS))
    return values, drawn, signs


@pytest.mark.parametrize("copies", [3, 5, 9])
def test_a_slot_shows_half_of_what_its_sign_changes_in_the_mix(copies, rng):
    values, drawn, signs = scene(rng, copies)
    members = [copies - 1, 0, 1]
    quick = correlate_among(values, drawn, signs, members)
    assert quick.shape == (3, len(MIXES), CELLS, SLOTS)
    own = np.array(list(itertools.product([-1, 1], repeat=SLOTS)))
    for (at, member), (mix, function), cell in itertools.product(
        enumerate(members), enumerate(FUNCTIONS.values()), (0, AT_ONCE - 1, AT_ONCE, CELLS - 1)
    ):
        others = np.delete(signs[:, cell], member, axis=0) @ drawn[cell]
        fits = [values[cell] @ function(np.vstack([others, content @ drawn[cell]])) for content in own]
        slow = [np.mean(np.multiply(fits, own[:, slot])) / PROFILE.cell for slot in range(SLOTS)]
        np.testing.assert_allclose(quick[at, mix, cell], slow, atol=1e-5)


def test_the_signs_of_a_copy_change_nothing_in_what_is_given_for_it(rng):
    values, drawn, signs = scene(rng, 5)
    before = correlate_among(values, drawn, signs, [2, 3])
    signs[2] = rng.choice(np.array([-1, 1], dtype=np.int8), signs[2].shape)
    after = correlate_among(values, drawn, signs, [2, 3])
    np.testing.assert_array_equal(after[0], before[0])
    assert not np.array_equal(after[1], before[1])


def test_copies_that_are_the_same_are_left_out_one_at_a_time(rng):
    values, drawn, signs = scene(rng, 3)
    signs[1] = signs[2] = signs[0]
    first, last = correlate_among(values, drawn, signs, [0, 2])
    np.testing.assert_allclose(first, last, atol=1e-6)
    # the median of two that are the same and any third is theirs
    np.testing.assert_allclose(first[list(FUNCTIONS).index("median")], 0, atol=1e-6)


@pytest.mark.parametrize("copies", [LEAST_COPIES - 2, 4])
def test_other_numbers_of_copies_are_refused(copies, rng):
    with pytest.raises(ValueError, match=f"must be odd and at least 3, not {copies}"):
        correlate_among(*scene(rng, copies), [0])

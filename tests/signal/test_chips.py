import numpy as np
import pytest

from tracemark.keys import Key
from tracemark.profile import PROFILE
from tracemark.signal.chips import (
    SPARING,
    beacon_choices,
    codebook,
    fingerprint_patterns,
    message_choices,
    message_signs,
    sparing_codebook,
)
from tracemark.signal.wavelet import decompose

KEY, OTHER = Key(bytes(range(32))), Key(bytes(32))
SIDE = PROFILE.grid * PROFILE.tile
SETS = (PROFILE.most_multiple - PROFILE.least_multiple + 1) * PROFILE.salts
ABOUT = 5  # standard deviations that a count may be off


def pixels_of(book):
    return book.reshape(-1, PROFILE.cell, PROFILE.cell)


def test_a_codebook_has_its_patterns_for_each_cell_of_the_tile():
    assert codebook(KEY).shape == (PROFILE.tile, PROFILE.tile, PROFILE.patterns, PROFILE.cell**2)
    assert codebook(KEY).dtype == np.float32


def test_a_key_always_draws_the_same_chips():
    np.testing.assert_array_equal(codebook.__wrapped__(Key(bytes(range(32)))), codebook(KEY))
    for draw in (beacon_choices, lambda key: message_choices(key, 3)):
        np.testing.assert_array_equal(draw(KEY).patterns, draw(Key(bytes(range(32)))).patterns)
        np.testing.assert_array_equal(draw(KEY).signs, draw(Key(bytes(range(32)))).signs)


def test_another_key_draws_other_chips():
    products = np.sum(codebook(KEY) * codebook(OTHER), axis=-1) / PROFILE.cell**2
    assert np.abs(products).max() < 0.6
    assert abs(products.mean()) < 0.01
    assert np.mean(beacon_choices(KEY).patterns == beacon_choices(OTHER).patterns) < 2 / PROFILE.patterns
    assert np.mean(message_signs(KEY, 0) == message_signs(OTHER, 0)) == pytest.approx(0.5, abs=0.05)


def test_every_pattern_has_unit_energy_and_no_mean():
    np.testing.assert_allclose(np.mean(codebook(KEY) ** 2, axis=-1), 1, rtol=1e-4)
    np.testing.assert_allclose(np.mean(codebook(KEY), axis=-1), 0, atol=1e-5)


@pytest.mark.parametrize(("degree", "second", "third"), [(1, 1.5, 1.2), (2, 0.7, 1.2)])
def test_a_sparing_codebook_has_the_same_chips_with_less_in_the_fine_levels(degree, second, third):
    whole, sparing = codebook(KEY), sparing_codebook(KEY, degree)
    assert [level for level, _ in SPARING[degree - 1]] == [level for level, _ in PROFILE.chip_levels]
    np.testing.assert_allclose(np.mean(sparing**2, axis=-1), 1, rtol=1e-4)
    likeness = np.mean(whole * sparing, axis=-1)
    assert likeness.min() > 0.7
    assert likeness.mean() > 0.8
    assert not sparing.flags.writeable
    laid = [book[:, :, 0].reshape(16, 16, 16, 16).swapaxes(1, 2).reshape(256, 256) for book in (whole, sparing)]
    (_, fine), (_, coarse) = (decompose(picture, levels=3) for picture in laid)
    shares = [sum(np.sum(band**2) for band in after) / sum(np.sum(band**2) for band in before)
              for before, after in zip(fine, coarse, strict=True)]  # fmt: skip
    assert shares[0] < 0.2
    assert shares[1] < second
    assert shares[2] > third


def test_patterns_fade_at_the_border_of_their_cell():
    energy = np.mean(pixels_of(codebook(KEY)) ** 2, axis=0)
    rim = np.concatenate([energy[0], energy[-1], energy[:, 0], energy[:, -1]])
    inner = energy[2 * PROFILE.border : -2 * PROFILE.border, 2 * PROFILE.border : -2 * PROFILE.border]
    assert inner.min() > 0.5
    # At its middle the outermost pixel has this part of the amplitude.
    risen = np.sin(np.pi / 2 / PROFILE.border / 2) ** 2
    assert rim.max() < 1.5 * risen**2 * inner.mean()


def test_the_patterns_of_a_cell_are_as_good_as_orthogonal():
    book = codebook(KEY)
    products = book @ book.swapaxes(-1, -2) / PROFILE.cell**2
    off = products[..., ~np.eye(PROFILE.patterns, dtype=bool)]
    # Independent chips: the mean square is one over their number, each level counted by its energy; the cut costs some.
    counts = np.array([3 * (PROFILE.cell >> level) ** 2 for level, _ in PROFILE.chip_levels])
    energies = np.array([size**2 for _, size in PROFILE.chip_levels])
    chips = (counts @ energies) ** 2 / (counts @ energies**2)
    assert np.mean(off**2) < 2 / chips
    # No pair of the many is alike: independent products of unit variance over the chips reach this far and no further.
    assert np.abs(off).max() < ABOUT / np.sqrt(chips)


def test_no_two_cells_of_the_tile_share_a_pattern():
    flat = codebook(KEY).reshape(-1, PROFILE.cell**2)
    assert len(np.unique(np.sign(flat[:, ::3]), axis=0)) == len(flat)


def test_a_codebook_cannot_be_changed_by_accident():
    with pytest.raises(ValueError, match="read-only"):
        codebook(KEY)[0, 0, 0, 0] = 1


def test_every_chip_set_has_a_beacon_of_its_own():
    beacon = beacon_choices(KEY)
    assert beacon.patterns.shape == beacon.signs.shape == (SETS, SIDE, SIDE, 1)
    assert set(np.unique(beacon.signs)) == {-1, 1}
    assert set(np.unique(beacon.patterns)) == set(range(PROFILE.patterns))
    same = np.mean((beacon.patterns[1:] == beacon.patterns[:-1]) & (beacon.signs[1:] == beacon.signs[:-1]))
    assert same == pytest.approx(1 / PROFILE.patterns / 2, rel=0.1)


@pytest.mark.parametrize("chip_set", [0, 1, PROFILE.salts, SETS - 1])
def test_beacon_message_and_fingerprint_never_share_a_pattern_in_a_cell(chip_set):
    message = message_choices(KEY, chip_set).patterns
    assert message.shape == (SIDE, SIDE, PROFILE.message_slots)
    taken = np.concatenate([beacon_choices(KEY).patterns[chip_set], message], axis=-1)
    own = fingerprint_patterns(KEY, b"photo", taken)
    used = np.sort(np.concatenate([taken, own[..., None]], axis=-1), axis=-1)
    assert (np.diff(used, axis=-1) > 0).all()
    assert used.min() >= 0
    assert used.max() < PROFILE.patterns


def test_every_pattern_serves_every_slot_of_the_message_alike():
    counts = np.stack(
        [
            np.bincount(message_choices(KEY, 2).patterns[..., slot].ravel(), minlength=PROFILE.patterns)
            for slot in range(PROFILE.message_slots)
        ]
    )
    expected = SIDE * SIDE / PROFILE.patterns
    assert np.abs(counts - expected).max() < ABOUT * np.sqrt(expected)


def test_every_pattern_that_is_left_serves_the_fingerprint_alike():
    taken = np.tile(np.array([0, PROFILE.patterns - 1, 7, 3]), (200, 200, 1))
    counts = np.bincount(fingerprint_patterns(KEY, b"photo", taken).ravel(), minlength=PROFILE.patterns)
    free = np.setdiff1d(np.arange(PROFILE.patterns), taken[0, 0])
    expected = 200 * 200 / len(free)
    assert counts[taken[0, 0]].sum() == 0
    assert np.abs(counts[free] - expected).max() < ABOUT * np.sqrt(expected)


def test_fingerprint_patterns_differ_from_photo_to_photo():
    taken = np.concatenate([beacon_choices(KEY).patterns[0], message_choices(KEY, 0).patterns], axis=-1)
    one, two = (fingerprint_patterns(KEY, digest, taken) for digest in (b"one", b"two"))
    assert np.mean(one == two) < 2 / PROFILE.patterns


def test_the_scrambling_signs_of_a_chip_set_are_fair_and_its_own():
    signs = np.stack([message_signs(KEY, chip_set) for chip_set in range(4)])
    assert set(np.unique(signs)) == {-1, 1}
    spread = np.sqrt(signs[0].size)
    assert np.abs(signs.sum(axis=(1, 2, 3))).max() < ABOUT * spread
    assert np.abs((signs[1:] * signs[:-1]).sum(axis=(1, 2, 3))).max() < ABOUT * spread

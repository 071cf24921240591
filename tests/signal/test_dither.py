import numpy as np
import pytest

from tracemark.profile import PROFILE
from tracemark.signal.dither import SPREADS, dither_width, thresholds

SLOTS = PROFILE.message_slots + 1
SIXTEENTHS = 16


def signed(rng, spread, shape=(160, 240)):
    """Layers whose contents differ by this much, root mean square."""
    return (rng.standard_normal((SLOTS, *shape)) * (spread / np.sqrt(SLOTS))).astype(np.float32)


@pytest.mark.parametrize(("spread", "width"), [(0.0, 1), (0.5 * SPREADS[0], 1), (1.5 * SPREADS[1], 0), (9.0, 0)])
def test_the_dither_is_for_contents_that_are_much_alike(spread, width, rng):
    np.testing.assert_array_equal(dither_width(signed(rng, spread), 1.0), width)


def test_between_it_narrows_and_strength_counts(rng):
    layers = signed(rng, 1.0)
    widths = [dither_width(layers, strength).mean() for strength in np.linspace(*SPREADS, 5)]
    np.testing.assert_allclose(widths, np.linspace(1, 0, 5), atol=0.05)


def test_each_place_has_its_own_width(rng):
    layers = signed(rng, 2.0)
    layers[:, :, :120] = 0
    width = dither_width(layers, 1.0)
    assert width[:, :110].min() == 1
    assert width[:, 130:].max() == 0


def test_thresholds_are_all_sixteenths_alike_and_close_to_each_other():
    whole = thresholds(np.arange(500), 700)
    assert whole.dtype == np.int16
    np.testing.assert_allclose(np.bincount(whole.ravel()) / whole.size, 1 / SIXTEENTHS, rtol=2e-3)
    # not only on the whole: in each square of 8 pixels, where chance would give a spread of 0.58
    means = whole[:496, :696].reshape(62, 8, 87, 8).mean(axis=(1, 3))
    assert means.std() < 0.2


def test_rows_have_the_same_thresholds_whichever_others_are_asked_for():
    rows = np.array([3, 400, 77])
    np.testing.assert_array_equal(thresholds(rows, 90), thresholds(np.arange(500), 90)[rows])


def test_a_narrower_dither_stays_about_the_middle():
    rows, whole = np.arange(200), thresholds(np.arange(200), 300)
    np.testing.assert_array_equal(thresholds(rows, 300, np.full((200, 300), 1.2, np.float32)), whole)
    np.testing.assert_array_equal(thresholds(rows, 300, np.full((200, 300), -0.2, np.float32)), SIXTEENTHS // 2)
    half = thresholds(rows, 300, np.full((200, 300), 0.5, np.float32))
    assert (half.min(), half.max()) == (4, 12)


@pytest.mark.parametrize("spread", [0.1, 0.2, 0.3, 0.4, 0.5, 0.55, 0.7, 1.0])
def test_rounding_keeps_nearly_all_that_differs_between_contents(spread, rng):
    """At any spread: what one slot's sign changes is what it should, on average over the others."""
    layers = signed(rng, spread, (512, 512))
    width = dither_width(layers, 1.0)
    signs = rng.choice([-1.0, 1.0], (SLOTS, 512, 512))
    change = (signs * layers).sum(axis=0)
    levels = np.floor(change + thresholds(np.arange(512), 512, width) / SIXTEENTHS)
    kept = [np.sum(levels * sign * layer) / np.sum(layer * layer) for sign, layer in zip(signs, layers, strict=True)]
    assert np.mean(kept) == pytest.approx(1, abs=0.06)

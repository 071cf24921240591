import numpy as np
import pytest

from tracemark.signal.mask import allowance

SIDE = 128
EDGE = SIDE // 2
NEAR = 10  # pixels from an edge: there the eye sees smooth sky again
NEAREST = 6  # pixels from an edge of texture: the same


def smooth(level):
    return np.full((SIDE, SIDE), level, dtype=np.float32)


def texture(rng, spread=30.0):
    return np.clip(128 + spread * rng.standard_normal((SIDE, SIDE)), 30, 225).astype(np.float32)


def test_texture_may_change_more_than_a_smooth_place(rng):
    assert np.median(allowance(texture(rng))) > 2 * np.median(allowance(smooth(128)))


def test_more_texture_may_change_more(rng):
    calm, busy = (np.median(allowance(texture(np.random.default_rng(1), spread))) for spread in (5.0, 25.0))
    assert busy > calm


@pytest.mark.parametrize("turns", range(4))
def test_the_smooth_side_of_a_textured_edge_gets_the_floor(turns, rng):
    luma = texture(rng)
    luma[:, :EDGE] = 128
    beside = np.rot90(allowance(np.ascontiguousarray(np.rot90(luma, turns))), -turns)
    floor = float(allowance(smooth(128)).max())
    assert beside[:, : EDGE - NEAREST].max() < 1.25 * floor
    assert np.median(beside[:, EDGE + NEAR :]) > 2 * floor


@pytest.mark.parametrize("levels", [(60, 190), (190, 60)])
def test_a_sharp_edge_between_smooth_places_has_no_halo(levels):
    luma = smooth(levels[0])
    luma[:, EDGE:] = levels[1]
    floor = float(allowance(smooth(128)).max())
    permitted = allowance(luma)
    assert permitted[:, : EDGE - NEAR].max() < 1.1 * floor
    assert permitted[:, EDGE + NEAR :].max() < 1.1 * floor


@pytest.mark.parametrize("level", [0, 255])
def test_pure_white_and_pure_black_may_not_change(level):
    np.testing.assert_allclose(allowance(smooth(level)), 0, atol=1e-4)


def test_what_is_nearly_white_or_black_may_change_less_than_what_is_grey():
    black, dark, grey, bright, white = (float(allowance(smooth(level)).mean()) for level in (2, 10, 128, 245, 253))
    assert black < dark < grey
    assert white < bright < grey


@pytest.mark.parametrize("shape", [(32, 32), (96, 32), (192, 416)])
def test_the_allowance_is_finite_and_never_negative(shape, rng):
    luma = rng.choice(np.array([0, 255], dtype=np.float32), shape)
    permitted = allowance(luma)
    assert permitted.shape == shape
    assert permitted.dtype == np.float32
    assert np.isfinite(permitted).all()
    assert (permitted >= 0).all()

import numpy as np
import pytest

from tracemark.profile import PROFILE
from tracemark.signal.wavelet import DIRECTIONS, decompose, reconstruct, reconstruct_band


@pytest.mark.parametrize(
    ("shape", "levels"), [((32, 96), 1), ((64, 96), 3), ((160, 224), 4), ((256, 224), 5), ((14, 22), 1)]
)
def test_bands_left_alone_give_the_picture_back(shape, levels, rng):
    luma = rng.uniform(0, 255, shape).astype(np.float32)
    np.testing.assert_allclose(reconstruct(*decompose(luma, levels=levels)), luma, atol=1e-3)


def test_each_level_halves_the_sides(rng):
    cA, bands = decompose(rng.uniform(0, 255, (64, 96)).astype(np.float32), levels=3)
    assert cA.shape == (8, 12)
    assert [band.shape for triple in bands for band in triple] == [(32, 48)] * 3 + [(16, 24)] * 3 + [(8, 12)] * 3


@pytest.mark.parametrize("shape", [(63, 64), (64, 63), (65, 65), (60, 64), (64, 4), (1, 1)])
def test_sides_that_do_not_halve_are_refused(shape):
    with pytest.raises(ValueError, match="multiples of 8"):
        decompose(np.zeros(shape, dtype=np.float32), levels=3)


def test_no_energy_is_lost_or_made(rng):
    luma = rng.standard_normal((64, 96)).astype(np.float32)
    cA, bands = decompose(luma, levels=3)
    energy = sum(float(np.sum(part**2)) for part in (cA, *(band for triple in bands for band in triple)))
    assert energy == pytest.approx(float(np.sum(luma**2)), rel=1e-5)


def test_stripes_across_and_stripes_down_are_not_mixed_up():
    across = np.tile(np.array([[0.0], [10.0]], dtype=np.float32), (32, 64))
    _, bands = decompose(across, levels=1)
    cH, cV, _ = (float(np.sum(band**2)) for band in bands[0])
    assert cH > 1
    assert cV < cH * np.finfo(np.float32).eps
    _, bands = decompose(across.T.copy(), levels=1)
    cH, cV, _ = (float(np.sum(band**2)) for band in bands[0])
    assert cV > 1
    assert cH < cV * np.finfo(np.float32).eps


@pytest.mark.parametrize("direction", range(DIRECTIONS))
@pytest.mark.parametrize("level", [1, 2, 3])
def test_one_band_alone_gives_what_it_gives_among_empty_ones(level, direction, rng):
    cA, bands = decompose(np.zeros((64, 96), dtype=np.float32), levels=3)
    assert len(bands[level - 1]) == DIRECTIONS
    alone = rng.standard_normal((2, 5, 64 >> level, 96 >> level)).astype(np.float32)
    pictures = reconstruct_band(alone, level=level, direction=direction, wavelet=PROFILE.wavelet)
    assert pictures.shape == (2, 5, 64, 96)
    assert pictures.dtype == np.float32
    for place in np.ndindex(2, 5):
        filled = [tuple(band.copy() for band in triple) for triple in bands]
        filled[level - 1][direction][...] = alone[place]
        np.testing.assert_allclose(pictures[place], reconstruct(cA, filled), atol=1e-5)


def test_a_band_is_put_together_with_the_wavelet_asked_for():
    band = np.zeros((16, 16), dtype=np.float32)
    band[8, 8] = 1
    haar = reconstruct_band(band, level=1, direction=0, wavelet="haar")
    np.testing.assert_allclose(haar[16:18, 16:18], [[0.5, 0.5], [-0.5, -0.5]], atol=1e-6)
    assert np.count_nonzero(np.abs(haar) > 1e-6) == 4


def test_the_arrays_given_are_not_written_to(rng):
    luma = rng.uniform(0, 255, (64, 64)).astype(np.float32)
    before = luma.copy()
    cA, bands = decompose(luma, levels=2)
    kept = [band.copy() for triple in bands for band in triple]
    reconstruct(cA, bands)
    np.testing.assert_array_equal(luma, before)
    np.testing.assert_array_equal(
        np.concatenate([b.ravel() for t in bands for b in t]), np.concatenate([b.ravel() for b in kept])
    )

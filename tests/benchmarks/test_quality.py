import io

import numpy as np
import pytest
from PIL import Image
from skimage import data
from skimage.metrics import structural_similarity

from benchmarks.gauntlet import quality

ROWS, COLUMNS = 301, 443  # odd at several octaves


@pytest.fixture
def pair(rng):
    original = data.astronaut()[:ROWS, :COLUMNS]
    grain = rng.integers(-4, 5, (ROWS, COLUMNS, 1))
    return original, np.clip(original + grain, 0, 255).astype(np.uint8)


def file_of(photo):
    file = io.BytesIO()
    Image.fromarray(photo).save(file, "PNG")
    return file


@pytest.mark.parametrize("strip_rows", [64, 512])
def test_ssimulacra2_by_strips_is_that_of_the_package(strip_rows, pair, monkeypatch):
    from ssimulacra2 import compute_ssimulacra2

    monkeypatch.setattr(quality, "STRIP_ROWS", strip_rows)
    expected = compute_ssimulacra2(*map(file_of, pair))
    assert quality.ssimulacra2(*pair) == pytest.approx(expected, abs=1e-3)


def test_equal_pictures_are_perfect(pair):
    original, _ = pair
    found = quality.compare(original, original)
    assert found.ssimulacra2 == 100
    assert found.ssim == pytest.approx(1)
    assert found.size_ratio == 1
    assert found.colour_drift_levels == 0


def test_ssim_is_that_of_scikit_image(pair):
    import cv2

    one, two = (cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY) for picture in pair)
    expected = structural_similarity(
        one, two, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, data_range=255
    )
    assert quality.compare(*pair).ssim == pytest.approx(expected, abs=1e-9)


def test_psnr_follows_its_definition(pair):
    original, marked = pair
    error = np.mean((original.astype(float) - marked) ** 2)
    assert quality.compare(*pair).psnr_db == pytest.approx(10 * np.log10(255**2 / error))


def test_colour_drift_sees_colour_and_not_light():
    grey = np.full((64, 64, 3), 100, np.uint8)
    assert quality.compare(grey, grey + 8).colour_drift_levels == 0
    red = grey.copy()
    red[16:32, 16:32, 0] += 20
    assert quality.compare(grey, red).colour_drift_levels == pytest.approx(20 * 0.713 * (1 - 0.299), abs=1)

import cv2
import numpy as np
import pytest

from tracemark.profile import PROFILE
from tracemark.signal.dither import thresholds
from tracemark.signal.growth import growth
from tracemark.signal.layout import lay_out
from tracemark.signal.modulation import Layers

SHAPES = [(320, 480), (427, 641), (1500, 2100)]


def mark(rng, layout):
    """Something as coarse and as weak as a mark, of which all copies have the same."""
    common = cv2.GaussianBlur(rng.standard_normal(layout.working).astype(np.float32), (0, 0), 1) * np.float32(2)
    return Layers(common, np.zeros((PROFILE.message_slots + 1, *layout.working), dtype=np.float32))


def ramp(shape, slope):
    return np.clip(64 + slope * np.arange(shape[1], dtype=np.float32) + np.zeros((shape[0], 1), np.float32), 0, 255)


@pytest.mark.parametrize("shape", SHAPES)
def test_no_mark_adds_nothing_and_a_stronger_one_more(shape, rng):
    layout, luma = lay_out(*shape), ramp(shape, 0.05)
    pattern = mark(rng, layout)
    grown = [growth(luma, pattern, layout, strength=strength) for strength in (0, 1, 2)]
    assert grown[0] == 0
    assert 0 < grown[1] < grown[2]


def test_a_smooth_photo_grows_by_more_than_a_busy_one(rng):
    shape = (320, 480)
    layout, smooth = lay_out(*shape), ramp(shape, 0.1)
    busy = np.clip(smooth + 30 * rng.standard_normal(shape), 0, 255).astype(np.uint8)
    pattern = mark(rng, layout)
    grown = [growth(luma, pattern, layout, strength=1) for luma in (smooth, busy)]
    assert grown[0] > 10 * abs(grown[1])


def test_bands_of_a_large_photo_tell_of_the_whole(rng):
    shape = (1500, 2100)
    layout = lay_out(*shape)
    grain = 4 * rng.standard_normal(shape) * np.linspace(0, 1, shape[0])[:, None]
    luma = np.clip(ramp(shape, 0.05) + grain, 0, 255).astype(np.uint8)
    pattern = mark(rng, layout)
    full = cv2.resize(pattern.common, None, fx=layout.multiple, fy=layout.multiple, interpolation=cv2.INTER_CUBIC)
    change = full[: shape[0], : shape[1]] + thresholds(np.arange(shape[0]), shape[1]) / 16
    marked = np.clip(luma + np.floor(change), 0, 255).astype(np.uint8)
    sizes = [cv2.imencode(".jpg", shown, [cv2.IMWRITE_JPEG_QUALITY, 90])[1].size for shown in (luma, marked)]
    assert growth(luma, pattern, layout, strength=1) == pytest.approx(sizes[1] / sizes[0] - 1, rel=0.15)

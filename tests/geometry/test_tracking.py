import cv2
import numpy as np
import pytest

from tests.geometry.drawing import drawn
from tracemark.geometry import tracking
from tracemark.geometry.spectrum import spectrum_of
from tracemark.geometry.sync_pattern import sync_lines
from tracemark.geometry.sync_search import search_any_angle, search_upright
from tracemark.geometry.tracking import track
from tracemark.keys import Key
from tracemark.placing import CHANCE
from tracemark.profile import PROFILE
from tracemark.transforms import corners, mapped, moving, resizing, scaling, tangent

LINES = sync_lines(Key(bytes(range(32))))
SHAPE = (640, 960)
STRONG, WEAK = 0.25, 0.12  # of the sync pattern, in standard deviations of the noise it lies in
START = moving(np.array([37.0, 101.0])) @ scaling(1.1)


def seen_at_an_angle(percent, seed):
    """A projective transform that moves each corner of the leak by up to so many per cent of the sides."""
    ends = corners(SHAPE)
    shift = np.random.default_rng(seed).uniform(-percent, percent, (4, 2)) / 100 * SHAPE[::-1]
    return cv2.getPerspectiveTransform((ends + shift).astype(np.float32), ends.astype(np.float32))


def leak(transform, amplitude):
    """A whitened leak that shows the sync pattern through a transform to working pixels."""
    down, across = np.mgrid[: SHAPE[0], : SHAPE[1]]
    points = np.stack([across, down], axis=-1).reshape(-1, 2).astype(np.float64)
    places = mapped(transform, points).reshape(*SHAPE, 2)
    return amplitude * drawn(LINES, places) + np.random.default_rng(0).standard_normal(SHAPE).astype(np.float32)


def farthest(transform, true, points=None):
    """By how much points, the corners by default, are off, working pixels, but for whole tiles."""
    points = corners(SHAPE) if points is None else points
    off = mapped(transform, points) - mapped(true, points)
    tiles = np.rint(off.mean(axis=0) / PROFILE.tile_pixels)
    return np.abs(off - tiles * PROFILE.tile_pixels).max()


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("at", [(480, 320), (250, 180), (700, 450)])
@pytest.mark.parametrize(("percent", "amplitude"), [(0, WEAK), (3, WEAK), (8, STRONG), (11, STRONG)])
def test_the_pattern_is_tracked_from_where_one_linear_map_fits_to_the_corners(percent, amplitude, at, seed):
    true = START @ seen_at_an_angle(percent, seed)
    tracked = track(leak(true, amplitude), tangent(true, np.array(at)), LINES)
    assert farthest(tracked.transform, true) < 1
    if percent:
        assert tracked.gain > 2 * CHANCE
        assert farthest(tangent(true, np.array(at)), true) > 5


def test_a_start_that_is_a_little_off_does():
    true = START @ seen_at_an_angle(6, seed=1)
    off = moving(np.array([0.8, -0.9])) @ tangent(true, np.array([480, 320])) @ np.diag([1.004, 0.997, 1])
    assert farthest(track(leak(true, STRONG), off, LINES).transform, true) < 1


def test_where_a_linear_map_fits_everywhere_tracking_gains_nothing():
    assert track(leak(START, STRONG), START, LINES).gain < 2


@pytest.mark.parametrize("seed", range(3))
def test_noise_is_not_tracked(seed):
    white = np.random.default_rng(seed).standard_normal(SHAPE).astype(np.float32)
    spectrum = spectrum_of(white)
    for placement in [*search_upright(spectrum, LINES), *search_any_angle(spectrum, LINES)]:
        start = np.eye(3)
        start[:2, :2], start[:2, 2] = placement.linear, placement.centre - placement.linear @ spectrum.centre
        tracked = track(white, start, LINES)
        assert tracked is None or tracked.gain < CHANCE


@pytest.mark.parametrize(
    "start",
    [
        np.array([[1, 0, 0], [0, 1, 0], [-2e-3, 0, 1.0]]),  # the horizon lies in the leak
        scaling(40.0),  # the photo would be a small part of the leak
        scaling(0.05),  # and the leak a small part of a cell
    ],
)
def test_where_no_picture_can_be_nothing_is_tracked(start):
    assert track(leak(START, STRONG), start, LINES) is None


@pytest.mark.parametrize(("widest", "tracked"), [(1600.0, True), (1400.0, False)])
def test_what_would_take_all_memory_is_not_tracked(widest, tracked, monkeypatch):
    """The nearer the horizon, the farther away are the corners beside it, though the leak is no larger."""
    monkeypatch.setattr(tracking, "WIDEST", widest)
    true = START @ np.array([[1, 0, 0], [0, 1, 0], [-0.6e-3, 0, 1]])  # half a diagonal of 1495
    found = track(leak(true, 4 * STRONG), tangent(true, np.array([500, 320])), LINES)
    assert bool(found) == tracked
    if tracked:
        assert farthest(found.transform, true) < 0.1


@pytest.mark.parametrize("shape", [(64, 64), (64, 1024), (33, 40)])
def test_leaks_of_any_size_come_back(shape):
    assert track(np.zeros(shape, dtype=np.float32), START, LINES) is None
    white = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
    tracked = track(white, resizing(shape, (900, 1200)), LINES)
    assert tracked is None or tracked.gain < CHANCE


def test_the_pattern_is_tracked_as_far_as_it_goes():
    true = START @ seen_at_an_angle(8, seed=0)
    white = leak(true, STRONG)
    inside = np.s_[200:500, 300:800]
    page = np.random.default_rng(1).standard_normal(SHAPE).astype(np.float32)
    page[inside] = white[inside]
    tracked = track(page, tangent(true, np.array([550, 350])), LINES)
    part = np.array([[300.0, 200], [800, 200], [300, 500], [800, 500]])
    assert farthest(tracked.transform, true, part) < 1
    assert tracked.gain > CHANCE

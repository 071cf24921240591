import numpy as np
import pytest

from tests.geometry.drawing import drawn
from tracemark.geometry.spectrum import SIDE, spectrum_of
from tracemark.geometry.sync_pattern import sync_lines
from tracemark.geometry.sync_search import (
    search_any_angle,
    search_bent,
    search_stretched,
    search_unscaled,
    search_upright,
    search_whole,
)
from tracemark.keys import Key
from tracemark.profile import PROFILE

KEY, OTHER = Key(bytes(range(32))), Key(bytes(32))
LINES = sync_lines(KEY)
SEARCHES = [search_any_angle, search_whole, search_upright, search_stretched, search_bent]
AMPLITUDE = 0.25  # of the sync pattern, in standard deviations of the noise it lies in
CENTRE = np.array([37.3, 101.8])  # working (x, y), anywhere in the tile
FAINT = 0.0125  # the same, of a pattern that scores about 6
SURE = 30.0  # nats: above anything that noise reaches, far below what is in these leaks


def turn(degrees):
    angle = np.deg2rad(degrees)
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


MIRROR = np.diag([-1.0, 1.0])
UPRIGHT = {
    "as it is": np.eye(2),
    "half size": 2 * np.eye(2),
    "0.6": np.eye(2) / 0.6,
    "enlarged": 0.4 * np.eye(2),
    "mirrored": 1.1 * MIRROR,
    "quarter turn": 0.9 * turn(90),
    "upside down": 1.2 * turn(180),
    "three quarters": 1.3 * turn(270),
    "mirrored quarter": 1.1 * turn(90) @ MIRROR,
}
TURNED = {
    "1 degree": turn(1),
    "-10 degrees": 1.2 * turn(-10),
    "40 degrees, mirrored": 1.2 * turn(40) @ MIRROR,
}
STRETCHED = {
    "wider": 1.2 * np.diag([1.05, 0.95]),
    "16:9 squeezed into 4:3": np.diag([4 / 3, 1.0]),
    "16:9 made square, mirrored": np.diag([-1.6, 0.9]),
    "3:2 drawn out, upside down": turn(180) @ np.diag([0.9, 1.3]),
    "taller, quarter turn": 1.1 * turn(90) @ np.diag([0.9, 1.1]),
    "slanting": 1.1 * np.array([[1.0, 0.06], [0.0, 1.0]]),
    "sloping": 1.1 * np.array([[1.0, 0.0], [-0.08, 1.0]]),
}
BENT = {
    "taller, 5 degrees": turn(5) @ np.diag([0.97, 1.05]),
    "along a diagonal": 1.2 * np.array([[1.0, 0.04], [0.04, 1.0]]),
    "wider, 30 degrees, mirrored": turn(30) @ np.diag([-1.15, 1.05]),
    "slanting, 12 degrees": turn(12) @ np.array([[1.0, 0.09], [0.0, 1.0]]),
}


def noise(shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def leak(linear, shape=(560, 720), centre=CENTRE, amplitude=AMPLITUDE):
    """A whitened leak that shows the sync pattern through a linear map."""
    own = np.array([shape[1] - 1, shape[0] - 1]) / 2
    down, across = np.mgrid[: shape[0], : shape[1]]
    places = (np.stack([across, down], axis=-1) - own) @ linear.T + centre
    return amplitude * drawn(LINES, places) + noise(shape)


def assert_found(placement, linear, centre=CENTRE):
    assert placement.merit > SURE
    assert_placed(placement, linear, centre)


def assert_placed(placement, linear, centre=CENTRE):
    assert np.abs(placement.linear - linear).max() < 0.01 * np.sqrt(abs(np.linalg.det(linear)))
    off = (placement.centre - centre + PROFILE.tile_pixels / 2) % PROFILE.tile_pixels - PROFILE.tile_pixels / 2
    assert np.abs(off).max() < 1


@pytest.mark.parametrize("linear", UPRIGHT.values(), ids=UPRIGHT.keys())
@pytest.mark.parametrize("search", [search_any_angle, search_upright])
def test_a_leak_is_found_at_any_scale_quarter_turned_and_mirrored(search, linear):
    assert_found(search(spectrum_of(leak(linear)), LINES)[0], linear)


@pytest.mark.parametrize("linear", TURNED.values(), ids=TURNED.keys())
def test_a_leak_is_found_at_any_angle(linear):
    assert_found(search_any_angle(spectrum_of(leak(linear)), LINES)[0], linear)


@pytest.mark.parametrize("linear", STRETCHED.values(), ids=STRETCHED.keys())
def test_an_upright_leak_is_found_at_another_aspect_and_sheared(linear):
    assert_found(search_stretched(spectrum_of(leak(linear)), LINES)[0], linear)


@pytest.mark.parametrize("linear", BENT.values(), ids=BENT.keys())
def test_a_leak_is_found_turned_and_stretched_along_any_axis(linear):
    assert_found(search_bent(spectrum_of(leak(linear)), LINES)[0], linear)


@pytest.mark.parametrize("orientation", [np.eye(2), turn(90), MIRROR], ids=["upright", "quarter turn", "mirrored"])
@pytest.mark.parametrize("long_side", [500, 800])
def test_a_whole_photo_is_found_from_its_corner(long_side, orientation):
    shape = (long_side * 2 // 3, long_side)
    linear = PROFILE.long_side / long_side * orientation
    centre = np.abs(linear @ np.array(shape[::-1])) / 2 - 0.5
    assert_found(search_whole(spectrum_of(leak(linear, shape, centre)), LINES)[0], linear, centre)


@pytest.mark.parametrize("search", SEARCHES)
@pytest.mark.parametrize("shape", [(560, 720), (720, 301)])
def test_noise_is_not_taken_for_the_pattern(search, shape):
    for placement in search(spectrum_of(noise(shape, seed=shape[1])), LINES):
        assert placement.merit < SURE / 2


@pytest.mark.parametrize("search", SEARCHES)
def test_the_pattern_of_one_key_is_noise_to_another(search):
    placements = search(spectrum_of(leak(np.eye(2))), sync_lines(OTHER))
    assert all(placement.merit < SURE / 2 for placement in placements)


@pytest.mark.parametrize("search", SEARCHES)
def test_an_empty_leak_holds_nothing(search):
    placements = search(spectrum_of(np.zeros((100, 130), dtype=np.float32)), LINES)
    assert all(placement.score == 0 for placement in placements)


@pytest.mark.parametrize("search", SEARCHES)
def test_placements_come_best_first_and_each_differs(search):
    placements = search(spectrum_of(leak(turn(3))), LINES)
    merits = [placement.merit for placement in placements]
    assert merits == sorted(merits, reverse=True)
    linears = [placement.linear.round(6).tobytes() for placement in placements]
    assert len(set(linears)) == len(linears)


def test_the_largest_and_the_smallest_leak_can_be_searched():
    largest = leak(1.2 * np.eye(2), (SIDE // 2, SIDE // 2))
    assert_found(search_upright(spectrum_of(largest), LINES)[0], 1.2 * np.eye(2))
    assert all(placement.merit < SURE / 2 for placement in search_any_angle(spectrum_of(noise((64, 64))), LINES))


@pytest.mark.parametrize("multiple", [1, 3, 5])
def test_a_crop_that_kept_its_pixels_is_found_where_the_pattern_is_too_weak_for_all_scales(multiple):
    scales = 1 / np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
    linear = np.eye(2) / multiple
    faint = leak(linear, (430, 640), amplitude=FAINT)
    placement = search_unscaled(spectrum_of(faint), LINES, scales)[0]
    assert_placed(placement, linear)
    assert placement.score < 7
    assert placement.merit > search_upright(spectrum_of(faint), LINES)[0].merit


def test_an_unscaled_crop_may_lie_in_several_places():
    placements = search_unscaled(spectrum_of(noise((300, 400))), LINES, np.array([1.0, 0.5]))
    centres = {(placement.linear[0, 0].round(2), *placement.centre.round(1)) for placement in placements}
    assert len(centres) > len(placements) / 2
    merits = [placement.merit for placement in placements]
    assert merits == sorted(merits, reverse=True)

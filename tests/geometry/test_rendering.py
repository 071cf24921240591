import cv2
import numpy as np
import pytest

from tracemark.geometry.registration import Registration
from tracemark.geometry.rendering import density_of, rendering_of

ROWS, COLUMNS = 240, 320
TURN = cv2.getRotationMatrix2D((150, 110), 6, 0.8)
TILT = np.array([[1, 0, 0], [0, 1, 0], [1e-4, -5e-5, 1]])


def laid(to_original, shape, bend=0.0):
    """Lay a leak of nowhere on an original by a transform, bent by so many pixels of the original."""
    down, across = np.mgrid[: shape[0], : shape[1]].astype(np.float64)
    bent = np.stack([across + bend * np.sin(down / 40), down + bend * np.cos(across / 50)], axis=-1)
    places = cv2.perspectiveTransform(bent, np.linalg.inv(to_original)).astype(np.float32)
    return Registration(to_original, places, np.ones(shape, np.float32))


def matrix(affine):
    return np.vstack([affine, [0, 0, 1]])


@pytest.mark.parametrize("to_original", [np.eye(3), matrix(TURN), TILT @ matrix(TURN), np.diag([4.0, 4.0, 1.0])])
@pytest.mark.parametrize("bend", [0.0, 2.0])
def test_the_places_of_a_leaks_pixels_undo_those_of_the_originals(to_original, bend):
    registration = laid(to_original, (ROWS, COLUMNS), bend)
    shape = tuple(int(side) for side in registration.places.reshape(-1, 2).max(axis=0)[::-1] + 1)
    rendering = rendering_of(registration, shape)
    assert rendering.places.shape == (*shape, 2)
    x, y = rendering.places[..., 0], rendering.places[..., 1]
    there = cv2.remap(registration.places, x, y, cv2.INTER_LINEAR)
    inside = rendering.inside((ROWS, COLUMNS)) & (x > 1) & (y > 1) & (x < COLUMNS - 2) & (y < ROWS - 2)
    down, across = np.mgrid[: shape[0], : shape[1]]
    assert inside.sum() > 0.4 * inside.size
    assert np.abs(there[..., 0] - across)[inside].max() < 0.1
    assert np.abs(there[..., 1] - down)[inside].max() < 0.1


def test_a_leak_that_is_not_moved_shows_the_original_itself(coffee):
    rendering = rendering_of(laid(np.eye(3), coffee.shape), coffee.shape)
    np.testing.assert_allclose(rendering.show(coffee), coffee, atol=0.01)
    assert rendering.inside(coffee.shape).all()
    assert rendering.density == pytest.approx(1)


@pytest.mark.parametrize("factor", [2, 4])
def test_a_leak_of_fewer_pixels_shows_averages(coffee, factor):
    rows, columns = (side // factor for side in coffee.shape)
    whole = np.ascontiguousarray(coffee[: rows * factor, : columns * factor])
    scaled = np.diag([factor, factor, 1.0])
    scaled[:2, 2] = (factor - 1) / 2
    registration = laid(scaled, whole.shape)
    shown = rendering_of(registration, (rows, columns)).show(whole)
    averages = whole.reshape(rows, factor, columns, factor).mean(axis=(1, 3))
    np.testing.assert_allclose(shown, averages, atol=0.02)
    assert density_of(registration, (rows, columns)) == pytest.approx(1 / factor, rel=1e-3)


def test_the_density_is_that_of_what_a_leak_seen_at_an_angle_shows():
    # the far end of a wall whose near end has far more pixels, and is out of the picture
    tilted = np.array([[4.2, 0, 0], [0, 4.2, 0], [4e-3, 0, 1]])
    to_leak = np.array([[1, 0, -460], [0, 1, 0], [0, 0, 1]]) @ tilted
    shape = (600, 130)
    # pixels in one: the root of the determinant of the tangent
    everywhere = np.sqrt(np.linalg.det(tilted) / (4e-3 * np.arange(COLUMNS) + 1) ** 3)
    assert np.median(everywhere) > 1.9
    assert density_of(laid(np.linalg.inv(to_leak), (ROWS, COLUMNS)), shape) == pytest.approx(
        np.median(everywhere[200:]), rel=0.02
    )


def test_what_is_around_the_original_is_outside():
    moved = np.array([[1, 0, -30], [0, 1, -20], [0, 0, 1.0]])
    rendering = rendering_of(laid(moved, (ROWS, COLUMNS)), (ROWS + 40, COLUMNS + 60))
    expected = np.zeros((ROWS + 40, COLUMNS + 60), dtype=bool)
    expected[20 : ROWS + 20, 30 : COLUMNS + 30] = True
    np.testing.assert_array_equal(rendering.inside((ROWS, COLUMNS)), expected)

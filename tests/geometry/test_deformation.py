import numpy as np
import pytest

from tracemark.geometry.deformation import bend, flat, sampled
from tracemark.geometry.displacement import Displacement

SHAPE = (400, 600)
BLOCKS = (25, 38)


def told(field, true, noise, rng, certainty=1000.0):
    """What blocks say that are off by the rest of a true displacement, and by noise (x, y)."""
    offset = sampled(field, BLOCKS) - true + rng.normal(0, noise, (*BLOCKS, 2))
    ones = np.ones(BLOCKS, dtype=np.float32)
    return Displacement(np.full((*BLOCKS, 1, 1), certainty) * np.eye(2), offset, ones, ones)


def wave(shape):
    down, across = (np.mgrid[: shape[0], : shape[1]] + 0.5) / np.array(shape).reshape(2, 1, 1)
    return np.stack([2 * np.sin(5 * across + 1), np.cos(4 * down + 3 * across)], axis=-1)


def test_a_flat_field_is_nothing():
    assert not sampled(flat(SHAPE), SHAPE).any()


def test_a_smooth_bend_is_found(rng):
    found = bend(flat(SHAPE), told(flat(SHAPE), wave(BLOCKS), 0.03, rng), scale=1.0)
    assert np.sqrt(np.mean((sampled(found, SHAPE) - wave(SHAPE)) ** 2)) < 0.06


def test_a_field_is_the_same_at_every_resolution(rng):
    found = bend(flat(SHAPE), told(flat(SHAPE), wave(BLOCKS), 0.03, rng), scale=1.0)
    np.testing.assert_allclose(sampled(found, (200, 300)), sampled(found, SHAPE)[::2, ::2], atol=0.06)


def test_a_leak_that_is_not_bent_stays_flat(rng):
    found = bend(flat(SHAPE), told(flat(SHAPE), 0, 0.1, rng, certainty=100.0), scale=1.0)
    assert np.abs(sampled(found, SHAPE)).max() < 0.06


def test_blocks_that_stray_are_left_out(rng):
    moved = told(flat(SHAPE), wave(BLOCKS), 0.03, rng)
    moved.offset[rng.random(BLOCKS) < 0.1] += 1.5
    assert np.sqrt(np.mean((sampled(bend(flat(SHAPE), moved, scale=1.0), SHAPE) - wave(SHAPE)) ** 2)) < 0.2


def test_corrections_add_up(rng):
    field = flat(SHAPE)
    for _ in range(3):
        field = bend(field, told(field, wave(BLOCKS), 0.0, rng), scale=1.0)
    assert np.sqrt(np.mean((sampled(field, SHAPE) - wave(SHAPE)) ** 2)) < 0.04


def test_blocks_are_in_pixels_of_the_level(rng):
    moved = told(flat(SHAPE), wave(BLOCKS) / 2, 0.0, rng)
    assert np.sqrt(np.mean((sampled(bend(flat(SHAPE), moved, scale=0.5), SHAPE) - wave(SHAPE)) ** 2)) < 0.08


@pytest.mark.parametrize("shape", [(30, 40), (401, 95)])
def test_where_nothing_is_seen_nothing_changes(shape):
    nothing = Displacement(np.zeros((3, 4, 2, 2)), np.ones((3, 4, 2)), *np.zeros((2, 3, 4), np.float32))
    assert not sampled(bend(flat(shape), nothing, scale=1.0), shape).any()

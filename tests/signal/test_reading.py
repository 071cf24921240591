import cv2
import numpy as np
import pytest

from tracemark.keys import Key
from tracemark.profile import PROFILE
from tracemark.signal.chips import codebook
from tracemark.signal.modulation import correlate_cells
from tracemark.signal.reading import central, read_cells, shrink
from tracemark.signal.robust_hash import hash_lines, soft_hash
from tracemark.signal.whitening import whiten

KEY = Key(bytes(range(32)))
CELL, TILE, SIDE = PROFILE.cell, PROFILE.tile, PROFILE.tile_pixels
LEVELS = tuple(level for level, _ in PROFILE.chip_levels)
FAVOUR = 0.5  # of smooth places, in a leak that has a pixel for each working pixel


def test_an_upright_leak_reads_as_its_cells_do(rng):
    luma = (128 + 40 * rng.standard_normal((2 * SIDE, SIDE))).astype(np.float32)
    reading = read_cells(luma, np.eye(3), codebook(KEY), hash_lines(KEY))
    assert reading.covered.shape == (2 * TILE, TILE)
    assert reading.covered.all()
    np.testing.assert_allclose(reading.transform, np.eye(3), atol=1e-9)
    expected = correlate_cells(whiten(luma, levels=LEVELS, favour=FAVOUR), codebook(KEY))
    np.testing.assert_allclose(reading.correlation, expected, atol=0.02)
    np.testing.assert_allclose(reading.hash, soft_hash(luma, hash_lines(KEY)), atol=1e-3)


@pytest.mark.parametrize("tiles", [(0, 0), (3, 2), (-2, 5)])
def test_moving_a_leak_by_whole_tiles_changes_nothing(tiles, rng):
    luma = (128 + 40 * rng.standard_normal((300, 400))).astype(np.float32)
    near = np.array([[1, 0, 100.0], [0, 1, 60.0], [0, 0, 1]])
    far = near + np.array([[0, 0, tiles[0] * SIDE], [0, 0, tiles[1] * SIDE], [0, 0, 0]])
    one, two = (read_cells(luma, transform, codebook(KEY), hash_lines(KEY)) for transform in (near, far))
    np.testing.assert_allclose(one.transform, two.transform, atol=1e-6)
    np.testing.assert_allclose(one.correlation, two.correlation, atol=1e-3)


@pytest.mark.parametrize("scale", [1.0, 0.5, 0.32, 1.6])
def test_cells_outside_the_leak_are_not_counted(scale, rng):
    rows, columns = round(10 * CELL / scale), round(12 * CELL / scale)
    luma = (128 + 40 * rng.standard_normal((rows, columns))).astype(np.float32)
    begin = np.array([2.0 * CELL, 3.0 * CELL])  # two cells across, three down
    transform = np.diag([scale, scale, 1.0])
    transform[:2, 2] = begin + (scale - 1) / 2
    reading = read_cells(luma, transform, codebook(KEY), hash_lines(KEY))
    expected = np.zeros((TILE, TILE), dtype=bool)
    expected[3:13, 2:14] = True
    np.testing.assert_array_equal(reading.covered, expected)
    outside = reading.correlation[~expected]
    assert np.abs(outside).max() < 1e-3


@pytest.mark.parametrize("scale", [2.0, 3.0, 0.5])
def test_a_leak_of_any_size_reads_its_patterns(scale, rng):
    cells = codebook(KEY)[:, :, 4].reshape(TILE, TILE, PROFILE.cell, PROFILE.cell)
    drawn = cells.swapaxes(1, 2).reshape(SIDE, SIDE)
    luma = np.tile(128 + 4 * drawn, (2, 2)) + rng.standard_normal((2 * SIDE, 2 * SIDE))
    factor = {"interpolation": cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA}
    leak = cv2.resize(luma.astype(np.float32), None, fx=scale, fy=scale, **factor)
    transform = np.diag([1 / scale, 1 / scale, 1.0])
    transform[:2, 2] = (1 / scale - 1) / 2
    reading = read_cells(leak, transform, codebook(KEY), hash_lines(KEY))
    assert reading.correlation[..., 4].mean() > 5 * np.abs(reading.correlation[..., 5].mean())
    assert (reading.correlation[..., 4] > 0).mean() > 0.95


@pytest.mark.parametrize("shape", [(400, 700), (700, 400), (1, 3000), (300, 200)])
def test_shrinking_fits_the_long_side_and_tells_the_factor(shape, rng):
    luma = rng.uniform(0, 255, shape).astype(np.float32)
    small, factor = shrink(luma, long_side=256 if max(shape) > 300 else 512)
    if max(shape) <= 300:
        assert factor == 1
        np.testing.assert_array_equal(small, luma)
        return
    assert max(small.shape) == 256
    assert small.shape == tuple(max(round(side * factor), 2) for side in shape)
    assert factor == 256 / max(shape)


def test_a_leak_that_was_seen_at_an_angle_reads_its_patterns(rng):
    cells = codebook(KEY)[:, :, 4].reshape(TILE, TILE, PROFILE.cell, PROFILE.cell)
    drawn = cells.swapaxes(1, 2).reshape(SIDE, SIDE)
    luma = (np.tile(128 + 4 * drawn, (2, 2)) + rng.standard_normal((2 * SIDE, 2 * SIDE))).astype(np.float32)
    seen = np.array([[1.0, 0.05, 10], [-0.03, 0.95, 20], [1.5e-4, 2e-4, 1]])
    leak = cv2.warpPerspective(luma, seen, (2 * SIDE, 2 * SIDE), flags=cv2.INTER_CUBIC, borderValue=128)
    reading = read_cells(leak, np.linalg.inv(seen), codebook(KEY), hash_lines(KEY))
    shown = reading.covered
    assert 0.3 < shown.mean() < 1
    assert reading.correlation[shown, 4].mean() > 5 * np.abs(reading.correlation[shown, 5].mean())
    assert (reading.correlation[shown, 4] > 0).mean() > 0.85  # at the border some show no pattern


@pytest.mark.parametrize(("shape", "long_side"), [((97, 640), 400), ((640, 133), 300), ((1237, 1600), 777)])
def test_shrinking_reduces_both_sides_alike_whatever_the_short_one_ends_with(shape, long_side):
    down, across = (np.arange(side, dtype=np.float32) for side in shape)
    for ramp, side in ((down[:, None] + 0 * across, 0), (across + 0 * down[:, None], 1)):
        small, factor = shrink(ramp, long_side=long_side)
        found = np.moveaxis(small, side, 0)[:-1, 0]  # the last one may hold less
        np.testing.assert_allclose(found, (np.arange(len(found)) + 1 / 2) / factor - 1 / 2, atol=0.1)


@pytest.mark.parametrize(("scale", "favoured"), [(1.0, True), (2.0, True), (0.5, False)])
def test_a_dense_leak_weighs_its_smooth_places_more_and_a_reduced_one_does_not(scale, favoured, rng):
    luma = rng.standard_normal((SIDE, 2 * SIDE))
    luma[:, :SIDE] *= 15
    luma[:, SIDE:] *= 60
    method = {"interpolation": cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA}
    leak = cv2.resize((128 + luma).astype(np.float32), None, fx=scale, fy=scale, **method)
    transform = np.diag([1 / scale, 1 / scale, 1.0])
    transform[:2, 2] = (1 / scale - 1) / 2
    reading = read_cells(leak, transform, codebook(KEY), hash_lines(KEY))
    smooth, busy = (np.std(reading.correlation[:, cells]) for cells in (np.s_[: TILE - 1], np.s_[TILE + 1 :]))
    # Four times the contrast, to the power of FAVOUR.
    assert smooth / busy == pytest.approx(4**FAVOUR if favoured else 1, rel=0.15)


@pytest.mark.parametrize(("shape", "kept"), [((300, 500), (200, 200)), ((150, 500), (150, 200)), ((90, 80), (90, 80))])
def test_the_middle_of_a_leak_lies_where_it_lay(shape, kept, rng):
    luma = rng.standard_normal(shape).astype(np.float32)
    transform = np.array([[1.5, 0, 7], [0, 1.5, -3], [0, 0, 1]])
    middle, own = central(luma, transform, side=300)
    assert middle.shape == kept
    row, column = np.argwhere(luma == middle[10, 20])[0]
    np.testing.assert_allclose(own @ [20, 10, 1], transform @ [column, row, 1])
    assert abs(2 * (row - 10) - (shape[0] - kept[0])) <= 1
    assert abs(2 * (column - 20) - (shape[1] - kept[1])) <= 1


def test_a_picture_of_hardly_any_height_keeps_two_rows(rng):
    """OpenCV never comes back from a warp of a single one."""
    small, _ = shrink(rng.random((64, 60_000), dtype=np.float32), long_side=640)
    assert small.shape == (2, 640)

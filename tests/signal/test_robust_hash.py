import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.damage import jpeg
from tracemark.keys import Key
from tracemark.profile import PROFILE
from tracemark.signal.robust_hash import hash_lines, robust_hash, soft_hash, soft_hash_beneath

KEY, OTHER = Key(bytes(range(32))), Key(bytes(32))
CELL, TILE = PROFILE.cell, PROFILE.tile
STEPS = {0: (0, 1), 1: (1, 0), 2: (1, 1), 3: (1, -1)}


def in_cells(values):
    """A picture whose cells have one brightness each."""
    return np.kron(values, np.ones((CELL, CELL))).astype(np.float32)


def grey(photo):
    rows, columns = (side // CELL * CELL for side in photo.shape[:2])
    return cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY).astype(np.float32)[:rows, :columns]


def test_each_cell_is_compared_with_its_two_neighbours_along_its_line(rng):
    values = rng.uniform(0, 255, (TILE + 3, 2 * TILE + 1))
    signs = robust_hash(in_cells(values), hash_lines(KEY))
    rows, columns = values.shape
    for row, column in np.ndindex(rows, columns):
        down, across = STEPS[int(hash_lines(KEY)[row % TILE, column % TILE])]
        around = []
        for turn in (1, -1):
            at = row + turn * down, column + turn * across
            clipped = min(max(at[0], 0), rows - 1), min(max(at[1], 0), columns - 1)
            around.append(values[clipped])
        assert signs[row, column] == (-1 if values[row, column] < np.mean(around) else 1)


def test_the_lines_follow_from_the_key_and_use_all_directions():
    lines = hash_lines(KEY)
    assert lines.shape == (TILE, TILE)
    assert np.bincount(lines.ravel(), minlength=4).min() > TILE * TILE / 8
    assert np.mean(lines == hash_lines(OTHER)) < 0.4
    assert not lines.flags.writeable


@given(st.integers(0, 2**32 - 1))
def test_the_soft_hash_has_the_signs_of_the_hash_and_trusts_what_stands_out(seed):
    values = np.random.default_rng(seed).uniform(0, 255, (6, 7))
    picture = in_cells(values)
    soft, signs = soft_hash(picture, hash_lines(KEY)), robust_hash(picture, hash_lines(KEY))
    np.testing.assert_array_equal(np.sign(soft), signs)
    assert np.abs(soft).max() < 1
    assert (np.abs(soft) > np.abs(soft_hash(picture / 16, hash_lines(KEY)))).all()


def test_a_picture_of_nothing_can_be_hashed_and_is_not_trusted():
    nothing = np.full((3 * CELL, 4 * CELL), 77, dtype=np.float32)
    np.testing.assert_array_equal(robust_hash(nothing, hash_lines(KEY)), 1)
    np.testing.assert_array_equal(soft_hash(nothing, hash_lines(KEY)), 0)


@pytest.mark.parametrize(
    "damage",
    [
        lambda picture: jpeg(np.rint(picture).astype(np.uint8), 30).astype(np.float32),
        lambda picture: cv2.GaussianBlur(picture, None, 3),
        lambda picture: 255 * (picture / 255) ** 1.4,
        lambda picture: picture * np.linspace(0.5, 1, picture.shape[1], dtype=np.float32),
        lambda picture: picture + 10 * np.random.default_rng(0).standard_normal(picture.shape).astype(np.float32),
    ],
    ids=["jpeg", "blur", "gamma", "shade", "noise"],
)
@pytest.mark.parametrize("name", ["astronaut", "rocket", "seeding"])
def test_the_hash_outlasts_what_leaks_go_through(name, damage, photos):
    picture = grey(photos[name])
    signs = robust_hash(picture, hash_lines(KEY))
    soft = soft_hash(damage(picture), hash_lines(KEY))
    assert np.sum(soft * signs) > 0.7 * np.sum(np.abs(soft))


@pytest.mark.parametrize("name", ["astronaut", "rocket", "seeding"])
def test_beneath_lines_a_picture_has_its_own_hash(name, photos):
    picture = grey(photos[name])
    hatched = np.rint(picture).astype(np.uint8)
    for row in range(-40, picture.shape[0], 30):
        cv2.line(hatched, (0, row), (picture.shape[1], row + 40), 255, 2, cv2.LINE_AA)
    signs = robust_hash(picture, hash_lines(KEY))
    over, beneath, plain = (
        np.sum(soft * signs) / np.sum(np.abs(soft))
        for soft in (
            soft_hash(hatched.astype(np.float32), hash_lines(KEY)),
            soft_hash_beneath(hatched.astype(np.float32), hash_lines(KEY)),
            soft_hash_beneath(picture, hash_lines(KEY)),
        )
    )
    assert beneath > over + 0.1
    assert plain > 0.8


def test_the_hashes_of_different_photos_have_little_in_common(photos):
    hashes = [robust_hash(grey(photos[name]), hash_lines(KEY)) for name in ("astronaut", "rocket", "seeding", "coffee")]
    for one in range(len(hashes)):
        for other in range(one):
            rows, columns = np.minimum(hashes[one].shape, hashes[other].shape)
            pair = [hashed[:rows, :columns] for hashed in (hashes[one], hashes[other])]
            assert abs(np.mean(pair[0] * pair[1])) < 4 / np.sqrt(rows * columns) + 0.05


def test_a_picture_upside_down_has_another_hash(photos):
    picture = grey(photos["seeding"])
    one, other = (robust_hash(turned, hash_lines(KEY)) for turned in (picture, picture[::-1, ::-1]))
    assert abs(np.mean(one * other)) < 0.1

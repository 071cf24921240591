import numpy as np
import pytest

from benchmarks.gauntlet.attacks import ATTACKS, ESSENTIAL, Attack, named
from benchmarks.gauntlet.damage import clutter, reshape, tone

ROWS, COLUMNS = 303, 410  # odd, and not square: what mixes up the two sides shows; large enough to carry a mark


@pytest.fixture(scope="module")
def photo():
    rng = np.random.default_rng(3)
    coarse = rng.integers(0, 256, (15, 20, 3), dtype=np.uint8)
    return np.kron(coarse, np.ones((21, 21, 1), np.uint8))[:ROWS, :COLUMNS]


every_attack = pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)


@every_attack
def test_a_leak_is_an_rgb_picture(attack: Attack, photo):
    leak = attack.apply(photo, np.random.default_rng(1))
    assert leak.dtype == np.uint8
    assert leak.ndim == photo.ndim
    assert leak.shape[2] == photo.shape[2]


@every_attack
def test_the_same_seed_gives_the_same_leak(attack: Attack, photo):
    first = attack.apply(photo, np.random.default_rng(1))
    again = attack.apply(photo, np.random.default_rng(1))
    np.testing.assert_array_equal(first, again)


@every_attack
def test_the_marked_copy_is_left_alone(attack: Attack, photo):
    before = photo.copy()
    leak = attack.apply(photo, np.random.default_rng(1))
    leak[:] = 0
    np.testing.assert_array_equal(photo, before)


def test_names_are_unique():
    assert len({attack.name for attack in ATTACKS}) == len(ATTACKS)


def test_essential_rows_exist_and_have_a_bar():
    assert all(named(name).bar is not None for name in ESSENTIAL)


def test_an_unknown_name_is_answered_with_the_names_there_are():
    with pytest.raises(KeyError, match="jpeg-50"):
        named("jpeg-51")


@pytest.mark.parametrize("percent", [70, 50, 25, 10])
def test_a_crop_keeps_the_stated_area_and_the_aspect(percent, photo, rng):
    kept = reshape.crop(photo, percent, rng)
    assert kept[..., 0].size / photo[..., 0].size == pytest.approx(percent / 100, rel=0.01)
    assert kept.shape[1] / kept.shape[0] == pytest.approx(COLUMNS / ROWS, rel=0.01)


def test_crops_reach_every_edge_of_the_photo(photo):
    marked = np.zeros_like(photo)
    marked[0], marked[-1], marked[:, 0], marked[:, -1] = 1, 2, 3, 4
    crops = [reshape.crop(marked, 98, np.random.default_rng(seed)) for seed in range(200)]
    assert {value for kept in crops for value in np.unique(kept)} == {0, 1, 2, 3, 4}


def test_fitting_never_enlarges(photo, rng):
    np.testing.assert_array_equal(reshape.fit_within(photo, 2 * COLUMNS, rng), photo)
    assert max(reshape.fit_within(photo, 100, rng).shape) == 100


def test_four_quarter_turns_and_two_mirrors_give_the_photo_back(photo, rng):
    turned = photo
    for _ in range(4):
        turned = reshape.quarter_turn(turned, 1, rng)
    np.testing.assert_array_equal(turned, photo)
    np.testing.assert_array_equal(reshape.mirror(reshape.mirror(photo, 1, rng), 1, rng), photo)


@pytest.mark.parametrize("degrees", [1, 5, 10])
def test_a_rotation_cropped_inside_shows_no_black_corner(degrees, rng):
    white = np.full((ROWS, COLUMNS, 3), 255, np.uint8)
    assert reshape.rotate(white, degrees, rng).min() == 0
    assert reshape.rotate_inside(white, degrees, rng)[2:-2, 2:-2].min() > 250


@pytest.mark.parametrize(("cover", "tolerance"), [(clutter.logo, 0.002), (clutter.caption, 0.03)])
def test_a_cover_hides_the_stated_area(cover, tolerance, rng):
    black = np.zeros((600, 900, 3), np.uint8)
    hidden = cover(black, 10, rng).any(axis=2).mean()
    assert hidden == pytest.approx(0.1, abs=tolerance)


@pytest.mark.parametrize("name", ["border-10", "frame-1.3"])
def test_the_photo_is_whole_inside_its_frame(name, photo, rng):
    surround, strength = named(name).steps[0]
    framed = surround(photo, strength, rng)
    windows = np.lib.stride_tricks.sliding_window_view(framed[..., 0], photo.shape[:2])
    places = np.argwhere((windows[:, :, 0, :] == photo[0, :, 0]).all(axis=2))
    assert any(np.array_equal(windows[row, column], photo[..., 0]) for row, column in places)


def test_a_vignette_leaves_the_middle_and_darkens_the_corners(rng):
    leak = tone.vignette(np.full((101, 151, 3), 200, np.uint8), 60, rng)
    assert (leak[50, 75] == 200).all()
    for corner in (leak[0, 0], leak[0, -1], leak[-1, 0], leak[-1, -1]):
        np.testing.assert_allclose(corner, 80, atol=1)


def test_a_fade_lifts_black_dims_white_and_hardens_the_middle(rng):
    levels = np.arange(256, dtype=np.uint8).reshape(16, 16, 1).repeat(3, axis=2)
    faded = tone.fade(levels, 30, rng)[..., 0].ravel().astype(int)
    assert (np.diff(faded) >= 0).all()
    np.testing.assert_allclose([faded[0], faded[-1]], [0.12 * 255, 0.82 * 255], atol=1)
    assert faded[138] - faded[118] > 20 * 0.95  # three halves as steep, less what is squeezed


def test_a_post_shows_the_whole_photo_between_lines_of_text(rng):
    photo = np.full((300, 400, 3), 120, np.uint8)
    screen = clutter.post(photo, 3, rng)
    assert screen.shape == (500, 424, 3)
    np.testing.assert_array_equal(screen[100:400, 12:-12], photo)
    for text in (screen[:100], screen[400:]):
        assert text.min() < 30
        assert text.max() > 190


def test_a_sheared_photo_has_its_rows_pushed_sideways(photo, rng):
    leak = reshape.shear(photo, 10, rng)
    assert leak.shape[:2] == (ROWS, COLUMNS + 31)
    middle = np.abs(leak[-3, 2 : COLUMNS - 2].astype(int) - photo[-3, 2 : COLUMNS - 2]).mean()
    moved = np.abs(leak[3, 32 : COLUMNS + 28].astype(int) - photo[3, 2 : COLUMNS - 2]).mean()
    assert max(middle, moved) < 12
    assert not leak[3, :20].any()


def test_a_negative_is_white_less_the_photo(photo, rng):
    np.testing.assert_array_equal(tone.negative(photo, 1, rng), 255 - photo)
    np.testing.assert_array_equal(tone.negative(photo, 2, rng), photo)

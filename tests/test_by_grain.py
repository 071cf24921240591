"""Laying a leak by its grain and its mark, where it shows little else of the picture."""

import cv2
import numpy as np
import pytest

import tracemark as tm
from tests.damage import jpeg, resized, rotated
from tracemark.by_grain import lay_by_grain
from tracemark.finding import lay_on_best
from tracemark.original import original_of
from tracemark.placing import placements_of
from tracemark.signal.luma import luma_of

KEY = tm.Key(bytes(range(32)))
RECIPIENT = 17
LISTED = range(1000)
TOP, LEFT, ROWS, COLUMNS = 311, 507, 250, 360


def sky(rows, columns, seed):
    """Clouds without an edge, and nothing else."""
    rng = np.random.default_rng(seed)
    clouds = cv2.resize(rng.normal(0, 1, (6, 8)).astype(np.float32), (columns, rows), interpolation=cv2.INTER_CUBIC)
    blue = np.array([140, 175, 215]) + 12 * clouds[..., None] + rng.normal(0, 0.5, (rows, columns, 1))
    return np.clip(np.rint(blue), 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def photo():
    return sky(800, 1200, seed=1)


@pytest.fixture(scope="module")
def copy(photo):
    return tm.embed(photo, recipient=RECIPIENT, key=KEY)


@pytest.fixture(scope="module")
def original(photo):
    return original_of(photo, key=KEY)


def cut(pixels, step=1):
    return pixels[TOP * step : (TOP + ROWS) * step, LEFT * step : (LEFT + COLUMNS) * step]


def laid(leak, originals, *, search=False):
    luma = luma_of(np.ascontiguousarray(leak))
    return lay_by_grain(luma, originals, key=KEY, placements=placements_of(luma, KEY) if search else ())


def middle_of(leak, registration):
    """Where the middle of a leak lies."""
    x, y, w = registration.transform @ [(leak.shape[1] - 1) / 2, (leak.shape[0] - 1) / 2, 1]
    return np.array([x, y]) / w


def test_a_crop_of_sky_lies_exactly_where_it_was_cut_though_no_picture_agrees(copy, original):
    leak = jpeg(cut(copy), 60)
    assert not any(lay_on_best(luma_of(leak), [original]))
    found, registration = laid(leak, [original])
    assert found is original
    np.testing.assert_array_equal(registration.transform, [[1, 0, LEFT], [0, 1, TOP], [0, 0, 1]])
    inside = registration.weights > 1 / 2
    assert inside.sum() == pytest.approx(ROWS * COLUMNS, rel=0.02)
    assert inside[TOP + 2 : TOP + ROWS - 2, LEFT + 2 : LEFT + COLUMNS - 2].all()


def test_so_does_its_mirror_image(copy, original):
    _, registration = laid(jpeg(cut(copy)[:, ::-1], 60), [original])
    np.testing.assert_array_equal(registration.transform, [[-1, 0, LEFT + COLUMNS - 1], [0, 1, TOP], [0, 0, 1]])


def test_its_recipient_is_named_and_the_verdict_says_how_it_was_laid(copy, photo):
    found = tm.detect(jpeg(cut(copy), 60), key=KEY, original=photo, recipients=LISTED)
    assert (found.recipients, found.method) == ((RECIPIENT,), "informed")
    assert "laid by its grain" in found.reason


@pytest.mark.usefixtures("quick_searches_alone")
def test_several_leaks_are_laid_each_by_its_own_grain(copy, photo):
    leaks = [jpeg(cut(copy), 60), jpeg(np.full((300, 400, 3), 90, dtype=np.uint8), 60)]
    found = tm.detect_together(leaks, key=KEY, originals=[photo], recipients=LISTED)
    assert (found.recipients, found.method) == ((RECIPIENT,), "informed")


@pytest.fixture(scope="module")
def large():
    """A photo with two pixels to each at the working scale, and somebody's copy."""
    photo = sky(1600, 2400, seed=2)
    return photo, tm.embed(photo, recipient=RECIPIENT, key=KEY)


def test_a_crop_of_a_large_photo_lies_on_a_pixel_of_it(large):
    photo, copy = large
    leak = jpeg(cut(copy, step=2)[1:, 1:], 75)
    _, registration = laid(leak, [original_of(photo, key=KEY)])
    # pixel 0 of the leak is the photo's 2 * LEFT + 1, whose middle is a quarter of a working pixel off the even one's
    expected = [[1 / 2, 0, LEFT + 1 / 4], [0, 1 / 2, TOP + 1 / 4], [0, 0, 1]]
    np.testing.assert_allclose(registration.transform, expected, atol=1e-9)


@pytest.mark.parametrize(("top", "left"), [(0, 0), (0, 300), (500, 0), (1100, 1800), (1100, 300)])
def test_a_crop_at_the_edge_of_a_large_photo_begins_at_it(top, left, large):
    photo, copy = large
    leak = jpeg(copy[top : top + 500, left : left + 600], 75)
    _, registration = laid(leak, [original_of(photo, key=KEY)])
    begin = (np.array([left, top]) + 1 / 2) / 2 - 1 / 2
    np.testing.assert_allclose(registration.transform[:2, 2], begin, atol=1e-9)


DAMAGE = {
    "smaller": lambda crop: resized(crop, 0.7),
    "mirrored": lambda crop: crop[:, ::-1],
    "turned": lambda crop: rotated(crop, 7)[40:-40, 60:-60],
    "a negative": lambda crop: 255 - crop,
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE.keys())
def test_what_was_scaled_turned_or_exchanged_in_tone_lies_where_the_search_has_it(damage, copy, original, photo):
    leak = jpeg(damage(copy[200:700, 300:1050]), 75)
    _, registration = laid(leak, [original], search=True)
    assert np.abs(middle_of(leak, registration) - [(300 + 1049) / 2, (200 + 699) / 2]).max() < 1.5
    assert registration.negative == (damage is DAMAGE["a negative"])
    assert tm.detect(leak, key=KEY, original=photo, recipients=LISTED).recipients == (RECIPIENT,)


def test_of_several_photos_the_one_is_taken_whose_beacon_it_shows(copy, original):
    others = [original_of(sky(800, 1200, seed=seed), key=KEY) for seed in (3, 4)]
    found, _ = laid(jpeg(cut(copy), 60), [*others, original])
    assert found is original


def test_a_copy_of_another_photo_is_not_laid_though_both_have_the_sync_pattern():
    original = original_of(sky(800, 1200, seed=5), key=KEY)
    leaks = [jpeg(cut(tm.embed(sky(800, 1200, seed=seed), recipient=RECIPIENT, key=KEY)), 60) for seed in range(6, 10)]
    assert sum(laid(leak, [original]) is not None for leak in leaks) <= 1  # chance has one in twenty


@pytest.mark.usefixtures("quick_searches_alone")
def test_what_was_never_marked_names_nobody_wherever_it_is_laid(photo):
    found = tm.detect(jpeg(cut(photo), 60), key=KEY, original=photo, recipients=LISTED)
    assert (found.verdict, found.recipients) == ("none", ())


def test_a_scrap_of_texture_lies_on_the_very_pixel_by_the_grain_alone(photos):
    photo = photos["coffee"]
    leak = jpeg(photo[200:240, 330:390], 60)  # never marked, and a hundredth of the photo
    found, registration = laid(leak, [original_of(photos["rocket"], key=KEY), original := original_of(photo, key=KEY)])
    assert found is original
    np.testing.assert_array_equal(registration.transform, [[1, 0, 330], [0, 1, 200], [0, 0, 1]])
    _, registration = laid(leak[:, ::-1], [original])
    np.testing.assert_array_equal(registration.transform, [[-1, 0, 330 + 59], [0, 1, 200], [0, 0, 1]])
    _, registration = laid(255 - leak, [original])
    assert registration.negative
    assert (registration.transform[0, 2], registration.transform[1, 2]) == (330, 200)


@pytest.mark.parametrize("shape", [(1, 1), (3, 700), (16, 16), (30, 30), (63, 200), (5000, 20)])
def test_what_is_too_small_to_show_anything_names_nobody(shape, photo, rng):
    leak = rng.integers(0, 256, (*shape, 3)).astype(np.uint8)
    found = tm.detect(leak, key=KEY, original=photo, recipients=LISTED)
    assert (found.verdict, found.recipients) == ("none", ())


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("tone", [0, 128])
def test_a_leak_never_lies_on_a_photo_of_one_tone(tone, copy, original, photo):
    flat = original_of(np.full_like(photo, tone), key=KEY)
    leak = jpeg(cut(copy), 60)
    assert laid(leak, [flat]) is None
    for originals in ([flat, original], [original, flat]):
        assert laid(leak, originals)[0] is original


def test_with_no_photo_there_is_nothing_to_lay_a_leak_on(copy):
    assert laid(copy, []) is None

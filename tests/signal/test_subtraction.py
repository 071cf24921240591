import cv2
import numpy as np
import pytest

from tracemark.signal.subtraction import subtract

ROWS, COLUMNS = 192, 256


@pytest.fixture
def photo(rng):
    fine = cv2.GaussianBlur(rng.standard_normal((ROWS, COLUMNS)).astype(np.float32), (0, 0), 1)
    return np.asarray(128 + 60 * fine, dtype=np.float32)


@pytest.fixture
def covered():
    return np.ones((ROWS, COLUMNS), dtype=np.float32)


@pytest.mark.parametrize(
    "change",
    [
        lambda photo: photo,
        lambda photo: 0.6 * photo + 30,
        lambda photo: 1.5 * photo - 0.5 * cv2.GaussianBlur(photo, (0, 0), 1),
        lambda photo: photo * np.linspace(0.7, 1, COLUMNS, dtype=np.float32),
    ],
    ids=["nothing", "less contrast", "sharpened", "a vignette"],
)
def test_nothing_is_left_of_a_photo_whose_tone_and_sharpness_were_changed(change, photo, covered):
    subtracted = subtract(change(photo), photo, covered)
    assert subtracted.residual.std() < 0.05 * photo.std()
    assert subtracted.clearness.min() > 0.9


def test_a_mark_is_left_as_it_is(photo, covered, rng):
    mark = cv2.GaussianBlur(rng.standard_normal((ROWS, COLUMNS)).astype(np.float32), (0, 0), 1.5) * 8
    left = subtract(0.8 * photo + mark, photo, covered).residual
    assert np.corrcoef(left.ravel(), mark.ravel())[0, 1] > 0.97


def test_what_is_not_covered_leaves_nothing_and_spoils_nothing(photo, covered):
    covered[:, : COLUMNS // 2] = 0
    leak = photo.copy()
    leak[:, : COLUMNS // 2] = 255
    left = subtract(leak, photo, covered).residual
    assert not left[:, : COLUMNS // 2].any()
    assert np.abs(left).max() < 1


def test_where_detail_was_smoothed_away_the_leak_is_not_clear(photo, covered):
    leak = photo.copy()
    leak[:, : COLUMNS // 2] = cv2.GaussianBlur(photo, (0, 0), 6)[:, : COLUMNS // 2]
    clearness = subtract(leak, photo, covered).clearness
    assert clearness[:, : COLUMNS // 2 - 32].mean() < 0.1
    assert clearness[:, COLUMNS // 2 + 32 :].mean() > 0.95


def test_where_there_is_no_detail_nothing_says_that_it_was_smoothed(covered, rng):
    photo = np.full((ROWS, COLUMNS), 128, dtype=np.float32)
    photo[: ROWS // 2] += 40 * cv2.GaussianBlur(rng.standard_normal((ROWS // 2, COLUMNS)), (0, 0), 1).astype(np.float32)
    noisy = photo + rng.standard_normal((ROWS, COLUMNS)).astype(np.float32)
    assert subtract(noisy, photo, covered).clearness[ROWS // 2 + 32 :].min() > 0.9


def test_a_leak_that_is_all_smooth_has_no_clearness_to_compare(covered):
    flat = np.full((ROWS, COLUMNS), 90, dtype=np.float32)
    subtracted = subtract(flat, flat, covered)
    assert np.abs(subtracted.residual).max() < 0.01
    np.testing.assert_array_equal(subtracted.clearness, 1)

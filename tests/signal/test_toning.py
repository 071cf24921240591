import cv2
import numpy as np
import pytest

from tracemark.signal.toning import fit_tones, tone_of

ROWS, COLUMNS = 192, 256


def without(photo, leak, covered):
    """What is left of a leak when the photo, fitted to it, is taken away."""
    return leak - fit_tones(leak, photo, covered)


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
    assert without(photo, change(photo), covered).std() < 0.05 * photo.std()


def test_a_mark_is_left_as_it_is(photo, covered, rng):
    mark = cv2.GaussianBlur(rng.standard_normal((ROWS, COLUMNS)).astype(np.float32), (0, 0), 1.5) * 8
    left = without(photo, 0.8 * photo + mark, covered)
    assert np.corrcoef(left.ravel(), mark.ravel())[0, 1] > 0.97


def test_what_is_not_covered_leaves_nothing_and_spoils_nothing(photo, covered):
    covered[:, : COLUMNS // 2] = 0
    leak = photo.copy()
    leak[:, : COLUMNS // 2] = 255
    left = without(photo, leak, covered)
    assert not left[:, : COLUMNS // 2].any()
    assert np.abs(left).max() < 1


def test_a_leak_that_is_all_smooth_leaves_nothing(covered):
    flat = np.full((ROWS, COLUMNS), 90, dtype=np.float32)
    assert np.abs(without(flat, flat, covered)).max() < 0.01


def test_the_tone_of_a_mark_is_what_is_not_left_of_it(photo, covered, rng):
    """Shifted as the least of many copies is."""
    mark = cv2.GaussianBlur(rng.standard_normal((ROWS, COLUMNS)).astype(np.float32), (0, 0), 1.5) * 8 - 2
    left = without(photo, photo + mark, covered)
    inner = np.s_[20:-20, 20:-20]
    assert np.std((left - (mark - tone_of(mark, covered)))[inner]) < 0.3 * np.std(mark)
    assert abs(np.mean(tone_of(mark, covered)) + 2) < 0.2


def test_what_is_not_covered_has_no_tone(covered):
    covered[:, : COLUMNS // 2] = 0
    picture = np.where(covered > 0, np.float32(3), np.float32(100))
    np.testing.assert_allclose(tone_of(picture, covered)[:, COLUMNS // 2 :], 3, rtol=1e-4)

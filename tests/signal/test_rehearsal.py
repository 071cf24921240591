import numpy as np
import pytest

from tracemark.signal.layout import lay_out
from tracemark.signal.rehearsal import rehearse, untouched_score

SHAPE = (480, 640)
LAYOUT = lay_out(*SHAPE)


@pytest.fixture
def patterns(rng):
    return rng.standard_normal((3, *SHAPE)).astype(np.float32)


@pytest.fixture
def photo(rng):
    return (128 + 12 * rng.standard_normal(SHAPE)).astype(np.float32)


def marked(photo, patterns, strength):
    return photo + np.float32(strength) * patterns.sum(axis=0)


def test_a_stronger_mark_is_read_better_from_the_copy_and_from_its_leaks(photo, patterns):
    copies = [marked(photo, patterns, strength) for strength in (0.5, 1.0, 2.0)]
    for score in (lambda copy: untouched_score(copy, patterns), lambda copy: min(rehearse(copy, patterns, LAYOUT))):
        scores = [score(copy) for copy in copies]
        assert scores == sorted(scores)
        assert scores[0] < scores[-1]


def test_no_leak_is_read_better_than_the_copy(photo, patterns):
    copy = marked(photo, patterns, 1.0)
    assert min(rehearse(copy, patterns, LAYOUT)) < untouched_score(copy, patterns)


def test_a_photo_without_its_mark_scores_like_chance(photo, patterns):
    assert abs(untouched_score(photo, patterns)) < 5
    assert max(map(abs, rehearse(photo, patterns, LAYOUT))) < 5


def test_a_photo_marked_in_one_half_only_is_read_badly_from_crops(photo, patterns):
    half = patterns.copy()
    half[..., SHAPE[1] // 2 :] = 0
    large = lay_out(*(6 * side for side in SHAPE))  # of a large photo crops of a tenth are rehearsed
    assert untouched_score(marked(photo, half, 2.0), patterns) > 10
    assert (
        min(rehearse(marked(photo, half, 2.0), patterns, large))
        < min(rehearse(marked(photo, patterns, 2.0), patterns, large)) / 2
    )


def test_an_empty_picture_scores_like_chance(patterns):
    flat = np.full(SHAPE, 128, dtype=np.float32)
    assert abs(untouched_score(flat, patterns)) < 5
    assert max(map(abs, rehearse(flat, patterns, LAYOUT))) < 5

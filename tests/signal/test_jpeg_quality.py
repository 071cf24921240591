"""The quality of a JPEG, known from its pixels."""

import numpy as np
import pytest

from tracemark.signal.jpeg_quality import left_when_saved, likeliest_quality, likely_qualities, saved


@pytest.mark.parametrize("quality", [10, 30, 50, 70, 85, 95])
def test_the_quality_of_a_jpeg_shows_in_its_pixels(quality, photo):
    assert quality in likely_qualities(saved(photo, quality))[:2]


def test_colours_that_were_cut_off_and_empty_blocks_do_not_hide_the_quality(photo, rng):
    leak = saved(photo, 75)
    leak[:, :200] += rng.uniform(-2, 2, (len(photo), 200)).astype(np.float32)  # as in two thirds of the blocks
    framed = np.pad(leak, 160, constant_values=58)  # a desktop, far larger
    assert likely_qualities(leak)[0] == 75
    assert likely_qualities(framed)[0] == 75


def test_what_is_smaller_than_a_block_has_no_quality():
    assert likely_qualities(np.zeros((7, 100), dtype=np.float32)) == []


def test_saving_alike_leaves_little_and_otherwise_more(photo, mark, covered):
    leak = saved(photo + mark / 4, 30)
    left = left_when_saved(leak, photo, [30, 60, 90], covered)
    assert left[0] < 0.5
    assert left.argmin() == 0
    assert (left[1:] > 0.9).all()


def test_of_qualities_that_leave_hardly_more_the_likeliest_is_chosen():
    assert likeliest_quality([50, 49, 52], np.array([0.63, 0.9, 0.57])) == 50
    assert likeliest_quality([75, 50], np.array([1.2, 0.3])) == 50
    assert likeliest_quality([50, 75], np.array([np.inf, np.inf])) == 50

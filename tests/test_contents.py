import numpy as np
import pytest

from tracemark.contents import CONTENTS, SLOTS, Contents, number_contents, uniform_signs
from tracemark.signal.layout import lay_out


@pytest.mark.parametrize("number", range(CONTENTS))
def test_a_content_that_all_cells_share_has_its_number_everywhere(number):
    layout = lay_out(320, 480)
    signs = uniform_signs(number, layout)
    assert signs.shape == (SLOTS, 20, 30)
    np.testing.assert_array_equal(number_contents(signs), np.full((20, 30), number))


def test_a_number_says_all_signs_of_a_cell(rng):
    signs = rng.choice(np.array([-1, 1], np.int8), (SLOTS, 20, 30))
    numbers = number_contents(signs)
    layout = lay_out(320, 480)
    for row, column in [(0, 0), (7, 29), (19, 3)]:
        alike = uniform_signs(int(numbers[row, column]), layout)
        np.testing.assert_array_equal(alike[:, row, column], signs[:, row, column])


def test_copies_use_every_content_about_equally(key):
    contents = Contents(key, bytes(32), lay_out(1200, 1800), 5)
    numbers = np.stack([number_contents(contents.signs_for(recipient)) for recipient in range(8)])
    counts = np.bincount(numbers.ravel(), minlength=CONTENTS)
    expected = numbers.size / CONTENTS
    assert abs(counts - expected).max() < 6 * np.sqrt(expected)

import numpy as np
import pytest

from tracemark.signal.bands import SAMPLE_PIXELS, full_rows, sample_rows
from tracemark.signal.layout import from_working, lay_out


@pytest.mark.parametrize("least", [1, 8])
@pytest.mark.parametrize("shape", [(4608, 8192), (4000, 6000), (9000, 3000), (1500, 2000), (3200, 20_000)])
def test_bands_are_spread_evenly_whatever_the_width(shape, least):
    layout = lay_out(*shape)
    rows = sample_rows(layout, least=least)
    height = np.flatnonzero(np.diff(rows, append=0) != 1)[0] + 1
    starts = rows[::height]
    assert len(starts) >= least
    assert not (starts % 8).any()
    assert height % 8 == 0
    np.testing.assert_array_equal(rows, (starts[:, None] + np.arange(height)).ravel())
    assert len(rows) * shape[1] < max(1.1 * SAMPLE_PIXELS, (least + 1) * 64 * shape[1])
    gaps = np.diff([-height, *starts, shape[0]])
    assert gaps.max() - gaps.min() <= 16 + height
    assert rows.max() < shape[0]


@pytest.mark.parametrize("shape", [(1040, 1000), (1060, 960), (1230, 850)])
def test_bands_that_hardly_leave_rows_out_take_no_row_twice(shape):
    rows = sample_rows(lay_out(*shape), least=1)
    assert shape[0] - 128 < len(rows) < shape[0]
    assert (np.diff(rows) > 0).all()


@pytest.mark.parametrize("least", [1, 8])
def test_all_rows_of_a_small_photo_are_read(least):
    np.testing.assert_array_equal(sample_rows(lay_out(700, 1300), least=least), np.arange(700))


def test_rows_are_those_of_the_whole_mark_at_the_size_of_the_photo(rng):
    layout = lay_out(1600, 2400)
    mark = rng.normal(0, 1, layout.working).astype(np.float32)
    rows = sample_rows(layout, least=8)
    whole = from_working(mark, layout)[:1600, :2400]
    np.testing.assert_allclose(full_rows(mark, layout, rows), whole[rows], atol=0.02)

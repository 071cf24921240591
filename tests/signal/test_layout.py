import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracemark.errors import PhotoError
from tracemark.profile import PROFILE
from tracemark.signal.layout import from_working, lay_out, to_working

SIDES = st.integers(1, 30_000)
SHAPES = [(512, 512), (300, 451), (427, 640), (1280, 700), (1500, 2657), (2001, 1999), (3000, 4001)]


def laid_out(rows, columns):
    """The layout, or None where the photo was refused, which must name its size."""
    try:
        return lay_out(rows, columns)
    except PhotoError as error:
        refusal = error
    assert "must" in str(refusal)
    assert str(max(rows, columns)) in str(refusal)
    return None


@given(rows=SIDES, columns=SIDES)
def test_cells_cover_the_photo_and_no_cell_lies_outside(rows, columns):
    layout = laid_out(rows, columns)
    if layout is None:
        return
    sides = zip((rows, columns), layout.cells, layout.working, layout.extent, strict=True)
    for side, cells, working, filled in sides:
        assert (cells - 1) * layout.cell < side <= cells * layout.cell
        assert working - PROFILE.cell < filled <= working
        assert filled * layout.scale == pytest.approx(side)
        assert cells <= PROFILE.grid * PROFILE.tile
        assert working == cells * PROFILE.cell
    assert layout.cell % PROFILE.unit == 0
    assert PROFILE.least_multiple <= layout.multiple <= PROFILE.most_multiple
    assert layout.scale * PROFILE.cell == layout.cell


@given(rows=SIDES, columns=SIDES)
def test_a_photo_and_the_same_photo_turned_have_the_same_cells(rows, columns):
    layout = laid_out(rows, columns)
    if layout is None:
        assert laid_out(columns, rows) is None
        return
    turned = lay_out(columns, rows)
    assert turned.cell == layout.cell
    assert turned.cells == layout.cells[::-1]


@pytest.mark.parametrize("side", [600, 640, 1024, 2048, 4032, 6000, 9000])
def test_photos_as_cameras_make_them_are_taken(side):
    layout = lay_out(side * 2 // 3, side)
    assert max(layout.working) <= 2 * PROFILE.long_side


@pytest.mark.parametrize(
    ("rows", "columns", "sentence"),
    [
        (1, 1, r"at least \d+ px on its short side to carry a mark, not 1 x 1"),
        (150, 2000, r"at least \d+ px on its short side to carry a mark, not 2000 x 150"),
        (300, 20_000, r"at least \d+ px on its short side to carry a mark, not 20000 x 300"),
        (200, 200, r"at least 280 whole squares of 16 px to carry a mark, and 200 x 200 px holds 144"),
        (271, 271, r"at least 280 whole squares of 16 px to carry a mark, and 271 x 271 px holds 256"),
        (40_000, 30_000, r"at most about \d+ px, not 40000"),
    ],
)
def test_what_cannot_carry_a_mark_is_refused_in_words(rows, columns, sentence):
    with pytest.raises(PhotoError, match=sentence):
        lay_out(rows, columns)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_ramp_keeps_its_place_on_the_way_to_the_working_scale_and_back(shape):
    layout = lay_out(*shape)
    down, across = np.mgrid[: shape[0], : shape[1]]
    ramp = (down / 16 + across / 32).astype(np.float32)
    working = to_working(ramp, layout)
    assert working.shape == layout.working
    assert working.dtype == np.float32
    down, across = ((np.arange(side) + 0.5) * layout.scale - 0.5 for side in working.shape)
    inside = np.ix_(down < shape[0] - layout.scale, across < shape[1] - layout.scale)
    expected = down[:, None] / 16 + across[None, :] / 32
    np.testing.assert_allclose(working[inside], expected[inside], atol=1e-2)
    back = from_working(working, layout)
    assert back.shape == tuple(count * layout.cell for count in layout.cells)
    border = 4 * layout.cell // PROFILE.unit
    kept = tuple(slice(border, side - border - layout.cell) for side in shape)
    # Cubic interpolation bends a ramp a little; half a pixel off would be 0.05 and more.
    np.testing.assert_allclose(back[kept], ramp[kept], atol=0.02)


def test_where_a_cell_is_as_large_in_the_photo_nothing_is_resampled(rng):
    layout = lay_out(500, 650)
    luma = rng.uniform(0, 255, (500, 650)).astype(np.float32)
    working = to_working(luma, layout)
    np.testing.assert_array_equal(working[:500, :650], luma)
    np.testing.assert_array_equal(from_working(working, layout), working)


@pytest.mark.parametrize("shape", [(513, 481), (3001, 2881)])
def test_cells_that_stick_out_show_the_mirrored_edge(shape, rng):
    layout = lay_out(*shape)
    luma = np.full(shape, 50, dtype=np.float32)
    luma[-2 * layout.cell :] = 200
    working = to_working(luma, layout)
    np.testing.assert_allclose(working[-PROFILE.cell :], 200)


@pytest.mark.parametrize(("rows", "columns"), [(1300, 2600), (4000, 3000)])
def test_a_row_of_cells_is_enlarged_as_the_whole_is(rows, columns, rng):
    layout = lay_out(rows, columns)
    working = rng.standard_normal(layout.working).astype(np.float32)
    whole = from_working(working, layout)
    parts = [from_working(working, layout, cell_row=row) for row in range(layout.cells[0])]
    np.testing.assert_array_equal(np.concatenate(parts), whole)

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracemark.profile import PROFILE
from tracemark.signal.delivery import deliver, deliver_alike, prepare_delivery
from tracemark.signal.layout import lay_out
from tracemark.signal.luma import PEAK
from tracemark.signal.modulation import Layers

DTYPES = [np.uint8, np.uint16, np.float32, np.float64]
SHAPES = [(300, 451), (300, 451, 3), (300, 451, 4)]
SLOTS = PROFILE.message_slots + 1
STEP = 1 / 16  # luma levels: what layers are rounded to
LIMIT = 127 / 16  # luma levels: a signed layer holds no more


def most(dtype):
    return np.iinfo(dtype).max if np.issubdtype(dtype, np.integer) else 1


def photo(rng, shape=(300, 451, 3), dtype=np.uint8, low=0.2, high=0.8):
    """Values far enough from black and white that nothing is clipped."""
    pixels = (rng.uniform(low, high, shape) * most(dtype)).astype(dtype)
    pixels.setflags(write=False)
    return pixels


def layers_of(rng, layout, spread=1.0):
    draw = rng.standard_normal((1 + SLOTS, *layout.working)).astype(np.float32) * np.float32(spread)
    return Layers(common=draw[0], signed=draw[1:])


def signs_of(rng, layout):
    return rng.choice(np.array([-1, 1], dtype=np.int8), (SLOTS, *layout.cells))


def levels(pixels):
    """Pixels in levels of an 8-bit picture."""
    return pixels.astype(np.float64) * (PEAK / most(pixels.dtype))


def spread_signs(signs, layout):
    """The signs of every pixel."""
    wide = np.repeat(np.repeat(signs, layout.cell, axis=1), layout.cell, axis=2)
    return wide[:, : layout.rows, : layout.columns]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", SHAPES)
def test_a_copy_is_the_photo_and_its_layers_times_the_signs(dtype, shape, rng):
    layout, pixels = lay_out(*shape[:2]), photo(rng, shape, dtype)
    layers, signs = layers_of(rng, layout), signs_of(rng, layout)
    copy = deliver(prepare_delivery(pixels, layers, layout, strength=2.0), signs)
    assert copy.shape == pixels.shape
    assert copy.dtype == pixels.dtype
    crop = np.s_[..., : shape[0], : shape[1]]
    signed = np.clip(2 * layers.signed[crop], -LIMIT, LIMIT)
    exact = 2 * layers.common[crop] + np.sum(signed * spread_signs(signs, layout), axis=0)
    colours = np.s_[..., :3] if len(shape) == 3 else np.s_[...]
    change = levels(copy)[colours] - levels(pixels)[colours]
    rounding = 1 if dtype == np.uint8 else PEAK / 65535
    if len(shape) > 2:
        exact = np.repeat(exact[..., None], 3, axis=-1)
    np.testing.assert_allclose(change, exact, atol=rounding + STEP * (1 + SLOTS))


@pytest.mark.parametrize("dtype", DTYPES)
def test_alpha_passes_untouched(dtype, rng):
    pixels = photo(rng, (300, 451, 4), dtype, low=0, high=1)
    layout = lay_out(300, 451)
    copy = deliver(prepare_delivery(pixels, layers_of(rng, layout, 5), layout, strength=1.0), signs_of(rng, layout))
    np.testing.assert_array_equal(copy[..., 3], pixels[..., 3])
    assert (copy[..., :3] != pixels[..., :3]).any()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("value", [0, 1], ids=["black", "white"])
def test_black_and_white_do_not_wrap_round(dtype, value, rng):
    pixels = np.full((300, 451, 3), value * most(dtype), dtype=dtype)
    layout = lay_out(300, 451)
    copy = deliver(prepare_delivery(pixels, layers_of(rng, layout, 3), layout, strength=1.0), signs_of(rng, layout))
    assert np.abs(levels(copy) - levels(pixels)).max() < 60
    assert copy.min() >= 0
    assert copy.max() <= most(dtype)


@pytest.mark.parametrize("dtype", DTYPES)
def test_red_green_and_blue_change_alike(dtype, rng):
    pixels = photo(rng, dtype=dtype)
    layout = lay_out(300, 451)
    copy = deliver(prepare_delivery(pixels, layers_of(rng, layout), layout, strength=1.0), signs_of(rng, layout))
    change = levels(copy) - levels(pixels)
    np.testing.assert_allclose(change[..., 0], change[..., 1], atol=2 * PEAK / 65535)
    np.testing.assert_allclose(change[..., 0], change[..., 2], atol=2 * PEAK / 65535)


@pytest.mark.parametrize("change", [-1.5, -0.3125, -1 / 16, 0.0, 1 / 16, 0.3125, 0.5, 0.9375, 2.25])
def test_dithering_changes_the_mean_by_exactly_what_was_asked(change, rng):
    pixels = photo(rng, (448, 640))
    layout = lay_out(448, 640)
    flat = np.full(layout.working, change, dtype=np.float32)
    none = np.zeros((SLOTS, *layout.working), dtype=np.float32)
    copy = deliver(prepare_delivery(pixels, Layers(flat, none), layout, strength=1.0), signs_of(rng, layout))
    moved = levels(copy) - levels(pixels)
    assert moved.mean() == pytest.approx(change, abs=2e-3)
    assert set(np.unique(moved)) <= {np.floor(change), np.ceil(change)}
    # Not only over the whole: over each cell too.
    rows, columns = layout.cells
    cells = moved.reshape(rows, layout.cell, columns, layout.cell).mean(axis=(1, 3))
    np.testing.assert_allclose(cells, change, atol=0.03)


@pytest.mark.parametrize("shape", [(300, 451), (961, 1501), (1800, 2400)])
@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_a_cell_depends_on_nothing_but_the_photo_and_its_content(shape, dtype, rng):
    layout, pixels = lay_out(*shape), photo(rng, shape, dtype)
    delivery = prepare_delivery(pixels, layers_of(rng, layout), layout, strength=3.0)
    one, two = signs_of(rng, layout), signs_of(rng, layout)
    copies = deliver(delivery, one), deliver(delivery, two)
    agree = (one == two).all(axis=0)
    assert agree.any()
    for row, column in np.ndindex(layout.cells):
        cut = np.s_[row * layout.cell : (row + 1) * layout.cell, column * layout.cell : (column + 1) * layout.cell]
        # A sliver of a cell at the rim may round to the same.
        if agree[row, column] or min(copies[0][cut].shape) >= PROFILE.unit:
            assert np.array_equal(copies[0][cut], copies[1][cut]) == agree[row, column]


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_copies_of_one_content_are_those_that_are_made_one_by_one(dtype, rng):
    layout, pixels = lay_out(300, 451), photo(rng, (300, 451, 3), dtype, low=0, high=1)
    delivery = prepare_delivery(pixels, layers_of(rng, layout, 4), layout, strength=1.0)
    numbers = []
    for number, copy in deliver_alike(delivery):
        signs = np.array([-1 if number >> slot & 1 else 1 for slot in range(SLOTS)], dtype=np.int8)
        alike = np.broadcast_to(signs[:, None, None], (SLOTS, *layout.cells))
        np.testing.assert_array_equal(copy, deliver(delivery, alike))
        numbers.append(number)
    assert sorted(numbers) == list(range(1 << SLOTS))


@settings(max_examples=25)
@given(
    rows=st.integers(192, 700),
    columns=st.integers(400, 700),
    dtype=st.sampled_from(DTYPES),
    channels=st.sampled_from([None, 3, 4]),
    seed=st.integers(0, 2**32),
)
def test_any_photo_keeps_its_shape_and_dtype(rows, columns, dtype, channels, seed):
    rng = np.random.default_rng(seed)
    shape = (rows, columns) if channels is None else (rows, columns, channels)
    pixels, layout = photo(rng, shape, dtype, low=0, high=1), lay_out(rows, columns)
    before = pixels.copy()
    copy = deliver(prepare_delivery(pixels, layers_of(rng, layout), layout, strength=1.0), signs_of(rng, layout))
    assert copy.shape == shape
    assert copy.dtype == dtype
    assert np.abs(levels(copy) - levels(pixels)).max() < 30
    np.testing.assert_array_equal(pixels, before)


@pytest.mark.parametrize("view", [np.s_[::-1], np.s_[:, ::2], np.s_[..., ::-1]], ids=["flipped", "stepped", "bgr"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_view_is_marked_as_its_copy_is(view, dtype, rng):
    pixels = photo(rng, (300, 902, 3), dtype)[view]
    layout = lay_out(*pixels.shape[:2])
    layers, signs = layers_of(rng, layout), signs_of(rng, layout)
    copies = [deliver(prepare_delivery(p, layers, layout, strength=1.0), signs) for p in (pixels, pixels.copy())]
    np.testing.assert_array_equal(*copies)

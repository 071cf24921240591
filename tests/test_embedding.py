import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

import tracemark as tm
from tracemark import embedding

KEY = tm.Key(bytes(range(32)))
MOST = 2**32 - 1
DTYPES = [np.uint8, np.uint16, np.float32, np.float64]


@pytest.fixture(scope="module")
def small(photos):
    """A real photo of few pixels."""
    return np.ascontiguousarray(photos["coffee"][:320, :480])


@pytest.fixture(scope="module")
def plan(small):
    return tm.prepare(small, key=KEY)


def as_dtype(pixels, dtype):
    """The same picture in another dtype."""
    most = np.iinfo(dtype).max if np.issubdtype(dtype, np.integer) else 1
    return (pixels / 255 * most).round().astype(dtype) if most > 1 else (pixels / 255).astype(dtype)


def of_channels(pixels, channels):
    """The same picture in grey, in RGB or in RGBA."""
    if channels == 1:
        return pixels[..., 1].copy()
    if channels == 3:
        return pixels
    alpha = np.arange(pixels.shape[0] * pixels.shape[1]).reshape(pixels.shape[:2]) % 251
    return np.dstack([pixels, alpha.astype(np.uint8)])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_a_copy_has_the_shape_and_the_dtype_of_the_photo_and_looks_like_it(dtype, channels, small):
    photo = as_dtype(of_channels(small, channels), dtype)
    photo.setflags(write=False)
    before = photo.copy()
    copy = tm.embed(photo, recipient=17, key=KEY)
    assert copy.shape == photo.shape
    assert copy.dtype == photo.dtype
    np.testing.assert_array_equal(photo, before)
    most = np.iinfo(dtype).max if np.issubdtype(dtype, np.integer) else 1
    change = (copy.astype(np.float64) - photo.astype(np.float64)) / most * 255
    colours = change[..., :3] if channels > 1 else change
    assert 0.1 < np.std(colours) < 4
    assert np.abs(colours).max() < 40
    assert abs(colours.mean()) < 0.05
    if channels == 4:
        np.testing.assert_array_equal(copy[..., 3], photo[..., 3])


def test_preparing_once_gives_what_embedding_gives(plan, small):
    for recipient in (0, 17, MOST):
        np.testing.assert_array_equal(plan.copy_for(recipient), tm.embed(small, recipient=recipient, key=KEY))


def test_the_same_recipient_always_gets_the_same_copy(plan, small):
    np.testing.assert_array_equal(plan.copy_for(5), plan.copy_for(5))
    np.testing.assert_array_equal(plan.copy_for(5), tm.embed(small.copy(), recipient=5, key=tm.Key(bytes(range(32)))))


def test_recipients_and_keys_get_different_copies(plan, small):
    one = plan.copy_for(5).astype(np.int64)
    for other in (plan.copy_for(6), tm.embed(small, recipient=5, key=tm.Key(bytes(32)))):
        assert np.mean(one != other) > 0.1


def test_every_photo_has_a_mark_of_its_own(plan, small):
    other = small.copy()
    other[5, 7, 1] ^= 1
    changed, deeper = tm.prepare(other, key=KEY), tm.prepare(as_dtype(small, np.uint16), key=KEY)
    assert len({plan.digest, changed.digest, deeper.digest}) == 3
    assert np.mean(plan.copy_for(5) != changed.copy_for(5)) > 0.05


def test_how_the_pixels_lie_in_memory_does_not_matter(plan, small):
    for same in (np.asfortranarray(small), np.dstack([small, small])[..., :3]):
        np.testing.assert_array_equal(tm.embed(same, recipient=5, key=KEY), plan.copy_for(5))


@pytest.mark.parametrize("kind", ["u2", "f4", "f8"])
def test_the_order_of_bytes_does_not_matter(kind, small):
    usual = small.astype(np.uint16) * 257 if kind == "u2" else (small / 255).astype(f"={kind}")
    copies = [tm.embed(usual.astype(f"{order}{kind}"), recipient=17, key=KEY) for order in "<>"]
    np.testing.assert_array_equal(*copies)
    assert copies[0].dtype == copies[1].dtype == usual.dtype
    assert tm.detect(copies[0].astype(f">{kind}"), key=KEY).recipient == 17


def test_copies_agree_in_every_cell_whose_content_agrees(plan):
    cell = plan.layout.cell
    rows, columns = plan.layout.cells
    copies = np.stack([plan.copy_for(recipient) for recipient in range(40)])
    contents = []
    for row, column in np.ndindex(rows - 1, columns - 1):
        cut = copies[:, row * cell : (row + 1) * cell, column * cell : (column + 1) * cell].reshape(len(copies), -1)
        contents.append(len(np.unique(cut, axis=0)))
    # Sixteen contents a cell; forty draws show most of them.
    assert max(contents) <= 16
    assert np.mean(contents) > 12


@pytest.mark.parametrize("kind", [np.int8, np.uint8, np.int64, np.uint32, np.uint64])
def test_an_integer_of_numpy_is_an_integer(kind, plan):
    np.testing.assert_array_equal(plan.copy_for(kind(17)), plan.copy_for(17))


def test_the_largest_recipient_of_numpy_is_the_largest(plan):
    np.testing.assert_array_equal(plan.copy_for(np.uint32(MOST)), plan.copy_for(MOST))


@pytest.mark.parametrize(
    ("recipient", "sentence"),
    [
        (-1, f"whole number, 0 to {MOST}, not -1"),
        (2**32, f"0 to {MOST}, not {2**32}"),
        (np.int8(-1), "not -1"),
        (2**80, f"0 to {MOST}, not one of 81 bits"),
        (True, "not True"),
        (np.True_, "not of type bool"),
        (17.0, "not of type float"),
        (np.float64(17), "not of type float64"),
        ("17", "not of type str"),
        (None, "not of type NoneType"),
        ([17], "not of type list"),
        (np.array([17, 18]), "not of type ndarray"),
    ],
)
def test_what_cannot_be_a_recipient_is_refused_in_words(recipient, sentence, plan, small):
    with pytest.raises(tm.RecipientError, match=sentence):
        plan.copy_for(recipient)
    with pytest.raises(tm.RecipientError, match=sentence):
        tm.embed(small, recipient=recipient, key=KEY)


@pytest.mark.parametrize(
    "photo",
    [
        "photo.jpg",
        None,
        np.zeros((0, 0, 3), dtype=np.uint8),
        np.zeros((1, 1, 3), dtype=np.uint8),
        np.zeros((400, 400, 2), dtype=np.uint8),
        np.zeros((400, 400), dtype=np.int32),
        np.full((400, 400, 3), np.nan),
        np.full((400, 400), 255.0),
        np.zeros((100, 20_000), dtype=np.uint8),
        np.zeros((300, 30_000), dtype=np.uint8),
    ],
    ids=["a path", "nothing", "empty", "one pixel", "two channels", "int32", "nan", "0 to 255", "strip", "long strip"],
)
def test_what_cannot_be_a_photo_is_refused_in_words(photo):
    for mark in (lambda: tm.prepare(photo, key=KEY), lambda: tm.embed(photo, recipient=1, key=KEY)):
        with pytest.raises(tm.PhotoError, match="must"):
            mark()


@pytest.mark.parametrize("level", [0, 255], ids=["black", "white"])
def test_a_photo_of_nothing_is_refused_in_words(level):
    with pytest.raises(tm.PhotoError, match=r"must show more .* too plain"):
        tm.prepare(np.full((400, 400, 3), level, dtype=np.uint8), key=KEY)


def size_of(pixels):
    """Bytes of it as a JPEG file."""
    return cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, 90])[1].size


@pytest.fixture
def smooth(rng):
    """A photo whose file is small."""
    shades = cv2.GaussianBlur(rng.normal(0, 700, (480, 720, 3)), (0, 0), 24)
    return np.clip(shades + rng.normal(0, 1, (480, 720, 1)) + 128, 0, 255).astype(np.uint8)


def test_a_smooth_photo_is_marked_sparingly_and_read_as_ever(smooth, monkeypatch):
    copies = [tm.embed(smooth, recipient=17, key=KEY)]
    monkeypatch.setattr(embedding, "_reads_as_well", lambda usual, sparing: True)
    for limits in ((0, np.inf), (np.inf, np.inf)):
        monkeypatch.setattr(embedding, "MOST_GROWTH", limits)
        copies.append(tm.embed(smooth, recipient=17, key=KEY))
    grown = [size_of(copy) / size_of(smooth) - 1 for copy in copies]
    assert 0 < grown[0] < 0.97 * grown[1] < 0.94 * grown[2]
    for copy in copies:
        small = cv2.resize(copy, None, fx=0.8, fy=0.8, interpolation=cv2.INTER_AREA)
        assert tm.detect(small, key=KEY).recipient == 17


def test_a_busy_photo_is_marked_at_all_levels(small, plan, monkeypatch):
    monkeypatch.setattr(embedding, "MOST_GROWTH", (np.inf, np.inf))
    np.testing.assert_array_equal(tm.embed(small, recipient=17, key=KEY), plan.copy_for(17))


def test_a_mark_is_not_sparing_where_it_would_be_read_worse(smooth, monkeypatch):
    sparing = tm.embed(smooth, recipient=17, key=KEY)
    # Marks at all levels are rehearsed once, sparing ones, which are harder to read, once more where they are stronger.
    scores = iter(((20.0, 20.0), (30.0, 11.0), (30.0, 11.7)))
    monkeypatch.setattr(embedding, "rehearse", lambda *given: next(scores))
    usual = tm.embed(smooth, recipient=17, key=KEY)
    assert not list(scores)
    monkeypatch.setattr(embedding, "MOST_GROWTH", (np.inf, np.inf))
    monkeypatch.setattr(embedding, "rehearse", lambda *given: (20.0, 20.0))
    np.testing.assert_array_equal(usual, tm.embed(smooth, recipient=17, key=KEY))
    assert (usual != sparing).any()


@pytest.mark.parametrize("level", [0, 255], ids=["black", "white"])
def test_pure_black_and_pure_white_parts_stay_as_they_are(level, photos):
    photo = photos["coffee"].copy()
    photo[:, 400:] = level
    copy = tm.embed(photo, recipient=17, key=KEY)
    np.testing.assert_array_equal(copy[:, 420:], level)
    assert (copy[:, :380] != photo[:, :380]).any()


def test_a_large_photo_is_marked_as_strongly_as_a_small_one(photos):
    photo = photos["seeding"]
    half = cv2.resize(photo, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    for pixels in (photo, half):
        change = tm.embed(pixels, recipient=17, key=KEY).astype(np.float64) - pixels
        assert 0.3 < change.std() < 3


@settings(max_examples=15)
@given(
    photo=arrays.arrays(
        st.sampled_from([*DTYPES, np.int16, np.bool_]),
        st.one_of(
            arrays.array_shapes(min_dims=1, max_dims=4, max_side=12),
            st.tuples(st.integers(150, 400), st.integers(150, 400)),
            st.tuples(st.integers(150, 400), st.integers(150, 400), st.sampled_from([1, 3, 4])),
        ),
        elements={"min_value": 0, "max_value": 1},
        fill=st.just(0),
    )
)
def test_any_array_is_marked_or_refused_in_words(photo):
    try:
        copy = tm.embed(photo, recipient=17, key=KEY)
    except tm.PhotoError as error:
        refusal = error
    else:
        assert copy.shape == photo.shape
        assert copy.dtype == photo.dtype
        return
    assert "must" in str(refusal)


def picture_like(rng, rows, columns):
    """Something with gradients of its own in each colour, and with texture as pictures have it."""
    corners = rng.uniform(60, 196, (2, 2, 3)).astype(np.float32)
    gradient = cv2.resize(corners, (columns, rows), interpolation=cv2.INTER_LINEAR)
    texture = cv2.GaussianBlur(rng.standard_normal((rows, columns)), (0, 0), 2)
    texture *= rng.uniform(5, 20) / texture.std()
    return np.clip(np.rint(gradient + texture[..., None]), 0, 255).astype(np.uint8)


@settings(max_examples=8)
@given(
    rows=st.integers(300, 420),
    columns=st.integers(400, 640),
    dtype=st.sampled_from(DTYPES),
    channels=st.sampled_from([1, 3, 4]),
    recipient=st.integers(0, MOST),
    seed=st.integers(0, 2**32),
)
def test_any_photo_that_is_large_enough_is_marked(rows, columns, dtype, channels, recipient, seed):
    rng = np.random.default_rng(seed)
    photo = as_dtype(of_channels(picture_like(rng, rows, columns), channels), dtype)
    copy = tm.embed(photo, recipient=recipient, key=KEY)
    assert copy.shape == photo.shape
    assert copy.dtype == photo.dtype
    assert (copy != photo).any()


@settings(max_examples=6)
@given(
    rows=st.integers(256, 420),
    columns=st.integers(320, 640),
    dtype=st.sampled_from(DTYPES),
    channels=st.sampled_from([1, 3, 4]),
    seed=st.integers(0, 2**32),
)
def test_pure_noise_is_marked_or_refused_in_words(rows, columns, dtype, channels, seed):
    rng = np.random.default_rng(seed)
    photo = as_dtype(of_channels(rng.integers(0, 256, (rows, columns, 3), dtype=np.uint8), channels), dtype)
    try:
        copy = tm.embed(photo, recipient=17, key=KEY)
    except tm.PhotoError as error:
        refusal = error
    else:
        assert copy.shape == photo.shape
        assert copy.dtype == photo.dtype
        assert (copy != photo).any()
        return
    assert "too plain, or too small" in str(refusal)

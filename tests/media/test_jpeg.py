import io

import cv2
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image

from tests.media.pictures import SUBSAMPLINGS, encode, picture
from tracemark.errors import FormatError
from tracemark.media.jpeg import restart_interval, splice, variants_of


@pytest.fixture
def whole(rng) -> bytes:
    """A file that can be spliced: 40 x 72 pixels, 4:2:0, cells of 16."""
    return encode(picture(rng, 40, 72, 2))


@given(
    rows=st.integers(1, 90),
    columns=st.integers(1, 130),
    cell=st.sampled_from([16, 32, 48]),
    subsampling=st.sampled_from(SUBSAMPLINGS),
    quality=st.sampled_from([40, 90, 100]),
    seed=st.integers(0, 2**32 - 1),
)
@example(rows=16, columns=16, cell=16, subsampling=2, quality=90, seed=0)
@example(rows=1, columns=1, cell=48, subsampling=None, quality=90, seed=0)
def test_a_splice_is_what_encoding_the_chosen_cells_gives(rows, columns, cell, subsampling, quality, seed):
    rng = np.random.default_rng(seed)
    interval = restart_interval(columns, cell=cell, subsampling=subsampling)
    options = {"subsampling": subsampling, "interval": interval, "quality": quality}
    pictures = [picture(rng, rows, columns, subsampling) for _ in range(3)]
    variants = variants_of([[encode(pixels, **options) for pixels in pictures]], cell=cell)
    assert variants.cells == (-(-rows // cell), -(-columns // cell))
    choice = rng.integers(0, 3, variants.cells)
    wide = np.repeat(np.repeat(choice, cell, axis=0), cell, axis=1)[:rows, :columns]
    mixed = np.stack(pictures)[wide, np.arange(rows)[:, None], np.arange(columns)]
    spliced = splice(variants, choice)
    assert spliced == encode(mixed, **options)
    for number, pixels in enumerate(pictures):
        assert splice(variants, np.full(variants.cells, number)) == encode(pixels, **options)


@given(
    rows=st.integers(1, 120),
    columns=st.integers(1, 90),
    strip_cells=st.integers(1, 4),
    subsampling=st.sampled_from(SUBSAMPLINGS),
    seed=st.integers(0, 2**32 - 1),
)
def test_strips_that_were_encoded_one_by_one_make_the_same_file(rows, columns, strip_cells, subsampling, seed):
    pixels = picture(np.random.default_rng(seed), rows, columns, subsampling)
    options = {"subsampling": subsampling, "interval": restart_interval(columns, cell=16, subsampling=subsampling)}
    high = 16 * strip_cells
    strips = [[encode(pixels[first : first + high], **options)] for first in range(0, rows, high)]
    variants = variants_of(strips, cell=16)
    assert splice(variants, np.zeros(variants.cells, int)) == encode(pixels, **options)


def test_strips_that_do_not_fit_are_refused(rng):
    top, low, other = (encode(picture(rng, 16, 48, 2)), encode(picture(rng, 8, 48, 2)), encode(picture(rng, 16, 64, 2)))
    with pytest.raises(FormatError, match="whole cells of 16 px high"):
        variants_of([[low], [top]], cell=16)
    with pytest.raises(FormatError, match="strips differ before their pixels"):
        variants_of([[top], [other]], cell=16)
    with pytest.raises(FormatError, match="must begin alike"):
        variants_of([[top, other]], cell=16)


@pytest.mark.parametrize("subsampling", SUBSAMPLINGS)
def test_readers_other_than_ours_read_a_splice(subsampling, rng):
    pictures = [picture(rng, 200, 300, subsampling) for _ in range(2)]
    interval = restart_interval(300, cell=32, subsampling=subsampling)
    files = [encode(pixels, subsampling=subsampling, interval=interval) for pixels in pictures]
    variants = variants_of([files], cell=32)
    spliced = splice(variants, np.indices(variants.cells).sum(axis=0) % 2)
    with Image.open(io.BytesIO(spliced)) as image:
        seen = np.asarray(image)
    bgr = cv2.imdecode(np.frombuffer(spliced, np.uint8), cv2.IMREAD_UNCHANGED)
    assert np.abs(seen.astype(int) - (bgr if subsampling is None else bgr[..., ::-1])).max() <= 1
    with Image.open(io.BytesIO(files[0])) as first:
        # Inside a cell; beside its border, fancy upsampling of chroma looks across.
        np.testing.assert_array_equal(seen[2:30, 2:30], np.asarray(first)[2:30, 2:30])


@given(columns=st.integers(1, 20_000), multiple=st.integers(1, 16), subsampling=st.sampled_from(SUBSAMPLINGS))
def test_the_interval_puts_a_marker_at_each_border_of_a_cell(columns, multiple, subsampling):
    interval = restart_interval(columns, cell=16 * multiple, subsampling=subsampling)
    mcu = 16 if subsampling in (1, 2) else 8
    in_row, in_cell = -(-columns // mcu), 16 * multiple // mcu
    assert in_row % interval == in_cell % interval == 0
    assert not any(in_row % larger == in_cell % larger == 0 for larger in range(interval + 1, in_cell + 1))


def test_a_file_as_opencv_writes_it_can_be_cut_too(rng):
    options = [cv2.IMWRITE_JPEG_RST_INTERVAL, 2]
    done, data = cv2.imencode(".jpg", picture(rng, 64, 64, 2), options)
    assert done
    variants = variants_of([[data.tobytes()]], cell=32)
    assert splice(variants, np.zeros(variants.cells, int)) == data.tobytes()


@pytest.mark.parametrize(("interval", "cell"), [(0, 16), (2, 16), (4, 32), (1, 24)])
def test_markers_that_are_not_at_the_borders_of_cells_are_refused(interval, cell, rng):
    data = encode(picture(rng, 40, 64, 2), interval=interval)
    with pytest.raises(FormatError, match=f"borders of cells of {cell} px"):
        variants_of([[data]], cell=cell)


def test_files_that_begin_differently_are_refused(rng, whole):
    for other in (encode(picture(rng, 40, 72, 2), quality=84), encode(picture(rng, 40, 80, 2))):
        with pytest.raises(FormatError, match="must begin alike"):
            variants_of([[whole, other]], cell=16)


@given(data=st.data())
def test_no_damage_to_a_file_ends_in_anything_but_a_sentence(data):
    whole = bytearray(encode(picture(np.random.default_rng(0), 24, 40, 2)))
    for _ in range(data.draw(st.integers(1, 6))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    try:
        variants = variants_of([[bytes(whole)]], cell=16)
    except FormatError:
        return
    assert splice(variants, np.zeros(variants.cells, int)) == bytes(whole)

import io

import cv2
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image

from tracemark.errors import FormatError
from tracemark.media.jpeg import read_scan, restart_interval, splice, variants_of
from tracemark.media.photo import JpegSettings, Photo, encode_photo

SUBSAMPLINGS = [0, 1, 2, None]  # None is grey


def encode(pixels, *, subsampling=2, interval=1, quality=85, progressive=False) -> bytes:
    like = Photo(pixels, "JPEG", jpeg=JpegSettings({}, subsampling or 0, progressive))
    return encode_photo(pixels, like=like, quality=quality, restart_interval=interval)


def picture(rng, rows, columns, subsampling):
    """Noise on a ramp: no two blocks are alike."""
    ramp = np.linspace(40, 200, columns)[None, :, None] + rng.normal(0, 20, (rows, columns, 3))
    pixels = np.clip(ramp, 0, 255).astype(np.uint8)
    return pixels[..., 1].copy() if subsampling is None else pixels


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
    variants = variants_of([encode(pixels, **options) for pixels in pictures], cell=cell)
    assert variants.cells == (-(-rows // cell), -(-columns // cell))
    choice = rng.integers(0, 3, variants.cells)
    wide = np.repeat(np.repeat(choice, cell, axis=0), cell, axis=1)[:rows, :columns]
    mixed = np.stack(pictures)[wide, np.arange(rows)[:, None], np.arange(columns)]
    spliced = splice(variants, choice)
    assert spliced == encode(mixed, **options)
    for number, pixels in enumerate(pictures):
        assert splice(variants, np.full(variants.cells, number)) == encode(pixels, **options)


@pytest.mark.parametrize("subsampling", SUBSAMPLINGS)
def test_readers_other_than_ours_read_a_splice(subsampling, rng):
    pictures = [picture(rng, 200, 300, subsampling) for _ in range(2)]
    interval = restart_interval(300, cell=32, subsampling=subsampling)
    files = [encode(pixels, subsampling=subsampling, interval=interval) for pixels in pictures]
    variants = variants_of(files, cell=32)
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


@pytest.mark.parametrize(("subsampling", "mcu"), [(0, (8, 8)), (1, (8, 16)), (2, (16, 16)), (None, (8, 8))])
def test_a_scan_knows_its_smallest_units(subsampling, mcu, rng):
    data = encode(picture(rng, 41, 73, subsampling), subsampling=subsampling, interval=1)
    scan = read_scan(data)
    assert scan.mcu == mcu
    assert scan.mcus == (-(-41 // mcu[0]), -(-73 // mcu[1]))
    assert len(scan.cuts) == scan.mcus[0] * scan.mcus[1] + 1
    assert data[scan.cuts[-1] :] == b"\xff\xd9"


def test_a_file_as_opencv_writes_it_can_be_cut_too(rng):
    options = [cv2.IMWRITE_JPEG_RST_INTERVAL, 2]
    done, data = cv2.imencode(".jpg", picture(rng, 64, 64, 2), options)
    assert done
    variants = variants_of([data.tobytes()], cell=32)
    assert splice(variants, np.zeros(variants.cells, int)) == data.tobytes()


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (lambda data: b"", "must be a JPEG"),
        (lambda data: b"\x89PNG\r\n\x1a\n" + data, "must be a JPEG"),
        (lambda data: data[:2], "before its pixels"),
        (lambda data: data[:200], "before its pixels"),
        (lambda data: data[:-2], "cut short"),
        (lambda data: data[: len(data) // 2], "cut short"),
        (lambda data: data[: len(data) * 3 // 4] + b"\xff\xd9", "markers are not where they must be"),
        (lambda data: data.replace(b"\xff\xd3", b"\xff\xd4"), "markers are not where they must be"),
        (lambda data: data.replace(b"\xff\xd3", b""), "markers are not where they must be"),
        (lambda data: data.replace(b"\xff\xdd\0\4\0\1", b"\xff\xdd\0\4\0\0"), "markers are not where they must be"),
        (lambda data: data.replace(b"\xff\xdd\0\4\0\1", b""), "markers are not where they must be"),
        (lambda data: data.replace(b"\xff\xc0", b"\xff\xc9"), "must be baseline"),
        (lambda data: data.replace(b"\xff\xc0", b"\xff\xfe"), "in one scan"),
        (lambda data: data.replace(b"\0\x3f\0", b"\0\x05\0"), "in one scan"),
    ],
)
def test_what_cannot_be_cut_is_refused_in_words(damage, sentence, whole):
    with pytest.raises(FormatError, match=sentence):
        read_scan(damage(whole))


def test_a_progressive_file_is_refused_in_words(rng):
    data = encode(picture(rng, 40, 72, 2), progressive=True, interval=0)
    with pytest.raises(FormatError, match="must be baseline to be spliced, not progressive"):
        read_scan(data)


@pytest.mark.parametrize(("interval", "cell"), [(0, 16), (2, 16), (4, 32), (1, 24)])
def test_markers_that_are_not_at_the_borders_of_cells_are_refused(interval, cell, rng):
    data = encode(picture(rng, 40, 64, 2), interval=interval)
    with pytest.raises(FormatError, match=f"borders of cells of {cell} px"):
        variants_of([data], cell=cell)


def test_files_that_begin_differently_are_refused(rng, whole):
    for other in (encode(picture(rng, 40, 72, 2), quality=84), encode(picture(rng, 40, 80, 2))):
        with pytest.raises(FormatError, match="must begin alike"):
            variants_of([whole, other], cell=16)
    with pytest.raises(FormatError, match="at least one"):
        variants_of([], cell=16)


@given(data=st.data())
def test_no_damage_to_a_file_ends_in_anything_but_a_sentence(data):
    whole = bytearray(encode(picture(np.random.default_rng(0), 24, 40, 2)))
    for _ in range(data.draw(st.integers(1, 6))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    try:
        variants = variants_of([bytes(whole)], cell=16)
    except FormatError:
        return
    assert splice(variants, np.zeros(variants.cells, int)) == bytes(whole)

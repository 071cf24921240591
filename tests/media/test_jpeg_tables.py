import io

import numpy as np
import pytest
from PIL import Image

from tracemark.media.jpeg_tables import has_own_codes, quality_of


def tables_of(mode, **options):
    file = io.BytesIO()
    Image.new(mode, (16, 16)).save(file, format="JPEG", **options)
    with Image.open(file) as image:
        return image.quantization


@pytest.mark.parametrize("mode", ["RGB", "L"])
@pytest.mark.parametrize("quality", [1, 50, 75, 90, 95, 100])
def test_a_quality_is_known_by_its_tables(mode, quality):
    assert quality_of(tables_of(mode, quality=quality)) == quality


def test_tables_of_ones_own_stand_for_no_quality(rng):
    own = [rng.integers(1, 255, 64).tolist() for _ in range(2)]
    assert quality_of(tables_of("RGB", qtables=own)) is None
    assert quality_of({}) is None


def test_one_changed_divisor_is_noticed():
    tables = {number: list(table) for number, table in tables_of("RGB", quality=90).items()}
    tables[1][63] += 1
    assert quality_of(tables) is None
    assert quality_of({number: np.asarray(table) for number, table in tables_of("RGB", quality=90).items()}) == 90


@pytest.mark.parametrize("mode", ["RGB", "L"])
@pytest.mark.parametrize(
    ("options", "own"),
    [({}, False), ({"quality": 30}, False), ({"optimize": True}, True), ({"progressive": True}, True)],
)
def test_huffman_tables_of_a_files_own_are_told_from_those_for_any_picture(mode, options, own, rng):
    file = io.BytesIO()
    samples = rng.integers(0, 256, (64, 64, 3), dtype=np.uint8)
    Image.fromarray(samples).convert(mode).save(file, format="JPEG", **options)
    assert has_own_codes(file.getvalue()) is own


def test_a_file_that_is_damaged_before_its_picture_has_no_tables_of_its_own():
    file = io.BytesIO()
    Image.new("RGB", (64, 64)).save(file, format="JPEG", optimize=True)
    whole = file.getvalue()
    assert has_own_codes(whole)
    assert not has_own_codes(whole[:40])
    assert not has_own_codes(b"")


def test_fill_bytes_before_a_marker_hide_no_tables():
    file = io.BytesIO()
    Image.new("RGB", (64, 64)).save(file, format="JPEG", optimize=True)
    whole = file.getvalue()
    assert has_own_codes(whole[:2] + b"\xff\xff" + whole[2:])

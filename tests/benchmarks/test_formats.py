import numpy as np
import pytest

from benchmarks.formats import sizes
from benchmarks.formats.sizes import SETTINGS, Size
from benchmarks.formats.timing import CASES, CHOICES, Measure, compare, measure, render, splices


@pytest.fixture
def picture(rng):
    return rng.integers(0, 256, (60, 90, 3), dtype=np.uint8)


@pytest.mark.parametrize("case", CASES)
def test_a_kind_of_file_is_read_and_written(case, picture):
    found = measure(case, picture)
    assert found.case == case
    assert found.read_s > 0
    assert found.write_s > 0
    assert 0.5 < found.copy_bytes / found.photo_bytes < 1.3
    assert found.line()["kind"] == "measure"


def test_splicing_is_timed(picture):
    found = splices(picture)
    assert [name for name, *_ in found] == ["JPEG", "PNG", "WebP"]
    assert all(size > 0 and 0 < splice_ms < 1000 and copy_ms > 0 for _, size, splice_ms, copy_ms in found)


def test_ways_to_write_are_compared(picture):
    found = compare(picture)
    assert [name for name, _, _ in found] == list(CHOICES)
    assert all(seconds > 0 and size > 0 for _, seconds, size in found)


def test_the_table_has_a_row_for_each_kind():
    facts = {"commit": "abc", "machine": "any", "cores": 2, "memory_gib": 8, "python": "3", "photo": "car"}
    facts |= {"splices": [("PNG", 34_100_000, 4.125, 3)], "choices": [("AVIF, speed 6", 3.21, 1_234_000)]}
    text = render(facts, [Measure("PNG", 1.25, 2.5, 2_000_000, 1_000_000)])
    assert "| PNG | 2.0 | 1.25 | 2.50 | 0.500 |" in text
    assert "| AVIF, speed 6 | 1.23 | 3.21 |" in text
    assert "| PNG | 34.1 | 4.12 | 3.00 |" in text
    assert text.endswith("\n")


@pytest.mark.parametrize("setting", SETTINGS)
def test_mark_and_markers_are_counted(setting, demo_photo):
    size = sizes.measure(demo_photo, setting)
    assert size.plain < size.marked < size.spliced < 1.5 * size.plain
    assert size.plain_own < size.plain
    assert size.plain_own < size.marked_own < size.marked
    assert size.kit in (size.spliced, size.marked_own)
    assert size.alike == size.plain
    assert size.file == (None if setting.small else demo_photo.stat().st_size)


def test_the_tables_of_sizes_say_what_grew_and_how_many_reach_the_bar():
    usual = Size("usual", "car.jpg", 99_000, False, 100_000, 105_000, 112_000, 90_000, 95_400, 95_400)
    progressive = Size("usual", "sky.jpg", 99_000, True, None, None, None, 90_000, 108_000, 108_000)
    small = Size("small", "car.jpg", None, False, 10_000, 10_500, 11_200, 9_000, 9_540, 9_540)
    text = sizes.render({"commit": "abc", "seed": 1, "photos": 2}, [usual, progressive, small])
    assert "| car.jpg | 100 | annex K | +5.0 % | +6.0 % | +12.0 % | -4.6 % | -3.6 % |" in text
    assert "| sky.jpg | 90 | its own |  | +20.0 % |  | +20.0 % | +9.1 % |" in text
    assert "| **within 10%** |  |  | **1 of 1** | **1 of 2** | **0 of 1** | **1 of 2** | **2 of 2** |" in text
    assert "| car.jpg | 10 | annex K | +5.0 % | +6.0 % | +12.0 % | -4.6 % |\n" in text

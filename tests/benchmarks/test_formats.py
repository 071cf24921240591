import numpy as np
import pytest

from benchmarks.formats import CASES, CHOICES, Measure, compare, measure, render, splice_ms


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
    assert 0 < splice_ms(picture) < 1000


def test_ways_to_write_are_compared(picture):
    found = compare(picture)
    assert [name for name, _, _ in found] == list(CHOICES)
    assert all(seconds > 0 and size > 0 for _, seconds, size in found)


def test_the_table_has_a_row_for_each_kind():
    facts = {"commit": "abc", "machine": "any", "cores": 2, "memory_gib": 8, "python": "3", "photo": "car"}
    facts |= {"splice_ms": 0.4, "choices": [("AVIF, speed 6", 3.21, 1_234_000)]}
    text = render(facts, [Measure("PNG", 1.25, 2.5, 2_000_000, 1_000_000)])
    assert "| PNG | 2.0 | 1.25 | 2.50 | 0.500 |" in text
    assert "| AVIF, speed 6 | 1.23 | 3.21 |" in text
    assert "in 0.40 ms" in text
    assert text.endswith("\n")

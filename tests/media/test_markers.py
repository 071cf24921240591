import pytest

from tests.media.blocks import segment
from tracemark.media.markers import SEGMENT_HEAD, START_OF_SCAN, head_segments

SCAN = segment(START_OF_SCAN, b"\1\1\0\0\x3f\0")


class Counting:
    """What reads the heads of segments, and how often it did."""

    size = SEGMENT_HEAD.size

    def __init__(self):
        self.calls = 0

    def unpack_from(self, data, at):
        self.calls += 1
        return SEGMENT_HEAD.unpack_from(data, at)


@pytest.mark.parametrize("fill", [0, 1, 7, 100_000])
def test_segments_are_found_behind_any_number_of_fill_bytes_in_as_many_steps(fill, monkeypatch):
    first = segment(0xE0, b"words")
    counting = Counting()
    monkeypatch.setattr("tracemark.media.markers.SEGMENT_HEAD", counting)
    found = list(head_segments(b"\xff\xd8" + b"\xff" * fill + first + SCAN))
    assert found == [
        (0xE0, 2 + fill, 2 + fill + len(first)),
        (START_OF_SCAN, 2 + fill + len(first), 2 + fill + len(first + SCAN)),
    ]
    assert counting.calls == 2


@pytest.mark.parametrize("end", [b"", b"\xda", b"\xda\0", b"\xda\0\x09", b"words"])
def test_fill_bytes_that_come_to_no_segment_end_the_walk(end):
    assert list(head_segments(b"\xff\xd8" + b"\xff" * 100 + end)) == []

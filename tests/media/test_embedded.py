import io

import pytest
from PIL import Image

from tests.media.blocks import exif_block, small_jpeg
from tests.media.test_markers import Counting
from tracemark.media.embedded import blank_pictures, holds_picture
from tracemark.media.markers import FILL


@pytest.mark.parametrize(
    "options", [{}, {"progressive": True}, {"exif": b"Exif\0\0" + exif_block(thumbnail=small_jpeg())}]
)
def test_a_picture_is_blanked_to_its_last_byte_and_nothing_beside_it(options):
    picture = small_jpeg(side=40, **options)
    assert blank_pictures(b"before" + picture + b"behind" + picture) == (
        b"before" + bytes(len(picture)) + b"behind" + bytes(len(picture))
    )


def test_a_picture_whose_first_byte_was_changed_is_found():
    picture = b"\x02" + small_jpeg()[1:]
    assert holds_picture(b"before" + picture)
    assert blank_pictures(picture) == bytes(len(picture))


@pytest.mark.parametrize("fill", [1, 4095, 4096, 100_000])
@pytest.mark.parametrize("into", [0, 1, 4000])
def test_a_picture_is_found_by_a_walk_that_comes_into_a_run_of_fill_bytes(fill, into):
    picture = small_jpeg()
    first = b"\xff\xe0" + (2 + into).to_bytes(2, "big")  # a segment that ends in the run, or before it
    data = b"before" + picture[:2] + first + b"\xff" * (into + fill) + picture[2:]
    assert blank_pictures(data + b"behind") == b"before" + bytes(len(data) - 6) + b"behind"


@pytest.mark.parametrize("marker", [b"\xff\xe0", b"\xff\xc0", b"\xff\xda", b"\xff\xd9"])
def test_a_picture_with_fill_bytes_before_a_marker_is_found(marker):
    picture = small_jpeg().replace(marker, b"\xff\xff" + marker, 1)
    assert blank_pictures(b"before" + picture + b"behind") == b"before" + bytes(len(picture)) + b"behind"


def test_a_picture_that_is_cut_short_is_blanked_to_the_end():
    picture = small_jpeg(side=40)
    assert blank_pictures(b"before" + picture[:-20]) == b"before" + bytes(len(picture) - 20)


@pytest.mark.parametrize(
    "data", [b"", b"\xff\xd8\xff", b"\xff\xd8\xff\xe0 only looks like one, and more words follow", b"\xff\xd8\xff\xd9"]
)
def test_bytes_that_never_come_to_pixels_stay(data):
    assert blank_pictures(data) == data
    assert not holds_picture(data)


def test_a_picture_behind_a_false_beginning_is_found():
    data = b"\xff\xd8\xff\xe0\x00\x04\xff\xd8" + b"\xff\xe0\x00\x02" + small_jpeg()
    with pytest.raises(Exception, match="cannot identify"):
        Image.open(io.BytesIO(blank_pictures(data)))


@pytest.mark.parametrize(
    "data",
    [b"\xff\xe0\x00\x04\xff\xd8" * 200_000, b"\xff\xd8\xff\xe0\xff\xff" * 100_000 + b"\xff" * 500_000],
)
def test_many_beginnings_take_no_more_steps_than_they_have_bytes(data, monkeypatch):
    counting, filled = Counting(), []

    class Fill:
        @staticmethod
        def match(data, at):
            found = FILL.match(data, at)
            filled.append(found.end() - at if found else 0)
            return found

    monkeypatch.setattr("tracemark.media.embedded.SEGMENT_HEAD", counting)
    monkeypatch.setattr("tracemark.media.markers.FILL", Fill)
    assert not holds_picture(data)
    assert 0 < counting.calls <= len(data)
    assert sum(filled) <= len(data)

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracemark.media.metadata import (
    EXIF_HEADER,
    PNG_HEADER,
    exif_orientation,
    insert_chunks,
    orientation_alone,
    select_chunks,
    without_previews,
)

JPEG = b"\xff\xd8\xff\xe0 a small picture \xff\xd9"


def block(order: str, *, thumbnail: bytes = b"", note: bytes = b"", orientation: int = 6) -> bytes:
    """An EXIF block with an orientation, a maker note, and a thumbnail in a second directory."""
    note_at = 8 + 2 + 2 * 12 + 4
    second_at = note_at + len(note)
    thumbnail_at = second_at + 2 + 2 * 12 + 4
    first = struct.pack(
        order + "HHHIHHHHIII",
        2,
        *(0x0112, 3, 1, orientation, 0),
        *(0x927C, 7, len(note), note_at),
        second_at if thumbnail else 0,
    )
    second = struct.pack(order + "HHHIIHHIII", 2, 0x0201, 4, 1, thumbnail_at, 0x0202, 4, 1, len(thumbnail), 0)
    head = {"<": b"II*\0", ">": b"MM\0*"}[order] + struct.pack(order + "I", 8)
    return EXIF_HEADER + head + first + note + ((second + thumbnail) if thumbnail else b"")


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_read_in_either_byte_order(order, orientation):
    assert exif_orientation(block(order, orientation=orientation)) == orientation


@pytest.mark.parametrize("orientation", [0, 9, 65535])
def test_an_impossible_orientation_counts_as_upright(orientation):
    assert exif_orientation(block("<", orientation=orientation)) == 1


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_alone_is_read_back_and_left_as_it_is(orientation):
    assert exif_orientation(orientation_alone(orientation)) == orientation
    assert without_previews(orientation_alone(orientation)) == orientation_alone(orientation)


@pytest.mark.parametrize("order", "<>")
def test_a_thumbnail_goes_and_all_else_stays(order):
    before = block(order, thumbnail=JPEG, note=b"words of the maker\0\0\0")
    after = without_previews(before)
    expected = block(order, note=b"words of the maker\0\0\0")
    # One zero of what was blanked may stay: it cannot be told from those of the note.
    assert after in (expected, expected + b"\0")
    assert without_previews(after) == after


@pytest.mark.parametrize("order", "<>")
def test_a_thumbnail_that_is_no_jpeg_goes_too(order):
    assert b"plain rows" not in without_previews(block(order, thumbnail=b"plain rows of a picture"))


@pytest.mark.parametrize("end", [b"\xff\xd9", b""])
def test_a_preview_in_the_maker_note_goes(end):
    before = block("<", note=b"before" + JPEG[:-2] + end)
    after = without_previews(before)
    assert b"before" in after
    assert b"picture" not in after


def test_a_block_without_previews_stays_byte_for_byte():
    before = block("<", note=b"words\0\0")
    assert without_previews(before) == before
    assert without_previews(b"") == b""


@given(
    at=st.integers(0, 100),
    junk=st.binary(max_size=30),
    length=st.integers(0, 120),
    order=st.sampled_from("<>"),
)
def test_no_damage_breaks_the_reader(at, junk, length, order):
    whole = block(order, thumbnail=JPEG, note=b"note")
    damaged = (whole[:at] + junk + whole[at + len(junk) :])[:length]
    after = without_previews(damaged)
    assert exif_orientation(after) in range(1, 9)
    assert JPEG not in after
    assert without_previews(after) == after


@given(damaged=st.binary(max_size=200))
def test_no_junk_breaks_the_chunk_reader(damaged):
    select_chunks(PNG_HEADER + damaged)


def test_inserted_chunks_are_selected_again():
    empty = PNG_HEADER + b"\0\0\0\x0dIHDR" + bytes(17) + b"the rest"
    kept = b"\0\0\0\4gAMA\0\0\xb1\x8f\x0b\xfc\x61\5"
    assert select_chunks(insert_chunks(empty, kept)) == kept

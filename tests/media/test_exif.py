import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.media.blocks import exif_block, olympus_note, small_jpeg
from tracemark.media import exif
from tracemark.media.embedded import holds_picture
from tracemark.media.exif import exif_orientation, orientation_alone, without_gps, without_previews
from tracemark.media.spans import union

WHOLE = exif_block(thumbnail=small_jpeg(), note=olympus_note)


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_read_in_either_byte_order(order, orientation):
    assert exif_orientation(exif_block(order, orientation=orientation)) == orientation


def test_a_block_that_is_whole_is_not_copied_to_read_its_orientation():
    class Large(bytes):
        def __add__(self, other):
            raise AssertionError("copied")

    assert exif_orientation(Large(exif_block(orientation=6))) == 6


def test_the_orientation_of_a_directory_that_is_cut_short_is_read():
    assert exif_orientation(exif_block(orientation=6)[:80]) == 6


@pytest.mark.parametrize("orientation", [0, 9, 65535])
def test_an_impossible_orientation_counts_as_upright(orientation):
    assert exif_orientation(exif_block(orientation=orientation)) == 1


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_alone_is_read_back_and_left_as_it_is(orientation):
    assert exif_orientation(orientation_alone(orientation)) == orientation
    assert without_previews(orientation_alone(orientation)) == orientation_alone(orientation)


@pytest.mark.parametrize("order", "<>")
def test_a_thumbnail_goes_and_all_else_stays_in_its_place(order):
    thumbnail = small_jpeg()
    before = exif_block(order, thumbnail=thumbnail)
    after = without_previews(before)
    assert not holds_picture(after)
    start = before.index(thumbnail)
    assert after[start + len(thumbnail) :] == before[start + len(thumbnail) :]
    # The link to the thumbnail's directory, that directory, and the picture: nothing else changed.
    changed = [at for at, (old, new) in enumerate(zip(before, after, strict=True)) if old != new]
    assert all(at >= start - 42 or after[at : at + 1] == b"\0" for at in changed)
    assert sum(at < start - 42 for at in changed) <= 4
    assert without_previews(after) == after


@pytest.mark.parametrize("order", "<>")
def test_a_thumbnail_that_is_no_jpeg_goes_too(order):
    assert b"plain rows" not in without_previews(exif_block(order, thumbnail=b"plain rows of a picture"))


def test_a_thumbnail_at_the_end_makes_the_block_shorter():
    head = b"II*\0" + struct.pack("<IHHHIII", 8, 1, 0x0112, 3, 1, 6, 26)
    second = struct.pack("<HHHIIHHII", 2, 0x0201, 4, 1, 56, 0x0202, 4, 1, 4) + bytes(4)
    assert without_previews(head + second + b"data") == orientation_alone(6)


@pytest.mark.parametrize("tags", [(0x0111, 0x0117), (0x0144, 0x0145), (0x0201, 0x0202)])
def test_pictures_of_the_first_directory_and_below_it_go(tags):
    inner = struct.pack("<HHHIIHHII", 2, tags[0], 4, 1, 92, tags[1], 4, 1, 7) + bytes(4)
    main = struct.pack("<HHHIIHHIIHHII", 3, tags[0], 4, 1, 85, tags[1], 4, 1, 7, 0x014A, 4, 1, 50) + bytes(4)
    block = (b"II*\0" + struct.pack("<I", 8) + main).ljust(50, b"\0") + inner
    block = block.ljust(85, b"\0") + b"strip 1strip 2" + b"words"
    after = without_previews(block)
    assert b"strip" not in after
    assert after.endswith(b"words")


def test_strips_that_many_directories_share_are_looked_at_only_so_often(monkeypatch):
    strips, looked_at = 1000, []
    monkeypatch.setattr(exif, "MOST_STRIPS", 2500)
    monkeypatch.setattr(exif, "union", lambda spans, size: looked_at.extend(spans) or union(spans, size))
    lines = b"".join(struct.pack("<HHII", tag, 4, strips, 8) for tag in (0x0111, 0x0117, 0x0144, 0x0145))
    first, size = 8 + 4 * strips, 2 + len(lines) + 4
    links = [first + size, first + 2 * size, 0]
    block = b"II*\0" + struct.pack("<I", first) + struct.pack("<I", 8) * strips
    block += b"".join(struct.pack("<H", 4) + lines + struct.pack("<I", link) for link in links)
    without_previews(block)
    assert len(looked_at) == 2000 + 2500 + 2  # of the first directory, of all others, and these


@pytest.mark.parametrize("order", "<>")
def test_a_preview_in_the_maker_note_goes_and_its_words_stay(order):
    after = without_previews(exif_block(order, note=olympus_note))
    assert not holds_picture(after)
    assert b"body firmware 1234" in after
    assert b"camera type" in after


def test_a_block_without_previews_stays_byte_for_byte():
    assert without_previews(exif_block()) == exif_block()
    assert without_previews(exif_block() + b"\0\0") == exif_block() + b"\0\0"


def test_a_link_to_nowhere_is_cut_and_all_else_stays():
    block = exif_block()
    link = 8 + 2 + 8 * 12
    broken = block[:link] + b"\xff\xff\xff\x7f" + block[link + 4 :]
    assert without_previews(broken) == block


@pytest.mark.parametrize("order", "<>")
def test_places_go_and_all_else_stays_in_its_place(order):
    before = exif_block(order)
    after = without_gps(before)
    bare = exif_block(order, gps=False)
    assert len(after) == len(before)
    assert struct.pack(order + "II", 1323, 100) not in after
    # Behind the main directory, which has an entry less, only the GPS directory changed; it is the last thing.
    start = len(bare) + 12
    assert after[200:start] == before[200:start]
    assert not after[start:].strip(b"\0")
    assert exif_orientation(after) == 6


def test_a_block_without_places_stays_byte_for_byte():
    assert without_gps(exif_block(gps=False)) == exif_block(gps=False)


@given(
    at=st.integers(0, len(WHOLE)),
    junk=st.binary(max_size=30),
    length=st.integers(0, len(WHOLE)),
)
def test_no_damage_breaks_the_readers(at, junk, length):
    damaged = (WHOLE[:at] + junk + WHOLE[at + len(junk) :])[:length]
    assert exif_orientation(damaged) in range(1, 9)
    for clean in (without_previews, without_gps):
        try:
            after = clean(damaged)
        except ValueError:
            continue
        assert len(after) <= len(damaged)
        assert clean(after) == after
        assert clean is without_gps or not holds_picture(after)

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.media.blocks import PLACE, exif_block, iptc_records, resource, small_jpeg, xmp_packet
from tracemark.media import photoshop
from tracemark.media.embedded import holds_picture
from tracemark.media.photoshop import without_gps, without_iptc_previews, without_previews

PICTURE = small_jpeg()
CAPTION = resource(1028, iptc_records())
PLAIN = resource(1005, bytes(16)) + CAPTION + resource(1037, b"odd", name=b"angle")


def digest(records):
    return resource(1061, hashlib.md5(records, usedforsecurity=False).digest())


def test_resources_without_pictures_stay_byte_for_byte():
    for block in (PLAIN, PLAIN + b"\0\0\0", b""):
        assert without_previews(block) == block
        assert without_gps(block) == block


@pytest.mark.parametrize("number", [1033, 1036])
def test_thumbnails_go_and_all_else_stays(number):
    assert without_previews(CAPTION + resource(number, b"head" + PICTURE) + PLAIN) == CAPTION + PLAIN


def test_pictures_inside_of_exif_xmp_and_other_resources_go():
    block = resource(1058, exif_block(thumbnail=PICTURE)) + resource(1060, xmp_packet(thumbnail=PICTURE))
    after = without_previews(block + resource(4000, b"plug-in" + PICTURE) + PLAIN)
    assert not holds_picture(after)
    assert b"xmpGImg:image></xmpGImg:image" in after
    assert b"plug-in" + bytes(len(PICTURE)) in after
    assert after.endswith(PLAIN)


def test_a_preview_among_the_records_goes_and_the_digest_follows():
    before = iptc_records(preview=PICTURE)
    assert without_iptc_previews(before) == iptc_records()
    assert without_previews(resource(1028, before) + digest(before)) == CAPTION + digest(iptc_records())
    # A digest of other records says that they were edited, and goes on saying so.
    assert without_previews(resource(1028, before) + digest(b"old")) == CAPTION + digest(b"old")


def test_records_are_digested_once_however_many_digests_there_are(monkeypatch):
    before = iptc_records(preview=PICTURE)
    digested = []
    monkeypatch.setattr(photoshop, "_md5", lambda data: digested.append(data) or digest(data)[-16:])
    block = resource(1028, before) + resource(1061, bytes(16)) * 1000 + digest(before)
    assert without_previews(block).endswith(digest(iptc_records()))
    assert digested == [before, iptc_records()]


def test_places_go_from_exif_and_xmp():
    block = resource(1058, exif_block()) + resource(1060, xmp_packet()) + PLAIN
    after = without_gps(block)
    assert PLACE.encode() not in after
    assert after.endswith(PLAIN)
    assert b"Munich" in after


def test_what_is_damaged_goes_and_what_stands_before_it_stays():
    assert without_previews(PLAIN + b"8BIM\x04\x0c\0\0\xff\xff\xff\xff") == PLAIN
    assert without_previews(resource(1058, b"no EXIF") + PLAIN) == PLAIN
    for edit in (without_previews, without_gps, without_iptc_previews):
        with pytest.raises(ValueError, match="must begin with"):
            edit(b"something else")


@given(at=st.integers(0, 200), junk=st.binary(max_size=20), length=st.integers(0, 1500))
def test_no_damage_breaks_the_readers(at, junk, length):
    whole = resource(1028, iptc_records(preview=PICTURE)) + resource(1036, PICTURE) + resource(1058, exif_block())
    damaged = (whole[:at] + junk + whole[at + len(junk) :])[:length]
    for edit in (without_previews, without_gps, without_iptc_previews):
        try:
            assert len(edit(damaged)) <= len(damaged)
        except ValueError:
            continue

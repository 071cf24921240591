import base64
import struct

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.media.blocks import (
    exif_block,
    exif_segment,
    extended_xmp,
    icc_segments,
    iptc_records,
    photoshop_segments,
    resource,
    segment,
    small_jpeg,
    with_segments,
    xmp_packet,
    xmp_segment,
)
from tracemark.media.embedded import holds_picture
from tracemark.media.jpeg_items import bare, frame, insert, read_items
from tracemark.media.metadata import Kind, Metadata, without_previews

PICTURE = small_jpeg(side=40)
JFIF = PICTURE[2:20]
PROFILE = np.random.default_rng(0).bytes(150_000)


def copied(data) -> tuple[bytes, tuple[str, ...]]:
    """What a copy's file says, and what was warned of."""
    items, left_out = read_items(data)
    kept, damaged = without_previews(items, frame)
    written = insert(PICTURE, Metadata("JPEG", kept))
    pixels = [
        cv2.imdecode(np.frombuffer(file, np.uint8), cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
        for file in (written, PICTURE)
    ]
    np.testing.assert_array_equal(*pixels)
    assert written.endswith(PICTURE[20:])
    return written[2 : -len(PICTURE[20:])], (*left_out, *damaged)


KEPT = {
    "JFIF with 300 dpi": [segment(0xE0, b"JFIF\0\1\2\1\1\x2c\1\x2c\0\0")],
    "EXIF": [exif_segment(exif_block())],
    "EXIF in two segments": [exif_segment((exif_block() + b"x" * 70_000)[:65_000]), exif_segment(b"x" * 5000)],
    "XMP": [xmp_segment(xmp_packet())],
    "extended XMP": [xmp_segment(xmp_packet()), *extended_xmp(xmp_packet() * 40)],
    "a profile in three segments": [icc_segments(PROFILE)],
    "Photoshop's block": photoshop_segments(resource(1028, iptc_records()) + resource(1037, b"odd")),
    "Photoshop's block in two segments": photoshop_segments(resource(1028, iptc_records()) * 500),
    "a comment": [segment(0xFE, b"a comment"), segment(0xFE, b"and one more")],
    "Adobe": [segment(0xEE, b"Adobe\0\x64\0\0\0\0\1")],
    "Ducky": [segment(0xEC, b"Ducky\0\1\0\4\0\0\0\x50\0\0")],
    "a maker's own": [segment(0xE7, b"PENTAX \0" + b"words"), segment(0xE7, b"more of them")],
    "many words of a maker": [segment(0xE6, b"some words " * 2000)],
    "nothing": [],
}


@pytest.mark.parametrize("name", KEPT)
def test_what_holds_no_picture_stays_byte_for_byte(name):
    head, warnings = copied(with_segments(PICTURE, *KEPT[name], jfif=False))
    assert head == b"".join(KEPT[name])
    assert warnings == ()


def test_all_of_it_stays_in_its_order():
    parts = [
        part for name in ("EXIF", "XMP", "a comment", "Ducky", "a profile in three segments") for part in KEPT[name]
    ]
    assert copied(with_segments(PICTURE, *parts))[0] == JFIF + b"".join(parts)


DROPPED = {
    "JFIF's thumbnail": (segment(0xE0, b"JFIF\0\1\2\0\0\1\0\1\2\2" + bytes(range(12))), ""),
    "JFXX": (segment(0xE0, b"JFXX\0\x10" + PICTURE), ""),
    "MPF": (segment(0xE2, b"MPF\0MM\0*" + bytes(90)), ""),
    "a manifest": (segment(0xEB, b"JP\0\1\0\0\0\1" + b"jumb c2pa" * 9) * 2, "C2PA manifest was dropped"),
    "a gain map's numbers": (segment(0xE2, b"urn:iso:std:iso:ts:21496:-1\0\0\0\0\0"), "gain map was dropped"),
    "a residual": (segment(0xEB, b"HDR_RI ver=11"), "gain map was dropped"),
    "FlashPix": (segment(0xE2, b"FPXR\0\0\1" + PICTURE), "FlashPix data were dropped"),
    "a maker's preview": (segment(0xE4, PICTURE[:200]) + segment(0xE4, bytes(9000)), "APP4 segments .* dropped"),
    "a picture among many words": (
        segment(0xE6, b"data:image/jpeg;base64," + base64.b64encode(PICTURE)),
        "",
    ),
    "a maker's small preview": (segment(0xE3, b"head" + PICTURE), "APP3 segments .* dropped"),
    "a picture as a comment": (segment(0xFE, PICTURE), ""),
    "EXIF that is none": (exif_segment(b"II*\0" + bytes(9)), "EXIF is damaged"),
    "XMP of wide characters": (xmp_segment("<x/>".encode("utf-16")), "XMP is damaged"),
    "extended XMP with a hole": (extended_xmp(xmp_packet() * 40)[0], "XMP that did not fit .* damaged"),
}


@pytest.mark.parametrize("name", DROPPED)
def test_what_is_a_picture_or_vouches_for_one_goes(name):
    raw, sentence = DROPPED[name]
    around = [segment(0xFE, b"before"), raw, segment(0xFE, b"behind")]
    head, warnings = copied(with_segments(PICTURE, *around, jfif=False))
    thinned = segment(0xE0, b"JFIF\0\1\2\0\0\1\0\1\0\0") if name == "JFIF's thumbnail" else b""
    assert head == around[0] + thinned + around[2]
    assert len(warnings) == bool(sentence)
    if sentence:
        with pytest.raises(AssertionError, match=sentence):
            raise AssertionError(warnings[0])


def test_pictures_inside_of_what_stays_are_blanked():
    head, warnings = copied(
        with_segments(
            PICTURE,
            exif_segment(exif_block(thumbnail=PICTURE)),
            xmp_segment(xmp_packet(thumbnail=PICTURE)),
            *extended_xmp(xmp_packet(thumbnail=PICTURE * 90)),
            *photoshop_segments(resource(1036, PICTURE * 90) + resource(1028, iptc_records()) * 1000),
        )
    )
    assert warnings == ()
    assert not holds_picture(head)
    assert b"/9j/" not in head
    items, _ = read_items(b"\xff\xd8" + head + PICTURE[20:])
    kinds = {item.kind: item.payload for item in items}
    assert kinds[Kind.XMP].count(b"<xmpGImg:image></xmpGImg:image>") == 1
    assert kinds[Kind.EXTENDED_XMP] == kinds[Kind.XMP]
    assert kinds[Kind.PHOTOSHOP] == resource(1028, iptc_records()) * 1000
    assert head.count(b"Photoshop 3.0\0") == 2


@pytest.mark.parametrize("behind", [b"", b"\0" * 9000])
def test_padding_behind_the_picture_is_not_spoken_of(behind):
    assert read_items(PICTURE + behind)[1] == ()


def test_what_lies_behind_the_picture_is_spoken_of():
    (warning,) = read_items(PICTURE + PICTURE * 9)[1]
    assert warning.startswith(f"{9 * len(PICTURE)} bytes behind the picture were dropped")


def test_a_bare_file_has_the_same_pixels():
    parts = [part for parts in KEPT.values() for part in parts]
    assert bare(with_segments(PICTURE, *parts)) == with_segments(
        PICTURE, KEPT["JFIF with 300 dpi"][0], KEPT["Adobe"][0]
    )
    assert bare(b"no JPEG") == b"no JPEG"


def test_what_another_kind_of_file_says_is_written_the_way_of_jpeg():
    parts = [KEPT[name][0] for name in ("a comment", "EXIF", "XMP", "a profile in three segments")]
    items, _ = read_items(with_segments(PICTURE, *parts))
    written = insert(PICTURE, Metadata("PNG", items))
    head = PICTURE[:20] + parts[1] + parts[2]
    assert written.startswith(head)
    assert written.endswith(PICTURE[20:])
    assert Metadata("JPEG", read_items(written)[0]).payload(Kind.ICC) == PROFILE


def test_very_many_segments_take_neither_long_nor_all_memory():
    items, _ = read_items(PICTURE[:2] + segment(0xFE, b"") * 500_000 + PICTURE[2:])
    assert len(items) == 10_000


@given(at=st.integers(2, 4000), junk=st.binary(max_size=30), length=st.integers(0, 9000))
def test_no_damage_breaks_the_reader(at, junk, length):
    whole = with_segments(
        PICTURE,
        exif_segment(exif_block(thumbnail=PICTURE)),
        xmp_segment(xmp_packet(thumbnail=PICTURE)),
        *extended_xmp(xmp_packet(), room=300),
        icc_segments(PROFILE[:90]),
        *photoshop_segments(resource(1036, PICTURE) + resource(1028, iptc_records())),
    )
    damaged = (whole[:at] + junk + whole[at + len(junk) :])[:length]
    copied(damaged)
    bare(damaged)
    assert struct.unpack(">H", bare(whole)[:2]) == (0xFFD8,)

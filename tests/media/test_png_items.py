import io
import struct
import zlib

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tests.media.blocks import chunk, exif_block, small_jpeg, with_chunks, xmp_packet
from tests.media.test_raw_profiles import as_text
from tracemark.media.embedded import holds_picture
from tracemark.media.metadata import Kind, Metadata, inflate, without_previews
from tracemark.media.png_items import bare, frame, insert, read_items

PICTURE = small_jpeg(side=40)
PIXELS = np.random.default_rng(0).integers(0, 255, (12, 20, 3), np.uint8)
PNG = cv2.imencode(".png", PIXELS)[1].tobytes()
PROFILE = np.random.default_rng(0).bytes(150_000)


def copied(data) -> tuple[list[bytes], tuple[str, ...]]:
    """The chunks that a copy's file has, and what was warned of."""
    items, left_out = read_items(data)
    kept, damaged = without_previews(items, frame)
    written = insert(PNG, Metadata("PNG", kept))
    np.testing.assert_array_equal(cv2.imdecode(np.frombuffer(written, np.uint8), cv2.IMREAD_UNCHANGED), PIXELS)
    chunks, at = [], 8
    while at < len(written):
        length = int.from_bytes(written[at : at + 4], "big") + 12
        chunks.append(written[at : at + length])
        at += length
    return chunks, (*left_out, *damaged)


def international(packet, *, packed=False) -> bytes:
    head = b"XML:com.adobe.xmp\0" + (b"\1\0" if packed else b"\0\0") + b"en\0" + b"words\0"
    return chunk(b"iTXt", head + (zlib.compress(packet) if packed else packet))


KEPT = {
    "colour": [
        chunk(b"gAMA", struct.pack(">I", 45455)),
        chunk(b"cHRM", struct.pack(">8I", *range(8))),
        chunk(b"sRGB", b"\0"),
        chunk(b"cICP", b"\x0c\x0d\0\1"),
    ],
    "a large profile": [chunk(b"iCCP", b"a name\0\0" + zlib.compress(PROFILE))],
    "a damaged profile's neighbour": [chunk(b"pHYs", struct.pack(">IIB", 11811, 11811, 1))],
    "EXIF": [chunk(b"eXIf", exif_block())],
    "EXIF with a header": [chunk(b"eXIf", b"Exif\0\0" + exif_block(">"))],
    "XMP": [international(xmp_packet())],
    "packed XMP": [international(xmp_packet(), packed=True)],
    "texts": [chunk(b"tEXt", b"Author\0A. Person"), chunk(b"zTXt", b"Title\0\0" + zlib.compress(b"A car"))],
    "a raw profile": [chunk(b"zTXt", as_text("exif", b"Exif\0\0" + exif_block(), packed=True))],
    "samples": [chunk(b"sBIT", b"\x08\x08\x08"), chunk(b"bKGD", bytes(6)), chunk(b"tIME", bytes(7))],
    "a maker's own": [chunk(b"vpAg", bytes(9)), chunk(b"prVt", b"words")],
}


@pytest.mark.parametrize("name", KEPT)
@pytest.mark.parametrize("behind", [False, True])
def test_what_holds_no_picture_stays_byte_for_byte_and_in_its_place(name, behind):
    chunks, warnings = copied(with_chunks(PNG, *KEPT[name], behind=behind))
    assert chunks == [
        PNG[8:33],
        *([] if behind else KEPT[name]),
        PNG[33:-12],
        *(KEPT[name] if behind else []),
        PNG[-12:],
    ]
    assert warnings == ()


DROPPED = {
    "a manifest": (chunk(b"caBX", b"jumb" * 30), "C2PA manifest was dropped"),
    "a signature": (chunk(b"dSIG", b"any"), "digital signature was dropped"),
    "a preview": (chunk(b"prVW", bytes(50)), "chunk prVW of an unknown kind was dropped"),
    "a large unknown": (chunk(b"prVw", bytes(5000)), "chunk prVw of an unknown kind was dropped"),
    "a small picture": (chunk(b"prVw", PICTURE), "chunk prVw of an unknown kind was dropped"),
    "the order of pixels": (chunk(b"iDOT", bytes(28)), ""),
    "a damaged text": (chunk(b"tEXt", b"Author\0A. Person")[:-1] + b"!", "chunk tEXt is damaged"),
    "a picture as a text": (chunk(b"tEXt", b"Thumb\0" + PICTURE), ""),
    "a damaged raw profile": (chunk(b"zTXt", b"Raw profile type exif\0\0damaged"), "chunk zTXt was dropped"),
    "packed XMP that bursts": (
        chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(bytes(1 << 26))),
        "chunk iTXt was dropped",
    ),
    "a damaged profile": (chunk(b"iCCP", b"name\0\0damaged"), "chunk iCCP was dropped"),
    "EXIF that is none": (chunk(b"eXIf", b"II*\0" + bytes(9)), "EXIF is damaged"),
}


@pytest.mark.parametrize("name", DROPPED)
def test_what_is_a_picture_or_damaged_goes(name):
    raw, sentence = DROPPED[name]
    around = [chunk(b"tEXt", b"Title\0before"), chunk(b"tEXt", b"Title\0behind")]
    chunks, warnings = copied(with_chunks(PNG, around[0], raw, around[1]))
    assert chunks[1:-2] == around
    assert len(warnings) == bool(sentence)
    assert not sentence or warnings[0].startswith(sentence)


@pytest.mark.parametrize(
    "raw",
    [
        chunk(b"eXIf", b"Exif\0\0" + exif_block(thumbnail=PICTURE)),
        international(xmp_packet(thumbnail=PICTURE)),
        international(xmp_packet(thumbnail=PICTURE), packed=True),
        chunk(b"tEXt", as_text("exif", b"Exif\0\0" + exif_block(thumbnail=PICTURE), packed=False)),
        chunk(b"zTXt", as_text("APP1", b"http://ns.adobe.com/xap/1.0/\0" + xmp_packet(thumbnail=PICTURE), packed=True)),
    ],
)
def test_pictures_inside_of_what_stays_are_blanked(raw):
    (before,), _ = read_items(with_chunks(PNG, raw))
    assert holds_picture(before.payload) or b"/9j/" in before.payload
    chunks, warnings = copied(with_chunks(PNG, raw))
    (after,), _ = read_items(with_chunks(PNG, chunks[1]))
    assert after.kind is before.kind
    assert not holds_picture(after.payload)
    assert b"/9j/" not in after.payload
    assert after.payload[-20:] == before.payload[-20:]
    assert warnings == ()


@pytest.mark.parametrize("mode", ["P", "1"])
def test_what_depends_on_how_samples_were_stored_goes_when_that_changes(mode):
    file = io.BytesIO()
    Image.new("RGB", (20, 12)).convert(mode).save(file, format="PNG")
    stored = with_chunks(file.getvalue(), chunk(b"bKGD", b"\0"), chunk(b"sBIT", b"\1"), chunk(b"tEXt", b"Title\0stays"))
    assert [item.name for item in read_items(stored)[0]] == [b"tEXt"]


def test_the_profile_is_unpacked():
    items, _ = read_items(with_chunks(PNG, *KEPT["a large profile"]))
    assert Metadata("PNG", items).payload(Kind.ICC) == PROFILE


def test_a_bare_file_has_the_same_pixels_and_nothing_else():
    parts = [part for parts in KEPT.values() for part in parts]
    assert bare(with_chunks(with_chunks(PNG, *parts), *parts, behind=True)) == PNG
    assert bare(with_chunks(PNG, chunk(b"tRNS", bytes(6)))) == with_chunks(PNG, chunk(b"tRNS", bytes(6)))
    assert bare(b"no PNG") == b"no PNG"


def test_what_another_kind_of_file_says_is_not_put_into_a_png():
    items, _ = read_items(with_chunks(PNG, *KEPT["EXIF"]))
    assert insert(PNG, Metadata("JPEG", items)) == PNG


def test_unpacking_stops_at_the_limit():
    assert inflate(zlib.compress(b"words")) == b"words"
    for bad in (zlib.compress(bytes(1 << 26)), zlib.compress(b"words")[:-1], b"", b"junk"):
        with pytest.raises(ValueError, match="packed item"):
            inflate(bad)


def test_items_that_burst_together_go():
    large = chunk(b"zTXt", as_text("xmp", bytes(1 << 21), packed=True))
    items, warnings = read_items(with_chunks(PNG, large * 100))
    assert len(items) == 14
    assert sum(len(item.payload) for item in items) <= 1 << 25
    assert len(warnings) == 1


def test_very_many_chunks_take_neither_long_nor_all_memory():
    items, _ = read_items(with_chunks(PNG, chunk(b"tEXt", b"a\0b") * 200_000))
    assert len(items) == 10_000


@given(at=st.integers(8, 3000), junk=st.binary(max_size=30), length=st.integers(0, 9000))
def test_no_damage_breaks_the_reader(at, junk, length):
    parts = [part for name in ("EXIF", "packed XMP", "texts", "a raw profile", "samples") for part in KEPT[name]]
    whole = with_chunks(PNG, *parts)
    copied((whole[:at] + junk + whole[at + len(junk) :])[:length])
    bare((whole[:at] + junk + whole[at + len(junk) :])[:length])

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.media.blocks import exif_block, riff_chunk, small_jpeg, with_riff_chunks, xmp_packet
from tests.media.test_photo import save
from tracemark.media.embedded import holds_picture
from tracemark.media.metadata import Kind, Metadata, without_previews
from tracemark.media.riff import riff_chunks
from tracemark.media.webp_items import bare, frame, insert, read_items

PICTURE = small_jpeg(side=40)
PIXELS = np.random.default_rng(0).integers(0, 255, (13, 20, 3), np.uint8)
ALPHA = np.dstack([PIXELS, PIXELS[..., 0]])
PROFILE = np.random.default_rng(0).bytes(150_001)
FILES = {
    "lossy": save(PIXELS, format="WEBP"),
    "lossless": save(PIXELS, format="WEBP", lossless=True),
    "lossy with alpha": save(ALPHA, format="WEBP"),
    "lossless with alpha": save(ALPHA, format="WEBP", lossless=True, exact=True),
}
KEPT = [
    riff_chunk(b"ICCP", PROFILE),
    riff_chunk(b"EXIF", exif_block()),
    riff_chunk(b"XMP ", xmp_packet()),
    riff_chunk(b"mine", b"a maker's own"),
]


def names_of(data):
    return [chunk.name for chunk in riff_chunks(data)]


def decoded(data):
    return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED | cv2.IMREAD_IGNORE_ORIENTATION)


def copied(data, name="lossy") -> tuple[bytes, tuple[str, ...]]:
    """A copy's file, and what was warned of."""
    items, left_out = read_items(data)
    kept, damaged = without_previews(items, frame)
    written = insert(FILES[name], Metadata("WEBP", kept))
    np.testing.assert_array_equal(decoded(written), decoded(FILES[name]))
    assert len(written) == 8 + int.from_bytes(written[4:8], "little")
    return written, (*left_out, *damaged)


@pytest.mark.parametrize("name", FILES)
def test_what_holds_no_picture_stays_byte_for_byte_and_in_its_place(name):
    data = with_riff_chunks(FILES[name], KEPT[:1], KEPT[1:])
    written, warnings = copied(data, name)
    assert warnings == ()
    assert written == data
    assert written[20] == 0x2C + (0x10 if "alpha" in name else 0)


def test_a_file_that_says_nothing_stays_small():
    for name, data in FILES.items():
        assert copied(data, name) == (data, ())
        assert bare(data) == data


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (7, 300), (300, 2)])
@pytest.mark.parametrize("lossless", [False, True])
def test_the_size_is_told_where_there_is_metadata(shape, lossless):
    data = save(np.zeros((*shape, 3), np.uint8), format="WEBP", lossless=lossless)
    written = insert(data, Metadata("WEBP", read_items(with_riff_chunks(FILES["lossy"], KEPT[:1], []))[0]))
    assert decoded(written).shape[:2] == shape
    assert int.from_bytes(written[24:27], "little") + 1 == shape[1]
    assert int.from_bytes(written[27:30], "little") + 1 == shape[0]


DROPPED = {
    "a manifest": (riff_chunk(b"C2PA", b"jumb"), "C2PA manifest was dropped"),
    "a large unknown": (riff_chunk(b"what", bytes(5000)), "chunk 'what' of an unknown kind was dropped"),
    "a small picture": (riff_chunk(b"what", PICTURE), "chunk 'what' of an unknown kind was dropped"),
    "EXIF that is none": (riff_chunk(b"EXIF", b"no EXIF"), "EXIF is damaged"),
    "XMP of wide characters": (riff_chunk(b"XMP ", "<x/>".encode("utf-16")), "XMP is damaged"),
}


@pytest.mark.parametrize("name", DROPPED)
def test_what_is_a_picture_or_damaged_goes(name):
    raw, sentence = DROPPED[name]
    written, (warning,) = copied(with_riff_chunks(FILES["lossy"], [], [raw, KEPT[3]]))
    assert written == with_riff_chunks(FILES["lossy"], [], KEPT[3:])
    assert warning.startswith(sentence)


@pytest.mark.parametrize("header", [b"", b"Exif\0\0"])
def test_pictures_inside_of_what_stays_are_blanked(header):
    parts = [
        riff_chunk(b"EXIF", header + exif_block(thumbnail=PICTURE)),
        riff_chunk(b"XMP ", xmp_packet(thumbnail=PICTURE)),
    ]
    written, warnings = copied(with_riff_chunks(FILES["lossy"], [], parts))
    assert warnings == ()
    assert not holds_picture(written)
    assert b"/9j/" not in written
    exif, xmp = (chunk.data(written) for chunk in list(riff_chunks(written))[-2:])
    assert exif.startswith(header + b"II*\0")
    assert b"<xmpGImg:image></xmpGImg:image>" in xmp


def test_what_another_kind_of_file_says_is_not_put_into_a_webp():
    items, _ = read_items(with_riff_chunks(FILES["lossy"], [], KEPT[1:]))
    assert Metadata("WEBP", items).payload(Kind.EXIF) == exif_block()
    assert insert(FILES["lossy"], Metadata("JPEG", items)) == FILES["lossy"]


def test_very_many_chunks_take_neither_long_nor_all_memory():
    items, _ = read_items(with_riff_chunks(FILES["lossy"], [riff_chunk(b"EXIF", b"")] * 300_000, []))
    assert len(items) == 10_000


@given(at=st.integers(12, 3000), junk=st.binary(max_size=30), length=st.integers(0, 9000))
def test_no_damage_breaks_the_reader(at, junk, length):
    whole = with_riff_chunks(FILES["lossy"], [riff_chunk(b"ICCP", PROFILE[:200])], KEPT[1:])
    copied((whole[:at] + junk + whole[at + len(junk) :])[:length])

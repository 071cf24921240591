import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.media.blocks import exif_block, resource, small_jpeg, xmp_packet
from tracemark.media.metadata import Kind
from tracemark.media.raw_profiles import frame, read


def as_text(name, profile, *, packed) -> bytes:
    """A text chunk's data as ImageMagick writes it."""
    digits = profile.hex()
    lines = "\n".join(digits[at : at + 72] for at in range(0, len(digits), 72))
    words = f"\n{name}\n{len(profile):8d}\n{lines}\n".encode()
    return f"Raw profile type {name}".encode() + b"\0" + (b"\0" + zlib.compress(words) if packed else words)


PROFILES = {
    "exif": (b"Exif\0\0", exif_block(), Kind.EXIF),
    "EXIF": (b"", exif_block(">"), Kind.EXIF),
    "APP1": (b"http://ns.adobe.com/xap/1.0/\0", xmp_packet(), Kind.XMP),
    "xmp": (b"", xmp_packet(), Kind.XMP),
    "iptc": (b"Photoshop 3.0\0", resource(1005, bytes(16)), Kind.PHOTOSHOP),
    "8bim": (b"", resource(1005, bytes(16)), Kind.PHOTOSHOP),
    "icc": (b"", bytes(range(200)), Kind.ICC),
}


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("name", PROFILES)
def test_a_profile_is_read_and_written_as_it_was(name, packed):
    header, payload, kind = PROFILES[name]
    data = as_text(name, header + payload, packed=packed)
    assert read(data, packed=packed) == (kind, payload)
    assert read(frame(data, payload, packed=packed), packed=packed) == (kind, payload)
    assert packed or frame(data, payload, packed=packed) == data
    # and with another payload in its place
    other = payload + payload
    assert read(frame(data, other, packed=packed), packed=packed) == (kind, other)


def test_mere_words_are_words():
    assert read(b"Author\0A. Person", packed=False) == (Kind.TEXT, b"Author\0A. Person")


def test_a_profile_of_an_unknown_kind_is_kept_unless_it_is_a_picture():
    assert read(as_text("other", b"a few words", packed=True), packed=True) == (Kind.OTHER, b"")
    with pytest.raises(ValueError, match="must not hold a picture"):
        read(as_text("other", small_jpeg(), packed=True), packed=True)


@pytest.mark.parametrize(
    ("data", "packed"),
    [
        (b"Raw profile type exif\0", False),
        (b"Raw profile type exif\0\nexif\n 4\nno digits\n", False),
        (b"Raw profile type exif\0\0damaged", True),
        (b"Raw profile type exif\0\0" + zlib.compress(b"\nexif 4 " + b"0" * (1 << 26)), True),
    ],
)
def test_what_is_no_profile_is_refused(data, packed):
    with pytest.raises(ValueError, match=r"must|damaged|hexadecimal"):
        read(data, packed=packed)


@given(data=st.binary(max_size=60), packed=st.booleans())
def test_no_junk_breaks_the_reader(data, packed):
    try:
        read(b"Raw profile type exif\0" + data, packed=packed)
    except ValueError:
        return

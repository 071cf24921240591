"""An independent reader, ExifTool, finds in a copy what it finds in the photo."""

import json
import shutil
import subprocess

import numpy as np
import pytest
from PIL import ImageCms

from tests.media.blocks import (
    canon_note,
    chunk,
    exif_block,
    exif_segment,
    extended_xmp,
    icc_segments,
    iptc_records,
    olympus_note,
    photoshop_segments,
    resource,
    riff_chunk,
    segment,
    small_jpeg,
    text,
    with_chunks,
    with_riff_chunks,
    with_segments,
    xmp_packet,
    xmp_segment,
)
from tests.media.test_avif import avif
from tests.media.test_photo import save
from tests.media.test_raw_profiles import as_text
from tests.media.test_tiff import SAID, exif_of, made, thumbnail_directory
from tracemark.media.photo import encode_photo, read_photo, without_gps

EXIFTOOL = shutil.which("exiftool")
pytestmark = pytest.mark.skipif(
    EXIFTOOL is None, reason="ExifTool is not installed: apt-get install libimage-exiftool-perl"
)

# What tells of the file and of the pixels' bytes, not of the picture.
OF_THE_FILE = (
    "SourceFile",
    "ExifTool:",
    "System:",
    "File:FileSize",
    "IFD0:Strip",
    "QuickTime:MediaData",
    "PNG:Filter",
    "PNG:Interlace",
    "RIFF:VP8Version",
)
THUMBNAIL = small_jpeg()
PIXELS = np.random.default_rng(0).integers(60, 200, (48, 64, 3), np.uint8)
NAME = b"0123456789ABCDEF" * 2


def profile(size) -> bytes:
    """A colour profile of any size, with a tag of no known name that fills it."""
    made = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    noise = np.random.default_rng(1).bytes(max(size - len(made), 0))
    return (len(made) + len(noise)).to_bytes(4, "big") + made[4:] + noise


def tags_of(*files) -> list[dict]:
    """Every tag of each file, unknown ones and binary ones too, by family 1."""
    command = [EXIFTOOL, "-json", "-G1", "-a", "-u", "-n", "-b", "-struct", "-ee", *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - it is asked about files made here
    return [
        {name: value for name, value in tags.items() if not name.startswith(OF_THE_FILE)}
        for tags in json.loads(done.stdout)
    ]


def compare(data, tmp_path, suffix, *, edit=lambda photo: photo) -> tuple[dict, dict]:
    """Tags of a photo and of its copy."""
    photo = read_photo(data)
    before, after = tmp_path / f"before{suffix}", tmp_path / f"after{suffix}"
    before.write_bytes(data)
    after.write_bytes(encode_photo(photo.pixels, like=edit(photo)))
    return tuple(tags_of(before, after))


def jpeg(*segments, jfif=True) -> bytes:
    return with_segments(save(PIXELS, format="JPEG", quality=90, subsampling=0), *segments, jfif=jfif)


def png(*chunks, behind=False) -> bytes:
    return with_chunks(save(PIXELS, format="PNG"), *chunks, behind=behind)


def webp(before, behind, **options) -> bytes:
    return with_riff_chunks(save(PIXELS, format="WEBP", **options), before, behind)


EXIF, XMP = exif_block(thumbnail=THUMBNAIL), xmp_packet(thumbnail=THUMBNAIL)


def tiff(*lines, **options) -> bytes:
    """A TIFF with a directory of EXIF behind it, whose maker note counts from the beginning of the file."""
    said = [text(271, "Canon"), text(272, "Canon of this test"), *SAID, *lines]
    at = len(made(PIXELS, *said, (34665, 4, 1, bytes(4)), **options)) + 1 & ~1
    return made(PIXELS, *said, (34665, 4, 1, at.to_bytes(4, "little")), **options).ljust(at, b"\0") + exif_of("<", at)


def packed_tiff() -> bytes:
    """A TIFF as Pillow writes it, with what it can say."""
    tags = {270: "A car", 282: 300.0, 283: 300.0, 296: 2, 305: "a program", 700: xmp_packet(thumbnail=THUMBNAIL)}
    return save(PIXELS, format="TIFF", compression="tiff_lzw", tiffinfo=tags, icc_profile=profile(100_000))


# 300 dpi in both directions, and IPTC
PHOTOSHOP = resource(1005, bytes.fromhex("012c000000010001012c000000010001")) + resource(1028, iptc_records())
CAMERA = xmp_segment(xmp_packet())
FILES = {
    "a Canon": (".jpg", jpeg(exif_segment(exif_block()), jfif=False)),
    "a Canon, big endian": (".jpg", jpeg(exif_segment(exif_block(">")), CAMERA, jfif=False)),
    "an Olympus": (".jpg", jpeg(exif_segment(exif_block(maker="OLYMPUS", note=olympus_note)), jfif=False)),
    "a camera with a thumbnail": (".jpg", jpeg(exif_segment(exif_block(thumbnail=THUMBNAIL)), CAMERA)),
    "Photoshop": (
        ".jpg",
        jpeg(
            exif_segment(exif_block()),
            *photoshop_segments(PHOTOSHOP + resource(1036, THUMBNAIL)),
            xmp_segment(xmp_packet(thumbnail=THUMBNAIL)),
            segment(0xEE, b"Adobe\0\x64\0\0\0\0\1"),
        ),
    ),
    "extended XMP": (
        ".jpg",
        jpeg(
            xmp_segment(xmp_packet(more=f' xmpNote:HasExtendedXMP="{NAME.decode()}"')),
            *extended_xmp(xmp_packet() + b" " * 90_000),
        ),
    ),
    "a profile of 200 kB": (".jpg", jpeg(icc_segments(profile(200_000)), segment(0xFE, b"a comment"))),
    "300 dpi": (".jpg", jpeg(segment(0xE0, b"JFIF\0\1\2\1\1\x2c\1\x2c\0\0"), jfif=False)),
    "PNG with EXIF and XMP": (
        ".png",
        png(
            chunk(b"gAMA", (45455).to_bytes(4, "big")),
            chunk(b"pHYs", bytes.fromhex("00002e2300002e2301")),
            chunk(b"eXIf", exif_block(thumbnail=THUMBNAIL)),
            chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + xmp_packet(thumbnail=THUMBNAIL)),
        ),
    ),
    "PNG with texts behind its pixels": (
        ".png",
        png(
            chunk(b"tEXt", b"Author\0A. Person"),
            chunk(b"zTXt", as_text("iptc", PHOTOSHOP + resource(1036, THUMBNAIL), packed=True)),
            chunk(b"zTXt", as_text("exif", b"Exif\0\0" + exif_block(thumbnail=THUMBNAIL), packed=True)),
            behind=True,
        ),
    ),
    "PNG with a profile of 200 kB": (".png", save(PIXELS, format="PNG", icc_profile=profile(200_000), dpi=(300, 300))),
    "WebP": (
        ".webp",
        webp([riff_chunk(b"ICCP", profile(200_000))], [riff_chunk(b"EXIF", EXIF), riff_chunk(b"XMP ", XMP)]),
    ),
    "TIFF": (".tif", tiff()),
    "TIFF with a thumbnail": (".tif", tiff(links=lambda at: thumbnail_directory("<", at), pixels_first=True)),
    "packed TIFF": (".tif", packed_tiff()),
    "AVIF": (
        ".avif",
        avif(PIXELS, exif=EXIF, xmp=XMP, icc_profile=profile(100_000), quality=70, subsampling="4:4:4"),
    ),
    "lossless WebP": (".webp", webp([], [riff_chunk(b"EXIF", b"Exif\0\0" + EXIF)], lossless=True)),
}
# What a picture inside of metadata is called, and what tells of it.
PICTURES = (
    "IFD1:",
    "ThumbnailImage",
    "PhotoshopThumbnail",
    "ThumbnailOffset",
    "ThumbnailLength",
    "XMP-xmp:Thumbnails",
)


@pytest.mark.parametrize("name", FILES)
def test_every_tag_is_there_afterwards(name, tmp_path):
    suffix, data = FILES[name]
    before, after = compare(data, tmp_path, suffix)
    assert len(before) > 10
    gone = {tag for tag in before if tag not in after}
    assert all(any(word in tag for word in PICTURES) for tag in gone), gone
    changed = {tag: (before[tag], value) for tag, value in after.items() if before.get(tag) != value}
    assert all(any(word in tag for word in PICTURES) for tag in changed), changed
    assert "base64:/9j/" not in json.dumps(after)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_orientation_stays(orientation, tmp_path):
    for suffix, data in [
        (".jpg", jpeg(exif_segment(exif_block(orientation=orientation)))),
        (".png", png(chunk(b"eXIf", exif_block(orientation=orientation)))),
        (".tif", made(PIXELS, *SAID, (274, 3, 1, orientation.to_bytes(2, "little")))),
        (".avif", avif(PIXELS, orientation=orientation, exif=exif_block(orientation=orientation))),
        (".webp", webp([], [riff_chunk(b"EXIF", exif_block(orientation=orientation))])),
    ]:
        before, after = compare(data, tmp_path, suffix)
        assert before == after
        assert after["IFD0:Orientation"] == orientation


@pytest.mark.parametrize("note", [canon_note, olympus_note])
def test_without_places_every_other_tag_is_there(note, tmp_path):
    data = jpeg(
        exif_segment(exif_block(note=note, maker="OLYMPUS" if note is olympus_note else "Canon")),
        xmp_segment(xmp_packet()),
        *photoshop_segments(PHOTOSHOP),
    )
    before, after = compare(data, tmp_path, ".jpg", edit=without_gps)
    gone = {tag for tag in before if tag not in after}
    assert gone
    assert all(
        "GPS" in tag or "Gps" in tag or tag.startswith("Composite:") or "Olympus:Thumb" in tag for tag in gone
    ), gone
    assert not any("GPS" in tag or "Gps" in tag for tag in after)
    assert after["IPTC:City"] == after["XMP-photoshop:City"] == "Munich"

import io
import os
import struct
import warnings
import zlib
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import suppress
from threading import Barrier, BrokenBarrierError, Event

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image, ImageCms

import tracemark.media.photo
from tests.media.blocks import (
    PLACE,
    chunk,
    exif_block,
    exif_segment,
    segment,
    with_chunks,
    with_segments,
    xmp_packet,
    xmp_segment,
)
from tracemark.errors import FormatError, PhotoError
from tracemark.media.decoding import decode
from tracemark.media.exif import orientation_alone
from tracemark.media.photo import Photo, check_writable, encode_photo, read_photo, without_gps

SHAPES = st.one_of(
    arrays.array_shapes(min_dims=2, max_dims=2, max_side=40),
    st.tuples(st.integers(1, 40), st.integers(1, 40), st.sampled_from([3, 4])),
)


def save(pixels, **options) -> bytes:
    """A file as another program would write it."""
    file = io.BytesIO()
    image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    image.save(file, **options)
    return file.getvalue()


def picture(rng, rows=64, columns=96, channels=3):
    """Something smooth with some noise on it."""
    ramp = np.linspace(0, 200, columns)[None, :, None] + rng.uniform(0, 40, (rows, columns, channels))
    return np.squeeze(ramp.astype(np.uint8))


@given(pixels=arrays.arrays(st.sampled_from([np.uint8, np.uint16]), SHAPES))
def test_png_gives_every_pixel_back(pixels):
    data = encode_photo(pixels, like=Photo(pixels=pixels, format="PNG"))
    photo = read_photo(data)
    assert photo.format == "PNG"
    assert photo.pixels.dtype == pixels.dtype
    np.testing.assert_array_equal(photo.pixels, pixels)
    # What a reader other than ours sees.
    if pixels.dtype == np.uint8:
        with Image.open(io.BytesIO(data)) as image:
            np.testing.assert_array_equal(np.asarray(image), pixels)


@pytest.mark.parametrize("subsampling", [0, 1, 2])
@pytest.mark.parametrize("quality", [50, 92, 100])
@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("channels", [1, 3])
def test_a_jpeg_is_written_as_its_source_was(subsampling, quality, progressive, channels, rng):
    data = save(
        picture(rng, channels=channels),
        format="JPEG",
        quality=quality,
        subsampling=subsampling,
        progressive=progressive,
    )
    photo = read_photo(data)
    again = read_photo(encode_photo(photo.pixels, like=photo))
    assert again.jpeg == photo.jpeg
    assert again.jpeg.progressive == progressive
    assert channels == 1 or again.jpeg.subsampling == subsampling
    assert abs(again.pixels.astype(float) - photo.pixels).mean() < 2


def test_quality_takes_the_place_of_the_tables(rng):
    photo = read_photo(save(picture(rng), format="JPEG", quality=95))
    coarse = read_photo(encode_photo(photo.pixels, like=photo, quality=30))
    assert coarse.jpeg.quantisation == read_photo(save(photo.pixels, format="JPEG", quality=30)).jpeg.quantisation


def test_colours_are_not_swapped(rng):
    red = np.zeros((16, 16, 3), np.uint8)
    red[..., 0] = 200
    for options in ({"format": "PNG"}, {"format": "JPEG", "quality": 95}):
        photo = read_photo(save(red, **options))
        with Image.open(io.BytesIO(encode_photo(photo.pixels, like=photo))) as image:
            assert image.convert("RGB").getpixel((8, 8))[0] > 190
            assert image.convert("RGB").getpixel((8, 8))[2] < 10


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format_name", ["JPEG", "PNG"])
def test_pixels_stay_as_stored_and_orientation_is_kept(orientation, format_name, rng):
    stored = picture(rng, rows=40, columns=64)
    photo = read_photo(save(stored, format=format_name, exif=b"Exif\0\0" + orientation_alone(orientation)))
    assert photo.pixels.shape == stored.shape
    assert photo.orientation == orientation
    with Image.open(io.BytesIO(encode_photo(photo.pixels, like=photo))) as image:
        assert image.size == (64, 40)
        assert image.getexif().get(0x0112, 1) == orientation


@pytest.mark.parametrize("format_name", ["JPEG", "PNG"])
def test_the_colour_profile_is_kept(format_name, rng):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    photo = read_photo(save(picture(rng), format=format_name, icc_profile=profile))
    with Image.open(io.BytesIO(encode_photo(photo.pixels, like=photo))) as image:
        assert image.info["icc_profile"] == profile


def test_no_unmarked_preview_is_carried_along(rng):
    thumbnail = save(picture(rng, rows=12, columns=16), format="JPEG")
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "Maker"
    exif.get_ifd(0x8769)[0x927C] = b"note" + thumbnail
    with_preview = save(picture(rng), format="JPEG", exif=exif)
    assert with_preview.count(b"\xff\xd8\xff") == 2
    photo = read_photo(with_preview)
    written = encode_photo(photo.pixels, like=photo)
    assert written.count(b"\xff\xd8\xff") == 1
    with Image.open(io.BytesIO(written)) as image:
        assert image.getexif()[0x010F] == "Maker"
        assert image.getexif()[0x0112] == 6


def test_what_cannot_be_carried_along_is_told(rng):
    data = save(picture(rng), format="JPEG")
    manifest = segment(0xEB, b"JP\0\1\0\0\0\1jumb c2pa")
    photo = read_photo(with_segments(data, manifest, exif_segment(b"no EXIF")))
    assert photo.warnings == (
        "C2PA manifest was dropped: it vouches for pixels that a copy does not have",
        "EXIF is damaged and was dropped",
    )
    assert b"c2pa" not in encode_photo(photo.pixels, like=photo)
    assert read_photo(data).warnings == ()


def test_a_damaged_block_still_tells_the_orientation(rng):
    cut = exif_block(orientation=8)[:100]
    photo = read_photo(with_segments(save(picture(rng), format="JPEG"), exif_segment(cut)))
    assert photo.orientation == 8
    assert photo.warnings == ("EXIF is damaged and was dropped, all but the orientation",)
    assert read_photo(encode_photo(photo.pixels, like=photo)).orientation == 8


@pytest.mark.parametrize("format_name", ["JPEG", "PNG"])
def test_places_are_taken_out_when_asked_for(format_name, rng):
    packet = xmp_packet()
    if format_name == "JPEG":
        data = with_segments(save(picture(rng), format="JPEG"), exif_segment(exif_block()), xmp_segment(packet))
    else:
        xmp = chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + packet)
        data = with_chunks(save(picture(rng), format="PNG"), chunk(b"eXIf", exif_block()), xmp)
    photo = read_photo(data)
    assert PLACE.encode() in encode_photo(photo.pixels, like=photo)
    written = encode_photo(photo.pixels, like=without_gps(photo))
    assert PLACE.encode() not in written
    with Image.open(io.BytesIO(written)) as image:
        assert not image.getexif().get_ifd(0x8825)
        assert image.getexif()[0x8298] == "(c) the press office"
    # Everything else is as long and as it was.
    kept = encode_photo(photo.pixels, like=photo)
    assert len(kept) - len(written) == len(packet) - len(xmp_packet(gps=False))
    assert without_gps(without_gps(photo)).metadata == without_gps(photo).metadata
    bare = read_photo(save(picture(rng), format="BMP"))
    assert without_gps(bare).metadata == bare.metadata


PLACES = [
    chunk(b"tEXt", b"exif:GPSLatitude\0" + PLACE.encode()),
    chunk(b"zTXt", b"GPS Position\0\0" + zlib.compress(PLACE.encode())),
    chunk(b"iTXt", b"drone-dji:GpsLongitude\0\0\0\0\0" + PLACE.encode()),
]
WORDS = [
    chunk(b"tEXt", b"Author\0A. Person"),
    chunk(b"tEXt", b"Comment\0taken with a GPS logger\0"),
    chunk(b"tEXt", b"exif:DateTime\0GPS\0"),
]


def test_texts_that_are_places_are_dropped_when_asked_for_and_others_stay(rng):
    photo = read_photo(with_chunks(save(picture(rng), format="PNG"), *PLACES, *WORDS))
    kept, written = (encode_photo(photo.pixels, like=like) for like in (photo, without_gps(photo)))
    assert [raw in kept for raw in (*PLACES, *WORDS)] == [True] * 6
    assert [raw in written for raw in (*PLACES, *WORDS)] == [False] * 3 + [True] * 3
    assert len(kept) - len(written) == sum(map(len, PLACES))


def test_a_comment_that_speaks_of_gps_stays(rng):
    comment = segment(0xFE, b"taken with a GPS logger, which was switched off")
    photo = read_photo(with_segments(save(picture(rng), format="JPEG"), comment))
    assert comment in encode_photo(photo.pixels, like=without_gps(photo))


def test_a_jpeg_stored_as_red_green_and_blue_stays_so(rng):
    photo = read_photo(save(picture(rng), format="JPEG", quality=90, keep_rgb=True, subsampling=0))
    assert photo.jpeg.rgb
    again = read_photo(encode_photo(photo.pixels, like=photo))
    assert again.jpeg == photo.jpeg
    assert abs(again.pixels.astype(float) - photo.pixels).mean() < 2
    assert not read_photo(save(picture(rng), format="JPEG")).jpeg.rgb


@pytest.mark.parametrize(
    ("mode", "format_name", "shape"),
    [
        ("1", "PNG", (12, 20)),
        ("P", "PNG", (12, 20, 3)),
        ("P", "GIF", (12, 20, 3)),
        ("LA", "PNG", (12, 20, 4)),
        ("RGBA", "PNG", (12, 20, 4)),
        ("RGBA", "WEBP", (12, 20, 4)),
        ("RGB", "WEBP", (12, 20, 3)),
        ("RGB", "TIFF", (12, 20, 3)),
        ("L", "TIFF", (12, 20)),
        ("RGB", "BMP", (12, 20, 3)),
        ("RGB", "AVIF", (12, 20, 3)),
    ],
)
def test_other_kinds_are_read_as_grey_rgb_or_rgba(mode, format_name, shape):
    image = Image.new("RGBA", (20, 12), (200, 120, 0, 128))
    # A palette made of transparent colours would be another case.
    image = (image.convert("RGB") if mode == "P" else image).convert(mode)
    photo = read_photo(save(image, format=format_name))
    assert photo.format == format_name
    assert photo.pixels.shape == shape
    assert photo.pixels.dtype == np.uint8


@pytest.mark.parametrize("start", [b"P5", b"P2"])
@pytest.mark.parametrize(("most", "scale"), [(65535, 1), (4369, 15)])
def test_a_grey_ppm_of_sixteen_bits_is_read_as_it_is(most, scale, start, rng):
    stored = rng.integers(0, most, (12, 20), np.uint16, endpoint=True)
    body = stored.astype(">u2").tobytes() if start == b"P5" else " ".join(map(str, stored.ravel())).encode()
    photo = read_photo(start + b" 20 12 %d\n" % most + body)
    assert photo.pixels.dtype == np.uint16
    np.testing.assert_array_equal(photo.pixels, stored * scale)


def test_integers_of_thirty_two_bits_are_refused_in_words():
    with pytest.raises(FormatError, match="not I; convert it to RGB"):
        read_photo(save(Image.new("I", (20, 12), 70_000), format="TIFF"))


def test_a_transparent_colour_becomes_alpha():
    image = Image.new("RGB", (20, 12), (1, 2, 3))
    photo = read_photo(save(image, format="PNG", transparency=(1, 2, 3)))
    assert photo.pixels.shape == (12, 20, 4)
    assert not photo.pixels[..., 3].any()


def test_views_behind_a_jpeg_are_left_behind(rng):
    first, second = Image.fromarray(picture(rng)), Image.fromarray(picture(rng))
    data = save(first, format="MPO", save_all=True, append_images=[second])
    photo = read_photo(data)
    assert photo.format == "JPEG"
    written = encode_photo(photo.pixels, like=photo)
    assert written.count(b"\xff\xd8\xff") == 1
    assert b"MPF" not in written


@pytest.mark.parametrize("kept", [0.3, 0.6, 0.9])
@pytest.mark.parametrize("progressive", [False, True])
def test_a_jpeg_cut_short_gives_what_there_is(kept, progressive, demo_photo):
    whole = read_photo(demo_photo).pixels[:400, :600]
    data = save(whole, format="JPEG", quality=90, progressive=progressive)
    photo = read_photo(data[: int(len(data) * kept)])
    assert photo.truncated
    assert photo.pixels.shape == whole.shape
    assert abs(photo.pixels[:50].astype(float) - whole[:50]).mean() < 20


def test_a_whole_file_is_not_called_cut(demo_photo):
    assert not read_photo(demo_photo).truncated


@pytest.mark.parametrize("kept", [0.3, 0.6, 0.9])
@pytest.mark.parametrize("mode", ["L", "P", "RGB", "RGBA"])
def test_a_png_cut_short_gives_what_there_is(kept, mode, demo_photo):
    picture = Image.fromarray(read_photo(demo_photo).pixels[:400, :600]).convert(mode)
    data, whole = save(picture, format="PNG"), read_photo(save(picture, format="PNG")).pixels
    photo = read_photo(data[: int(len(data) * kept)])
    assert photo.truncated
    assert photo.pixels.shape == whole.shape
    there = int(len(whole) * kept * 0.5)
    np.testing.assert_array_equal(photo.pixels[:there], whole[:there])
    assert not photo.pixels[-4:, ..., 0].any()


@pytest.mark.parametrize("length", [1, 50, 5000])
def test_a_png_that_is_damaged_in_the_middle_gives_what_stands_before(length, rng):
    whole = picture(rng, 300, 400)
    data = bytearray(save(whole, format="PNG"))
    for at in range(int(len(data) * 0.6), int(len(data) * 0.6) + length):
        data[at] ^= 0x55
    photo = read_photo(bytes(data))
    assert photo.truncated
    np.testing.assert_array_equal(photo.pixels[:60], whole[:60])


@pytest.mark.parametrize(
    ("options", "recognised"),
    [
        ({"format": "PNG"}, True),
        ({"format": "TIFF", "compression": "tiff_lzw"}, True),
        ({"format": "TIFF"}, False),
        ({"format": "JPEG", "quality": 90}, False),
        ({"format": "WEBP", "quality": 90}, False),
    ],
)
def test_damage_in_the_middle_is_recognised_where_it_shows(options, recognised, demo_photo):
    data = bytearray(save(read_photo(demo_photo).pixels[:400, :600], **options))
    middle = len(data) * 3 // 5
    data[middle : middle + 500] = bytes(500)
    assert read_photo(bytes(data)).truncated == recognised


def test_a_bmp_cut_short_gives_what_there_is(rng):
    whole = picture(rng)
    data = save(whole, format="BMP")
    photo = read_photo(data[: len(data) // 2])
    assert photo.truncated
    # Its rows stand from the bottom to the top.
    np.testing.assert_array_equal(photo.pixels[-30:], whole[-30:])
    assert not photo.pixels[:30].any()


@pytest.mark.parametrize(
    "start", [b"\0\0\0\x18ftypcrx ", b"FUJIFILMCCD-RAW 0201", b"IIRO\x08\0\0\0", b"IIU\0\x18\0\0\0", b"FOVb"]
)
def test_raw_files_are_refused_in_words(start):
    with pytest.raises(FormatError, match="must be developed, not a camera's raw file; save it as JPEG, TIFF or PNG"):
        read_photo(start + bytes(1000))


def test_what_is_cut_short_is_not_copied(rng):
    data = save(picture(rng), format="JPEG")
    photo = read_photo(data[: len(data) // 2])
    for refuse in (check_writable, lambda photo: encode_photo(photo.pixels, like=photo)):
        with pytest.raises(FormatError, match="must be a whole file to be copied"):
            refuse(photo)


@pytest.mark.parametrize("format_name", ["GIF"])
def test_other_kinds_cut_short_are_refused(format_name, rng):
    data = save(picture(rng), format=format_name)
    with pytest.raises(FormatError, match="damaged"):
        read_photo(data[: len(data) // 2])


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "is empty"),
        (b"This is a letter, not a photo.\n" * 50, "not an image"),
        (b"\xff\xd8\xff", "not an image"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF\x00", "damaged"),
        (b"\x89PNG\r\n\x1a\n", "damaged"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "not an image"),
        (b"GIF89a", "damaged"),
    ],
)
def test_what_is_no_image_is_refused_in_words(data, sentence):
    with pytest.raises(FormatError, match=f"{sentence}|damaged"):
        read_photo(data)


@pytest.mark.parametrize("columns", [20_000, 2**31 - 1])
def test_a_header_that_promises_too_much_is_refused_before_memory_is_taken(columns):
    header = struct.pack(">IIBBBBB", columns, columns, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I", len(header)) + b"IHDR" + header + struct.pack(">I", zlib.crc32(b"IHDR" + header))
    body = zlib.compress(b"")
    rest = struct.pack(">I", len(body)) + b"IDAT" + body + struct.pack(">I", zlib.crc32(b"IDAT" + body))
    with pytest.raises(PhotoError, match="at most 170000000 pixels"):
        read_photo(b"\x89PNG\r\n\x1a\n" + chunk + rest)


def test_large_photos_are_read_without_a_warning(monkeypatch, rng):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 64 * 60)
    assert read_photo(save(picture(rng), format="PNG")).pixels.shape == (64, 96, 3)


@pytest.mark.parametrize("format_name", ["GIF", "PNG", "WEBP", "TIFF"])
def test_animations_are_refused_in_words(format_name):
    frames = [Image.new("RGB", (20, 12), colour) for colour in ("red", "green")]
    with pytest.raises(FormatError, match="not an animation"):
        read_photo(save(frames[0], format=format_name, save_all=True, append_images=frames[1:]))


@pytest.mark.parametrize("format_name", ["JPEG", "TIFF"])
def test_cmyk_is_refused_in_words(format_name):
    with pytest.raises(FormatError, match="not CMYK; convert it to RGB"):
        read_photo(save(Image.new("CMYK", (20, 12)), format=format_name))


@given(data=st.data())
def test_no_damage_to_a_file_ends_in_anything_but_a_sentence(data):
    rng = np.random.default_rng(0)
    format_name = data.draw(st.sampled_from(["JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF"]))
    whole = bytearray(save(picture(rng, 16, 24), format=format_name))
    for _ in range(data.draw(st.integers(1, 8))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    try:
        photo = read_photo(bytes(whole))
    except PhotoError:
        return
    assert photo.pixels.ndim in (2, 3)


SHORT_OF_MEMORY = [
    ("PIL.Image.open", {"format": "PNG"}),
    ("tracemark.media.decoding._to_pixels", {"format": "JPEG"}),
    ("tracemark.media.decoding.decode_deep", {"format": "PNG"}),
    ("tracemark.media.tiff_pieces.unpack_strips", {"format": "TIFF", "compression": "tiff_lzw"}),
]


def run_short_of_memory(*_args, **_options):
    raise MemoryError


@pytest.mark.parametrize(("place", "options"), SHORT_OF_MEMORY)
def test_memory_that_is_short_is_not_taken_for_damage(place, options, monkeypatch, rng):
    pixels = picture(rng, channels=1).astype(np.uint16) if place.endswith("deep") else picture(rng)
    data = save(pixels, **options)
    monkeypatch.setattr(place, run_short_of_memory)
    with pytest.raises(MemoryError):
        read_photo(data)


@pytest.mark.parametrize("name", ["nowhere.jpg", "."])
def test_what_cannot_be_opened_is_refused_in_words(name, tmp_path):
    with pytest.raises(FormatError, match="image file cannot be read"):
        read_photo(tmp_path / name)


@pytest.mark.skipif(os.name != "posix", reason="devices have no names in folders elsewhere")
def test_a_device_is_refused_as_it_may_have_no_end():
    with pytest.raises(FormatError, match="must be a file or a pipe, and is a device"):
        read_photo("/dev/zero")


@pytest.mark.parametrize("kind", [bytearray, memoryview])
def test_what_holds_bytes_is_read_like_bytes(kind, rng):
    data = save(picture(rng), format="PNG")
    np.testing.assert_array_equal(read_photo(kind(data)).pixels, read_photo(data).pixels)


@pytest.mark.parametrize("shape", [(1, 1), (1, 1, 3), (1, 3000, 3)])
def test_the_smallest_and_the_narrowest_are_read_and_written(shape):
    pixels = np.full(shape, 7, np.uint8)
    for options in ({"format": "PNG"}, {"format": "JPEG"}):
        photo = read_photo(save(pixels, **options))
        assert read_photo(encode_photo(photo.pixels, like=photo)).pixels.shape == shape


def test_pixels_that_are_not_like_the_photo_are_refused(rng):
    photo = read_photo(save(picture(rng), format="PNG"))
    for wrong in (photo.pixels[1:], photo.pixels[..., 0], photo.pixels.astype(np.uint16)):
        with pytest.raises(PhotoError, match="pixels must be uint8 of shape"):
            encode_photo(wrong, like=photo)


@pytest.mark.parametrize("quality", [0, 101, -1])
def test_an_impossible_quality_is_refused(quality, rng):
    photo = read_photo(save(picture(rng), format="JPEG"))
    with pytest.raises(PhotoError, match="quality must be a whole number, 1 to 100"):
        encode_photo(photo.pixels, like=photo, quality=quality)


def test_a_kind_that_is_only_read_is_not_written(rng):
    photo = read_photo(save(picture(rng), format="BMP"))
    for refuse in (check_writable, lambda photo: encode_photo(photo.pixels, like=photo)):
        with pytest.raises(FormatError, match=r"must be .* to be copied, not BMP; save it as PNG first"):
            refuse(photo)


@pytest.mark.parametrize("subsampling", ["411", "440", "420", "422", "444"])
def test_a_subsampling_that_cannot_be_written_is_told_of(subsampling, rng):
    factor = getattr(cv2, f"IMWRITE_JPEG_SAMPLING_FACTOR_{subsampling}")
    written, data = cv2.imencode(".jpg", picture(rng), [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, factor])
    assert written
    photo = read_photo(data.tobytes())
    copy = read_photo(encode_photo(photo.pixels, like=photo))
    assert copy.warnings == ()
    if subsampling in {"411", "440"}:
        assert photo.warnings == ("colours became 4:4:4: the subsampling that they have cannot be written",)
        assert copy.jpeg.subsampling == 0
    else:
        assert photo.warnings == ()
        assert copy.jpeg.subsampling == photo.jpeg.subsampling


def test_a_grey_jpeg_has_no_subsampling_to_tell_of(rng):
    assert read_photo(save(picture(rng, channels=1), format="JPEG")).warnings == ()


def test_photos_that_two_threads_read_at_once_leave_the_programs_warnings_alone(rng, monkeypatch):
    data, before = save(picture(rng), format="PNG"), warnings.filters.copy()
    both_inside, one_is_done = Barrier(2), Event()

    def decode_beside_the_other(data):
        with suppress(BrokenBarrierError):
            if both_inside.wait(0.2) == 1:  # the one that began last
                one_is_done.wait()
        return decode(data)

    monkeypatch.setattr(tracemark.media.photo, "decode", decode_beside_the_other)
    with ThreadPoolExecutor(2) as pool:
        reading = [pool.submit(read_photo, data) for _ in range(2)]
        wait(reading, return_when=FIRST_COMPLETED)
        one_is_done.set()
    assert all(one.result().format == "PNG" for one in reading)
    assert warnings.filters == before

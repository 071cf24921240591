import io

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tests.media.blocks import PLACE, box, exif_block, small_jpeg, xmp_packet
from tests.media.test_photo import picture, save
from tracemark.errors import FormatError, PhotoError
from tracemark.media.boxes import read_boxes, rebuild
from tracemark.media.embedded import holds_picture
from tracemark.media.photo import Photo, check_writable, encode_photo, read_photo, without_gps
from tracemark.media.settings import AvifSettings

PROFILE = bytes(range(256)) * 300
C2PA = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")


def avif(pixels, *, exif=b"", **options) -> bytes:
    """A file whose EXIF is exactly this."""
    tags = Image.Exif()
    tags[0x0112] = options.pop("orientation", 1)
    if exif:
        tags[0x010F] = "anybody"
    data = save(pixels, format="AVIF", speed=9, exif=tags, **options)
    numbers = [item.number for item in read_boxes(data).items.values() if item.kind == b"Exif"]
    return rebuild(data, {number: bytes(4) + exif for number in numbers})


GREY_STAYS = Image.open(io.BytesIO(save(np.zeros((4, 4), np.uint8), format="AVIF"))).mode == "L"
GREY = pytest.param("grey", marks=pytest.mark.skipif(not GREY_STAYS, reason="this Pillow reads grey AVIF as RGB"))
ONE = pytest.param(1, marks=GREY.marks)


def opened(data) -> np.ndarray:
    """What a reader other than ours sees."""
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image)


@pytest.mark.parametrize("quality", [30, 60, 90])
@pytest.mark.parametrize("subsampling", ["4:2:0", "4:2:2", "4:4:4", GREY])
@pytest.mark.parametrize("limits", ["full", "limited"])
def test_a_copy_is_written_as_its_photo_was(limits, subsampling, quality, photos):
    pixels = photos["coffee"][:100, :150]
    grey = subsampling == "grey"
    options = {} if grey else {"subsampling": subsampling}
    source = avif(pixels[..., 1].copy() if grey else pixels, quality=quality, range=limits, **options)
    photo = read_photo(source)
    assert photo.pixels.ndim == (2 if grey else 3)
    assert photo.settings.full_range == (limits == "full")
    copy = encode_photo(photo.pixels, like=photo)
    assert read_photo(copy).settings == photo.settings
    assert 0.8 < len(copy) / len(source) < 1.1
    assert abs(opened(copy).astype(float) - photo.pixels).mean() < 4


@pytest.mark.parametrize("quality", [0, 1, 20, 50, 75, 80, 90, 99, 100])
def test_quality_is_found_in_the_bitstream(quality, rng):
    photo = read_photo(avif(picture(rng), quality=quality))
    again = read_photo(encode_photo(photo.pixels, like=photo))
    assert again.settings.quality == photo.settings.quality
    assert abs(photo.settings.quality - quality) <= 1
    coarse = read_photo(encode_photo(photo.pixels, like=photo, quality=40))
    assert coarse.settings.quality == pytest.approx(40, abs=1)


def test_alpha_loses_nothing(rng):
    pixels = np.dstack([picture(rng), rng.integers(0, 255, (64, 96), np.uint8)])
    photo = read_photo(avif(pixels, quality=50))
    copy = encode_photo(photo.pixels, like=photo)
    np.testing.assert_array_equal(opened(copy)[..., 3], photo.pixels[..., 3])
    np.testing.assert_array_equal(read_photo(copy).pixels[..., 3], photo.pixels[..., 3])


def test_colours_are_not_swapped():
    red = np.zeros((16, 16, 3), np.uint8)
    red[..., 0] = 200
    photo = read_photo(avif(red, quality=90))
    colour = opened(encode_photo(photo.pixels, like=photo))[8, 8]
    assert abs(colour.astype(int) - (200, 0, 0)).max() < 8


@pytest.mark.parametrize("orientation", range(1, 9))
def test_pixels_stay_as_stored_and_orientation_is_kept(orientation, rng):
    stored = picture(rng, rows=40, columns=64)
    # EXIF says something else, and counts for nothing.
    photo = read_photo(avif(stored, orientation=orientation, exif=exif_block(orientation=3)))
    assert photo.pixels.shape == stored.shape
    assert photo.orientation == orientation
    with Image.open(io.BytesIO(encode_photo(photo.pixels, like=photo))) as image:
        assert image.size == (64, 40)
        assert image.getexif().get(0x0112, 1) == orientation


@pytest.mark.parametrize(
    ("turned", "mirrored", "orientation"), [(2, 0, 2), (2, 1, 4), (1, 1, 7), (3, 1, 5), (0, 0, 4), (0, 1, 2)]
)
def test_turning_and_mirroring_together_have_an_orientation(turned, mirrored, orientation, rng):
    data = bytearray(avif(picture(rng), orientation=5))
    data[data.index(b"irot") + 4] = turned
    data[data.index(b"imir") + 4] = mirrored
    assert read_photo(bytes(data)).orientation == orientation


def test_what_it_says_stays_byte_for_byte(rng):
    for exif in (exif_block(), exif_block(">") + b"x" * 70_000, b"damaged"):
        source = avif(picture(rng), exif=exif, xmp=xmp_packet(), icc_profile=PROFILE)
        photo = read_photo(source)
        copy = encode_photo(photo.pixels, like=photo)
        boxes = read_boxes(copy)
        said = {item.kind: item.data(copy) for item in boxes.items.values()}
        assert said.get(b"Exif", bytes(4) + b"damaged") == bytes(4) + exif
        assert photo.warnings == (("EXIF is damaged and was dropped",) if exif == b"damaged" else ())
        assert said[b"mime"] == xmp_packet()
        with Image.open(io.BytesIO(copy)) as image:
            assert image.info["icc_profile"] == PROFILE


def test_pictures_inside_of_what_it_says_are_blanked(rng):
    thumbnail = small_jpeg()
    photo = read_photo(avif(picture(rng), exif=exif_block(thumbnail=thumbnail), xmp=xmp_packet(thumbnail=thumbnail)))
    copy = encode_photo(photo.pixels, like=photo)
    assert not holds_picture(copy)
    assert b"/9j/" not in copy
    assert b"Canon EOS of this test" in copy


def test_a_manifest_is_dropped_and_it_is_said(rng):
    data = avif(picture(rng)) + box(b"uuid", C2PA + b"jumb")
    photo = read_photo(data)
    assert photo.warnings == ("C2PA manifest was dropped: it vouches for pixels that a copy does not have",)
    assert b"jumb" not in encode_photo(photo.pixels, like=photo)


def test_places_are_taken_out_when_asked_for(rng):
    photo = read_photo(avif(picture(rng), exif=exif_block(), xmp=xmp_packet()))
    assert PLACE.encode() in encode_photo(photo.pixels, like=photo)
    copy = encode_photo(photo.pixels, like=without_gps(photo))
    assert PLACE.encode() not in copy
    with Image.open(io.BytesIO(copy)) as image:
        assert not image.getexif().get_ifd(0x8825)
        assert image.getexif()[0x8298] == "(c) the press office"
        assert image.info["xmp"] == xmp_packet(gps=False)


def test_primaries_and_transfer_are_those_of_the_photo(rng):
    data = bytearray(avif(picture(rng)))
    at = data.index(b"nclx") + 4
    data[at : at + 4] = b"\0\x0c\0\x0d"  # P3 with the curve of sRGB
    photo = read_photo(bytes(data))
    assert (photo.settings.primaries, photo.settings.transfer) == (12, 13)
    copy = encode_photo(photo.pixels, like=photo)
    at = copy.index(b"nclx") + 4
    assert copy[at : at + 4] == b"\0\x0c\0\x0d"
    assert abs(opened(copy).astype(float) - photo.pixels).mean() < 6


def test_more_bits_a_sample_are_read_and_not_copied(rng):
    if not cv2.haveImageWriter("a.avif"):
        pytest.skip("this OpenCV writes no AVIF, and Pillow none of ten bits")
    deep = (picture(rng).astype(np.uint16)[..., ::-1] * 4).copy()
    photo = read_photo(cv2.imencode(".avif", deep, [cv2.IMWRITE_AVIF_DEPTH, 10])[1].tobytes())
    assert abs(photo.pixels.astype(float) - deep[..., ::-1] / 4).mean() < 15
    for refuse in (check_writable, lambda photo: encode_photo(photo.pixels, like=photo)):
        with pytest.raises(FormatError, match="AVIF must have 8 bits a sample to be copied"):
            refuse(photo)


def test_animations_are_refused_in_words():
    frames = [Image.new("RGB", (20, 12), colour) for colour in ("red", "green")]
    with pytest.raises(FormatError, match="not an animation"):
        read_photo(save(frames[0], format="AVIF", save_all=True, append_images=frames[1:]))


@pytest.mark.parametrize("channels", [ONE, 3, 4])
def test_a_photo_that_comes_from_no_file_is_written_too(channels, rng):
    pixels = picture(rng, channels=channels)
    data = encode_photo(pixels, like=Photo(pixels, "AVIF"))
    assert abs(opened(data).astype(float) - pixels).mean() < 9
    settings = read_photo(data).settings
    assert settings.quality == pytest.approx(AvifSettings.quality, abs=1)
    assert settings.subsampling == ("4:2:0" if channels == 1 else "4:4:4")
    with pytest.raises(PhotoError, match="must be uint8 to be written as AVIF, not uint16"):
        encode_photo(pixels.astype(np.uint16), like=Photo(pixels.astype(np.uint16), "AVIF"))


def test_a_file_cut_in_one_of_several_tiles_is_refused_in_words(demo_photo):
    data = avif(read_photo(demo_photo).pixels[:600, :600], quality=90, autotiling=False, tile_rows=1, tile_cols=1)
    with pytest.raises(FormatError, match="is damaged or cut short"):
        read_photo(data[: len(data) // 3])


@pytest.mark.parametrize("kept", [0.5, 0.9])
def test_a_file_cut_short_gives_what_there_is(kept, photos):
    data = avif(photos["coffee"][:200, :300], quality=90)
    whole = read_photo(data).pixels
    photo = read_photo(data[: int(len(data) * kept)])
    assert photo.truncated
    assert photo.pixels.shape == whole.shape
    assert abs(photo.pixels[:40].astype(float) - whole[:40]).mean() < 8


@given(data=st.data())
def test_no_damage_ends_in_anything_but_a_copy_or_a_sentence(data):
    rng = np.random.default_rng(0)
    exif = exif_block(thumbnail=small_jpeg())
    whole = bytearray(avif(picture(rng, 16, 24), exif=exif, xmp=xmp_packet(), icc_profile=PROFILE[:100]))
    for _ in range(data.draw(st.integers(1, 6))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    try:
        photo = read_photo(bytes(whole[: data.draw(st.integers(8, len(whole)))]))
        copy = encode_photo(photo.pixels, like=photo)
    except PhotoError:
        return
    assert read_photo(copy).pixels.shape == photo.pixels.shape

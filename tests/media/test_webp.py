import io

import numpy as np
import pytest
from PIL import Image

from tests.media.test_photo import picture, save
from tracemark.errors import PhotoError
from tracemark.media.photo import Photo, encode_photo, read_photo
from tracemark.media.settings import WebpSettings
from tracemark.media.webp import mend_webp


def opened(data):
    """What a reader other than ours sees."""
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image)


@pytest.mark.parametrize("channels", [3, 4])
def test_a_lossless_file_gives_every_pixel_back(channels, rng):
    photo = read_photo(save(picture(rng, channels=channels), format="WEBP", lossless=True, exact=True))
    assert photo.settings == WebpSettings(lossless=True)
    pixels = rng.integers(0, 255, photo.pixels.shape, np.uint8)
    data = encode_photo(pixels, like=photo)
    np.testing.assert_array_equal(opened(data), pixels)
    assert read_photo(data).settings == photo.settings


@pytest.mark.parametrize("quality", [60, 80, 95])
@pytest.mark.parametrize("channels", [3, 4])
def test_a_lossy_file_is_written_as_finely_as_its_source(channels, quality, photos, rng):
    pixels = photos["coffee"][:200, :300]
    pixels = np.dstack([pixels, rng.integers(0, 255, pixels.shape[:2], np.uint8)]) if channels == 4 else pixels
    source = save(pixels, format="WEBP", quality=quality)
    photo = read_photo(source)
    data = encode_photo(photo.pixels, like=photo)
    assert read_photo(data).settings == photo.settings
    assert 0.8 < len(data) / len(source) < 1.05
    assert abs(opened(data)[..., :3].astype(float) - photo.pixels[..., :3]).mean() < 4
    if channels == 4:
        np.testing.assert_array_equal(opened(data)[..., 3], pixels[..., 3])


def test_quality_takes_the_place_of_that_of_the_source(photos):
    photo = read_photo(save(photos["coffee"][:200, :300], format="WEBP", quality=90))
    coarse = read_photo(encode_photo(photo.pixels, like=photo, quality=40))
    assert coarse.settings.quality == pytest.approx(40, abs=1)
    lossless = Photo(photo.pixels, "WEBP", settings=WebpSettings(lossless=True))
    np.testing.assert_array_equal(opened(encode_photo(photo.pixels, like=lossless, quality=40)), photo.pixels)


def test_colours_are_not_swapped():
    red = np.zeros((16, 16, 3), np.uint8)
    red[..., 0] = 200
    photo = read_photo(save(red, format="WEBP"))
    colour = opened(encode_photo(photo.pixels, like=photo))[8, 8]
    assert abs(colour.astype(int) - (200, 0, 0)).max() < 8


def test_a_grey_photo_is_written_in_colours_that_are_grey(rng):
    pixels = picture(rng, channels=1)
    data = encode_photo(pixels, like=Photo(pixels, "WEBP", settings=WebpSettings(lossless=True)))
    np.testing.assert_array_equal(opened(data), np.dstack([pixels] * 3))


def test_sixteen_bits_are_refused(rng):
    pixels = picture(rng).astype(np.uint16)
    with pytest.raises(PhotoError, match="must be uint8 to be written as WEBP, not uint16"):
        encode_photo(pixels, like=Photo(pixels, "WEBP"))


@pytest.mark.parametrize("kept", [0.3, 0.6, 0.9])
@pytest.mark.parametrize("options", [{"quality": 90}, {"lossless": True}])
@pytest.mark.parametrize("channels", [3, 4])
def test_a_file_cut_short_gives_what_there_is(channels, options, kept, demo_photo):
    pixels = read_photo(demo_photo).pixels[:400, :600]
    pixels = np.dstack([pixels, pixels[..., 0] // 255 + 99]) if channels == 4 else pixels
    data = save(pixels, format="WEBP", **options)
    photo, whole = read_photo(data[: int(len(data) * kept)]), read_photo(data).pixels
    assert photo.truncated
    assert photo.pixels.shape == whole.shape
    there = int(len(whole) * kept * 0.3)
    np.testing.assert_array_equal(photo.pixels[:there, :, :3], whole[:there, :, :3])


def test_a_file_of_which_nearly_nothing_is_there_is_not_mended():
    assert mend_webp(b"RIFF\xff\xff\xff\x7fWEBPVP8 ") is None
    assert mend_webp(b"RIFF\xff\xff\xff\x7fWAVE" + bytes(1000)) is None

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, ImageFile

from tests.media.test_photo import picture
from tracemark.media.jpeg_encoding import encode_jpeg
from tracemark.media.jpeg_tables import has_own_codes
from tracemark.media.photo import Photo, encode_photo
from tracemark.media.scan import read_scan
from tracemark.media.settings import JPEG_QUALITY, JpegSettings


def by_pillow(pixels, **options):
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, format="JPEG", **options)
    return file.getvalue()


@pytest.mark.parametrize("interval", [0, 3])
@pytest.mark.parametrize("quality", [20, 90, 100])
@pytest.mark.parametrize("subsampling", [0, 1, 2, None])
def test_the_quick_encoder_writes_the_pixels_that_the_slow_one_writes(subsampling, quality, interval, photos):
    pixels = photos["coffee"][:125, :203]
    options = {"quality": quality, "restart_marker_blocks": interval}
    if subsampling is None:
        pixels, subsampling = np.ascontiguousarray(pixels[..., 1]), 0
    else:
        options["subsampling"] = subsampling
    slow = by_pillow(pixels, **options)
    with Image.open(io.BytesIO(slow)) as image:
        settings = JpegSettings(image.quantization, subsampling, progressive=False, restart_interval=interval)
        expected = np.asarray(image)
    quick = encode_jpeg(pixels, settings, quality=None)
    with Image.open(io.BytesIO(quick)) as image:
        np.testing.assert_array_equal(np.asarray(image), expected)
        assert image.quantization == settings.quantisation
    if interval:
        assert read_scan(quick).interval == read_scan(slow).interval == interval


@pytest.mark.parametrize("quality", [75, None])
@pytest.mark.parametrize("grey", [False, True])
def test_huffman_tables_of_its_own_make_a_file_smaller_and_change_no_pixel(quality, grey, photos):
    pixels = photos["coffee"][:120, :200]
    pixels = np.ascontiguousarray(pixels[..., 1]) if grey else pixels
    own = {number: [3 + number] * 64 for number in range(1 if grey else 2)}
    plain = JpegSettings(own, 2, progressive=False)
    optimised = replace(plain, optimised=True)
    one, other = (encode_jpeg(pixels, how, quality=quality) for how in (plain, optimised))
    assert len(other) < len(one)
    assert has_own_codes(other)
    assert not has_own_codes(one)
    shown = [np.asarray(Image.open(io.BytesIO(data))) for data in (one, other)]
    np.testing.assert_array_equal(*shown)


def test_a_file_that_is_made_to_be_spliced_has_the_huffman_tables_for_any_picture(photos):
    pixels = photos["coffee"][:120, :200]
    for quality in (75, None):
        how = JpegSettings({0: [3] * 64, 1: [4] * 64}, 2, optimised=True, restart_interval=1)
        assert not has_own_codes(encode_jpeg(pixels, how, quality=quality))


def test_a_progressive_file_may_have_more_bytes_than_pillow_guesses(rng):
    noise = rng.integers(0, 256, (700, 700, 3), dtype=np.uint8)
    finest = JpegSettings({0: [1] * 64, 1: [1] * 64}, 0, progressive=True)
    guessed = ImageFile.MAXBLOCK
    data = encode_jpeg(noise, finest, quality=None)
    assert len(data) > 2 * 700 * 700
    assert guessed == ImageFile.MAXBLOCK
    with Image.open(io.BytesIO(data)) as image:
        assert np.abs(np.asarray(image).astype(int) - noise).max() < 8


def test_what_comes_from_no_file_is_written_at_the_usual_quality(rng):
    pixels = picture(rng)
    usual = encode_jpeg(pixels, JpegSettings(), quality=None)
    assert usual == encode_jpeg(pixels, JpegSettings(), quality=JPEG_QUALITY)
    assert usual != encode_jpeg(pixels, JpegSettings(), quality=JPEG_QUALITY - 1)
    assert usual == encode_photo(pixels, like=Photo(pixels, "JPEG"))

import io

import numpy as np
import pytest
from PIL import Image, ImageFile

from tracemark.media.jpeg_encoding import encode_jpeg
from tracemark.media.scan import read_scan
from tracemark.media.settings import JpegSettings


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
        settings = JpegSettings(image.quantization, subsampling, progressive=False)
        expected = np.asarray(image)
    quick = encode_jpeg(pixels, settings, quality=None, restart_interval=interval)
    with Image.open(io.BytesIO(quick)) as image:
        np.testing.assert_array_equal(np.asarray(image), expected)
        assert image.quantization == settings.quantisation
    if interval:
        assert read_scan(quick).interval == read_scan(slow).interval == interval


def test_a_progressive_file_may_have_more_bytes_than_pillow_guesses(rng):
    noise = rng.integers(0, 256, (700, 700, 3), dtype=np.uint8)
    finest = JpegSettings({0: [1] * 64, 1: [1] * 64}, 0, progressive=True)
    guessed = ImageFile.MAXBLOCK
    data = encode_jpeg(noise, finest, quality=None, restart_interval=0)
    assert len(data) > 2 * 700 * 700
    assert guessed == ImageFile.MAXBLOCK
    with Image.open(io.BytesIO(data)) as image:
        assert np.abs(np.asarray(image).astype(int) - noise).max() < 8

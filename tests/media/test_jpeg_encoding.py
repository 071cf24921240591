import io

import numpy as np
import pytest
from PIL import Image

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

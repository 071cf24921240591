import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tracemark.media.riff import riff_chunks
from tracemark.media.vp8 import webp_quality


def vp8(pixels, **options) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, format="WEBP", **options)
    data = file.getvalue()
    return next(chunk.data(data) for chunk in riff_chunks(data) if chunk.name == b"VP8 ")


@pytest.mark.parametrize("quality", [5, 30, 50, 70, 75, 76, 80, 90, 95, 99, 100])
@pytest.mark.parametrize("method", [0, 4, 6])
@pytest.mark.parametrize("name", ["coffee", "chelsea"])
def test_the_quality_of_a_file_is_found(name, method, quality, photos):
    pixels = photos[name][:200, :300]
    found = webp_quality(vp8(pixels, quality=quality, method=method))
    # One index of 127 is 0.5 to 3 qualities, most where pictures are coarse.
    assert found == pytest.approx(quality, abs=1)
    # And writing with it gives as fine a file.
    assert webp_quality(vp8(pixels, quality=found, method=method)) == found


def test_the_quality_of_a_flat_picture_is_found():
    assert webp_quality(vp8(np.full((64, 64, 3), 90, np.uint8), quality=60)) == pytest.approx(60, abs=1)


@given(data=st.binary(max_size=60))
def test_no_junk_breaks_the_reader(data):
    assert 0 <= webp_quality(data) <= 100

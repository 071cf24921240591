"""A copy in each format, from its file to its file, names its recipient."""

import io

import cv2
import numpy as np
import pytest
import tifffile
from PIL import Image

import tracemark as tm
from tests.media.test_tiff import written_by_tifffile

RECIPIENT = 4711


def saved(pixels, **options) -> bytes:
    file = io.BytesIO()
    image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    image.save(file, **options)
    return file.getvalue()


def deep(pixels):
    """Sixteen bits a sample, of which all are used."""
    return pixels.astype(np.uint16) * 257 ^ np.random.default_rng(0).integers(0, 255, pixels.shape, np.uint16)


def with_alpha(pixels):
    ramp = np.linspace(0, np.iinfo(pixels.dtype).max, pixels.shape[1]).astype(pixels.dtype)
    return np.dstack([pixels, np.tile(ramp, (len(pixels), 1))])


FILES = {
    "JPEG": lambda pixels: saved(pixels, format="JPEG", quality=90),
    "progressive JPEG": lambda pixels: saved(pixels, format="JPEG", quality=90, progressive=True),
    "grey JPEG": lambda pixels: saved(pixels[..., 1].copy(), format="JPEG", quality=90),
    "PNG": lambda pixels: saved(pixels, format="PNG"),
    "palette PNG": lambda pixels: saved(Image.fromarray(pixels).quantize(256), format="PNG"),
    "deep PNG with alpha": lambda pixels: cv2.imencode(".png", with_alpha(deep(pixels)))[1].tobytes(),
    "TIFF": lambda pixels: saved(with_alpha(pixels), format="TIFF", compression="tiff_lzw"),
    "deep TIFF": lambda pixels: written_by_tifffile(deep(pixels), compression="zlib", predictor=True, byteorder=">"),
    "WebP": lambda pixels: saved(pixels, format="WEBP", quality=85),
    "lossless WebP": lambda pixels: saved(with_alpha(pixels), format="WEBP", lossless=True),
    "AVIF": lambda pixels: saved(pixels, format="AVIF", quality=80, speed=9),
}


def seen_by_others(data, pixels) -> np.ndarray:
    """What readers other than ours see."""
    if pixels.dtype == np.uint8:
        with Image.open(io.BytesIO(data)) as image:
            return np.asarray(image)
    if data.startswith(b"\x89PNG"):
        return cv2.cvtColor(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED), cv2.COLOR_BGRA2RGBA)
    return tifffile.imread(io.BytesIO(data))


@pytest.mark.parametrize("name", FILES)
def test_a_copy_names_its_recipient(name, photos, key):
    data = FILES[name](np.ascontiguousarray(photos["coffee"][:320, :480]))
    photo = tm.read_photo(data)
    tm.check_writable(photo)
    marked = tm.prepare(photo.pixels, key=key).copy_for(RECIPIENT)
    copy = tm.encode_photo(marked, like=photo)
    again = tm.read_photo(copy)
    assert (again.format, again.pixels.dtype, again.pixels.shape) == (
        photo.format,
        photo.pixels.dtype,
        photo.pixels.shape,
    )
    if photo.pixels.ndim > 2 and photo.pixels.shape[2] > 3:
        np.testing.assert_array_equal(again.pixels[..., 3], photo.pixels[..., 3])
    # Colours are those that were marked, and the file is little larger than its photo.
    levels = np.iinfo(photo.pixels.dtype).max / 255
    assert abs(again.pixels.astype(float) - marked).mean() < (3 if again.pixels.dtype == np.uint8 else 0.1) * levels
    np.testing.assert_array_equal(seen_by_others(copy, marked), again.pixels)
    assert name == "palette PNG" or len(copy) < 1.35 * len(data)
    found = tm.detect(again.pixels, key=key)
    assert (found.verdict, found.recipient) == ("identified", RECIPIENT)

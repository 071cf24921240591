"""Synthetic pictures, and JPEG files of them."""

import numpy as np

from tracemark.media.photo import JpegSettings, Photo, encode_photo

SUBSAMPLINGS = [0, 1, 2, None]  # None is grey


def encode(pixels, *, subsampling=2, interval=1, quality=85, progressive=False) -> bytes:
    like = Photo(pixels, "JPEG", jpeg=JpegSettings({}, subsampling or 0, progressive, restart_interval=interval))
    return encode_photo(pixels, like=like, quality=quality)


def picture(rng, rows, columns, subsampling):
    """Noise on a ramp: no two blocks are alike."""
    ramp = np.linspace(40, 200, columns)[None, :, None] + rng.normal(0, 20, (rows, columns, 3))
    pixels = np.clip(ramp, 0, 255).astype(np.uint8)
    return pixels[..., 1].copy() if subsampling is None else pixels

"""Damage by saving: the photo goes through a lossy file format and comes back."""

import cv2
import numpy as np

from benchmarks.gauntlet.damage.pixels import Pixels, pixels

__all__ = ["jpeg", "rejpeg", "webp"]

MCU_SIDE = 16  # side of a 4:2:0 JPEG unit, pixels; ITU-T T.81 A.2.4
FIRST_QUALITY = 85  # quality of the first of two saves; what phones and cameras commonly write


def jpeg(photo: Pixels, quality: float, rng: np.random.Generator) -> Pixels:
    """Save as 4:2:0 JPEG at an IJG quality of 1 to 100, and read back."""
    del rng
    return _through(".jpg", photo, [cv2.IMWRITE_JPEG_QUALITY, int(quality)])


def webp(photo: Pixels, quality: float, rng: np.random.Generator) -> Pixels:
    """Save as lossy WebP at a quality of 1 to 100, and read back."""
    del rng
    return _through(".webp", photo, [cv2.IMWRITE_WEBP_QUALITY, int(quality)])


def rejpeg(photo: Pixels, quality: float, rng: np.random.Generator) -> Pixels:
    """Save as JPEG twice with a few pixels trimmed between, so that the second block grid misses the first."""
    first = jpeg(photo, FIRST_QUALITY, rng)
    rows, columns = rng.integers(1, MCU_SIDE, size=2)
    return jpeg(first[rows:, columns:], quality, rng)


def _through(extension: str, photo: Pixels, options: list[int]) -> Pixels:
    """Encode and decode in memory."""
    written, file = cv2.imencode(extension, cv2.cvtColor(photo, cv2.COLOR_RGB2BGR), options)
    leak = cv2.imdecode(file, cv2.IMREAD_COLOR) if written else None
    if leak is None:
        raise ValueError(f"photo must fit into {extension}, but its shape is {photo.shape}")
    return pixels(cv2.cvtColor(leak, cv2.COLOR_BGR2RGB))

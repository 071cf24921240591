"""Damage by saving: the photo goes through a lossy file format and comes back."""

import tempfile
from pathlib import Path

import cv2
import numpy as np

from benchmarks.gauntlet.damage.pixels import Pixels, pixels
from benchmarks.gauntlet.damage.reshape import fit_within

__all__ = ["avif", "jpeg", "jpeg2000", "rejpeg", "video", "webp"]

MCU_SIDE = 16  # side of a 4:2:0 JPEG unit, pixels; ITU-T T.81 A.2.4
MILLI = 1000
FRAMES, FRAMES_A_SECOND = 3, 25
FIRST_QUALITY = 85  # quality of the first of two saves; what phones and cameras commonly write


def jpeg(photo: Pixels, quality: float, rng: np.random.Generator) -> Pixels:
    """Save as 4:2:0 JPEG at an IJG quality of 1 to 100, and read back."""
    del rng
    return _through(".jpg", photo, [cv2.IMWRITE_JPEG_QUALITY, int(quality)])


def webp(photo: Pixels, quality: float, rng: np.random.Generator) -> Pixels:
    """Save as lossy WebP at a quality of 1 to 100, and read back."""
    del rng
    return _through(".webp", photo, [cv2.IMWRITE_WEBP_QUALITY, int(quality)])


def avif(photo: Pixels, quality: float, rng: np.random.Generator) -> Pixels:
    """Save as AVIF at a quality of 1 to 100, and read back."""
    del rng
    return _through(".avif", photo, [cv2.IMWRITE_AVIF_QUALITY, int(quality)])


def jpeg2000(photo: Pixels, times: float, rng: np.random.Generator) -> Pixels:
    """Save as JPEG 2000, so many times smaller than the pixels are, and read back."""
    del rng
    return _through(".jp2", photo, [cv2.IMWRITE_JPEG2000_COMPRESSION_X1000, round(MILLI / times)])


def video(photo: Pixels, long_side_px: float, rng: np.random.Generator) -> Pixels:
    """Take a frame out of an MPEG-4 video (ISO/IEC 14496-2) that shows the photo, shrunk to a long side."""
    frame = fit_within(photo, long_side_px, rng)
    rows, columns = (side // 2 * 2 for side in frame.shape[:2])  # its colours have half as many
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "video.mp4")
        writer = cv2.VideoWriter(path, cv2.VideoWriter.fourcc(*"mp4v"), FRAMES_A_SECOND, (columns, rows))
        for _ in range(FRAMES):
            writer.write(cv2.cvtColor(frame[:rows, :columns], cv2.COLOR_RGB2BGR))
        writer.release()
        reader = cv2.VideoCapture(path)
        read, leak = reader.read()
        reader.release()
    if not read:
        raise ValueError(f"photo must fit into a video, but its shape is {photo.shape}")
    return pixels(cv2.cvtColor(leak, cv2.COLOR_BGR2RGB))


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

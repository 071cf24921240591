"""Damage by filtering: what smooths, roughens or sharpens the fine detail."""

import cv2
import numpy as np

from benchmarks.gauntlet.damage.pixels import Pixels, clipped, pixels

__all__ = ["blur", "denoise", "median", "noise", "sharpen"]

SHARPEN_SIGMA_PX = 1.0  # radius of the unsharp mask; a photo editor's usual setting for the web
DENOISE_TEMPLATE_PX = 7  # side of the compared patches; Buades, Coll & Morel 2011, and OpenCV's default
DENOISE_SEARCH_PX = 15  # side of the searched window; below OpenCV's 21, a quarter of the time for the same look
NOISE_ROWS = 256  # rows of noise drawn at a time: keeps a 24-megapixel photo's noise out of memory


def blur(photo: Pixels, sigma_px: float, rng: np.random.Generator) -> Pixels:
    """Blur by a Gaussian of the given standard deviation in pixels."""
    del rng
    return pixels(cv2.GaussianBlur(photo, (0, 0), sigma_px))


def median(photo: Pixels, side_px: float, rng: np.random.Generator) -> Pixels:
    """Replace every sample by the median of a square around it; the side is odd."""
    del rng
    return pixels(cv2.medianBlur(photo, int(side_px)))


def noise(photo: Pixels, sigma_levels: float, rng: np.random.Generator) -> Pixels:
    """Add Gaussian noise, independent in every sample, of the given standard deviation in levels of 255."""
    leak = np.empty_like(photo)
    for top in range(0, photo.shape[0], NOISE_ROWS):
        band = photo[top : top + NOISE_ROWS]
        grain = rng.standard_normal(band.shape, dtype=np.float32) * np.float32(sigma_levels)
        leak[top : top + NOISE_ROWS] = clipped(band + grain)
    return leak


def sharpen(photo: Pixels, amount: float, rng: np.random.Generator) -> Pixels:
    """Add so many times the difference from a blurred photo (unsharp mask)."""
    smooth = blur(photo, SHARPEN_SIGMA_PX, rng)
    return pixels(cv2.addWeighted(photo, 1 + amount, smooth, -amount, 0))


def denoise(photo: Pixels, strength: float, rng: np.random.Generator) -> Pixels:
    """Remove noise by non-local means; strength is the filter's ``h`` for light and for colour."""
    del rng
    return pixels(
        cv2.fastNlMeansDenoisingColored(photo, None, strength, strength, DENOISE_TEMPLATE_PX, DENOISE_SEARCH_PX)
    )

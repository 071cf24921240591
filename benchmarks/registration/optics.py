"""Damage by lenses, screens and paper that leaves every pixel where it is."""

import cv2
import numpy as np

from benchmarks.gauntlet.damage.pixels import Pixels, clipped, pixels
from benchmarks.gauntlet.damage.texture import blur, noise

__all__ = ["coarse", "filtered", "negative", "printed", "screen"]

WHITE = 255  # full scale of an 8-bit sample


def coarse(photo: Pixels, factor: float, rng: np.random.Generator) -> Pixels:
    """Reduce and enlarge again."""
    del rng
    rows, columns = photo.shape[:2]
    small = cv2.resize(photo, (round(columns * factor), round(rows * factor)), interpolation=cv2.INTER_AREA)
    return pixels(cv2.resize(small, (columns, rows), interpolation=cv2.INTER_CUBIC))


def filtered(photo: Pixels, strength: float, rng: np.random.Generator) -> Pixels:
    """Tint heavily, lift the shadows and bend the tones."""
    del rng
    tint = 1 - strength * np.array([0.0, 0.5, 1.0])
    curve = (photo / WHITE) ** 0.8
    return clipped(WHITE * (0.12 + 0.88 * curve) * tint)


def negative(photo: Pixels, strength: float, rng: np.random.Generator) -> Pixels:
    """Exchange black and white."""
    del strength, rng
    return pixels(WHITE - photo)


def screen(photo: Pixels, strength: float, rng: np.random.Generator) -> Pixels:
    """Photograph a screen: blur, moire, vignette, noise and another gamma."""
    rows, columns = photo.shape[:2]
    down, across = np.mgrid[:rows, :columns].astype(np.float32)
    soft = blur(photo, 1.0 * strength, rng).astype(np.float32)
    angle, period = rng.uniform(0, np.pi), rng.uniform(4, 12)
    beat = np.sin(2 * np.pi * (across * np.cos(angle) + down * np.sin(angle)) / period)
    away = np.hypot(across / columns - 0.5, down / rows - 0.5)
    light = (1 + 0.06 * strength * beat) * (1 - 0.6 * strength * away**2)
    seen = WHITE * (soft / WHITE * light[..., None]) ** 1.2
    return noise(clipped(seen), 4 * strength, rng)


def printed(photo: Pixels, strength: float, rng: np.random.Generator) -> Pixels:
    """Print with a halftone, and scan: dots, blur, a yellowish paper, less contrast, noise."""
    rows, columns = photo.shape[:2]
    down, across = np.mgrid[:rows, :columns].astype(np.float32)
    u, v = (across + down) / np.sqrt(2), (across - down) / np.sqrt(2)
    raster = (np.cos(2 * np.pi * u / 4) + np.cos(2 * np.pi * v / 4)) / 4
    dots = np.clip((photo / WHITE + (raster * strength * 0.8)[..., None] - 0.5) * 2.5 + 0.5, 0, 1)
    soft = cv2.GaussianBlur(dots.astype(np.float32), (0, 0), 1.3)
    paper = np.array([0.97, 0.94, 0.86])
    return noise(clipped(WHITE * (0.12 + 0.85 * soft) * paper), 2 * strength, rng)

"""Damage by moving pixels: scaling, cropping, turning, bending."""

import math

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from benchmarks.gauntlet.damage.pixels import Pixels, pixels

__all__ = [
    "crop",
    "fit_within",
    "fit_within_lanczos",
    "mirror",
    "perspective",
    "quarter_turn",
    "rotate",
    "rotate_inside",
    "scale",
    "shear",
    "stretch",
]

PERCENT = 100


def scale(photo: Pixels, factor: float, rng: np.random.Generator) -> Pixels:
    """Resize by a factor: area averaging when it shrinks, bicubic when it grows."""
    del rng
    rows, columns = photo.shape[:2]
    return _resize(photo, round(rows * factor), round(columns * factor))


def fit_within(photo: Pixels, long_side_px: float, rng: np.random.Generator) -> Pixels:
    """Shrink until the long side is at most so many pixels; a smaller photo stays as it is."""
    return scale(photo, min(1.0, long_side_px / max(photo.shape[:2])), rng)


def fit_within_lanczos(photo: Pixels, long_side_px: float, rng: np.random.Generator) -> Pixels:
    """Shrink as :func:`fit_within` does, with the Lanczos filter that many sites use."""
    del rng
    rows, columns = photo.shape[:2]
    factor = min(1.0, long_side_px / max(rows, columns))
    size = (round(columns * factor), round(rows * factor))
    return np.array(Image.fromarray(photo).resize(size, Image.Resampling.LANCZOS))


def stretch(photo: Pixels, percent: float, rng: np.random.Generator) -> Pixels:
    """Make the photo wider (or narrower, when negative) by so many per cent, at the same height."""
    del rng
    rows, columns = photo.shape[:2]
    return _resize(photo, rows, round(columns * (1 + percent / PERCENT)))


def shear(photo: Pixels, percent: float, rng: np.random.Generator) -> Pixels:
    """Push each row sideways by so many per cent of its height above the last; outside is black."""
    del rng
    rows, columns = photo.shape[:2]
    slant = percent / PERCENT
    bend = np.array([[1, -slant, slant * rows], [0, 1, 0]], np.float32)
    size = (columns + math.ceil(slant * rows), rows)
    return pixels(cv2.warpAffine(photo, bend, size, flags=cv2.INTER_CUBIC))


def crop(photo: Pixels, percent: float, rng: np.random.Generator) -> Pixels:
    """Keep so many per cent of the area, aspect kept, at a place drawn evenly from all that fit."""
    side = math.sqrt(percent / PERCENT)
    rows, columns = (max(1, round(length * side)) for length in photo.shape[:2])
    top = int(rng.integers(photo.shape[0] - rows + 1))
    left = int(rng.integers(photo.shape[1] - columns + 1))
    return photo[top : top + rows, left : left + columns].copy()


def mirror(photo: Pixels, strength: float, rng: np.random.Generator) -> Pixels:
    """Swap left and right."""
    del strength, rng
    return np.ascontiguousarray(photo[:, ::-1])


def quarter_turn(photo: Pixels, turns: float, rng: np.random.Generator) -> Pixels:
    """Turn counter-clockwise by so many right angles."""
    del rng
    return np.ascontiguousarray(np.rot90(photo, int(turns)))


def rotate(photo: Pixels, degrees: float, rng: np.random.Generator) -> Pixels:
    """Rotate either way about the centre on the same canvas; the corners that open up are black."""
    rows, columns = photo.shape[:2]
    centre = ((columns - 1) / 2, (rows - 1) / 2)
    turn = cv2.getRotationMatrix2D(centre, degrees * rng.choice((-1, 1)), 1.0)
    return pixels(cv2.warpAffine(photo, turn, (columns, rows), flags=cv2.INTER_CUBIC))


def rotate_inside(photo: Pixels, degrees: float, rng: np.random.Generator) -> Pixels:
    """Rotate either way and keep the largest rectangle of the same aspect that has no black corner."""
    rows, columns = photo.shape[:2]
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    side = min(columns / (columns * cosine + rows * sine), rows / (columns * sine + rows * cosine))
    inner_rows, inner_columns = int(rows * side), int(columns * side)
    top, left = (rows - inner_rows) // 2, (columns - inner_columns) // 2
    return rotate(photo, degrees, rng)[top : top + inner_rows, left : left + inner_columns].copy()


def perspective(photo: Pixels, percent: float, rng: np.random.Generator) -> Pixels:
    """Move each corner inwards by up to so many per cent of the sides; outside is black."""
    rows, columns = photo.shape[:2]
    corners = np.array([[0, 0], [columns - 1, 0], [columns - 1, rows - 1], [0, rows - 1]], np.float32)
    inwards = np.array([[1, 1], [-1, 1], [-1, -1], [1, -1]])
    shift: npt.NDArray[np.float64] = rng.uniform(0, percent / PERCENT, (4, 2)) * inwards * (columns, rows)
    bend = cv2.getPerspectiveTransform(corners, (corners + shift).astype(np.float32))
    return pixels(cv2.warpPerspective(photo, bend, (columns, rows), flags=cv2.INTER_CUBIC))


def _resize(photo: Pixels, rows: int, columns: int) -> Pixels:
    """Resize with the filter that suits the direction; the same size gives a copy."""
    if (rows, columns) == photo.shape[:2]:
        return photo.copy()
    shrinks = rows * columns < photo.shape[0] * photo.shape[1]
    size = (max(1, columns), max(1, rows))
    return pixels(cv2.resize(photo, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC))

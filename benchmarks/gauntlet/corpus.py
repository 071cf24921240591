"""The photos that run the gauntlet: a folder of yours, or what installed packages ship."""

import importlib.util
import math
import os
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageOps

from benchmarks.gauntlet.damage.pixels import Pixels, pixels
from benchmarks.provenance import ROOT

__all__ = ["FOLDER_VARIABLE", "Limits", "find_photos", "load", "spread"]

FOLDER_VARIABLE = "TRACEMARK_PHOTOS"
"""Environment variable that names a folder of photos."""

EXTENSIONS = {".jpg", ".jpeg", ".png", ".tif", ".tiff", ".webp"}
DEMO_FOLDER = ROOT / "cli" / "tracemark_cli" / "data"
SHIPPED = ("coffee.png", "motorcycle_left.png", "rocket.jpg", "retina.jpg")
"""Photographs in scikit-image's wheel with a long side of 600 pixels or more; all but the last are small."""


@dataclass(frozen=True)
class Limits:
    """How large a photo may be; larger ones are shrunk by area averaging before they are marked."""

    max_pixels: int | None = None
    """Pixels in all."""
    long_side_px: int | None = None
    """Pixels along the long side."""


def find_photos(folder: Path | None = None) -> tuple[Path, ...]:
    """List photos, sorted by name.

    Parameters
    ----------
    folder : Path, optional
        Searched without its subfolders. By default the folder that ``TRACEMARK_PHOTOS`` names; where it names none,
        the demo photo and the photographs in scikit-image's wheel.

    Returns
    -------
    paths : tuple of Path

    Raises
    ------
    FileNotFoundError
        When the folder holds no photo.
    """
    named = os.environ.get(FOLDER_VARIABLE)
    if folder is None and named:
        folder = Path(named)
    if folder is None:
        return (*_photos_in(DEMO_FOLDER), *_shipped())
    found = _photos_in(folder)
    if not found:
        raise FileNotFoundError(f"folder must hold photos ({', '.join(sorted(EXTENSIONS))}), but {folder} has none")
    return found


def load(path: Path, limits: Limits) -> Pixels:
    """Read a photo as people see it.

    Parameters
    ----------
    path : Path
        Any file Pillow opens; orientation is applied, transparency dropped, grey repeated in three channels.
    limits : Limits
        What to shrink to.

    Returns
    -------
    photo : ndarray, shape (rows, columns, 3)
        RGB uint8.
    """
    with Image.open(path) as file:
        photo = np.array(ImageOps.exif_transpose(file).convert("RGB"))
    rows, columns = photo.shape[:2]
    factor = 1.0
    if limits.max_pixels is not None:
        factor = min(factor, math.sqrt(limits.max_pixels / (rows * columns)))
    if limits.long_side_px is not None:
        factor = min(factor, limits.long_side_px / max(rows, columns))
    if factor < 1:
        photo = pixels(cv2.resize(photo, (round(columns * factor), round(rows * factor)), interpolation=cv2.INTER_AREA))
    return photo


def spread(count: int, most: int | None) -> list[int]:
    """Choose items of a list, evenly from its first to its last.

    Parameters
    ----------
    count : int
        How many there are.
    most : int or None
        How many to choose at most; None chooses all.

    Returns
    -------
    chosen : list of int
        Their places, ascending.
    """
    steps = np.linspace(0, count - 1, count if most is None else min(most, count))
    return [int(step) for step in steps]


def _photos_in(folder: Path) -> tuple[Path, ...]:
    """List a folder's photos by extension."""
    return tuple(sorted(path for path in folder.glob("*") if path.suffix.lower() in EXTENSIONS))


def _shipped() -> tuple[Path, ...]:
    """Find the photographs in scikit-image's wheel without importing it."""
    package = importlib.util.find_spec("skimage")
    if package is None or package.origin is None:
        return ()
    folder = Path(package.origin).parent / "data"
    return tuple(folder / name for name in SHIPPED if (folder / name).exists())

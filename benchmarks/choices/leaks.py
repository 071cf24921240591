"""Leaks whose place in the photo is known, so that nothing has to be searched."""

import math
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from benchmarks.gauntlet.damage.codec import jpeg
from benchmarks.gauntlet.damage.pixels import Pixels, pixels
from tracemark.signal.layout import Layout

__all__ = ["CROP_3", "LEAKS", "PLAIN", "SCRAP_3", "Leak"]

PERCENT = 100


@dataclass(frozen=True)
class Leak:
    """One way to leak a copy."""

    name: str
    """As the table calls it."""
    percent: float
    """Area that is kept; the place is drawn, the aspect is the photo's."""
    quality: int
    """Of the JPEG."""
    scale: float = 1.0
    """Leak pixels in a photo pixel."""
    working: bool = False
    """Whether the scale counts working pixels instead."""

    def cut(self, photo: Pixels, layout: Layout, rng: np.random.Generator) -> tuple[Pixels, npt.NDArray[np.float64]]:
        """Crop and scale, but do not save.

        Parameters
        ----------
        photo : ndarray, shape (rows, columns, 3)
            Copy or original.
        layout : Layout
            The photo's layout.
        rng : numpy.random.Generator
            Decides the place.

        Returns
        -------
        leak : ndarray, shape (rows', columns', 3)
            RGB uint8.
        transform : ndarray, shape (3, 3)
            Leak (x, y, 1) to working (x, y, 1), pixels.
        """
        whole = np.array(photo.shape[:2])
        side = np.rint(whole * math.sqrt(self.percent / PERCENT)).astype(int)
        corner = [int(rng.integers(room + 1)) for room in whole - side]
        part = photo[corner[0] : corner[0] + side[0], corner[1] : corner[1] + side[1]]
        scale = self.scale / layout.scale if self.working else self.scale
        size = np.rint(side * scale).astype(int)
        if (size < side).any():
            part = pixels(cv2.resize(part, (int(size[1]), int(size[0])), interpolation=cv2.INTER_AREA))
        return part.copy(), _to_working(np.array(corner), side / np.array(part.shape[:2]), layout)

    def save(self, leak: Pixels) -> Pixels:
        """Save as JPEG, and read back."""
        return jpeg(leak, self.quality, np.random.default_rng(0))


# fmt: off
LEAKS = (
    #    name                        area  quality  scale
    Leak("whole, 640 px, JPEG 75",   100,  75,      1 / 2, working=True),
    Leak("crop 10 %, JPEG 75",       10,   75),
    Leak("crop 30 % x 0.6, JPEG 60", 30,   60,      .6),
    Leak("JPEG 50",                  100,  50),
)
"""What every alternative is read from."""
CROP_3 = Leak("crop 3 %, JPEG 75", 3, 75)
"""A scrap for blind reading."""
SCRAP_3 = Leak("crop 3 %, JPEG 60", 3, 60)
"""A scrap for informed reading."""
PLAIN = Leak("JPEG 75", 100, 75)
"""What an average of copies is saved as."""
# fmt: on


def _to_working(corner: npt.NDArray[np.int_], step: npt.NDArray[np.float64], layout: Layout) -> npt.NDArray[np.float64]:
    """Say where leak pixels lie: `step` photo pixels apart, the leak's corner at `corner`; both (row, column)."""
    transform = np.eye(3)
    for axis, place in enumerate((1, 0)):  # x is the column
        transform[axis, axis] = step[place] / layout.scale
        transform[axis, 2] = (corner[place] + step[place] / 2) / layout.scale - 1 / 2
    return transform

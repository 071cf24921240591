"""Cut a leak that was straightened into windows, and say what each shows of the sync lines."""

from dataclasses import dataclass
from functools import cached_property
from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray

from tracemark.geometry.placement import line_frequencies
from tracemark.geometry.spectrum import turned_back
from tracemark.geometry.sync_pattern import SyncLines
from tracemark.transforms import Transform, moving

__all__ = ["TINY", "UNSEEN", "WINDOW", "Windows"]

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]

WINDOW = 32  # working pixels: side of the windows in which the lines are read, a few of their periods
UNSEEN = 1e-6  # of the most energy: a window with less is not in the leak
TINY = float(np.finfo(np.float32).tiny)


@dataclass(frozen=True, eq=False)
class Windows:
    """What windows of a straightened leak show of the sync lines."""

    lines: NDArray[np.complex64]
    """Correlation with each line, its own phase taken off; shape (rows, columns, lines)."""

    centres: Doubles
    """Working (x, y); shape (rows, columns, 2)."""

    frequencies: Doubles
    """Of the lines, (x, y), cycles a working pixel; shape (lines, 2)."""

    @classmethod
    def of(cls, white: Floats, transform: Transform, lines: SyncLines, within: Doubles) -> Self:
        """Straighten what of a leak lies within some points, shape (n, 2), and correlate each window with the lines."""
        low, high = within.min(axis=0), within.max(axis=0)
        origin = np.floor(low / WINDOW) * WINDOW
        columns, rows = (int(count) for count in np.maximum(np.ceil((high - origin) / WINDOW), 1))
        size = (columns * WINDOW, rows * WINDOW)
        straight = cv2.warpPerspective(white, moving(-origin) @ transform, size, flags=cv2.INTER_LINEAR)
        pixels = straight.reshape(rows, WINDOW, columns, WINDOW).swapaxes(1, 2).reshape(rows, columns, -1)
        frequencies = line_frequencies(lines)
        place = np.arange(WINDOW) - (WINDOW - 1) / 2
        inside = np.stack(np.meshgrid(place, place), axis=-1).reshape(-1, 2)
        across, down = (np.arange(count) * WINDOW - place[0] for count in (columns, rows))
        centres = np.stack(np.meshgrid(across, down), axis=-1) + origin
        own = np.exp(-1j * lines.phases) * turned_back(centres @ frequencies.T)
        return cls(pixels @ turned_back(inside @ frequencies.T) * own.astype(np.complex64), centres, frequencies)

    @cached_property
    def energy(self) -> Floats:
        """Of all lines, in each window; shape (rows, columns)."""
        return np.asarray((np.abs(self.lines) ** 2).sum(axis=-1), dtype=np.float32)

    @cached_property
    def seen(self) -> NDArray[np.bool_]:
        """Which are in the leak; shape (rows, columns)."""
        return np.asarray(self.energy > UNSEEN * self.energy.max())

    @property
    def score(self) -> float:
        """Correlation of all windows with the sync pattern, standard deviations."""
        noise = np.sqrt(max(float(self.energy.sum()), TINY) / 2)
        return float(self.lines.real.sum()) / float(noise)

"""Say how surely two pictures that lie on each other show the same, texture by texture."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tracemark.geometry.displacement import INDEPENDENT, Detail

__all__ = ["Agreement", "agreement"]

Floats = NDArray[np.float32]

NEIGHBOURHOOD = 15  # pixels: side of the window whose detail is brought to unit spread
FLOOR = 1.0  # luma levels: spread below which detail is noise
LIMIT = 2.0  # local standard deviations at which detail is clipped


@dataclass(frozen=True)
class Agreement:
    """How alike two pictures are."""

    correlation: float
    """Of locally normalised detail, -1 to 1."""

    score: float
    """The same in standard deviations of two unrelated pictures."""


def agreement(leak: Detail, original: Detail) -> Agreement:
    """Correlate what detail two pictures show.

    Parameters
    ----------
    leak, original : Detail
        Pixel on pixel.

    Returns
    -------
    agreement : Agreement
        0 where there is nothing to compare.
    """
    weights = leak.weights * original.weights
    ours, theirs = (_normalised(detail) for detail in (leak, original))
    weighted = weights * ours
    product, ours_energy = (float(np.vdot(weighted, one)) for one in (theirs, ours))
    theirs_energy = float(np.vdot(weights * theirs, theirs))
    if not ours_energy or not theirs_energy:
        return Agreement(0.0, 0.0)
    correlation = product / np.sqrt(ours_energy * theirs_energy)
    # detail that is mostly floor is no sample
    samples = INDEPENDENT * np.sqrt(ours_energy * theirs_energy)
    return Agreement(float(correlation), float(correlation * np.sqrt(samples)))


def _normalised(detail: Detail) -> Floats:
    """Divide detail by its local spread, and clip it."""
    energy = cv2.blur(detail.values**2 * detail.weights, (NEIGHBOURHOOD, NEIGHBOURHOOD))
    spread = np.sqrt(np.add(energy, np.float32(FLOOR**2), out=energy), out=energy)
    normal = np.asarray(detail.values / spread, dtype=np.float32)
    return np.clip(normal, -LIMIT, LIMIT, out=normal)

"""List how a leak may have been stretched, and find how an upright one was by the power of the sync lines alone."""

import cv2
import numpy as np
from numpy.typing import NDArray

from tracemark.geometry.log_polar import line_power, scales_of
from tracemark.geometry.placement import (
    HIGHEST,
    KEPT,
    LEAST_LINES,
    POSITIONS,
    SAME,
    Placement,
    line_frequencies,
)
from tracemark.geometry.spectrum import Spectrum
from tracemark.geometry.sync_pattern import SyncLines

__all__ = ["stretched_peaks", "stretches"]

SCALE_STEP = 0.005  # of the logarithm
ASPECT_STEP, MOST_ASPECT = 0.01, 0.6  # of ln(width / height): a 16:9 picture made square has 0.58
SHEAR_STEP, MOST_SHEAR = 0.01, 0.1  # of one side along the other
QUARTERS = np.array([[[1, 0], [0, 1]], [[-1, 0], [0, 1]], [[0, 1], [1, 0]], [[0, -1], [1, 0]]], dtype=np.float64)
"""Quarter turns and mirror images; power cannot tell upside down from upright."""
CHUNK = 1 << 14  # linear maps at a time: cv2.remap takes at most 32,766 rows
LOOKED_AT = 2000  # best maps among which those are that differ


def stretches(most: float, step: float) -> NDArray[np.float64]:
    """List stretches along any axis, evenly spread: symmetric matrices of determinant 1.

    Parameters
    ----------
    most : float
        Largest logarithm of one side over the other; a quarter of a step beyond still counts.
    step : float
        Between neighbours.

    Returns
    -------
    stretches : ndarray, shape (n, 2, 2)
        The identity among them.
    """
    steps = np.arange(-round(most / step), round(most / step) + 1) * step
    straight, diagonal = (axis.ravel() for axis in np.meshgrid(steps, steps))
    straight, diagonal = np.stack([straight, diagonal])[:, np.hypot(straight, diagonal) <= most + step / 4]
    size = np.hypot(straight, diagonal) / 2
    # the exponential of half the matrix with these two numbers, in closed form
    part = np.sinh(size) / np.where(size > 0, 2 * size, 1)
    bent = np.moveaxis(np.array([[straight, diagonal], [diagonal, -straight]]), -1, 0)
    return np.asarray(np.cosh(size)[:, None, None] * np.eye(2) + part[:, None, None] * bent)


def stretched_peaks(spectrum: Spectrum, lines: SyncLines) -> list[Placement]:
    """Find the best scales, aspects and shears of an upright leak by power alone; the centres are not known yet.

    Parameters
    ----------
    spectrum : Spectrum
        Of the whitened leak.
    lines : SyncLines
        The sync pattern.

    Returns
    -------
    placements : list of Placement
        At most six, best first.
    """
    scales = scales_of(spectrum, step=SCALE_STEP)
    linear = (scales[:, None, None, None, None] * (QUARTERS[:, None] @ _upright())).reshape(-1, 2, 2)
    power, frequencies = line_power(spectrum), line_frequencies(lines)
    parts = np.split(linear, range(CHUNK, len(linear), CHUNK))
    score = np.concatenate([_scores(power, frequencies, part) for part in parts])
    trials = len(linear) * POSITIONS**2
    best = np.argpartition(-score, LOOKED_AT)[:LOOKED_AT]
    return [Placement(linear[at], np.zeros(2), float(score[at]), trials) for at in _apart(linear, best, score)]


def _apart(linear: NDArray[np.float64], best: NDArray[np.intp], score: NDArray[np.float32]) -> list[int]:
    """Pick the highest scores whose linear maps differ."""
    kept: list[int] = []
    left = best[np.argsort(-score[best])]
    while len(left) and len(kept) < KEPT:
        kept.append(int(left[0]))
        left = left[np.abs(linear[left] - linear[left[0]]).max(axis=(1, 2)) > SAME]
    return kept


def _upright() -> NDArray[np.float64]:
    """List aspects and shears, one at a time; shape (n, 2, 2)."""
    aspects = np.arange(ASPECT_STEP, MOST_ASPECT, ASPECT_STEP)
    aspects = np.concatenate([aspects, -aspects]) / 2
    shears = np.arange(SHEAR_STEP, MOST_SHEAR, SHEAR_STEP)
    shears = np.concatenate([shears, -shears])[:, None, None]
    stretched = np.exp(np.stack([aspects, -aspects], axis=-1))[:, None] * np.eye(2)
    return np.concatenate([stretched, *(np.eye(2) + shears * np.eye(2, k=side) for side in (1, -1))])


def _scores(
    power: NDArray[np.float32], frequencies: NDArray[np.float64], linear: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Add up the power at the lines for each linear map, in standard deviations."""
    values, inside = _power_at(power, (frequencies @ linear).astype(np.float32))
    count = inside.sum(axis=-1)
    scores = np.where(count > LEAST_LINES, values.sum(axis=-1) / np.sqrt(np.maximum(count, 1)), 0)
    return np.asarray(scores, dtype=np.float32)


def _power_at(
    power: NDArray[np.float32], frequencies: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Look the power up at (x, y) frequencies, cycles a pixel; 0 beyond what pixels can hold, and say which is not."""
    across, down = np.ascontiguousarray(np.moveaxis(frequencies, -1, 0))
    inside = (np.abs(across) < np.float32(HIGHEST)) & (np.abs(down) < np.float32(HIGHEST))
    side = len(power)
    values = cv2.remap(power, across * side + side // 2, down * side + side // 2, cv2.INTER_LINEAR)
    return np.asarray(values * inside, dtype=np.float32), inside

"""Find the likely scales and rotations of a leak by the power of the sync lines alone, all at once."""

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import fft

from tracemark.geometry.placement import HIGHEST, KEPT, LEAST_LINES, POSITIONS, Placement, line_frequencies
from tracemark.geometry.spectrum import Spectrum
from tracemark.geometry.sync_pattern import SyncLines
from tracemark.machine import processors

__all__ = ["line_power", "log_polar_peaks", "scales_of"]

MOST_EXTENT = 4096.0  # working pixels on the leak's long side: the photo would be less than a third of the leak
LOWEST = 0.004  # cycles a leak pixel: no line is looked for below
LOG_STEP, ANGLE_STEPS = 0.004, 800  # of the log-polar map: ln frequency; steps in half a turn
SCALES = (0.15, 6.0)  # working pixels in a leak pixel
PEAK_LIMIT = 8.0  # power of a bin, in local means, at which it is clipped
APART = 5  # steps of the log-polar map between placements that count as different


def log_polar_peaks(
    spectrum: Spectrum, lines: SyncLines, stretches: NDArray[np.float64], *, coarse: int = 1
) -> list[Placement]:
    """Find the best scales and rotations by power alone, behind each stretch; the centres are not known yet.

    Parameters
    ----------
    spectrum : Spectrum
        Of the whitened leak.
    lines : SyncLines
        The sync pattern.
    stretches : ndarray, shape (n, 2, 2)
        What is undone before scale and rotation, leak (x, y) to leak (x, y).
    coarse : int
        How many times wider the steps of the log-polar map are: less work, and it does for stretches far apart.

    Returns
    -------
    placements : list of Placement
        At most six, best first.
    """
    log_step, angle_steps = LOG_STEP * coarse, ANGLE_STEPS // coarse
    frequencies = line_frequencies(lines)
    radius, angle = np.hypot(*frequencies.T), np.arctan2(frequencies[:, 1], frequencies[:, 0])
    rows = np.rint(np.log(radius / radius.min()) / log_step).astype(np.intp)
    at, power = _polar_grid(log_step, angle_steps), line_power(spectrum)
    band = _band(len(power))
    mask, power = _log_polar(band, at, np.eye(2)), power * band
    size = (fft.next_fast_len(len(mask) + int(rows.max())), angle_steps)
    templates, workers = [], processors()
    for side in (1.0, -1.0):
        template = np.zeros(size, dtype=np.float32)
        np.add.at(template, (rows, np.rint(side * angle / np.pi * angle_steps).astype(np.intp) % angle_steps), 1)
        templates.append((side, np.conj(fft.rfft2(template, workers=workers))))
    counts = fft.irfft2(fft.rfft2(mask, size, workers=workers) * templates[0][1], size, workers=workers)[: len(mask)]
    weights = np.where(counts > LEAST_LINES, 1 / np.sqrt(np.maximum(counts, 1)), 0).astype(np.float32)
    weights[LOWEST * np.exp(np.arange(len(mask)) * log_step) / radius.min() > _most_scale(spectrum)] = 0
    trials = len(stretches) * len(templates) * weights.size * POSITIONS**2
    found: list[Placement] = []
    for stretch in stretches:
        image = fft.rfft2(_log_polar(power, at, stretch), size, workers=workers)
        for side, template in templates:
            scores = fft.irfft2(image * template, size, workers=workers)[: len(mask)] * weights
            least = found[-1].score if len(found) == KEPT else -np.inf
            for score, row, column in _peaks(scores, least):
                scale = LOWEST * np.exp(row * log_step) / radius.min()
                turn = -side * column * np.pi / angle_steps
                rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
                linear = scale * rotation @ np.diag([side, 1.0]) @ stretch
                found.append(Placement(linear, np.zeros(2), score, trials))
            found = sorted(found, key=lambda placement: -placement.score)[:KEPT]
    return found


def scales_of(spectrum: Spectrum, *, step: float) -> NDArray[np.float64]:
    """List the scales that a leak may have, so far apart in their logarithm."""
    return np.asarray(np.exp(np.arange(np.log(SCALES[0]), np.log(min(SCALES[1], _most_scale(spectrum))), step)))


def line_power(spectrum: Spectrum) -> NDArray[np.float32]:
    """Give the power of each bin, smoothed to the width of a line, with zero mean and unit spread."""
    power = np.minimum(np.abs(spectrum.values) ** 2, PEAK_LIMIT).astype(np.float32)
    power = np.asarray(cv2.GaussianBlur(power, (3, 3), 0))
    return np.asarray((power - power.mean()) / max(float(power.std()), np.finfo(np.float32).tiny), dtype=np.float32)


def _polar_grid(log_step: float, angle_steps: int) -> NDArray[np.float32]:
    """Give the frequencies of a map of (ln frequency, angle over half a turn): planes of x and y, cycles a pixel."""
    radius = LOWEST * np.exp(np.arange(0, np.log(np.hypot(0.5, 0.5) / LOWEST), log_step))
    angle = np.arange(angle_steps) * np.pi / angle_steps
    return np.stack([np.outer(radius, np.cos(angle)), np.outer(radius, np.sin(angle))]).astype(np.float32)


def _band(side: int) -> NDArray[np.float32]:
    """Give 1 for each bin of a spectrum that pixels can hold, and 0 beyond."""
    inside = (np.abs(np.arange(side) - side // 2) < HIGHEST * side).astype(np.float32)
    return np.outer(inside, inside)


def _log_polar(
    power: NDArray[np.float32], at: NDArray[np.float32], stretch: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Map a picture of the spectrum to that grid behind a stretch; 0 outside of it."""
    side = len(power)
    across, down = np.tensordot((side * stretch.T).astype(np.float32), at, axes=1) + np.float32(side // 2)
    return np.asarray(cv2.remap(power, across, down, cv2.INTER_LINEAR), dtype=np.float32)


def _peaks(scores: NDArray[np.float32], least: float) -> Iterator[tuple[float, int, int]]:
    """Yield the highest values that are apart from each other, and above the least; what is yielded is erased."""
    for _ in range(KEPT):
        row, column = np.unravel_index(int(scores.argmax()), scores.shape)
        if scores[row, column] <= least:
            return
        yield float(scores[row, column]), int(row), int(column)
        near = np.arange(column - APART, column + APART + 1) % scores.shape[1]
        scores[max(row - APART, 0) : row + APART + 1, near] = 0


def _most_scale(spectrum: Spectrum) -> float:
    """Give the scale at which the photo would be too small a part of the leak."""
    return MOST_EXTENT / max(spectrum.rows, spectrum.columns)

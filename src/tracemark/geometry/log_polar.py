"""Find the likely scales and rotations of a leak by the power of the sync lines alone, all at once."""

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import fft

from tracemark.geometry.placement import HIGHEST, KEPT, LEAST_LINES, POSITIONS, Placement, line_frequencies
from tracemark.geometry.spectrum import SIDE, Spectrum
from tracemark.geometry.sync_pattern import SyncLines

__all__ = ["log_polar_peaks", "most_scale"]

MOST_EXTENT = 4096.0  # working pixels on the leak's long side: the photo would be less than a third of the leak
LOWEST = 0.004  # cycles a leak pixel: no line is looked for below
LOG_STEP, ANGLE_STEPS = 0.004, 800  # of the log-polar map: ln frequency; steps in half a turn
PEAK_LIMIT = 8.0  # power of a bin, in local means, at which it is clipped
APART = 5  # steps of the log-polar map between placements that count as different


def log_polar_peaks(spectrum: Spectrum, lines: SyncLines, aspects: tuple[float, ...]) -> list[Placement]:
    """Find the best scales and rotations by power alone, at each aspect; the centres are not known yet."""
    frequencies = line_frequencies(lines)
    radius, angle = np.hypot(*frequencies.T), np.arctan2(frequencies[:, 1], frequencies[:, 0])
    rows = np.rint(np.log(radius / radius.min()) / LOG_STEP).astype(np.intp)
    power, mask = _power(spectrum), _log_polar(np.ones((SIDE, SIDE), dtype=np.float32), 0.0)
    size = (fft.next_fast_len(len(mask) + int(rows.max())), ANGLE_STEPS)
    templates = []
    for side in (1.0, -1.0):
        template = np.zeros(size, dtype=np.float32)
        np.add.at(template, (rows, np.rint(side * angle / np.pi * ANGLE_STEPS).astype(np.intp) % ANGLE_STEPS), 1)
        templates.append((side, np.conj(fft.rfft2(template, workers=-1))))
    counts = fft.irfft2(fft.rfft2(mask, size, workers=-1) * templates[0][1], size, workers=-1)[: len(mask)]
    weights = np.where(counts > LEAST_LINES, 1 / np.sqrt(np.maximum(counts, 1)), 0).astype(np.float32)
    weights[LOWEST * np.exp(np.arange(len(mask)) * LOG_STEP) / radius.min() > most_scale(spectrum)] = 0
    trials = len(aspects) * len(templates) * weights.size * POSITIONS**2
    found = []
    for aspect in aspects:
        image = fft.rfft2(_log_polar(power, aspect), size, workers=-1)
        stretch = np.diag(np.exp([aspect / 2, -aspect / 2]))
        for side, template in templates:
            scores = fft.irfft2(image * template, size, workers=-1)[: len(mask)] * weights
            for score, row, column in _peaks(scores):
                scale = LOWEST * np.exp(row * LOG_STEP) / radius.min()
                turn = -side * column * np.pi / ANGLE_STEPS
                rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
                linear = scale * rotation @ np.diag([side, 1.0]) @ stretch
                found.append(Placement(linear, np.zeros(2), score, trials))
    return sorted(found, key=lambda placement: -placement.score)[:KEPT]


def most_scale(spectrum: Spectrum) -> float:
    """Give the scale at which the photo would be too small a part of the leak."""
    return MOST_EXTENT / max(spectrum.rows, spectrum.columns)


def _power(spectrum: Spectrum) -> NDArray[np.float32]:
    """Give the power of each bin, smoothed to the width of a line, with zero mean and unit spread."""
    power = np.minimum(np.abs(spectrum.values) ** 2, PEAK_LIMIT).astype(np.float32)
    power = np.asarray(cv2.GaussianBlur(power, (3, 3), 0))
    return np.asarray((power - power.mean()) / max(float(power.std()), np.finfo(np.float32).tiny), dtype=np.float32)


def _log_polar(power: NDArray[np.float32], aspect: float) -> NDArray[np.float32]:
    """Map a picture of the spectrum to (ln frequency, angle over half a turn); 0 beyond what pixels can hold."""
    radius = LOWEST * np.exp(np.arange(0, np.log(np.hypot(0.5, 0.5) / LOWEST), LOG_STEP))
    angle = np.arange(ANGLE_STEPS) * np.pi / ANGLE_STEPS
    x = np.outer(radius, np.cos(angle)) * np.exp(aspect / 2)
    y = np.outer(radius, np.sin(angle)) * np.exp(-aspect / 2)
    mask = (np.maximum(np.abs(x), np.abs(y)) < HIGHEST).astype(np.float32)
    across, down = ((axis * SIDE + SIDE // 2).astype(np.float32) for axis in (x, y))
    return np.asarray(cv2.remap(power, across, down, cv2.INTER_LINEAR) * mask, dtype=np.float32)


def _peaks(scores: NDArray[np.float32]) -> Iterator[tuple[float, int, int]]:
    """Yield the highest values that are apart from each other."""
    left = scores.copy()
    for _ in range(KEPT):
        row, column = np.unravel_index(int(left.argmax()), left.shape)
        yield float(left[row, column]), int(row), int(column)
        near = np.arange(column - APART, column + APART + 1) % left.shape[1]
        left[max(row - APART, 0) : row + APART + 1, near] = 0

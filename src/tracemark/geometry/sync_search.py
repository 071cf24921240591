"""Find the scale, rotation, aspect, mirroring and position at which a leak shows the sync pattern."""

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import fft

from tracemark.geometry.spectrum import SIDE, Spectrum, values_at
from tracemark.geometry.sync_pattern import SyncLines
from tracemark.profile import PROFILE

__all__ = ["Placement", "search_any_angle", "search_aspects", "search_upright", "search_whole"]

SCALES = (0.15, 6.0)  # working pixels in a leak pixel
SCALE_STEP = 0.004  # of the logarithm; a line of 6 px drifts by 1/4 period across 750 px
WHOLE_STEP = 0.001  # of the logarithm, where the position follows from the scale
WHOLE_SIDES = (1100.0, 1640.0)  # working pixels: what the long side of a whole photo can be
LOWEST, HIGHEST = 0.004, 0.47  # cycles a leak pixel: lines outside are not counted
LOG_STEP, ANGLE_STEPS = 0.003, 900  # of the log-polar map: ln frequency; steps in half a turn
LEAST_LINES = 12  # fewer lines in reach than this cannot prove anything
PEAK_LIMIT = 8.0  # power of a bin, in local means, at which it is clipped
KEPT = 6  # placements that a search hands on
APART = 5  # steps of the log-polar map between placements that count as different
ASPECTS = np.arange(-0.12, 0.1201, 0.008)  # ln(width / height), against the photo's own
POSITIONS = 128  # positions tried a side of the tile: every 2 working pixels
CHUNK = 128  # transforms at a time: fits the processor's cache
PERTURBATION = 0.003  # first step of the refinement of the linear map, relative
HALVINGS = 5
FINE_STEP = 0.25  # working pixels
ORIENTATIONS = tuple(
    np.linalg.matrix_power(np.array([[0.0, -1.0], [1.0, 0.0]]), turn) @ np.diag([side, 1.0])
    for side in (1.0, -1.0)
    for turn in range(4)
)


@dataclass(frozen=True)
class Placement:
    """Where a leak may lie in the photo, but for whole tiles."""

    linear: NDArray[np.float64]
    """Leak (x, y) to working (x, y), shape (2, 2)."""

    centre: NDArray[np.float64]
    """Working (x, y) of the leak's centre, modulo the tile."""

    score: float
    """Correlation with the sync pattern, in standard deviations of an unmarked leak."""

    trials: int
    """How many placements the search compared."""

    @property
    def merit(self) -> float:
        """Log-likelihood less the log of the number of trials, nats: what placements are sorted by."""
        return max(self.score, 0.0) ** 2 / 2 - float(np.log(self.trials))


def search_any_angle(spectrum: Spectrum, lines: SyncLines) -> list[Placement]:
    """Search every scale, rotation and mirroring at once, at the photo's own aspect.

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

    Notes
    -----
    The power of the lines needs no position.  In log-polar coordinates scale and rotation are
    shifts, so one FFT correlates all of them (Reddy and Chatterji 1996, :doi:`10.1109/83.506761`); the best
    are then placed with phase.
    """
    return _placed(spectrum, lines, list(_log_polar_peaks(spectrum, lines, aspect=0.0)))


def search_aspects(spectrum: Spectrum, lines: SyncLines) -> list[Placement]:
    """Search every scale, rotation, mirroring and an aspect up to 12 % from the photo's own; as :func:`search_any_angle`."""
    found = [peak for aspect in ASPECTS for peak in _log_polar_peaks(spectrum, lines, aspect=float(aspect))]
    best = sorted(found, key=lambda peak: -peak[0])[:KEPT]
    return _placed(spectrum, lines, best)


def search_upright(spectrum: Spectrum, lines: SyncLines) -> list[Placement]:
    """Search every scale and position with phase, for quarter turns and mirror images only; as :func:`search_any_angle`.

    With phase, lines are found at half the strength that their power needs.
    """
    scales = np.exp(np.arange(*np.log(SCALES), SCALE_STEP))
    linear = np.concatenate([orientation * scales[:, None, None] for orientation in ORIENTATIONS])
    score, centre = _positions(spectrum, lines, linear)
    trials = len(linear) * POSITIONS**2
    order = np.argsort(-score)[: 2 * KEPT]
    rough = [Placement(linear[at], centre[at], float(score[at]), trials) for at in order]
    return _distinct([_refined(spectrum, lines, placement) for placement in rough])


def search_whole(spectrum: Spectrum, lines: SyncLines) -> list[Placement]:
    """Search the scales at which the leak is the whole photo, whose corner is the leak's; as :func:`search_any_angle`."""
    leak = np.array([spectrum.columns, spectrum.rows], dtype=np.float64)
    low, high = np.log(np.array(WHOLE_SIDES) / leak.max())
    scales = np.exp(np.arange(low, high, WHOLE_STEP))
    linear = np.concatenate([orientation * scales[:, None, None] for orientation in ORIENTATIONS])
    centre = np.abs(linear @ leak) / 2 - 1 / 2
    values, valid = _line_values(spectrum, lines, linear)
    turns = centre @ _frequencies(lines).T
    score = (values * np.exp(-2j * np.pi * turns)).real.sum(axis=-1) / np.sqrt(np.maximum(valid, LEAST_LINES) / 2)
    order = np.argsort(-score)[:KEPT]
    rough = [Placement(linear[at], centre[at], float(score[at]), len(linear)) for at in order]
    return _distinct([_refined(spectrum, lines, placement) for placement in rough])


def _log_polar_peaks(
    spectrum: Spectrum, lines: SyncLines, *, aspect: float
) -> Iterator[tuple[float, NDArray[np.float64], int]]:
    """Yield the score, the linear map and the number of trials of the best scales and rotations."""
    image, mask = _log_polar(spectrum, aspect)
    radius, angle = np.hypot(*_frequencies(lines).T), np.arctan2(*_frequencies(lines).T[::-1])
    rows = np.rint(np.log(radius / radius.min()) / LOG_STEP).astype(np.intp)
    size = (fft.next_fast_len(len(image) + int(rows.max())), ANGLE_STEPS)
    transformed = fft.rfft2(np.stack([image, mask]), size, workers=-1)
    stretch = np.diag(np.exp([aspect / 2, -aspect / 2]))
    for side in (1.0, -1.0):
        columns = np.rint(side * angle / np.pi * ANGLE_STEPS).astype(np.intp) % ANGLE_STEPS
        template = np.zeros(size, dtype=np.float32)
        np.add.at(template, (rows, columns), 1)
        sums, counts = fft.irfft2(transformed * np.conj(fft.rfft2(template, workers=-1)), size, workers=-1)
        scores = np.where(counts > LEAST_LINES, sums / np.sqrt(np.maximum(counts, 1)), 0)[: len(image)]
        trials = 2 * scores.size
        for score, row, column in _peaks(scores):
            scale = LOWEST * np.exp(row * LOG_STEP) / radius.min()
            turn = -side * column * np.pi / ANGLE_STEPS
            rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
            yield score, scale * rotation @ np.diag([side, 1.0]) @ stretch, trials


def _log_polar(spectrum: Spectrum, aspect: float) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Map the power, less its mean, to (ln frequency, angle over half a turn), and say where it is valid."""
    power = np.minimum(np.abs(spectrum.values) ** 2, PEAK_LIMIT).astype(np.float32)
    power = cv2.GaussianBlur(power, (3, 3), 0)  # lines between bins: 3 is the width of a line
    power -= power.mean()
    power /= power.std()
    radius = LOWEST * np.exp(np.arange(0, np.log(np.hypot(0.5, 0.5) / LOWEST), LOG_STEP))
    angle = np.arange(ANGLE_STEPS) * np.pi / ANGLE_STEPS
    x = np.outer(radius, np.cos(angle)) * np.exp(aspect / 2)
    y = np.outer(radius, np.sin(angle)) * np.exp(-aspect / 2)
    mask = (np.maximum(np.abs(x), np.abs(y)) < HIGHEST).astype(np.float32)
    place = [(axis * SIDE + SIDE // 2).astype(np.float32) for axis in (x, y)]
    return np.asarray(cv2.remap(power, *place, cv2.INTER_LINEAR)) * mask, mask


def _peaks(scores: NDArray[np.float32]) -> Iterator[tuple[float, int, int]]:
    """Yield the highest values that are apart from each other."""
    left = scores.copy()
    for _ in range(KEPT):
        row, column = np.unravel_index(int(left.argmax()), left.shape)
        yield float(left[row, column]), int(row), int(column)
        near = np.arange(column - APART, column + APART + 1) % left.shape[1]
        left[max(row - APART, 0) : row + APART + 1, near] = 0


def _placed(
    spectrum: Spectrum, lines: SyncLines, peaks: list[tuple[float, NDArray[np.float64], int]]
) -> list[Placement]:
    """Place peaks of power with phase; power cannot tell a picture from the same upside down."""
    best = sorted(peaks, key=lambda peak: -peak[0])[:KEPT]
    rough = [Placement(sign * linear, np.zeros(2), 0.0, trials) for _, linear, trials in best for sign in (1, -1)]
    return _distinct([_refined(spectrum, lines, placement) for placement in rough])


def _refined(spectrum: Spectrum, lines: SyncLines, placement: Placement) -> Placement:
    """Adjust the four numbers of the linear map, in ever smaller steps, and the position with them."""
    linear, step = placement.linear, PERTURBATION
    offsets = np.stack(np.meshgrid(*[(-1, 0, 1)] * 4, indexing="ij"), axis=-1).reshape(-1, 2, 2)
    for _ in range(HALVINGS):
        tried = (np.eye(2) + step * offsets) @ linear
        score, centre = _positions(spectrum, lines, tried)
        linear, step = tried[score.argmax()], step / 2
    fine = np.arange(-2, 2 + FINE_STEP, FINE_STEP)
    near = centre[score.argmax()] + np.stack(np.meshgrid(fine, fine), axis=-1).reshape(-1, 2)
    values, valid = _line_values(spectrum, lines, linear[None])
    sums = (np.exp(-2j * np.pi * near @ _frequencies(lines).T) @ values[0]).real
    best = sums.argmax()
    found = float(sums[best] / np.sqrt(max(float(valid[0]), LEAST_LINES) / 2))
    return Placement(linear, near[best] % PROFILE.tile_pixels, found, placement.trials)


def _positions(
    spectrum: Spectrum, lines: SyncLines, linear: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Find the best position of the leak's centre for each linear map, and its score."""
    values, valid = _line_values(spectrum, lines, linear)
    score = np.empty(len(linear))
    centre = np.empty((len(linear), 2))
    down, across = (lines.frequencies % POSITIONS).T
    for start in range(0, len(linear), CHUNK):
        part = slice(start, start + CHUNK)
        grid = np.zeros((len(linear[part]), POSITIONS, POSITIONS), dtype=np.complex64)
        grid[:, down, across] = values[part]
        sums = fft.fft2(grid, workers=-1, overwrite_x=True).real.reshape(len(grid), -1)
        best = sums.argmax(axis=1)
        score[part] = sums[np.arange(len(grid)), best]
        centre[part] = np.stack([best % POSITIONS, best // POSITIONS], axis=-1)
    return score / np.sqrt(np.maximum(valid, LEAST_LINES) / 2), centre * (PROFILE.tile_pixels / POSITIONS)


def _line_values(
    spectrum: Spectrum, lines: SyncLines, linear: NDArray[np.float64]
) -> tuple[NDArray[np.complex64], NDArray[np.float64]]:
    """Read the spectrum at the lines, their own phase taken off, for each linear map; count those in reach."""
    frequencies = _frequencies(lines) @ linear  # f = A^T w, as rows
    inside = np.abs(frequencies).max(axis=-1) < HIGHEST
    values = values_at(spectrum, frequencies) * np.exp(-1j * lines.phases).astype(np.complex64)
    return np.where(inside, values, 0), inside.sum(axis=-1).astype(np.float64)


def _frequencies(lines: SyncLines) -> NDArray[np.float64]:
    """Give the lines' frequencies (x, y), cycles a working pixel."""
    return lines.frequencies[:, ::-1] / PROFILE.tile_pixels


def _distinct(placements: list[Placement]) -> list[Placement]:
    """Sort by merit and drop placements that agree with a better one."""
    kept: list[Placement] = []
    for placement in sorted(placements, key=lambda candidate: -candidate.merit):
        if not any(np.allclose(placement.linear, other.linear, rtol=SCALE_STEP * 2, atol=0.01) for other in kept):
            kept.append(placement)
    return kept[:KEPT]

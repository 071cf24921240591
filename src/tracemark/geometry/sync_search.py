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
LOG_STEP, ANGLE_STEPS = 0.004, 800  # of the log-polar map: ln frequency; steps in half a turn
LEAST_LINES = 12  # fewer lines in reach than this cannot prove anything
PEAK_LIMIT = 8.0  # power of a bin, in local means, at which it is clipped
KEPT = 6  # placements that a search hands on
ROUGH = 40  # placements that a search with phase refines first
APART = 5  # steps of the log-polar map between placements that count as different
ASPECTS = tuple(
    sign * step / 100 for step in range(1, 13) for sign in (1, -1)
)  # ln(width / height), against the photo's
POSITIONS = 192  # positions tried a side of the tile: every 1.3 working pixels, a quarter of the shortest line
CHUNK = 128  # transforms at a time: fits the processor's cache
ROUNDS, SHRINKING = 8, 1.5  # of the refinement: how often it steps, and how much each step is smaller
FIRST_STEP, FIRST_SHIFT = 0.003, 1.0  # of the refinement: strain, and working pixels
SHIFTS = np.stack(np.meshgrid(np.arange(-3, 4), np.arange(-3, 4)), axis=-1).reshape(-1, 2)
STRAINS = np.array([[[1, 0], [0, 1]], [[0, -1], [1, 0]], [[1, 0], [0, -1]], [[0, 1], [1, 0]]], dtype=np.float64)
MOVES = np.concatenate([np.zeros((1, 4)), np.eye(4), -np.eye(4)])  # of the four strains, one at a time
# Expected size of each strain (scale, rotation, aspect, shear) that a search has left over.  A weak sync pattern
# would otherwise be bent to fit the noise: at a score of 5, four free strains cost the message half its energy.
LEFT_ANY_ANGLE = (0.003, 0.003, 0.002, 0.001)
LEFT_ASPECT = (0.004, 0.003, 0.006, 0.002)
LEFT_UPRIGHT = (0.003, 0.001, 0.002, 0.0005)
LEFT_WHOLE = (0.001, 0.0005, 0.002, 0.0005)
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
    return _placed(spectrum, lines, _log_polar_peaks(spectrum, lines, (0.0,)), LEFT_ANY_ANGLE)


def search_aspects(spectrum: Spectrum, lines: SyncLines) -> list[Placement]:
    """Search as :func:`search_any_angle` does, at aspects up to 12 % from the photo's own."""
    return _placed(spectrum, lines, _log_polar_peaks(spectrum, lines, ASPECTS), LEFT_ASPECT)


def search_upright(spectrum: Spectrum, lines: SyncLines) -> list[Placement]:
    """Search every scale and position with phase, for quarter turns and mirror images; as :func:`search_any_angle`.

    With phase, lines are found at half the strength that their power needs.
    """
    scales = np.exp(np.arange(np.log(SCALES[0]), np.log(SCALES[1]), SCALE_STEP))
    linear = np.concatenate([orientation * scales[:, None, None] for orientation in ORIENTATIONS])
    score, centre = _positions(spectrum, lines, linear)
    trials = len(linear) * POSITIONS**2
    order = np.argsort(-score)[:ROUGH]
    rough = [Placement(linear[at], centre[at], float(score[at]), trials) for at in order]
    return _distinct([_refined(spectrum, lines, placement, LEFT_UPRIGHT) for placement in rough])


def search_whole(spectrum: Spectrum, lines: SyncLines) -> list[Placement]:
    """Search the scales at which the leak is the whole photo, corner on corner; as :func:`search_any_angle`."""
    leak = np.array([spectrum.columns, spectrum.rows], dtype=np.float64)
    low, high = np.log(np.array(WHOLE_SIDES) / leak.max())
    scales = np.exp(np.arange(low, high, WHOLE_STEP))
    linear = np.concatenate([orientation * scales[:, None, None] for orientation in ORIENTATIONS])
    centre = np.abs(linear @ leak) / 2 - 1 / 2
    values, valid = _line_values(spectrum.values, lines, linear)
    turns = centre @ _frequencies(lines).T
    score = (values * np.exp(-2j * np.pi * turns)).real.sum(axis=-1) / np.sqrt(np.maximum(valid, LEAST_LINES) / 2)
    order = np.argsort(-score)[:ROUGH]
    rough = [Placement(linear[at], centre[at], float(score[at]), len(linear)) for at in order]
    return _distinct([_refined(spectrum, lines, placement, LEFT_WHOLE) for placement in rough])


def _log_polar_peaks(spectrum: Spectrum, lines: SyncLines, aspects: tuple[float, ...]) -> list[Placement]:
    """Find the best scales and rotations by power alone, at each aspect; the centres are not known yet."""
    frequencies = _frequencies(lines)
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


def _placed(spectrum: Spectrum, lines: SyncLines, peaks: list[Placement], left: tuple[float, ...]) -> list[Placement]:
    """Place peaks of power with phase; power cannot tell a picture from the same upside down."""
    if not peaks:
        return []
    trials = peaks[0].trials
    linear = np.stack([sign * peak.linear for peak in peaks for sign in (1, -1)])
    around = (np.eye(2) + FIRST_STEP * np.tensordot(MOVES, STRAINS, axes=1)) @ linear[:, None]
    score, centre = _positions(spectrum, lines, around.reshape(-1, 2, 2))
    best = score.reshape(len(linear), -1).argmax(axis=1) + np.arange(len(linear)) * len(MOVES)
    rough = [Placement(around.reshape(-1, 2, 2)[at], centre[at], float(score[at]), trials) for at in best]
    return _distinct([_refined(spectrum, lines, placement, left) for placement in rough])


def _refined(spectrum: Spectrum, lines: SyncLines, start: Placement, left: tuple[float, ...]) -> Placement:
    """Adjust the strains and the position in ever smaller steps, to the most probable place."""
    strain, centre, score = np.zeros(4), start.centre, start.score
    frequencies = _frequencies(lines)
    for turn in range(ROUNDS):
        tried = strain + MOVES * (FIRST_STEP / SHRINKING**turn)
        values, valid = _line_values(spectrum.sharp, lines, _strained(tried, start.linear))
        places = centre + SHIFTS * (FIRST_SHIFT / SHRINKING**turn)
        sums = (values @ np.exp(-2j * np.pi * places @ frequencies.T).T).real
        scores = sums / np.sqrt(np.maximum(valid, LEAST_LINES) / 2)[:, None]
        posterior = np.maximum(scores, 0) ** 2 / 2 - ((tried / left) ** 2).sum(axis=-1)[:, None] / 2
        move, place = np.unravel_index(int(posterior.argmax()), posterior.shape)
        strain, centre, score = tried[move], places[place], float(scores[move, place])
    linear = _strained(strain[None], start.linear)[0]
    return Placement(linear, centre % PROFILE.tile_pixels, score, start.trials)


def _strained(strains: NDArray[np.float64], linear: NDArray[np.float64]) -> NDArray[np.float64]:
    """Apply strains, shape (n, 4), to a linear map."""
    return np.asarray((np.eye(2) + np.tensordot(strains, STRAINS, axes=1)) @ linear)


def _positions(
    spectrum: Spectrum, lines: SyncLines, linear: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Find the best position of the leak's centre for each linear map, and its score."""
    values, valid = _line_values(spectrum.values, lines, linear)
    score = np.empty(len(linear))
    centre = np.empty((len(linear), 2))
    down, across = lines.frequencies.T
    twice = np.where(across == 0, np.float32(1), np.float32(1 / 2))  # the transform adds the mirrored half itself
    for start in range(0, len(linear), CHUNK):
        part = slice(start, start + CHUNK)
        grid = np.zeros((len(linear[part]), POSITIONS, POSITIONS // 2 + 1), dtype=np.complex64)
        grid[:, down % POSITIONS, across] = np.conj(values[part]) * twice
        sums = fft.irfft2(grid, norm="forward", workers=-1, overwrite_x=True).reshape(len(grid), -1)
        best = sums.argmax(axis=1)
        score[part] = sums[np.arange(len(grid)), best]
        centre[part] = np.stack([best % POSITIONS, best // POSITIONS], axis=-1)
    return score / np.sqrt(np.maximum(valid, LEAST_LINES) / 2), centre * (PROFILE.tile_pixels / POSITIONS)


def _line_values(
    bins: NDArray[np.complex64], lines: SyncLines, linear: NDArray[np.float64]
) -> tuple[NDArray[np.complex64], NDArray[np.float64]]:
    """Read the spectrum at the lines, their own phase taken off, for each linear map; count those in reach."""
    frequencies = _frequencies(lines) @ linear  # f = A^T w, as rows
    inside = np.abs(frequencies).max(axis=-1) < HIGHEST
    values = values_at(bins, frequencies) * np.exp(-1j * lines.phases).astype(np.complex64)
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

"""Place a leak with the phase of the sync lines: position first, then the four numbers of the linear map."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from tracemark.geometry.spectrum import Spectrum, turned_back, values_at
from tracemark.geometry.sync_pattern import SyncLines
from tracemark.machine import processors
from tracemark.profile import PROFILE

__all__ = [
    "HIGHEST",
    "KEPT",
    "LEAST_LINES",
    "POSITIONS",
    "SAME",
    "Placement",
    "best_positions",
    "distinct",
    "good_positions",
    "line_frequencies",
    "line_values",
    "place",
    "refine",
]

HIGHEST = 0.47  # cycles a leak pixel: lines beyond are not counted
LEAST_LINES = 12  # fewer lines in reach than this cannot prove anything
KEPT = 6  # placements that a search hands on
POSITIONS = 192  # positions tried a side of the tile: every 1.3 working pixels, a quarter of the shortest line
CHUNK = 128  # transforms at a time: fits the processor's cache
ROUNDS, SHRINKING = 8, 1.5  # of the refinement: how often it steps, and how much each step is smaller
FIRST_STEP, FIRST_SHIFT = 0.003, 1.0  # of the refinement: strain, and working pixels
SHIFTS = np.stack(np.meshgrid(np.arange(-3, 4), np.arange(-3, 4)), axis=-1).reshape(-1, 2)
STRAINS = np.array([[[1, 0], [0, 1]], [[0, -1], [1, 0]], [[1, 0], [0, -1]], [[0, 1], [1, 0]]], dtype=np.float64)
MOVES = np.concatenate([np.zeros((1, 4)), np.eye(4), -np.eye(4)])  # of the four strains, one at a time
SAME = 0.008  # working pixels a leak pixel: linear maps nearer than this are one placement


@dataclass(frozen=True, eq=False)
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


def place(spectrum: Spectrum, lines: SyncLines, peaks: list[Placement], left: tuple[float, ...]) -> list[Placement]:
    """Give scales and rotations that were found by power their position; power cannot tell upside down from upright."""
    if not peaks:
        return []
    trials = peaks[0].trials
    linear = np.stack([sign * peak.linear for peak in peaks for sign in (1, -1)])
    around = (np.eye(2) + FIRST_STEP * np.tensordot(MOVES, STRAINS, axes=1)) @ linear[:, None]
    score, centre = best_positions(spectrum, lines, around.reshape(-1, 2, 2))
    best = score.reshape(len(linear), -1).argmax(axis=1) + np.arange(len(linear)) * len(MOVES)
    rough = [Placement(around.reshape(-1, 2, 2)[at], centre[at], float(score[at]), trials) for at in best]
    return distinct(refine(spectrum, lines, rough, left))


def refine(spectrum: Spectrum, lines: SyncLines, starts: list[Placement], left: tuple[float, ...]) -> list[Placement]:
    """Adjust the strains and the positions of placements in ever smaller steps, to the most probable place of each."""
    if not starts:
        return []
    linear = np.stack([start.linear for start in starts])
    centre = np.stack([start.centre for start in starts])
    score = np.array([start.score for start in starts])
    strain = np.zeros((len(starts), len(STRAINS)))
    frequencies = line_frequencies(lines)
    each = np.arange(len(starts))
    for turn in range(ROUNDS):
        tried = strain[:, None] + MOVES * (FIRST_STEP / SHRINKING**turn)
        shifts = SHIFTS * (FIRST_SHIFT / SHRINKING**turn)
        values, valid = line_values(spectrum.sharp, lines, _strained(tried, linear[:, None]))
        about = values * turned_back(centre @ frequencies.T)[:, None]
        sums = (about @ turned_back(frequencies @ shifts.T)).real
        scores = sums / np.sqrt(np.maximum(valid, LEAST_LINES) / 2)[..., None]
        posterior = np.maximum(scores, 0) ** 2 / 2 - ((tried / left) ** 2).sum(axis=-1)[..., None] / 2
        move, shift = np.divmod(posterior.reshape(len(starts), -1).argmax(axis=1), len(SHIFTS))
        strain, centre, score = tried[each, move], centre + shifts[shift], scores[each, move, shift]
    refined = zip(_strained(strain, linear), centre % PROFILE.tile_pixels, score.tolist(), starts, strict=True)
    return [Placement(matrix, place, found, start.trials) for matrix, place, found, start in refined]


def best_positions(
    spectrum: Spectrum, lines: SyncLines, linear: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Find the best position of the leak's centre for each linear map, and its score."""
    score, centre = good_positions(spectrum, lines, linear, 1)
    return score[:, 0], centre[:, 0]


def good_positions(
    spectrum: Spectrum, lines: SyncLines, linear: NDArray[np.float64], count: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Find some positions of the leak's centre for each linear map, the best first, and their scores.

    Parameters
    ----------
    spectrum : Spectrum
        Of the whitened leak.
    lines : SyncLines
        The sync pattern.
    linear : ndarray, shape (n, 2, 2)
        Leak (x, y) to working (x, y).
    count : int
        Positions wanted for each; if more than one, local maxima.

    Returns
    -------
    score : ndarray, shape (n, count)
        As :attr:`Placement.score`.
    centre : ndarray, shape (n, count, 2)
        As :attr:`Placement.centre`.
    """
    values, valid = line_values(spectrum.values, lines, linear)
    score = np.empty((len(linear), count))
    centre = np.empty((len(linear), count, 2))
    down, across = lines.frequencies.T
    twice = np.where(across == 0, np.float32(1), np.float32(1 / 2))  # the transform adds the mirrored half itself
    for start in range(0, len(linear), CHUNK):
        part = slice(start, start + CHUNK)
        grid = np.zeros((len(linear[part]), POSITIONS, POSITIONS // 2 + 1), dtype=np.complex64)
        grid[:, down % POSITIONS, across] = np.conj(values[part]) * twice
        sums = fft.irfft2(grid, norm="forward", workers=processors(), overwrite_x=True)
        score[part], places = _highest(sums, count)
        centre[part] = np.stack([places % POSITIONS, places // POSITIONS], axis=-1)
    return score / np.sqrt(np.maximum(valid, LEAST_LINES) / 2)[:, None], centre * (PROFILE.tile_pixels / POSITIONS)


def _highest(sums: NDArray[np.float32], count: int) -> tuple[NDArray[np.float32], NDArray[np.intp]]:
    """Pick the highest values of each picture and their flat places, best first; of several only local maxima."""
    flat = sums.reshape(len(sums), -1)
    if count == 1:
        places = flat.argmax(axis=1)[:, None]
    else:
        around = np.stack([np.roll(sums, step, axis=axis) for axis in (1, 2) for step in (1, -1)])
        peaks = np.where((sums >= around).all(axis=0), sums, -np.inf).reshape(flat.shape)
        places = np.argsort(-peaks, axis=1)[:, :count]
    return np.take_along_axis(flat, places, axis=1), places


def line_values(
    bins: NDArray[np.complex64], lines: SyncLines, linear: NDArray[np.float64]
) -> tuple[NDArray[np.complex64], NDArray[np.float64]]:
    """Read the spectrum at the lines, their own phase taken off, for each linear map; count those in reach."""
    frequencies = line_frequencies(lines) @ linear  # f = A^T w, as rows
    inside = np.abs(frequencies).max(axis=-1) < HIGHEST
    values = values_at(bins, frequencies) * np.exp(-1j * lines.phases).astype(np.complex64)
    return np.where(inside, values, 0), inside.sum(axis=-1).astype(np.float64)


def line_frequencies(lines: SyncLines) -> NDArray[np.float64]:
    """Give the lines' frequencies (x, y), cycles a working pixel."""
    return lines.frequencies[:, ::-1] / PROFILE.tile_pixels


def distinct(placements: list[Placement]) -> list[Placement]:
    """Sort by merit and drop placements that agree with a better one."""
    kept: list[Placement] = []
    for placement in sorted(placements, key=lambda candidate: -candidate.merit):
        if not any(np.allclose(placement.linear, other.linear, rtol=SAME, atol=SAME) for other in kept):
            kept.append(placement)
    return kept[:KEPT]


def _strained(strains: NDArray[np.float64], linear: NDArray[np.float64]) -> NDArray[np.float64]:
    """Apply strains, shape (..., 4), to linear maps."""
    return np.asarray((np.eye(2) + np.tensordot(strains, STRAINS, axes=1)) @ linear)

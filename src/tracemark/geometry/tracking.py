"""Track the sync pattern from where a placement fits outwards, to the transform of a leak that was seen at an angle."""

from dataclasses import dataclass
from functools import cached_property
from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray

from tracemark.geometry.spectrum import turned_back
from tracemark.geometry.sync_pattern import SyncLines
from tracemark.geometry.windows import TINY, UNSEEN, WINDOW, Windows
from tracemark.transforms import Transform, corners, mapped, moving

__all__ = ["Tracked", "track"]

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]

FIRST_RADIUS, LAST_RADIUS, GROWTH = 96.0, 1024.0, 1.3  # working pixels, standard deviations of the area that counts
LEAST_WINDOWS = 16  # that must be in the leak: twice as many as there are moves
CLEAR = 30.0  # nats where tracking begins: chance does not bring as much
LOST = 0.7  # of the most nats so far: where the pattern is, it shows the clearer the more is looked at
LARGEST = 1600.0  # working pixels: half the diagonal of a leak that shows a photo on more than a small part of it
WIDEST = 2 * LARGEST  # the same of what tracking leads to, as slants widen a corner: what is wider takes all memory
REACH = 2.5  # radii beyond which nothing counts
FIRST_SHIFTS = np.stack(np.meshgrid([-1.0, 0.0, 1.0], [-1.0, 0.0, 1.0]), axis=-1).reshape(-1, 2)  # working pixels
FIRST_SLANTS = np.arange(-2.4, 2.5, 0.8)  # working pixels: how far off each slant may be where tracking begins
SLANTS = 2  # of the moves, the last ones
EXPECTED = np.array([0.7] * 6 + [1.5] * SLANTS)  # working pixels: size of each move that is still to come
STEPS, LONGEST_STEP, STILL = 8, 1.5, 0.02  # of Newton's method: how many at most, and working pixels
PARTS = 0.5 ** np.arange(4)  # of a step that are tried: where the curve is not what was expected, less is more
NEAREST = 0.2  # of the distance of the middle: no camera sees a corner so much nearer than that, or farther


@dataclass(frozen=True, eq=False)
class Tracked:
    """Where a leak lies, once the sync pattern was tracked all over it."""

    transform: Transform
    """Leak (x, y, 1) to working (x, y, 1), but for whole tiles; shape (3, 3)."""

    gain: float
    """How much likelier the sync pattern is there than where tracking began, nats."""


def track(white: Floats, start: Transform, lines: SyncLines) -> Tracked | None:
    """Follow the sync pattern from where a transform fits it best to all of a leak.

    Parameters
    ----------
    white : ndarray, shape (rows, columns), float32
        The whitened leak.
    start : ndarray, shape (3, 3)
        Leak (x, y, 1) to working (x, y, 1), but for whole tiles, that fits somewhere in the leak.
    lines : SyncLines
        The sync pattern.

    Returns
    -------
    tracked : Tracked or None
        None when the pattern is not there, or leads to where no picture can be.

    Notes
    -----
    A picture seen at an angle has another linear map everywhere: one map fits only as far as the lines drift by less
    than a quarter of their period.  There both slants are tried, and what fits best is adjusted by Newton's method in
    all eight numbers of a projective transform; then it fits farther out, where they are adjusted again, and so on, as
    far as the pattern goes: around the picture there may be a wall.  Each number is held back by how much it can still
    be off, as in :func:`~tracemark.geometry.placement.refine`.
    """
    placed = _placed(start, white.shape, LARGEST)
    if placed is None:
        return None
    extent = _extent(placed)
    everywhere = Windows.of(white, start, lines, placed)
    if np.count_nonzero(everywhere.seen) < LEAST_WINDOWS:
        return None
    centre, radius, shift = _clearest(everywhere, extent)
    transform, slants, best = moving(shift) @ start, FIRST_SLANTS, 0.0
    while True:
        near = Windows.of(white, transform, lines, np.clip(placed, centre - REACH * radius, centre + REACH * radius))
        if np.count_nonzero(near.seen) < LEAST_WINDOWS:
            return None
        fit = _Fit.around(near, centre, radius)
        move, likely = fit.likeliest(slants)
        if slants is FIRST_SLANTS and likely < CLEAR:
            return None
        if likely < LOST * best:
            break
        transform, best = fit.transform(move) @ transform, max(best, likely)
        placed = _placed(transform, white.shape, WIDEST)
        if placed is None:
            return None
        if radius >= min(_extent(placed), LAST_RADIUS):
            break
        radius, slants = radius * GROWTH, np.zeros(1)
    now = Windows.of(white, transform, lines, placed)
    return Tracked(transform, float(_likelihood(now.score) - _likelihood(everywhere.score)))


def _clearest(windows: Windows, extent: float) -> tuple[Doubles, float, Doubles]:
    """Find around which point, within which radius, and with which small shift the lines show best."""
    shown = (windows.lines @ turned_back(windows.frequencies @ FIRST_SHIFTS.T)).real.astype(np.float32)
    energy = windows.energy
    count = max(int(np.log(min(extent, LAST_RADIUS) / FIRST_RADIUS) / np.log(GROWTH)), 0) + 1
    best = (-np.inf, FIRST_RADIUS, 0)
    for radius in FIRST_RADIUS * GROWTH ** np.arange(count):
        sigma = radius / WINDOW
        # the square of a Gaussian is one of 1 / sqrt(2) the width, and 1 / (4 pi sigma**2) of its sum
        noise = _around(energy, sigma / np.sqrt(2)) / (8 * np.pi * sigma**2)
        scores = _around(shown, sigma) / np.sqrt(np.maximum(noise, UNSEEN * noise.max()))[..., None]
        at = int(scores.argmax())
        if scores.flat[at] > best[0]:
            best = (float(scores.flat[at]), float(radius), at)
    row, column, shift = np.unravel_index(best[2], shown.shape)
    return windows.centres[row, column], best[1], FIRST_SHIFTS[shift]


@dataclass(frozen=True, eq=False)
class _Fit:
    """How well the lines fit around a point after each of eight moves: two shifts, four strains, and two slants."""

    lines: NDArray[np.complex64]
    """What each of n windows shows of the lines; shape (n, lines)."""

    frequencies: Doubles
    """As of windows."""

    weights: Doubles
    """Of the windows; shape (n,)."""

    moves: Doubles
    """Working (x, y) by which a move of one pixel displaces each window, on average by that; shape (8, n, 2)."""

    mixing: Doubles
    """What independent moves are in terms of the numbers of a projective transform; shape (8, 8)."""

    frame: Transform
    """Working (x, y, 1) to radii around the point; shape (3, 3)."""

    @classmethod
    def around(cls, windows: Windows, centre: Doubles, radius: float) -> Self:
        """Look at windows near a point."""
        frame = np.array([[1, 0, -centre[0]], [0, 1, -centre[1]], [0, 0, radius]]) / radius
        place = (windows.centres - centre) / radius
        weights = np.exp(-(place**2).sum(axis=-1) / 2)
        used = windows.seen
        weights, (x, y) = weights[used], place[used].T
        no, one = np.zeros_like(x), np.ones_like(x)
        fields = ((one, no), (no, one), (x, no), (y, no), (no, x), (no, y), (x * x, x * y), (x * y, y * y))
        numbers = np.array([np.stack(field, axis=-1) for field in fields])
        _, mixed = np.linalg.qr((numbers * np.sqrt(weights)[:, None]).reshape(len(fields), -1).T)
        mixing = np.linalg.pinv(mixed) * np.sqrt(2 * weights.sum())
        moves = np.tensordot(mixing.T, numbers, axes=1)
        return cls(windows.lines[used], windows.frequencies, weights, moves, mixing, frame)

    def transform(self, move: Doubles) -> Transform:
        """Give the transform, working (x, y, 1) to working (x, y, 1), of moves; shape (8,)."""
        right, lower, xx, xy, yx, yy, wide, high = self.mixing @ move * self.frame[0, 0]
        near = np.array([[1 + xx, xy, right], [yx, 1 + yy, lower], [-wide, -high, 1]])
        return np.asarray(np.linalg.inv(self.frame) @ near @ self.frame)

    def likeliest(self, slants: Doubles) -> tuple[Doubles, float]:
        """Find the likeliest moves, shape (8,), from those on that are best among some slants; and their nats."""
        tried = np.zeros((len(slants) ** SLANTS, len(EXPECTED)))
        tried[:, -SLANTS:] = np.stack(np.meshgrid(slants, slants), axis=-1).reshape(-1, SLANTS)
        posteriors = self._posterior(tried)
        move, best = tried[posteriors.argmax()], float(posteriors.max())
        turns = 2 * np.pi * self.frequencies
        curve = np.einsum("anx,xy,bny,n->ab", self.moves, turns.T @ turns, self.moves, self.weights, optimize=True)
        curve /= self.weights.sum() * len(turns)
        for _ in range(STEPS):
            shown = self._after(move)
            total = max(float(self.weights @ shown.real.sum(axis=-1)), 0.0) / self._noise**2
            slope = np.einsum("anx,nx,n->a", self.moves, shown.imag @ turns, self.weights, optimize=True)
            hold = EXPECTED**-2.0
            step = np.linalg.solve(total**2 * self._noise**2 * curve + np.diag(hold), total * slope - hold * move)
            step *= min(1.0, LONGEST_STEP / max(float(np.abs(step).max()), STILL))
            posteriors = self._posterior(move + PARTS[:, None] * step)
            if posteriors.max() <= best:
                break
            move, best = move + PARTS[posteriors.argmax()] * step, float(posteriors.max())
            if np.abs(step).max() < STILL:
                break
        return move, best

    @cached_property
    def _noise(self) -> float:
        """Standard deviation of the weighted sum over all lines."""
        energy = (np.abs(self.lines) ** 2).sum(axis=-1)
        return float(np.sqrt(max(float(self.weights**2 @ energy) / 2, TINY)))

    def _after(self, moves: Doubles) -> NDArray[np.complex64]:
        """Give what the windows show of the lines after moves, shape (..., 8); shape (..., n, lines)."""
        return np.asarray(self.lines * turned_back(np.tensordot(moves, self.moves, axes=1) @ self.frequencies.T))

    def _posterior(self, moves: Doubles) -> Doubles:
        """Say how likely moves are, shape (n, 8), nats."""
        scores = self._after(moves).real.sum(axis=-1) @ self.weights / self._noise
        return np.asarray(_likelihood(scores) - ((moves / EXPECTED) ** 2).sum(axis=-1) / 2)


def _likelihood(score: float | Doubles) -> Doubles:
    """Turn scores into nats."""
    return np.asarray(np.maximum(score, 0.0) ** 2 / 2)


def _placed(transform: Transform, shape: tuple[int, ...], most: float) -> Doubles | None:
    """Give the working (x, y) of a leak's corners, shape (4, 2), where a camera can have seen them so near."""
    ends = corners(shape)
    nearness = ends @ transform[2, :2] + transform[2, 2]
    nearness /= nearness.mean()
    if nearness.min() <= NEAREST or nearness.max() >= 1 / NEAREST:
        return None
    placed = mapped(transform, ends)
    return placed if _extent(placed) <= most else None


def _extent(placed: Doubles) -> float:
    """Give half the diagonal of what corners span, working pixels."""
    return float(np.hypot(*np.ptp(placed, axis=0))) / 2


def _around(values: Floats, sigma: float) -> Floats:
    """Average over the neighbourhood, nothing beyond the border; shape (rows, columns) or (rows, columns, n)."""
    return np.asarray(cv2.GaussianBlur(values, (0, 0), sigma, borderType=cv2.BORDER_CONSTANT))

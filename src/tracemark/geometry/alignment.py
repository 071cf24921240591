"""Refine a transform from coarse to fine until leak and original coincide."""

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from tracemark.geometry.displacement import Detail, Displacement, details, displacements, doubted, middle, softened
from tracemark.geometry.straightening import Sight, bring, reduced
from tracemark.transforms import Transform, density, resizing

__all__ = ["Scaled", "align", "compare", "fits", "pyramid"]

Floats = NDArray[np.float32]

COARSEST = 160  # pixels: long side of the coarsest picture compared
ROUNDS = 5  # at most, on each level
STILL = 0.02  # pixels of the level: a round that moves no corner further is the last
SPARSE = 0.45  # leak pixels in a pixel below which a level is too fine for the leak, and left out
STRAY = 0.3  # pixels that a block may be off because the leak is bent
PRIOR = 4.0  # pixels: expected move of any of the eight numbers, in a round
REWEIGHTINGS = 4


@dataclass(frozen=True, eq=False)
class Scaled:
    """The original at one level of the pyramid."""

    luma: Floats
    """Shape (rows, columns)."""

    weights: Floats
    """1 where the original shows the photo, 0 where it was filled up; shape (rows, columns)."""

    transform: Transform
    """Original (x, y, 1) to this level's (x, y, 1)."""

    @cached_property
    def detail(self) -> Floats:
        """Give the middle frequencies, with which every round of aligning compares the leak."""
        return middle(self.luma)


def pyramid(original: Floats, extent: tuple[float, float] | None = None) -> list[Scaled]:
    """Halve the original, of which the photo fills so many rows and columns, until it is small; coarsest first."""
    weights = np.ones_like(original)
    if extent is not None:
        weights[int(extent[0]) :] = 0
        weights[:, int(extent[1]) :] = 0
    levels = [Scaled(original, weights, np.eye(3))]
    while max(levels[0].luma.shape) > COARSEST * np.sqrt(2):
        finer = levels[0]
        size = tuple(max(round(side / 2), 1) for side in finer.luma.shape[::-1])
        luma, weights = (
            np.asarray(cv2.resize(values, size, interpolation=cv2.INTER_AREA), dtype=np.float32)
            for values in (finer.luma, finer.weights)
        )
        whole = (weights >= 1).astype(np.float32)
        levels.insert(0, Scaled(luma, whole, resizing(original.shape, luma.shape)))
    return levels


def compare(straight: Sight, level: Scaled) -> tuple[Detail, Detail]:
    """Take the detail of a straightened leak and of the original where both are to be believed."""
    weights = straight.weights * level.weights
    if weights.all():
        return Detail(middle(straight.luma), weights), Detail(level.detail, weights)
    return details(straight.luma, level.luma, weights)


def fits(leak: Sight, level: Scaled, transform: Transform) -> bool:
    """Tell whether a leak has pixels enough for a level."""
    return density(level.transform @ transform, leak.luma.shape) >= SPARSE


def align(leak: Sight, levels: list[Scaled], start: Transform) -> Transform:
    """Move a transform until what the leak shows lies where the original shows it.

    Parameters
    ----------
    leak : Sight
        The leak.
    levels : list of Scaled
        The original's :func:`pyramid`.
    start : ndarray, shape (3, 3)
        Leak (x, y, 1) to original (x, y, 1), a few per cent off at most.

    Returns
    -------
    transform : ndarray, shape (3, 3)
    """
    transform = start
    for level in levels:
        if not fits(leak, level, transform) and level is not levels[0]:
            break
        small, back = reduced(leak, density(level.transform @ transform, leak.luma.shape))
        here = level.transform @ transform @ back
        for _ in range(ROUNDS):
            straight = bring(small, here, (level.luma.shape[0], level.luma.shape[1]))
            if not straight.weights.any():
                return start
            moved = displacements(*compare(straight, level))
            correction, largest = _correction(moved, (level.luma.shape[0], level.luma.shape[1]))
            here = correction @ here
            if largest < STILL:
                break
        transform = np.linalg.inv(level.transform) @ here @ np.linalg.inv(back)
    return np.asarray(transform / transform[2, 2], dtype=np.float64)


def _correction(moved: Displacement, shape: tuple[int, int]) -> tuple[Transform, float]:
    """Fit the eight numbers of a small transform to what the blocks say; also give its largest move, pixels."""
    rows, columns = moved.cover.shape
    x, y = np.meshgrid((np.arange(columns) + 1 / 2) / columns, (np.arange(rows) + 1 / 2) / rows)
    seen = moved.information[..., 0, 0] + moved.information[..., 1, 1] > 0
    if not seen.any():
        return np.eye(3), 0.0
    full = np.array([shape[1], shape[0]])
    place = np.stack([x[seen], y[seen]], axis=-1) * full - 1 / 2
    centre = (place.max(axis=0) + place.min(axis=0)) / 2
    radius = max(float(np.ptp(place, axis=0).max()) / 2, 1.0)
    x, y = ((place - centre) / radius).T
    zero, one = np.zeros_like(x), np.ones_like(x)
    # (x', y') = (x, y) + (a0 + a1 x + a2 y + a6 x**2 + a7 x y, a3 + a4 x + a5 y + a6 x y + a7 y**2)
    design = np.stack(
        [np.stack([one, x, y, zero, zero, zero, x * x, x * y]), np.stack([zero, zero, zero, one, x, y, x * y, y * y])]
    ).transpose(2, 0, 1)
    information = softened(moved.information[seen], STRAY)
    a = _robust_fit(design, information, moved.offset[seen])
    step = np.array([[1 + a[1], a[2], a[0]], [a[4], 1 + a[5], a[3]], [0, 0, 1.0]])
    step[:2] = np.eye(3)[:2] + (step[:2] - np.eye(3)[:2]) / radius
    step[2, :2] = -a[6:] / radius
    unit = np.array([[1 / radius, 0, -centre[0] / radius], [0, 1 / radius, -centre[1] / radius], [0, 0, 1]])
    return np.linalg.inv(unit) @ step @ unit, float(np.abs(design @ a).max())


def _robust_fit(
    design: NDArray[np.float64], information: NDArray[np.float64], offset: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Fit numbers to offsets, blocks that stray weighing less and less."""
    numbers = np.zeros(design.shape[-1])
    weight = np.ones(len(design))
    for _ in range(REWEIGHTINGS):
        weighted = information * weight[:, None, None]
        left = np.einsum("nip,nij,njq->pq", design, weighted, design, optimize=True)
        right = np.einsum("nip,nij,nj->p", design, weighted, offset, optimize=True)
        numbers = np.linalg.solve(left + np.eye(len(left)) / PRIOR**2, right)
        weight = doubted(information, offset - design @ numbers)
    return numbers

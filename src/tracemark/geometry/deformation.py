"""Describe how a leak is bent: a smooth field, no more uneven than what the blocks say makes likely."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from tracemark.geometry.displacement import WINDOW, Displacement, doubted, softened

__all__ = ["Field", "bend", "flat", "sampled"]

WAVELENGTH = 250.0  # pixels: shortest wave of the field; a screen's or a page's are far longer
BEYOND = 0.15  # of the sides, by which the waves reach beyond the picture
DECAY = 4.0  # power of the frequency with which the waves' expected energy falls
KNEE = 2.0  # waves along the long side at which it begins to fall
SIZES = (0.01, 0.04, 0.16, 0.6, 2.5)  # pixels: expected size of the longest waves, of which the likeliest is taken
REWEIGHTINGS = 2
STRAY = 0.05  # pixels that a block may be off for reasons of its own


@dataclass(frozen=True, eq=False)
class Field:
    """A smooth displacement as a sum of cosine waves."""

    waves: NDArray[np.float64]
    """Sizes in pixels; shape (waves down, waves across, 2), the last axis (x, y)."""

    size: float
    """Expected size of the longest waves, pixels: 0.01 for a leak that is not bent."""


def flat(shape: tuple[int, int]) -> Field:
    """Make a field of nothing for an original of a shape."""
    down, across = (int(2 * side * (1 + 2 * BEYOND) / WAVELENGTH) + 2 for side in shape)
    return Field(np.zeros((down, across, 2)), 0.0)


def sampled(field: Field, shape: tuple[int, int]) -> NDArray[np.float32]:
    """Give the field at every pixel of a picture of the original, whatever its resolution.

    Parameters
    ----------
    field : Field
        The field.
    shape : tuple of int
        Rows and columns.

    Returns
    -------
    displacement : ndarray, shape (rows, columns, 2), float32
        (x, y) in pixels of the original.
    """
    down, across = (_waves(side, waves) for side, waves in zip(shape, field.waves.shape[:2], strict=True))
    displacement = np.empty((*shape, 2), dtype=np.float32)
    for axis in (0, 1):
        displacement[..., axis] = (down @ field.waves[..., axis]).astype(np.float32) @ across.T.astype(np.float32)
    return displacement


def _waves(points: int, waves: int) -> NDArray[np.float64]:
    """Evaluate cosine waves at the middle of each of so many equal parts; shape (points, waves)."""
    place = (np.arange(points) + 1 / 2) / points
    # waves end level; a bend need not, so they end outside of the picture
    return np.cos(np.pi * np.outer((place + BEYOND) / (1 + 2 * BEYOND), np.arange(waves)))


def bend(field: Field, moved: Displacement, *, scale: float) -> Field:
    """Correct a field by what the blocks say once it has been applied.

    Parameters
    ----------
    field : Field
        The field that the leak was straightened with.
    moved : Displacement
        What is left, in pixels of the picture compared.
    scale : float
        Pixels of that picture in a pixel of the original.

    Returns
    -------
    field : Field
        The likeliest in all.

    Notes
    -----
    The waves' sizes are given a normal prior whose variance falls with the fourth power of the frequency.  Its size is
    the one of ``SIZES`` that makes what the blocks say most probable (the evidence), so that a flat leak stays flat.
    """
    shape = (moved.cover.shape[0], moved.cover.shape[1])
    waves = (field.waves.shape[0], field.waves.shape[1])
    basis = _Basis(_waves(shape[0], waves[0]), _waves(shape[1], waves[1]))
    # windows overlap, so every block is told about WINDOW**2 times
    information = softened(moved.information * scale**2, STRAY) / WINDOW**2
    if not information.any():
        return field
    target = basis.sums(field.waves) - moved.offset / scale
    prior = _prior(waves, shape)
    weight, sizes = np.ones(shape), list(SIZES)
    for _ in range(REWEIGHTINGS):
        left, right, energy = _equations(basis, information * weight[..., None, None], target)
        tried = [_evidence(left, right, energy, size**2 * prior, size) for size in sizes]
        _, size, solution = max(tried, key=lambda each: each[0])
        found = solution.reshape(2, *waves).transpose(1, 2, 0)
        weight, sizes = doubted(information, target - basis.sums(found)), [size]
    return Field(found, size)


@dataclass(frozen=True, eq=False)
class _Basis:
    """Cosine waves down and across, at the middle of each block; a wave of the field is a product of two."""

    down: NDArray[np.float64]
    """Shape (rows, waves down)."""

    across: NDArray[np.float64]
    """Shape (columns, waves across)."""

    def sums(self, waves: NDArray[np.float64]) -> NDArray[np.float64]:
        """Add waves up in every block; shape (rows, columns, 2)."""
        return np.asarray(np.einsum("yi,ijk,xj->yxk", self.down, waves, self.across, optimize=True))

    def onto(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Correlate values, a number for each block, with every wave; shape (waves,)."""
        return np.asarray(self.down.T @ values @ self.across).ravel()

    def gram(self, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """Correlate every wave with every wave, blocks weighing as they are told; shape (waves, waves).

        Down and across are summed one after the other, a hundredth of the work of summing over blocks.
        """
        down, across = (np.einsum("yi,yk->yik", one, one).reshape(len(one), -1) for one in (self.down, self.across))
        i, j = self.down.shape[1], self.across.shape[1]
        pairs = (down.T @ (weights @ across)).reshape(i, i, j, j)
        return np.asarray(pairs.transpose(0, 2, 1, 3).reshape(i * j, i * j))


def _prior(waves: tuple[int, ...], shape: tuple[int, int]) -> NDArray[np.float64]:
    """Give the expected squared size of each wave, of x and then of y, for a longest wave of 1."""
    long = max(shape)
    frequency = np.hypot(
        np.arange(waves[0])[:, None] / 2 * long / shape[0], np.arange(waves[1])[None, :] / 2 * long / shape[1]
    )
    return np.tile(1 / (1 + (frequency / KNEE) ** DECAY).ravel(), 2)


def _equations(
    basis: _Basis, information: NDArray[np.float64], target: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
    """Write the normal equations of both directions as one system."""
    pull = np.einsum("yxij,yxj->yxi", information, target)
    along, both, across = (basis.gram(information[..., i, j]) for i, j in ((0, 0), (0, 1), (1, 1)))
    return (
        np.block([[along, both], [both, across]]),
        np.concatenate([basis.onto(pull[..., i]) for i in (0, 1)]),
        float((target * pull).sum()),
    )


def _evidence(
    left: NDArray[np.float64], right: NDArray[np.float64], energy: float, prior: NDArray[np.float64], size: float
) -> tuple[float, float, NDArray[np.float64]]:
    """Solve for the waves under a prior; give twice the log evidence (but for a constant), the size and the waves."""
    root = np.sqrt(prior)
    # in units of the prior the equations are (1 + R N R) z = R b
    factor = linalg.cholesky(np.eye(len(left)) + root[:, None] * left * root, lower=True, check_finite=False)
    half = linalg.solve_triangular(factor, root * right, lower=True, check_finite=False)
    waves = root * linalg.solve_triangular(factor, half, lower=True, trans=1, check_finite=False)
    return float(half @ half - energy - 2 * np.log(np.diag(factor)).sum()), size, waves

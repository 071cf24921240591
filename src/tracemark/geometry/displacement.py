"""Measure how far the picture is displaced, block by block, whatever happened to its light."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = [
    "INDEPENDENT",
    "WINDOW",
    "Detail",
    "Displacement",
    "details",
    "displacements",
    "doubted",
    "middle",
    "softened",
]

Floats = NDArray[np.float32]

STEP = 16  # pixels between blocks
PART = 4  # pixels that are averaged first
WINDOW = 3  # blocks averaged each way: a displacement is measured in 48 x 48 pixels
FINE = 0.8  # pixels: standard deviation of the smoothing
BROAD = 15  # pixels: side of the box that twice averages what is not detail; a standard deviation of 6
SLOPE = np.array([1, -8, 0, 8, -1], dtype=np.float32) / 12  # derivative, exact to the fourth power of the frequency
INDEPENDENT = 0.15  # independent samples a pixel: detail is smooth, and so is its noise
LEAST_COVER = 0.3  # of a window that must show the photo
REACH = 2.0  # pixels: a straight line describes detail no further
RESIDUE = 1e-9  # squared luma levels: running sums leave up to a thousandth of this, of either sign, where nothing is
FLOOR = 0.3  # luma levels: noise below which no residual is believed; rounding alone gives this
HEAVY = 4.0  # squared deviations at which a block's weight is halved


@dataclass(frozen=True, eq=False)
class Detail:
    """The middle frequencies of a picture, and where they are to be trusted."""

    values: Floats
    """Luma levels about the local mean; shape (rows, columns)."""

    weights: Floats
    """0 to 1; shape (rows, columns)."""


@dataclass(frozen=True, eq=False)
class Displacement:
    """What every block says about its displacement, as a quadratic: information times (displacement - d)**2."""

    information: NDArray[np.float64]
    """Inverse covariance of (x, y), 1 / pixels**2; shape (blocks down, blocks across, 2, 2); 0 where nothing shows."""

    offset: NDArray[np.float64]
    """(x, y) that is added to a place of the straightened leak to give its place in the original; pixels."""

    likeness: Floats
    """Correlation of each block after the displacement is allowed for; shape (blocks down, blocks across)."""

    cover: Floats
    """Share of each window that counts."""


def details(leak: Floats, original: Floats, weights: Floats) -> tuple[Detail, Detail]:
    """Keep the middle frequencies of two pictures, without letting anything of weight 0 leak into them.

    Parameters
    ----------
    leak, original : ndarray, shape (rows, columns), float32
        Pixel on pixel.
    weights : ndarray, shape (rows, columns), float32
        0 to 1.

    Returns
    -------
    leak, original : Detail
        Both with the weights.
    """
    fine, broad = (np.maximum(smooth(weights), np.finfo(np.float32).eps) for smooth in (_fine, _broad))

    def detail(luma: Floats) -> Detail:
        weighted = luma * weights
        return Detail(np.asarray(_fine(weighted) / fine - _broad(weighted) / broad, dtype=np.float32), weights)

    return detail(leak), detail(original)


def middle(luma: Floats) -> Floats:
    """Keep the middle frequencies of a picture that is believed everywhere; of its shape."""
    return _fine(luma) - _broad(luma)


def _fine(values: Floats) -> Floats:
    """Smooth away what noise and block borders have in every pixel."""
    return np.asarray(cv2.GaussianBlur(values, (0, 0), FINE), dtype=np.float32)


def _broad(values: Floats) -> Floats:
    """Average a neighbourhood; two boxes are nearly a Gaussian, and faster."""
    return np.asarray(cv2.blur(cv2.blur(values, (BROAD, BROAD)), (BROAD, BROAD)), dtype=np.float32)


def displacements(leak: Detail, original: Detail) -> Displacement:
    """Compare a leak that is nearly in place with the original.

    Parameters
    ----------
    leak : Detail
        Brought to the original's pixels.
    original : Detail
        With the same weights.

    Returns
    -------
    displacement : Displacement
        Of blocks of 16 pixels, each measured with its neighbours.

    Notes
    -----
    In each window leak = g * original + p * d original / dx + q * d original / dy + noise is solved for g, p, q by
    least squares; the displacement is (p, q) / g (Lucas and Kanade 1981, with a gain). Noise is what remains.
    """
    o, w = original.values, leak.weights
    still = np.ones(1, dtype=np.float32)
    regressors = [o, *(np.asarray(cv2.sepFilter2D(o, -1, *axes)) for axes in ((SLOPE, still), (still, SLOPE)))]
    size = tuple(max(round(side / STEP), 1) for side in o.shape[::-1])
    area = (o.shape[0] / size[1]) * (o.shape[1] / size[0]) * WINDOW**2

    # OpenCV averages whole numbers of pixels ten times as fast; pixels beyond, at the edge, are left out
    down, across = (max(side // PART, 1) for side in o.shape)

    def window(product: Floats) -> NDArray[np.float64]:
        parts = cv2.resize(product[: down * PART, : across * PART], (across, down), interpolation=cv2.INTER_AREA)
        blocks = cv2.resize(parts, size, interpolation=cv2.INTER_AREA).astype(np.float64)
        return np.asarray(cv2.boxFilter(blocks, -1, (WINDOW, WINDOW), borderType=cv2.BORDER_CONSTANT))

    weighted = [w * regressor for regressor in regressors]
    square = np.empty((*size[::-1], 3, 3))
    for i, j in ((0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2)):
        square[..., i, j] = square[..., j, i] = window(weighted[i] * regressors[j])
    right = np.stack([window(one * leak.values) for one in weighted], axis=-1)
    energy = window(w * leak.values**2)
    cover = window(w)
    return _solved(square, right, energy, cover, area)


def _solved(
    square: NDArray[np.float64],
    right: NDArray[np.float64],
    energy: NDArray[np.float64],
    cover: NDArray[np.float64],
    area: float,
) -> Displacement:
    """Solve the normal equations of all blocks at once."""
    tiny = np.finfo(np.float32).tiny
    ridge = np.finfo(np.float32).eps * np.abs(np.trace(square, axis1=-2, axis2=-1)) + RESIDUE
    solution = np.linalg.solve(square + ridge[..., None, None] * np.eye(3), right[..., None])[..., 0]
    explained = (solution * right).sum(axis=-1)
    residual = np.maximum(energy - explained, 0)
    gain = solution[..., 0]
    alone = _possible(
        square[..., 1:, 1:] - square[..., 1:, :1] * square[..., :1, 1:] / np.maximum(square[..., :1, :1], tiny)
    )
    noise = residual / np.maximum(cover, tiny) + FLOOR**2
    usable = (gain > tiny) & (cover > LEAST_COVER)
    offset = np.where(usable[..., None], solution[..., 1:] / np.where(usable, gain, 1)[..., None], 0)
    far = np.linalg.norm(offset, axis=-1)
    offset *= np.minimum(1, REACH / np.maximum(far, tiny))[..., None]
    count = area * INDEPENDENT  # the windows' means are of the whole area
    sure = usable * gain**2 * count / noise * np.minimum(1, (REACH / np.maximum(far, tiny)) ** 2)
    likeness = np.where(usable, np.sqrt(np.clip(explained / (energy + cover * FLOOR**2 + tiny), 0, 1)), 0)
    return Displacement(alone * sure[..., None, None], offset, likeness.astype(np.float32), cover.astype(np.float32))


def _possible(information: NDArray[np.float64]) -> NDArray[np.float64]:
    """Take away what cannot be: of blocks that hardly show detail, rounding may leave less than no information."""
    spread = np.sqrt(np.maximum(np.diagonal(information, axis1=-2, axis2=-1), 0))
    most = spread[..., :, None] * spread[..., None, :]
    return np.asarray(np.clip(information, -most, most))


def softened(information: NDArray[np.float64], stray: float) -> NDArray[np.float64]:
    """Allow blocks to be off by a little more than they say: (information**-1 + stray**2)**-1."""
    square = information * stray**2
    return np.asarray(np.linalg.solve(np.eye(2) + square, information))


def doubted(information: NDArray[np.float64], stray: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give weights to blocks, less to those whose offset strays from what was fitted; of the shape of the blocks."""
    return np.asarray(1 / (1 + np.einsum("...i,...ij,...j->...", stray, information, stray) / HEAVY))

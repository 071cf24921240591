"""Put an original through what a leak went through, as far as the leak shows it: cropped, resized and saved as JPEG."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.fft import dctn

from tracemark.signal.luma import PEAK

if TYPE_CHECKING:
    from scipy.sparse import csr_array

__all__ = ["Box", "likely_qualities", "simulate"]

Floats = NDArray[np.float32]
Kernel = Callable[[NDArray[np.float64], float], NDArray[np.float64]]

BLOCK = 8  # pixels on a side of what a DCT covers, ITU-T T.81 A.3.3
QUALITIES = np.arange(5, 99)  # beyond, steps are too small to be told from rounding
# Luma quantisation of ITU-T T.81 table K.1, scaled by quality as the Independent JPEG Group's library does.
TABLE_K1 = np.array(
    [
        [16, 11, 10, 16, 24, 40, 51, 61],
        [12, 12, 14, 19, 26, 58, 60, 55],
        [14, 13, 16, 24, 40, 57, 69, 56],
        [14, 17, 22, 29, 51, 87, 80, 62],
        [18, 22, 37, 56, 68, 109, 103, 77],
        [24, 35, 55, 64, 81, 104, 113, 92],
        [49, 64, 78, 87, 103, 121, 120, 101],
        [72, 92, 95, 98, 112, 100, 103, 99],
    ]
)
EVEN_QUALITY, MOST_STEP = 50, 255  # quality at which the table stands as it is; baseline JPEG's largest step
ROUNDING = 0.6  # spread that rounding to whole levels leaves in a coefficient
MISFIT = 2.0  # nats: what one coefficient may speak against a quality, as those of clipped blocks fit none
LIKELY = 5  # qualities that are tried
BLOCKS = 500  # of a leak, that are looked at
GAIN = 0.95  # share of the difference's power that may be left when JPEG is simulated, too
LOBES = 3  # of the Lanczos kernel on each side


@dataclass(frozen=True)
class Box:
    """A rectangle of a picture, pixels; edges, so that a whole picture is 0, 0, rows, columns."""

    top: float
    """First row's upper edge."""
    left: float
    """First column's left edge."""
    bottom: float
    """Last row's lower edge."""
    right: float
    """Last column's right edge."""


def simulate(leak: Floats, original: Floats, boxes: Sequence[Box]) -> tuple[Floats, Box] | None:
    """Crop, resize and save the original as the leak was.

    Parameters
    ----------
    leak : ndarray, shape (rows, columns), float32
        Luma of the leak.
    original : ndarray, float32
        Luma of the original.
    boxes : sequence of Box
        What the leak may show of the original.

    Returns
    -------
    simulated : (ndarray, Box) or None
        What the leak would be without a mark, shape (rows, columns), float32, and the box that it shows.  None when
        the leak is no JPEG of standard tables, or no box becomes more like it by being saved.

    Notes
    -----
    Where two pictures that differ by a faint mark are quantised alike, most coefficients get the same
    value, and the errors of quantisation cancel in the difference.
    """
    qualities = likely_qualities(leak)
    if not qualities or not boxes:
        return None
    shape = (leak.shape[0], leak.shape[1])
    resized = [
        (_resize(original, box, shape, *kernel), box)
        for box in boxes
        for kernel in (KERNELS[:1] if _untouched(box, shape) else KERNELS)
    ]
    # compared once they are saved: by itself, JPEG makes a leak more like what was resized too smoothly
    nearest, box = min(resized, key=lambda one: _power(leak - _saved(one[0], qualities[0])))
    simulated = min((_saved(nearest, quality) for quality in qualities), key=lambda luma: _power(leak - luma))
    return (simulated, box) if _power(leak - simulated) < GAIN * _power(leak - nearest) else None


def likely_qualities(luma: Floats) -> list[int]:
    """List the likely qualities of the JPEG that a picture was read from.

    Parameters
    ----------
    luma : ndarray, shape (rows, columns), float32
        Luma, 0 to 255.

    Returns
    -------
    qualities : list of int
        As the Independent JPEG Group's library counts them, likeliest first; empty when there is no whole block.
    """
    rows, columns = (side // BLOCK for side in luma.shape)
    if not rows * columns:
        return []
    cut = luma[: rows * BLOCK, : columns * BLOCK].reshape(rows, BLOCK, columns, BLOCK).swapaxes(1, 2)
    blocks = cut.reshape(-1, BLOCK, BLOCK)[:: max(rows * columns // BLOCKS, 1)] - np.float32((PEAK + 1) / 2)
    coefficients = np.asarray(dctn(blocks, axes=(1, 2), norm="ortho"), dtype=np.float32)
    fits = [_fit(coefficients, _steps(int(quality))) for quality in QUALITIES]
    return [int(QUALITIES[at]) for at in np.argsort(fits)[::-1][:LIKELY]]


def _saved(luma: Floats, quality: int) -> Floats:
    """Save as JPEG and read again."""
    levels = np.clip(np.rint(luma), 0, PEAK).astype(np.uint8)
    _, coded = cv2.imencode(".jpg", levels, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE), dtype=np.float32)


def _steps(quality: int) -> NDArray[np.int64]:
    """Give the quantisation steps of a quality."""
    percent = 5000 // quality if quality < EVEN_QUALITY else 200 - 2 * quality  # as jcparam.c has it
    return np.asarray(np.clip((TABLE_K1 * percent + 50) // 100, 1, MOST_STEP))


def _fit(coefficients: Floats, steps: NDArray[np.int64]) -> float:
    """Say how much likelier the coefficients are if they lie on the grid of the steps than if anywhere; nats each."""
    multiple = np.rint(coefficients / steps)
    off = (coefficients - steps * multiple) / np.float32(ROUNDING)
    # a coefficient at 0 says nothing: most are small in any picture
    peak = np.where(multiple != 0, np.log(steps / (ROUNDING * np.sqrt(2 * np.pi))), 0)
    return float(np.mean(np.maximum(peak - off**2 / 2, -MISFIT)))


def _power(difference: Floats) -> float:
    """Give the mean square."""
    return float(np.mean(difference.astype(np.float64) ** 2))


def _untouched(box: Box, shape: tuple[int, int]) -> bool:
    """Tell whether a box was cut out pixel by pixel: every kernel then gives the same."""
    whole = not box.top % 1 and not box.left % 1
    return whole and box.bottom - box.top == shape[0] and box.right - box.left == shape[1]


def _resize(luma: Floats, box: Box, shape: tuple[int, int], kernel: Kernel, widened: bool) -> Floats:
    """Resize a box of a picture, each axis by itself; a widened kernel covers all pixels of a picture made smaller."""
    down = _weights(luma.shape[0], box.top, box.bottom, shape[0], kernel, widened=widened)
    across = _weights(luma.shape[1], box.left, box.right, shape[1], kernel, widened=widened)
    return np.asarray((across @ (down @ luma).T).T, dtype=np.float32)


def _weights(count: int, low: float, high: float, wanted: int, kernel: Kernel, *, widened: bool) -> "csr_array":
    """Give what each pixel of an axis adds to each of those wanted; a sparse matrix of shape (wanted, count)."""
    from scipy.sparse import csr_array  # takes a fifth of a second, and marking a photo never comes here

    step = (high - low) / wanted
    wide = max(step, 1.0) if widened else 1.0
    centres = low + (np.arange(wanted) + 1 / 2) * step
    reach = math.ceil(LOBES * wide)
    pixel = np.floor(centres)[:, None].astype(np.intp) + np.arange(-reach, reach + 1)
    weights = np.where((pixel >= 0) & (pixel < count), kernel((pixel + 1 / 2 - centres[:, None]) / wide, 1 / wide), 0)
    weights /= np.maximum(weights.sum(axis=1, keepdims=True), np.finfo(np.float32).eps)
    rows = np.arange(0, pixel.size + 1, pixel.shape[1])
    return csr_array((weights.ravel().astype(np.float32), np.clip(pixel, 0, count - 1).ravel(), rows), (wanted, count))


def _area(apart: NDArray[np.float64], pixel: float) -> NDArray[np.float64]:
    """Say how much of a pixel lies in the output pixel."""
    return np.asarray(np.clip((1 + pixel) / 2 - np.abs(apart), 0, pixel))


def _linear(apart: NDArray[np.float64], _: float) -> NDArray[np.float64]:
    """Give a triangle."""
    return np.asarray(np.maximum(1 - np.abs(apart), 0))


def _cubic(apart: NDArray[np.float64], _: float, *, a: float) -> NDArray[np.float64]:
    """Give the cubic of Keys (1981, :doi:`10.1109/TASSP.1981.1163711`) with its parameter."""
    size = np.abs(apart)
    near = ((a + 2) * size - (a + 3)) * size**2 + 1
    far = a * (((size - 5) * size + 8) * size - 4)
    return np.where(size < 1, near, np.where(size < 2, far, 0))


def _lanczos(apart: NDArray[np.float64], _: float) -> NDArray[np.float64]:
    """Give a sinc under a sinc."""
    return np.where(np.abs(apart) < LOBES, np.sinc(apart) * np.sinc(apart / LOBES), 0)


KERNELS: tuple[tuple[Kernel, bool], ...] = (
    # kernel, widened when the picture gets smaller
    (_area, True),
    (_linear, True),
    (partial(_cubic, a=-0.5), True),
    (_lanczos, True),
    (_linear, False),
    (partial(_cubic, a=-0.75), False),
)

"""Put an original through what a leak went through, as far as the leak shows it: cropped, resized and saved as JPEG."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tracemark.signal.jpeg_quality import left_when_saved, likeliest_quality, likely_qualities, saved

if TYPE_CHECKING:
    from scipy.sparse import csr_array

__all__ = ["Box", "Simulated", "simulate"]

Floats = NDArray[np.float32]
Kernel = Callable[[NDArray[np.float64], float], NDArray[np.float64]]

GAIN = 0.9  # share of the difference's energy that may be left when JPEG is simulated, too: 0.93 and more is left of
# leaks that were denoised or resized in ways that are not known, at most 0.85 of others
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


@dataclass(frozen=True, eq=False)
class Simulated:
    """What a leak would be without a mark."""

    luma: Floats
    """Before it was saved, shape (rows, columns) of the leak."""

    quality: int
    """Of the JPEG."""

    box: Box
    """What the leak shows of the original."""

    show: Callable[[Floats], Floats]
    """Crop and resize what has the original's pixels as the leak was."""


def simulate(leak: Floats, original: Floats, boxes: Sequence[Box]) -> Simulated | None:
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
    simulated : Simulated or None
        None when the leak is no JPEG of standard tables, or no box becomes more like it by being saved.

    Notes
    -----
    Where two pictures that differ by a faint mark are quantised alike, most coefficients get the same
    value, and the errors of quantisation cancel in the difference.
    """
    qualities = likely_qualities(leak)
    if not qualities or not boxes:
        return None
    shape = (leak.shape[0], leak.shape[1])
    ways = [
        (box, partial(_resize, box=box, shape=shape, kernel=kernel, widened=widened))
        for box in boxes
        for kernel, widened in (KERNELS[:1] if _untouched(box, shape) else KERNELS)
    ]
    resized = [(show(original), box, show) for box, show in ways]
    # compared once they are saved: by itself, JPEG makes a leak more like what was resized too smoothly
    nearest, box, show = min(resized, key=lambda one: _energy(leak - saved(one[0], qualities[0])))
    left = left_when_saved(leak, nearest, qualities, np.ones_like(leak))
    return Simulated(nearest, likeliest_quality(qualities, left), box, show) if left.min() < GAIN else None


def _energy(difference: Floats) -> float:
    """Give the mean square."""
    return float(np.mean(difference.astype(np.float64) ** 2))


def _untouched(box: Box, shape: tuple[int, int]) -> bool:
    """Tell whether a box was cut out pixel by pixel: every kernel then gives the same."""
    whole = not box.top % 1 and not box.left % 1
    return whole and box.bottom - box.top == shape[0] and box.right - box.left == shape[1]


def _resize(luma: Floats, box: Box, shape: tuple[int, int], kernel: Kernel, *, widened: bool) -> Floats:
    """Resize a box of a picture, each axis by itself; widened, the kernel covers all pixels of one made smaller."""
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

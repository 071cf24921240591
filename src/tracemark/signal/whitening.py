"""Take the picture's own energy out of luma, so that every coefficient weighs alike."""

import cv2
import numpy as np
from numpy.typing import NDArray

from tracemark.signal.wavelet import decompose, reconstruct

__all__ = ["favour_at", "whiten"]

FLOOR = 2.0  # luma levels: what a coefficient is divided by where the picture is empty; docs/choices.md
LIMIT = 2.0  # local standard deviations at which a coefficient is clipped: pictures have heavy tails
NYQUIST, FADING = 2, 1.5  # pixels in the shortest period a picture can hold; exponent; docs/choices.md
FAVOUR_DENSITY, FAVOUR = (0.7, 0.9), (0.0, 0.5)  # leak pixels in a working pixel; exponent; docs/choices.md
NEIGHBOURHOOD = 3  # coefficients: side of the window of the local spread


def whiten(
    luma: NDArray[np.float32],
    *,
    levels: tuple[int, ...],
    favour: float = 0.0,
    density: float = 1.0,
) -> NDArray[np.float32]:
    """Divide each wavelet coefficient by the local spread, limit it, and go back to pixels.

    Parameters
    ----------
    luma : ndarray, shape (rows, columns), float32
        Luma, 0 to 255; both sides multiples of ``2**max(levels)``.
    levels : tuple of int
        Levels to keep; the others, and the approximation, become 0.
    favour : float
        Weight given to smooth places: each coefficient is divided once more by this power of the spread.
    density : float
        Pixels that the picture had per pixel of `luma` before it was enlarged to this; below 1, fine levels
        hold less of the picture and more of what recompression did, and weigh less.

    Returns
    -------
    white : ndarray, shape (rows, columns), float32
        About unit spread in the kept levels of a textured place, less where the picture is empty.
    """
    cA, bands = decompose(luma, levels=max(levels))
    kept = [
        tuple(
            _limit(band, favour) * _weight(level, density) if level in levels else np.zeros_like(band)
            for band in triple
        )
        for level, triple in enumerate(bands, start=1)
    ]
    return reconstruct(np.zeros_like(cA), kept)  # type: ignore[arg-type]  # mypy takes tuple(...) for any length


def favour_at(density: float) -> float:
    """Say how much more weight smooth places get: in a reduced and recompressed leak they hold nothing.

    Parameters
    ----------
    density : float
        Leak pixels in a working pixel.

    Returns
    -------
    favour : float
        For :func:`whiten`.
    """
    return float(np.interp(density, FAVOUR_DENSITY, FAVOUR))


def _weight(level: int, density: float) -> np.float32:
    """Weigh a level by how many of the picture's own pixels its shortest period, 2**level, had."""
    return np.float32(min(density * (1 << level) / NYQUIST, 1) ** FADING)


def _limit(band: NDArray[np.float32], favour: float) -> NDArray[np.float32]:
    """Divide one band by its local spread and clip it."""
    size = (NEIGHBOURHOOD, NEIGHBOURHOOD)
    spread = np.sqrt(cv2.blur(band * band, size, borderType=cv2.BORDER_REFLECT) + np.float32(FLOOR) ** 2)
    limited = np.clip(band / spread, -LIMIT, LIMIT)
    return np.asarray(limited / spread ** np.float32(favour) if favour else limited, dtype=np.float32)

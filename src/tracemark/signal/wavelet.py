"""Take luma apart into wavelet bands and put it together again."""

import numpy as np
import pywt
from numpy.typing import NDArray

from tracemark.profile import PROFILE

__all__ = ["DIRECTIONS", "Bands", "decompose", "reconstruct", "reconstruct_band"]

Bands = list[tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]]
"""Detail bands ``(cH, cV, cD)`` of each level, finest (level 1) first."""

DIRECTIONS = 3  # detail bands of a level: cH, cV, cD
MODE = "periodization"  # orthonormal, and every level exactly halves the sides


def decompose(luma: NDArray[np.float32], *, levels: int) -> tuple[NDArray[np.float32], Bands]:
    """Take luma apart.

    Parameters
    ----------
    luma : ndarray, shape (rows, columns), float32
        Both sides must be multiples of ``2**levels``.
    levels : int
        How often to halve.

    Returns
    -------
    cA : ndarray, shape (rows / 2**levels, columns / 2**levels), float32
        What is left when all details are taken away.
    bands : list of (cH, cV, cD)
        Detail coefficients in luma levels, finest first.
    """
    step = 1 << levels
    if luma.shape[0] % step or luma.shape[1] % step:
        raise ValueError(f"both sides must be multiples of {step}, not {luma.shape}")
    cA, *details = pywt.wavedec2(luma, PROFILE.wavelet, mode=MODE, level=levels)
    return cA, details[::-1]


def reconstruct(cA: NDArray[np.float32], bands: Bands) -> NDArray[np.float32]:
    """Put luma together from what :func:`decompose` gave.

    Parameters
    ----------
    cA : ndarray, float32
        The coarsest approximation.
    bands : list of (cH, cV, cD)
        Detail coefficients, finest first.

    Returns
    -------
    luma : ndarray, shape (rows, columns), float32
        Exactly what was taken apart, but for rounding.
    """
    return np.asarray(pywt.waverec2([cA, *bands[::-1]], PROFILE.wavelet, mode=MODE), dtype=np.float32)


def reconstruct_band(band: NDArray[np.float32], *, level: int, direction: int, wavelet: str) -> NDArray[np.float32]:
    """Put luma together where all coefficients but those of one band are 0.

    Parameters
    ----------
    band : ndarray, shape (..., rows, columns), float32
        Detail coefficients; any number of pictures at once.
    level : int
        1 is the finest.
    direction : int
        0 to 2: cH, cV or cD.
    wavelet : str
        PyWavelets name of an orthogonal wavelet.

    Returns
    -------
    luma : ndarray, shape (..., rows * 2**level, columns * 2**level), float32
        What :func:`reconstruct` gives for the profile's wavelet, picture by picture.
    """
    own = tuple(band if place == direction else None for place in range(DIRECTIONS))
    finer = [(None,) * DIRECTIONS] * (level - 1)
    return np.asarray(pywt.waverec2([None, own, *finer], wavelet, mode=MODE), dtype=np.float32)

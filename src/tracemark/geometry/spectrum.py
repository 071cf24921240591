"""Look at a whitened leak through its spectrum, where sync lines stand out whatever their position."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import fft

__all__ = ["SIDE", "Spectrum", "spectrum_of", "turned_back", "values_at"]

SIDE = 2048  # bins; at least twice the leak's side, so that values between bins can be interpolated
NEIGHBOURHOOD = 31  # bins: side of the window in which the picture's own power is measured
LIMIT, SHARP_LIMIT = 3.0, 12.0  # local standard deviations at which a bin is clipped: pictures have lines of their own


@dataclass(frozen=True, eq=False)
class Spectrum:
    """The spectrum of a whitened leak, its phase taken at the leak's centre."""

    values: NDArray[np.complex64]
    """Shape (side, side), the constant term in the middle; local power 1."""

    sharp: NDArray[np.complex64]
    """The same, hardly clipped: a strong line keeps its peak, and with it the place of the peak."""

    rows: int
    """Rows of the leak, pixels."""

    columns: int
    """Columns of the leak, pixels."""

    @property
    def centre(self) -> NDArray[np.float64]:
        """The leak's centre (x, y), pixels."""
        return np.array([self.columns - 1, self.rows - 1]) / 2


def spectrum_of(white: NDArray[np.float32], *, side: int = SIDE) -> Spectrum:
    """Compute the spectrum of a whitened leak.

    Parameters
    ----------
    white : ndarray, shape (rows, columns), float32
        Whitened luma, at most ``side / 2`` on each side.
    side : int
        Bins on a side, even.

    Returns
    -------
    spectrum : Spectrum
        Each bin divided by the local spread, and clipped.
    """
    rows, columns = white.shape
    values = fft.fftshift(fft.fft2(white, (side, side)))
    turns = fft.fftshift(fft.fftfreq(side))
    # e**(2 pi i f c) moves the origin of the phase from the corner to the centre c
    values *= np.exp(1j * np.pi * turns * (rows - 1)).astype(np.complex64)[:, None]
    values *= np.exp(1j * np.pi * turns * (columns - 1)).astype(np.complex64)[None, :]
    magnitude = np.abs(values)
    window = (NEIGHBOURHOOD * side // SIDE | 1,) * 2
    spread = np.sqrt(cv2.blur(magnitude * magnitude, window, borderType=cv2.BORDER_REFLECT))
    spread = np.maximum(spread, np.finfo(np.float32).eps * float(spread.max()) + np.finfo(np.float32).tiny)
    sharp, clipped = (values / np.maximum(spread, magnitude / np.float32(limit)) for limit in (SHARP_LIMIT, LIMIT))
    return Spectrum(clipped.astype(np.complex64), sharp.astype(np.complex64), rows, columns)


def values_at(bins: NDArray[np.complex64], frequencies: NDArray[np.float64]) -> NDArray[np.complex64]:
    """Read the spectrum between its bins.

    Parameters
    ----------
    bins : ndarray, shape (side, side), complex64
        ``values`` or ``sharp`` of a spectrum.
    frequencies : ndarray, shape (..., 2)
        (x, y) in cycles per leak pixel.

    Returns
    -------
    values : ndarray, shape (...), complex64
        Bilinear; 0 outside the band of frequencies that pixels can hold.
    """
    side = len(bins)
    place = frequencies * side + side // 2
    inside = np.asarray(((place >= 0) & (place < side - 1)).all(axis=-1))
    place = np.where(inside[..., None], place, 0)
    low = place.astype(np.intp)
    part = (place - low).astype(np.float32)
    x, y = part[..., 0], part[..., 1]
    flat = bins.reshape(-1)
    index = low[..., 1] * side + low[..., 0]
    above = flat[index] * (1 - x) + flat[index + 1] * x
    below = flat[index + side] * (1 - x) + flat[index + side + 1] * x
    return np.asarray((above * (1 - y) + below * y) * inside, dtype=np.complex64)


def turned_back(turns: NDArray[np.float64]) -> NDArray[np.complex64]:
    """Give the factors that take turns off the phase of a line.

    Parameters
    ----------
    turns : ndarray, float64
        Of each; whole ones change nothing.

    Returns
    -------
    factors : ndarray of the same shape, complex64
        ``exp(-2 pi i turns)``.
    """
    # real functions in single precision take a tenth of the time of a complex one in double precision
    angles = (turns - np.rint(turns)).astype(np.float32) * np.float32(-2 * np.pi)
    factors = np.empty(angles.shape, dtype=np.complex64)
    factors.real, factors.imag = np.cos(angles), np.sin(angles)
    return factors

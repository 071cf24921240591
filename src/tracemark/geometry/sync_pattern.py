"""Draw the sync pattern: a few spectral lines that repeat with the tile and tell where the picture is."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tracemark.keys import Key
from tracemark.profile import PROFILE

__all__ = ["SyncLines", "sync_lines", "sync_tile"]

PHASES = 256  # a phase is one byte


@dataclass(frozen=True, eq=False)
class SyncLines:
    """The spectral lines of the sync pattern, half of the plane; the other half mirrors them."""

    frequencies: NDArray[np.intp]
    """Cycles a tile down and across; shape (lines, 2)."""

    phases: NDArray[np.float64]
    """Radians at the tile's corner; shape (lines,)."""


def sync_lines(key: Key) -> SyncLines:
    """Draw the lines.

    Parameters
    ----------
    key : Key
        The secret.

    Returns
    -------
    lines : SyncLines
        ``sync_lines`` lines in the ring ``sync_radii`` of the profile, each place equally likely.

    Notes
    -----
    Only lines repeat with the tile, so they can be found in the magnitude of a leak's spectrum before its position is
    known, at any scale and rotation at once (Pereira and Pun 2000, :doi:`10.1109/83.846253`).
    """
    low, high = PROFILE.sync_radii
    down, across = np.mgrid[-high : high + 1, 0 : high + 1]
    radius = np.hypot(down, across)
    ring = (radius >= low) & (radius <= high) & ((across > 0) | (down > 0))
    places = np.stack([down[ring], across[ring]], axis=-1)
    order = key.stream("sync lines", PROFILE.version, size=len(places) * np.dtype("<u4").itemsize).view("<u4")
    chosen = places[np.argsort(order, kind="stable")[: PROFILE.sync_lines]]
    turns = key.stream("sync phases", PROFILE.version, size=len(chosen))
    return SyncLines(chosen.astype(np.intp), 2 * np.pi * turns / PHASES)


def sync_tile(lines: SyncLines) -> NDArray[np.float32]:
    """Add the lines up.

    Parameters
    ----------
    lines : SyncLines
        What :func:`sync_lines` drew.

    Returns
    -------
    tile : ndarray, shape (tile_pixels, tile_pixels), float32
        Unit mean square, zero mean.
    """
    side = PROFILE.tile_pixels
    spectrum = np.zeros((side, side), dtype=np.complex128)
    amplitude = np.sqrt(2 / len(lines.phases)) * side * side
    spectrum[lines.frequencies[:, 0] % side, lines.frequencies[:, 1]] = amplitude * np.exp(1j * lines.phases)
    return np.fft.ifft2(spectrum).real.astype(np.float32)

"""Take the original out of a leak that lies on it, and weigh what is left, pixel by pixel."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tracemark.geometry.registration import Registration, straighten
from tracemark.original import Original
from tracemark.profile import PROFILE
from tracemark.signal.mask import allowance
from tracemark.signal.quantisation import slopes
from tracemark.signal.reading import LEVELS
from tracemark.signal.simulation import Box, Simulated, area, resize, simulate
from tracemark.signal.subtraction import subtract
from tracemark.signal.whitening import whiten

__all__ = ["Remainder", "remainder"]

Floats = NDArray[np.float32]

FLOOR = 4.0  # luma levels; docs/informed.md
ASKEW = 2.0  # working pixels that a corner may be off a rectangle whose sides are the photo's
STRENGTH = 0.42  # luma levels in one allowance: what photos' marks usually have


@dataclass(frozen=True, eq=False)
class Remainder:
    """What is left of a leak, ready to be correlated with patterns."""

    values: Floats
    """Of a working pixel; whole tiles; 0 where the leak does not show the photo."""

    weights: Floats
    """How likely each pixel shows the photo, 0 to 1; of the same shape."""

    likelihood: bool
    """Whether a pattern's correlation is half of the logarithm of a ratio of likelihoods, and not just some score."""


def remainder(leak: Floats, original: Original, registration: Registration, *, simulating: bool = True) -> Remainder:
    """Take the original out of a leak.

    Parameters
    ----------
    leak : ndarray, shape (rows, columns), float32
        The leak's luma.
    original : Original
        The photo.
    registration : Registration
        A truthy one.
    simulating : bool
        Whether to put the original through what the leak went through, where that can be found out.

    Returns
    -------
    remainder : Remainder

    Notes
    -----
    Where the original can be put through the same resize and JPEG as the leak, each pixel is what it adds to the
    likelihood of a mark there.  Otherwise the original's tone and sharpness are fitted to the leak, and each pixel is
    the whitened residual, less where the leak was smoothed.
    """
    boxes = _boxes(leak.shape, original, registration) if simulating else []
    simulated = simulate(leak, original.luma, boxes) if boxes else None
    if simulated is not None:
        return _likelihood(leak, original, simulated, _exactly(registration, simulated.box, leak.shape))
    straight, weights = straighten(leak, registration)
    taken = subtract(straight, original.luma, weights)
    white = whiten(_whole(taken.residual), levels=LEVELS, floor=FLOOR, density=_density(registration))
    weights = _whole(weights)
    return Remainder(white * weights * _whole(taken.clearness), weights, likelihood=False)


def _likelihood(leak: Floats, original: Original, simulated: Simulated, registration: Registration) -> Remainder:
    """Say of each pixel how much likelier a mark there makes the leak."""
    spread = allowance(original.luma) * np.float32(STRENGTH)
    shape = (leak.shape[0], leak.shape[1])
    reduced = resize(spread, simulated.box, shape, area, widened=True)
    straight, weights = straighten(slopes(leak, simulated.luma, simulated.quality, reduced), registration)
    # a working pixel is only a part of a leak's pixel when those are larger
    part = np.float32(min(_density(registration), 1) ** 2)
    weights = _whole(weights)
    return Remainder(_whole(straight * spread) * weights * part * np.float32(PROFILE.cell), weights, likelihood=True)


def _whole(values: Floats) -> Floats:
    """Fill up to whole tiles with nothing."""
    return np.pad(values, [(0, -side % PROFILE.tile_pixels) for side in values.shape])


def _boxes(shape: tuple[int, ...], original: Original, registration: Registration) -> list[Box]:
    """Say which rectangles of the photo the leak may be: cut on whole pixels of it, or all of it."""
    if registration.transform is None or registration.negative:
        return []
    rows, columns = shape
    edges = np.array([[0, 0, 1], [columns, 0, 1], [0, rows, 1], [columns, rows, 1]]) - [1 / 2, 1 / 2, 0]
    placed = edges @ registration.transform.T
    corners = (placed[:, :2] / placed[:, 2:] + 1 / 2)[:, ::-1]
    scale = original.layout.scale
    top, bottom = corners[:2, 0].mean(), corners[2:, 0].mean()
    left, right = corners[::2, 1].mean(), corners[1::2, 1].mean()
    low, high = (np.rint(np.array(corner) * scale) / scale for corner in ((top, left), (bottom, right)))
    whole = np.array([original.layout.rows, original.layout.columns]) / scale
    found = [
        Box(*map(float, (*first, *last)))
        for first, last in ((low, high), (np.zeros(2), whole))
        if (last > first).all()
        and np.abs(corners - [first, (first[0], last[1]), (last[0], first[1]), last]).max() < ASKEW
    ]
    return list(dict.fromkeys(found))


def _exactly(registration: Registration, box: Box, shape: tuple[int, ...]) -> Registration:
    """Lay a leak on the very box that it shows."""
    if registration.places is None:
        return registration
    rows, columns = registration.places.shape[:2]
    steps = (box.right - box.left) / shape[1], (box.bottom - box.top) / shape[0]
    places = np.empty((rows, columns, 2), dtype=np.float32)
    places[..., 0] = (np.arange(columns) + 1 / 2 - box.left) / steps[0] - 1 / 2
    places[..., 1] = ((np.arange(rows) + 1 / 2 - box.top) / steps[1] - 1 / 2)[:, None]
    return replace(registration, places=places)


def _density(registration: Registration) -> float:
    """Say how many leak pixels there are in a working pixel, along a side."""
    if registration.places is None:
        return 1.0
    down = np.linalg.norm(np.median(np.diff(registration.places, axis=0), axis=(0, 1)))
    across = np.linalg.norm(np.median(np.diff(registration.places, axis=1), axis=(0, 1)))
    return float(np.sqrt(down * across))

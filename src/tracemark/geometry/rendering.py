"""Show an original as its leak shows it: pixel on pixel of the leak, made as coarse as the leak is."""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tracemark.geometry.registration import Registration
from tracemark.geometry.straightening import pixels_between

__all__ = ["Rendering", "density_of", "rendering_of"]

Floats = NDArray[np.float32]

STRIDE = 8  # pixels of the leak between those whose places are sought: between them, places are interpolated
ROUNDS = 4  # in which a leak's pixel is found again: the bending is a few pixels, and smooth
MOST_STEPS = 8  # samples across a pixel of the leak: what is smaller holds no mark


@dataclass(frozen=True, eq=False)
class Rendering:
    """Where each pixel of a leak lies in its original."""

    places: Floats
    """Original (x, y), pixels, centres at integers; shape (rows, columns, 2)."""

    density: float
    """Pixels of the leak in a pixel of the original, along a side."""

    def show(self, picture: Floats) -> Floats:
        """Bring a picture of the original's size to the leak's pixels.

        Parameters
        ----------
        picture : ndarray, float32
            The original's luma, or what is known of its pixels.

        Returns
        -------
        shown : ndarray, shape (rows, columns), float32
            Averaged over each pixel of a leak that has fewer; what lies outside is filled with the picture's edge.
        """
        steps = min(math.ceil(1 / self.density), MOST_STEPS)
        if steps == 1:
            return _looked_up(picture, self.places, cv2.INTER_CUBIC)
        rows, columns = self.places.shape[:2]
        # odd reflection goes on straight beyond the edge, where resizing alone would stand still
        beyond = np.pad(self.places, ((1, 1), (1, 1), (0, 0)), mode="reflect", reflect_type="odd")
        size = ((columns + 2) * steps, (rows + 2) * steps)
        dense = np.asarray(cv2.resize(beyond, size, interpolation=cv2.INTER_LINEAR), dtype=np.float32)
        looked_up = _looked_up(picture, dense[steps:-steps, steps:-steps], cv2.INTER_LINEAR)
        shown = cv2.resize(looked_up, (columns, rows), interpolation=cv2.INTER_AREA)
        return np.asarray(shown, dtype=np.float32)

    def inside(self, shape: tuple[int, ...]) -> NDArray[np.bool_]:
        """Tell which pixels of the leak lie in the original, which has a shape."""
        edge = np.array(shape[1::-1], dtype=np.float32) - np.float32(1 / 2)
        return np.asarray(((self.places > -1 / 2) & (self.places < edge)).all(axis=-1))


def rendering_of(registration: Registration, shape: tuple[int, ...]) -> Rendering:
    """Say where the pixels of a leak lie.

    Parameters
    ----------
    registration : Registration
        How the leak lies on its original.
    shape : tuple of int
        Rows and columns of the leak.

    Returns
    -------
    rendering : Rendering
    """
    rows, columns = (side // STRIDE + 2 for side in shape[:2])
    leak = np.empty((rows, columns, 2))
    leak[..., 0], leak[..., 1] = np.arange(columns) * STRIDE, np.arange(rows)[:, None] * STRIDE
    start = cv2.perspectiveTransform(leak, registration.transform)
    places, there = start, np.linalg.inv(registration.transform)
    edge = np.array(registration.places.shape[1::-1], dtype=np.float64) - 1
    for _ in range(ROUNDS):
        # the registration gives the way there; beyond the original's edge it is bent as at the edge
        near = np.clip(places, 0, edge)
        back = _looked_up(registration.places, near.astype(np.float32), cv2.INTER_LINEAR)
        beyond = cv2.perspectiveTransform(places, there) - cv2.perspectiveTransform(near, there)
        again = cv2.perspectiveTransform(back + beyond, registration.transform)
        places = places + start - again
    down, across = (np.arange(side, dtype=np.float32) / np.float32(STRIDE) for side in shape[:2])
    between = np.meshgrid(across, down)
    return Rendering(
        _looked_up(places.astype(np.float32), np.stack(between, -1), cv2.INTER_LINEAR), density_of(registration, shape)
    )


def density_of(registration: Registration, shape: tuple[int, ...]) -> float:
    """Say how many pixels of a leak there are in one of the original, along a side.

    Parameters
    ----------
    registration : Registration
        How the leak lies on its original.
    shape : tuple of int
        Rows and columns of the leak.

    Returns
    -------
    density : float
        Median over what the leak shows: where it was seen at an angle, what it does not show may be far from that.
    """
    return pixels_between(registration.places, shape)


def _looked_up(picture: Floats, places: Floats, interpolation: int) -> Floats:
    """Look a picture up at (x, y)."""
    found = cv2.remap(picture, places[..., 0], places[..., 1], interpolation, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(found, dtype=np.float32)

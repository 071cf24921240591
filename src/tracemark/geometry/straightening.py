"""Bring a leak to the pixels of its original, and keep account of which of its pixels can be believed."""

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from tracemark.transforms import Transform, density, resizing

__all__ = [
    "LONGEST",
    "WHITE",
    "Sight",
    "bring",
    "fetch",
    "inside",
    "legible",
    "pixels_between",
    "positive_of",
    "reduced",
    "sight_of",
    "without",
]

Floats = NDArray[np.float32]

WHITE = 255  # luma of what is white
OVERSAMPLING = 1.5  # leak pixels in a wanted one above which the leak is reduced by area first
MUCH = 0.02  # of the pixels: less that is cut off leaves keypoints enough
FILLED_SIDE = 1280  # pixels: long side to which a leak is reduced before it is filled up
SURROUNDINGS = (3.0, 8.0, 24.0)  # pixels of that: standard deviations, the nearest that knows anything is taken
THIN = 0.05  # of a surrounding that must be known
ENOUGH = 0.9  # a leak is not reduced by less
LONGEST = 32766  # pixels: side of the longest picture that cv2.remap looks up or gives, SHRT_MAX - 1
STRIDE = 8  # pixels between places at which the density is measured
BELIEVED = 0.5  # share of a wanted pixel that must be believed
CLIPPED = 4.0  # luma levels from the ends within which tones may have been cut off; JPEG rings by as much
RINGING = 3  # pixels: side of the square around a cut-off pixel that is not believed either
# Of the pixels: where fewer are between the ends, the ends are all there is to see, not a page around it.
HARDLY_ANY = 0.002
MANY = 0.005  # of the pixels: fewer at an end are a picture's own lights and shadows


@dataclass(frozen=True, eq=False)
class Sight:
    """A leak's luma, and which of its pixels say something of the original."""

    luma: Floats
    """0 to 255; shape (rows, columns)."""

    weights: Floats
    """0 to 1; shape (rows, columns)."""

    _smaller: "dict[tuple[int, ...], Sight]" = field(default_factory=dict, init=False, repr=False)

    def smaller(self, shape: tuple[int, ...]) -> "Sight":
        """Reduce it to a shape, once: while a leak is laid, few are asked for, again and again."""
        if shape not in self._smaller:
            weights = _averaged(self.weights, shape)
            luma = _averaged(self.luma * self.weights, shape) / np.maximum(weights, np.finfo(np.float32).eps)
            unseen = weights <= 0
            if unseen.any():
                luma = np.where(unseen, _averaged(self.luma, shape), luma)
            self._smaller[shape] = Sight(np.asarray(luma, dtype=np.float32), weights)
        return self._smaller[shape]


def sight_of(luma: Floats) -> Sight:
    """Believe every pixel but those whose tone was cut off.

    Parameters
    ----------
    luma : ndarray, shape (rows, columns), float32
        The leak's luma, 0 to 255.

    Returns
    -------
    sight : Sight
        Weight 0 where the luma is at the leak's own black or white, if many pixels are: white letters, and lights
        whose edges were moved by more contrast.  A dither or halftone of nothing but black and white shows its tones by
        how many pixels are black, so all of them count.
    """
    weights = np.ones_like(luma)
    for end, side in ((float(luma.min()), 1.0), (float(luma.max()), -1.0)):
        cut = (luma - np.float32(end)) * np.float32(side) < CLIPPED
        if cut.mean() > MANY:
            weights[cv2.dilate(cut.astype(np.uint8), np.ones((RINGING, RINGING), np.uint8)) > 0] = 0
    if weights.mean() < HARDLY_ANY:
        weights = np.ones_like(luma)
    return Sight(luma, weights)


def positive_of(luma: Floats, *, negative: bool) -> Floats:
    """Exchange black and white back.

    Parameters
    ----------
    luma : ndarray, shape (rows, columns), float32
        The leak's luma, 0 to 255.
    negative : bool
        Whether the leak is a negative.

    Returns
    -------
    luma : ndarray of the same shape, float32
        The same array where it is none.
    """
    return np.float32(WHITE) - luma if negative else luma


def legible(sight: Sight) -> Floats:
    """Fill what was cut off with what surrounds it, so that keypoints are found between white letters.

    Parameters
    ----------
    sight : Sight
        Of a leak, as from :func:`sight_of`.

    Returns
    -------
    luma : ndarray, shape (rows, columns), float32
        The array of the sight where hardly any pixel is at the leak's own black or white.
    """
    luma = sight.luma
    missing = sight.weights == 0
    if missing.mean() < MUCH:
        return luma
    small, _ = reduced(sight, OVERSAMPLING * max(luma.shape) / FILLED_SIDE)
    full, unknown, believed = small.luma.copy(), small.weights == 0, small.luma * small.weights
    for sigma in SURROUNDINGS:
        under = np.asarray(cv2.GaussianBlur(small.weights, (0, 0), sigma), dtype=np.float32)
        over = np.asarray(cv2.GaussianBlur(believed, (0, 0), sigma), dtype=np.float32)
        known = unknown & (under > THIN)
        full[known] = over[known] / under[known]
        unknown &= ~known
    return np.where(missing, cv2.resize(full, luma.shape[::-1], interpolation=cv2.INTER_LINEAR), luma)


def without(sight: Sight, foreign: Floats, transform: Transform) -> Sight:
    """Believe a leak's pixels no longer where they show something else.

    Parameters
    ----------
    sight : Sight
        The leak.
    foreign : ndarray, shape (rows', columns'), float32
        1 where the straightened leak does not show the original.
    transform : ndarray, shape (3, 3)
        Leak (x, y, 1) to original (x, y, 1).

    Returns
    -------
    sight : Sight
    """
    size = (sight.luma.shape[1], sight.luma.shape[0])
    covered = cv2.warpPerspective(foreign, np.linalg.inv(transform), size, flags=cv2.INTER_LINEAR)
    return Sight(sight.luma, np.asarray(sight.weights * (1 - covered), dtype=np.float32))


def bring(sight: Sight, transform: Transform, shape: tuple[int, int]) -> Sight:
    """Straighten a leak by a transform from it to a picture of a shape."""
    small, back = reduced(sight, density(transform, sight.luma.shape))
    transform = transform @ back
    size = (shape[1], shape[0])
    straight = cv2.warpPerspective(small.luma, transform, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return _believed(straight, cv2.warpPerspective(small.weights, transform, size, flags=cv2.INTER_LINEAR))


def fetch(sight: Sight, places: Floats) -> Sight:
    """Look a leak up at (x, y) places; shape (rows, columns, 2)."""
    small, back = reduced(sight, pixels_between(places, sight.luma.shape))
    x, y = _moved(places, back)
    straight = cv2.remap(small.luma, x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return _believed(straight, cv2.remap(small.weights, x, y, cv2.INTER_LINEAR))


def inside(places: Floats, shape: tuple[int, ...]) -> Floats:
    """Tell which places lie in a leak, without a look at what it shows there.

    Parameters
    ----------
    places : ndarray, shape (rows, columns, 2), float32
        (x, y) in the leak, pixels, centres at integers.
    shape : tuple of int
        Rows and columns of the leak.

    Returns
    -------
    weights : ndarray, shape (rows, columns), float32
        0 to 1: those that :func:`fetch` gives where every pixel of a leak of the shape is believed.
    """
    small = _reduced_shape(shape, pixels_between(places, shape))
    everywhere = np.ones(small, dtype=np.float32)
    return _soft(cv2.remap(everywhere, *_moved(places, resizing(small, shape)), cv2.INTER_LINEAR))


def _moved(places: Floats, back: Transform) -> tuple[Floats, Floats]:
    """Give the x and the y of places in a leak that was reduced, of which the way back is known."""
    factor = (1 / np.diag(back)[:2]).astype(np.float32)
    x, y = (places[..., axis] * factor[axis] + (factor[axis] - 1) / 2 for axis in (0, 1))
    return x, y


def pixels_between(places: Floats, shape: tuple[int, ...]) -> float:
    """Count a leak's pixels, along one side, from one place to the next.

    Parameters
    ----------
    places : ndarray, shape (rows, columns, 2), float32
        (x, y) in the leak, pixels, centres at integers.
    shape : tuple of int
        Rows and columns of the leak; places outside of it, which it does not show, do not count.

    Returns
    -------
    pixels : float
        Median over the places; 1 where none is in the leak.
    """
    coarse = places[::STRIDE, ::STRIDE].astype(np.float64)
    inside = np.all((coarse >= 0) & (coarse <= np.array(shape[::-1]) - 1), axis=-1)[:-1, :-1]
    down, across = np.diff(coarse[:, :-1], axis=0)[inside], np.diff(coarse[:-1], axis=1)[inside]
    area = np.abs(down[:, 0] * across[:, 1] - down[:, 1] * across[:, 0])
    return float(np.sqrt(np.median(area))) / STRIDE if len(area) else 1.0


def _believed(luma: NDArray[np.number], weights: NDArray[np.number]) -> Sight:
    """Believe a pixel that is mostly made of believed ones."""
    return Sight(np.asarray(luma, dtype=np.float32), _soft(weights))


def _soft(weights: NDArray[np.number]) -> Floats:
    """Count weights from the half up, so that what is next to something foreign counts little."""
    return np.asarray(np.clip((weights - BELIEVED) / (1 - BELIEVED), 0, 1), dtype=np.float32)


def reduced(sight: Sight, pixels: float) -> tuple[Sight, Transform]:
    """Reduce a leak with so many pixels in a wanted one, where they are too many; also give the way back, 3 x 3."""
    shape = _reduced_shape(sight.luma.shape, pixels)
    if shape == sight.luma.shape:
        return sight, np.eye(3)
    return sight.smaller(shape), resizing(shape, sight.luma.shape)


def _reduced_shape(shape: tuple[int, ...], pixels: float) -> tuple[int, ...]:
    """Say to which shape a leak is reduced; the same where it is not."""
    factor, most = min(OVERSAMPLING / pixels, 1.0), LONGEST / max(shape)
    if factor > ENOUGH and most >= 1:
        return shape
    return tuple(max(round(side * min(factor, most)), 1) for side in shape)


def _averaged(values: Floats, shape: tuple[int, ...]) -> Floats:
    """Reduce by area."""
    if shape == values.shape:
        return values
    return np.asarray(cv2.resize(values, shape[::-1], interpolation=cv2.INTER_AREA), dtype=np.float32)

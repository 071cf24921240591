"""Take the picture out of a leak that lies on its original, so that each pixel says how much likelier a mark is."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from tracemark.geometry.registration import Registration, straighten
from tracemark.geometry.rendering import density_of, rendering_of
from tracemark.geometry.straightening import LONGEST
from tracemark.original import Original
from tracemark.profile import PROFILE
from tracemark.signal.luma import PEAK
from tracemark.signal.mask import allowance
from tracemark.signal.quantisation import (
    BLOCK,
    FINEST,
    NOISE,
    left_when_saved,
    likeliest_quality,
    likely_qualities,
    log_likelihood,
    slopes,
)
from tracemark.signal.simulation import Box, simulate
from tracemark.signal.subtraction import subtract, tone_of

__all__ = ["Comparison", "Remainder", "compare"]

Floats = NDArray[np.float32]

ASKEW = 2.0  # working pixels that a corner may be off a rectangle whose sides are the photo's
STRENGTH = 0.42  # luma levels in one allowance: what photos' marks usually have
EXACT = 0.5  # luma levels by which a coefficient is off where a leak was only reduced and saved
ROUGH = 8.0  # luma levels by which any coefficient may be off in a leak that was denoised
DENSE = 1.5  # leak pixels in a working pixel along a side: of more, the leak is brought to working pixels first
SAVED = 0.9  # share of the difference that is left at most when the expected picture is saved as the leak was
UNSAVED = 1.5  # share that no true quality leaves
ENOUGH = 1 << 19  # pixels of a leak in which it is seen how strong a pattern is
MOST_SHARE = 2.0  # of a pattern: more would be no mark's


@dataclass(frozen=True, eq=False)
class Remainder:
    """What is left of a leak, ready to be correlated with patterns."""

    values: Floats
    """Nats in a pattern: the sum of products with one is half of the logarithm of a ratio of likelihoods; whole tiles;
    0 where the leak does not show the photo."""

    weights: Floats
    """How likely each pixel shows the photo, 0 to 1; of the same shape."""


@dataclass(frozen=True, eq=False)
class Comparison:
    """A leak beside what it would be without a mark."""

    leak: Floats
    """Its luma, shape (rows, columns)."""

    expected: Floats
    """Luma of what it would have been before it was saved, were there no mark; of the same shape."""

    fitted: bool
    """Whether the leak's tones were fitted, and with them what is slow in the mark."""

    quality: int
    """Of the JPEG that it was saved as."""

    cover: Floats
    """1 where the leak shows what is expected, 0 where it shows something else; of the same shape."""

    noise: float
    """Luma levels by which any coefficient may be off."""

    spread: Floats
    """Standard deviation of the mark in the original, luma levels; shape (original rows, original columns)."""

    registration: Registration
    """Where the leak lies on the original."""

    show: Callable[[Floats], Floats]
    """Bring what has the original's pixels to those of the leak."""

    def remainder(self, known: Floats | None = None, *, unknown: float = 1.0) -> Remainder:
        """Take what is expected out of the leak.

        Parameters
        ----------
        known : ndarray, shape (original rows, original columns), float32, optional
            What is known of the mark, in standard deviations of the mark: it is expected, too.
        unknown : float
            Standard deviation of the rest of it, in those of the mark.

        Returns
        -------
        remainder : Remainder

        Notes
        -----
        Each coefficient of the leak's JPEG tells how much likelier a mark makes it.  Only this is brought back to the
        pixels of the original, so that what aliased when the leak was reduced has aliased in both.  A coefficient that
        steps are coarse for says little unless it is known how near to an edge it was: so what is known of the mark is
        worth more than its mere subtraction.
        """
        likelier = slopes(*self._told(known, unknown))
        straight, weights = straighten(likelier, self.registration)
        # a working pixel is only a part of a leak's pixel when those are larger
        part = np.float32(min(density_of(self.registration), 1) ** 2)
        weights = _whole(weights)
        return Remainder(_whole(straight * self.spread) * weights * part * np.float32(PROFILE.cell), weights)

    def share_of(self, pattern: Floats) -> float:
        """Say how strong a pattern is in the leak.

        Parameters
        ----------
        pattern : ndarray, shape (original rows, original columns), float32
            In standard deviations of the mark.

        Returns
        -------
        share : float
            0 to ``MOST_SHARE``, about 1 where a photo is usually marked and the leak has kept the mark.

        Notes
        -----
        One step of the secant method, from none and all of the pattern, towards what makes the leak likeliest.  Of a
        large leak every second row of blocks is enough, or less.
        """
        every = max(self.leak.size // ENOUGH, 1)
        rows = np.arange(len(self.leak)) // BLOCK % every == 0
        moved = self._moved(pattern)
        found = []
        for expected in (self.expected, self.expected + moved):
            leak, likely, spread, cover = (plane[rows] for plane in (self.leak, expected, self._shown, self.cover))
            found.append(float(np.vdot(moved[rows], slopes(leak, likely, self.quality, spread, cover, self.noise))))
        without, with_it = found
        return float(np.clip(without / (without - with_it), 0, MOST_SHARE)) if without > with_it else 0.0

    def log_likelihood(self, known: Floats, *, unknown: float) -> float:
        """Say how likely the leak is when this is known of its mark; nats.

        Parameters
        ----------
        known, unknown
            As for :meth:`remainder`.

        Returns
        -------
        log_likelihood : float
        """
        return log_likelihood(*self._told(known, unknown))

    def _told(self, known: Floats | None, unknown: float) -> tuple[Floats, Floats, int, Floats, Floats, float]:
        """Give what the leak is compared with, as :func:`~tracemark.signal.quantisation.slopes` takes it."""
        expected = self.expected if known is None else self.expected + self._moved(known)
        return self.leak, expected, self.quality, self._shown * np.float32(unknown), self.cover, self.noise

    @cached_property
    def _shown(self) -> Floats:
        """The mark's standard deviation in the leak's pixels."""
        return self.show(self.spread)

    def _moved(self, known: Floats) -> Floats:
        """Say what a mark adds to what is expected."""
        moved = self.show(known * self.spread)
        return moved - tone_of(moved, self.cover) if self.fitted else moved


def compare(leak: Floats, original: Original, registration: Registration, *, roughly: bool = False) -> Comparison:
    """Find out what a leak would be without a mark.

    Parameters
    ----------
    leak : ndarray, shape (rows, columns), float32
        The leak's luma.
    original : Original
        The photo.
    registration : Registration
        How the leak lies on it.
    roughly : bool
        Whether to trust nothing to be exact: that the leak was only reduced and saved where it looks so, or that smooth
        places, where all fits, have kept their mark.

    Returns
    -------
    comparison : Comparison
        In the pixels of the leak, or of the original where those are fewer.

    Notes
    -----
    The original is brought to the pixels of the leak: by the very resize that the leak went through where that can be
    found out, else as the leak was laid on it, its tone and sharpness fitted.
    """
    spread = allowance(original.luma) * np.float32(STRENGTH)
    cut = _cut_out(leak, registration)
    there = density_of(registration) <= DENSE and max(cut[0].shape) <= LONGEST
    leak, registration = cut if there else _straight(leak, registration)
    boxes = [] if roughly else _boxes(leak.shape, original, registration)
    simulated = simulate(leak, original.luma, boxes) if boxes else None
    if simulated is not None:
        exactly = _exactly(registration, simulated.box, leak.shape)
        whole, quality = np.ones_like(leak), simulated.quality
        return Comparison(leak, simulated.luma, False, quality, whole, EXACT, spread, exactly, simulated.show)
    luma = np.float32(PEAK) - leak if registration.negative else leak
    rendering = rendering_of(registration, leak.shape)
    cover = rendering.show(registration.weights) * rendering.inside(original.luma.shape)
    expected = luma - subtract(luma, rendering.show(original.luma), cover)
    quality, noise = _quality(luma, expected, cover), ROUGH if roughly else NOISE
    upright = replace(registration, negative=False)
    return Comparison(luma, expected, True, quality, cover, noise, spread, upright, rendering.show)


def _straight(leak: Floats, registration: Registration) -> tuple[Floats, Registration]:
    """Bring a leak of many pixels to those of the original."""
    straight, _ = straighten(leak, registration)
    rows, columns = straight.shape
    there = _exactly(registration, Box(0, 0, rows, columns), straight.shape)
    return straight, replace(there, transform=np.eye(3), negative=False)


def _cut_out(leak: Floats, registration: Registration) -> tuple[Floats, Registration]:
    """Cut away the blocks of a leak's JPEG that show nothing of the original."""
    # a plane that is seen at an angle has places that lie anywhere
    ends = [(places.min(), places.max()) for places in np.moveaxis(registration.places, -1, 0)]
    shown = np.clip(np.array(ends).T, 0, leak.shape[::-1])
    left, top = np.maximum(shown[0] // BLOCK - 1, 0).astype(int) * BLOCK
    right, bottom = (shown[1] // BLOCK + 2).astype(int) * BLOCK
    back = np.array([[1.0, 0, left], [0, 1, top], [0, 0, 1]])
    places = registration.places - np.array([left, top], dtype=np.float32)
    return leak[top:bottom, left:right], replace(registration, transform=registration.transform @ back, places=places)


def _quality(leak: Floats, expected: Floats, cover: Floats) -> int:
    """Find the likeliest quality of a leak's JPEG; a wrong one of fine steps does little harm."""
    qualities = likely_qualities(leak) or [FINEST]
    left = left_when_saved(leak, expected, qualities, cover)
    possible = np.flatnonzero(left < UNSAVED)
    return qualities[possible[0]] if left.min() > SAVED and len(possible) else likeliest_quality(qualities, left)


def _whole(values: Floats) -> Floats:
    """Fill up to whole tiles with nothing."""
    return np.pad(values, [(0, -side % PROFILE.tile_pixels) for side in values.shape])


def _boxes(shape: tuple[int, ...], original: Original, registration: Registration) -> list[Box]:
    """Say which rectangles of the photo the leak may be, and nothing else: cut on whole pixels of it, or all of it."""
    if registration.negative:
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
        and (first > -ASKEW).all()
        and (last < whole + ASKEW).all()
        and np.abs(corners - [first, (first[0], last[1]), (last[0], first[1]), last]).max() < ASKEW
    ]
    return list(dict.fromkeys(found))


def _exactly(registration: Registration, box: Box, shape: tuple[int, ...]) -> Registration:
    """Lay a leak on the very box that it shows."""
    rows, columns = registration.places.shape[:2]
    steps = (box.right - box.left) / shape[1], (box.bottom - box.top) / shape[0]
    places = np.empty((rows, columns, 2), dtype=np.float32)
    places[..., 0] = (np.arange(columns) + 1 / 2 - box.left) / steps[0] - 1 / 2
    places[..., 1] = ((np.arange(rows) + 1 / 2 - box.top) / steps[1] - 1 / 2)[:, None]
    return replace(registration, places=places)

"""Lay a leak onto its original, pixel by pixel, and say what of it shows the photo."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from tracemark.geometry.agreement import Agreement, agreement
from tracemark.geometry.alignment import Scaled, align, compare, fits, pyramid
from tracemark.geometry.coverage import coverage
from tracemark.geometry.deformation import Field, bend, flat, sampled
from tracemark.geometry.displacement import Detail, displacements
from tracemark.geometry.features import Features
from tracemark.geometry.leak import Leak
from tracemark.geometry.locating import Place, locate
from tracemark.geometry.straightening import Sight, fetch, inside, positive_of, reduced, without
from tracemark.transforms import Transform, density

__all__ = ["Registration", "Unregistered", "register", "register_at", "straighten"]

Floats = NDArray[np.float32]

LEAST_SIDE = 24  # pixels: of a leak; less has no detail to compare
LEAST_SCORE = 15.0  # standard deviations that unrelated pictures do not reach; docs/registration.md
LEAST_CORRELATION = 0.05  # and a real likeness, however many pixels there are
BENDING_LEVELS, BENDING_ROUNDS = 3, 5  # of the pyramid, finest last; how often the field is corrected on each
STILL = 0.03  # pixels of the level: a round that changes no wave by more is the last
CLEANINGS = 2  # how often what is foreign is taken out
FINE_LEVELS = 2  # of the pyramid, on which what is left is aligned
NO_WORSE = 0.98  # of the score that a cleaner leak must reach
LITTLE = 0.05  # of the leak: less that is foreign does no harm
NONE = Agreement(0.0, 0.0)
UNSCALED = np.eye(3)


@dataclass(frozen=True, eq=False)
class Registration:
    """Where each pixel of the original lies in the leak."""

    transform: Transform
    """Leak (x, y, 1) to original (x, y, 1), the bending left out; shape (3, 3)."""

    places: Floats
    """Leak (x, y) of each pixel of the original, pixels, centres at integers; shape (rows, columns, 2)."""

    weights: Floats
    """How likely each pixel of the original is shown by the leak, 0 to 1; shape (rows, columns)."""

    agreement: Agreement = NONE
    """How alike leak and original are, once registered: photos are ranked by its score."""

    negative: bool = False
    """Whether black and white are exchanged."""


@dataclass(frozen=True)
class Unregistered:
    """Why a leak could not be laid onto its original; false."""

    reason: str
    """Why."""

    agreement: Agreement = NONE
    """How alike leak and original are where they are most alike."""

    def __bool__(self) -> Literal[False]:
        """Tell that the leak does not lie on the original."""
        return False


def register(
    leak: Leak,
    original: Floats,
    *,
    extent: tuple[float, float] | None = None,
    original_features: Callable[[], Features] | None = None,
) -> Registration | Unregistered:
    """Lay a leak onto its original.

    Parameters
    ----------
    leak : Leak
        The leak; the same one for all originals that it may show, so that it is looked at only once.
    original : ndarray, shape (rows', columns'), float32
        The original's luma at the scale the leak is wanted in.
    extent : tuple of float, optional
        Rows and columns of ``original`` that the photo fills, where cells that stick out were filled up; they need not
        be whole.  By default all of it.
    original_features : callable, optional
        Gives the keypoints of the original, where they are known already; in pixels of ``original``.

    Returns
    -------
    registration : Registration or Unregistered
        The latter, which is false, when nothing in the leak surely shows the original.

    Notes
    -----
    Nothing but the two pictures is looked at, and everything is deterministic.
    """
    short = min(leak.luma.shape)
    if short < LEAST_SIDE:
        return Unregistered(f"the leak must be at least {LEAST_SIDE} px on its short side, not {short}")
    for name, luma in (("leak", leak.luma), ("original", original)):
        if not np.ptp(luma):
            return Unregistered(f"the {name} is of one tone, and nothing can be compared")
    levels = pyramid(original, extent)
    best = locate(leak, levels, extent=extent, original_features=original_features)
    if best is None or not _sure(best.agreement):
        found = NONE if best is None else best.agreement
        return Unregistered("no part of the leak agrees with the original", found)
    return _laid(leak, levels, best)


def register_at(
    leak: Floats, shape: tuple[int, int], transform: Transform, found: Agreement, *, negative: bool = False
) -> Registration:
    """Lay a leak where it is known to lie.

    Parameters
    ----------
    leak : ndarray, shape (rows, columns), float32
        The leak's luma.
    shape : tuple of int
        Rows and columns of the original.
    transform : ndarray, shape (3, 3)
        Leak (x, y, 1) to original (x, y, 1).
    found : Agreement
        How surely it lies there.
    negative : bool
        Whether black and white are exchanged.

    Returns
    -------
    registration : Registration
        All that the leak reaches counts as showing the photo.
    """
    places = _places(transform, flat(shape), shape)
    return Registration(transform, places, inside(places, leak.shape), found, negative)


def _sure(found: Agreement) -> bool:
    """Tell whether two pictures agree better than chance lets them."""
    return found.score >= LEAST_SCORE and found.correlation >= LEAST_CORRELATION


def _laid(leak: Leak, levels: list[Scaled], place: Place) -> Registration | Unregistered:
    """Take what is foreign out of the leak, bend it into place, and weigh its pixels."""
    full = levels[-1]
    transform, look, weights = _cleaned(leak.sight(negative=place.negative), levels, place.transform)
    found = agreement(*compare(replace(look.straight, weights=weights * look.straight.weights), full))
    if not _sure(found):
        return Unregistered("what looks like the original in the leak is too little to be sure", found)
    return Registration(transform, look.places, weights, found, place.negative)


def _cleaned(sight: Sight, levels: list[Scaled], transform: Transform) -> "tuple[Transform, _Look, Floats]":
    """Bend the leak, and again without what is foreign, as long as the whole leak agrees no worse for it."""
    full, whole = levels[-1], sight
    unbent = flat(_shape(full))
    looks = [_look(sight, full, transform, field) for field in (unbent, _bent(sight, levels, transform))]
    look = max(looks, key=lambda one: one.score)
    best, weights = look.score, _covered(sight, full, look)
    for _ in range(CLEANINGS):
        foreign = np.where(look.straight.weights > 0, 1 - weights, 0).astype(np.float32)
        if float(foreign.sum()) <= LITTLE * float(look.straight.weights.sum()):
            break
        cleaner = without(sight, foreign, transform)
        moved = align(cleaner, levels[-FINE_LEVELS:], transform) if look.field is unbent else transform
        bent = _bent(cleaner, levels, moved)
        now = _look(whole, full, moved, bent).score
        if now < NO_WORSE * best:
            break
        sight, transform, best = cleaner, moved, max(best, now)
        look = _look(sight, full, transform, bent)
        weights = _covered(sight, full, look)
    return transform, look, weights


@dataclass(frozen=True, eq=False)
class _Look:
    """A leak looked up at its places, and compared with the original."""

    field: Field
    """How it is bent."""
    places: Floats
    """Leak (x, y) of each pixel of the original."""
    straight: Sight
    """What the leak shows there."""
    compared: tuple[Detail, Detail]
    """Of leak and original."""

    @cached_property
    def score(self) -> float:
        """How well they agree."""
        return agreement(*self.compared).score


def _look(sight: Sight, full: Scaled, transform: Transform, field: Field) -> _Look:
    """Look a leak up."""
    places = _places(transform, field, _shape(full))
    straight = fetch(sight, places)
    return _Look(field, places, straight, compare(straight, full))


def _shape(level: Scaled) -> tuple[int, int]:
    """Give the rows and columns of a level."""
    return level.luma.shape[0], level.luma.shape[1]


def _covered(sight: Sight, full: Scaled, look: _Look) -> Floats:
    """Weigh the pixels of a leak that was looked up."""
    within = inside(look.places, sight.luma.shape) * full.weights
    return coverage(look.straight, within, full.luma, displacements(*look.compared))


def _bent(sight: Sight, levels: list[Scaled], transform: Transform) -> Field:
    """Find out how the leak is bent."""
    field = flat(_shape(levels[-1]))
    for level in levels[-BENDING_LEVELS:]:
        if not fits(sight, level, transform):
            break
        scale = float(level.transform[0, 0])
        small, back = reduced(sight, density(level.transform @ transform, sight.luma.shape))
        for _ in range(BENDING_ROUNDS):
            straight = fetch(small, _places(transform @ back, field, _shape(level), level.transform))
            moved = displacements(*compare(straight, level))
            before, field = field, bend(field, moved, scale=scale)
            if np.abs(field.waves - before.waves).max() * scale < STILL:
                break
    return field


def _places(transform: Transform, field: Field, shape: tuple[int, int], level: Transform = UNSCALED) -> Floats:
    """Map every pixel of a level of the original, of a shape, to the leak."""
    rows, columns = shape
    back = np.linalg.inv(level)
    places = sampled(field, (rows, columns))
    places[..., 0] += (np.arange(columns) * back[0, 0] + back[0, 2]).astype(np.float32)
    places[..., 1] += (np.arange(rows) * back[1, 1] + back[1, 2]).astype(np.float32)[:, None]
    return np.asarray(cv2.perspectiveTransform(places, np.linalg.inv(transform)), dtype=np.float32)


def straighten(leak: Floats, registration: Registration) -> tuple[Floats, Floats]:
    """Bring a leak into the place of its original.

    Parameters
    ----------
    leak : ndarray, shape (rows, columns), float32
        Luma of the leak that was registered.
    registration : Registration
        How it lies on its original.

    Returns
    -------
    straight : ndarray, shape (rows', columns'), float32
        Cubic interpolation; a leak with more pixels than are wanted is reduced by area first, a negative is inverted.
    weights : ndarray, shape (rows', columns'), float32
        Those of the registration: how likely each pixel shows the photo.
    """
    luma = positive_of(leak, negative=registration.negative)
    return fetch(Sight(luma, np.ones_like(luma)), registration.places).luma, registration.weights

"""Mark a photo: analyse it once, then make a personal copy for each recipient."""

from bisect import bisect_left
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any, Self, SupportsIndex

import numpy as np
from numpy.typing import NDArray

from tracemark.codes.word import checked_recipient
from tracemark.contents import Contents
from tracemark.errors import PhotoError
from tracemark.keys import Key, checked_key
from tracemark.layers import layers_of
from tracemark.original import chip_set_of, digest_of
from tracemark.plan import Plan
from tracemark.profile import PROFILE
from tracemark.shortage import memory_for
from tracemark.signal.chips import codebook, sparing_codebook
from tracemark.signal.delivery import prepare_delivery
from tracemark.signal.growth import growth
from tracemark.signal.layout import Layout, lay_out, to_working
from tracemark.signal.luma import compact_luma
from tracemark.signal.mask import allowance
from tracemark.signal.modulation import Layers
from tracemark.signal.pixels import checked_pixels
from tracemark.signal.rehearsal import rehearse, untouched_score
from tracemark.signal.visibility import View, look_at

__all__ = ["embed", "prepare"]

# SSIMULACRA2 that the strength is solved for, in a difficult photo and usually; docs/choices.md
TARGETS = (86.4, 88.8)
DIFFICULT = (9.3, 11.8)  # rehearsed scores between which a photo passes from difficult to usual
LEAST_SCORE = 12.5  # standard deviations in the untouched copy; a word is read at about 10
MOST_GROWTH = (0.06, 0.09)  # of a file, above which less, or little, in the fine levels is tried; docs/choices.md
MOST_STRENGTH = 1.0  # luma levels in an allowance: even a photo that hides everything is not marked stronger


@memory_for("mark it")
def prepare(image: NDArray[Any], *, key: Key) -> Plan:
    """Analyse a photo once.

    Parameters
    ----------
    image : ndarray, shape (rows, columns) or (rows, columns, 3 or 4), uint8, uint16 or float
        Grey, RGB or RGBA; floats in 0 .. 1.  Alpha passes through untouched.
    key : Key
        The secret that marks and finds.

    Returns
    -------
    plan : Plan
        Makes copies with :meth:`Plan.copy_for`.

    Raises
    ------
    PhotoError
        When the array cannot be a photo, or is too small or too large to carry a mark.
    KeyFileError
        When the key is no :class:`~tracemark.keys.Key`.
    MemoryError
        When there is not memory enough for the photo.
    """
    checked_key(key)
    pixels = checked_pixels(image)
    layout = lay_out(*pixels.shape[:2])
    digest = digest_of(pixels)
    chip_set = chip_set_of(key, digest, layout)
    luma = compact_luma(pixels)
    working = to_working(luma, layout)
    permitted = allowance(working)
    build = partial(layers_of, working, permitted, key=key, digest=digest, chip_set=chip_set)
    layers = build(book=codebook(key))
    message = layers.signed[: PROFILE.message_slots]
    patterns = np.asarray(message / np.maximum(permitted, np.finfo(np.float32).tiny), dtype=np.float32)
    view = look_at(luma, layout)
    marking = _Marking(working, layers, 0.0, patterns, layout)
    if permitted.any():
        marking = marking.at_best(view)
    degree = bisect_left(MOST_GROWTH, growth(luma, layers, layout, strength=marking.strength))
    if degree:
        less = replace(marking, layers=build(book=sparing_codebook(key, degree))).at_best(view)
        if _reads_as_well(marking.rehearsed, less.rehearsed):
            marking = less
    if not marking.strength or untouched_score(marking.marked, patterns) < LEAST_SCORE:
        raise PhotoError("photo must show more to carry a mark; this one is too plain, or too small for what it shows")
    delivery = prepare_delivery(pixels, marking.layers, layout, strength=marking.strength)
    return Plan(Contents(key, digest, layout, chip_set), marking.strength, delivery)


def embed(image: NDArray[Any], *, recipient: SupportsIndex, key: Key) -> NDArray[Any]:
    """Make one recipient's copy of a photo.

    Parameters
    ----------
    image : ndarray
        As for :func:`prepare`.
    recipient : int
        0 to ``2**32 - 1``; opaque.
    key : Key
        The secret that marks and finds.

    Returns
    -------
    copy : ndarray
        Shape and dtype of the photo.

    Raises
    ------
    PhotoError
        When the array cannot be a photo, or is too small or too large to carry a mark.
    RecipientError
        When the recipient is no whole number in that range.
    KeyFileError
        When the key is no :class:`~tracemark.keys.Key`.
    MemoryError
        When there is not memory enough for the photo.
    """
    number = checked_recipient(recipient)
    return prepare(image, key=key).copy_for(number)


@dataclass(frozen=True, eq=False)
class _Marking:
    """A mark that the photo may get."""

    working: NDArray[np.float32]
    """The photo's luma at the working scale."""

    layers: Layers
    """The mark's, in allowances."""

    strength: float
    """Luma levels in an allowance."""

    patterns: NDArray[np.float32]
    """By which the message is read; the mean square of each is its share of the mark's energy."""

    layout: Layout
    """Where the cells lie."""

    @property
    def marked(self) -> NDArray[np.float32]:
        """The photo with a mark whose signs are all +1."""
        return np.asarray(self.working + np.float32(self.strength) * self.layers.sample, dtype=np.float32)

    @cached_property
    def rehearsed(self) -> tuple[float, ...]:
        """How well it would be read from each of the rehearsed leaks."""
        return rehearse(self.marked, self.patterns, self.layout)

    def at_best(self, view: View) -> Self:
        """Solve for the strength: where rehearsed leaks are hard to read, nearer to what can be seen."""
        visibility = view.visibility_of(self.layers.sample)
        usual = replace(self, strength=visibility.strength_for(TARGETS[1], most=MOST_STRENGTH))
        target = float(np.interp(min(usual.rehearsed), DIFFICULT, TARGETS))
        if target == TARGETS[1]:
            return usual
        return replace(self, strength=visibility.strength_for(target, most=MOST_STRENGTH, near=usual.strength))


def _reads_as_well(usual: tuple[float, ...], sparing: tuple[float, ...]) -> bool:
    """Say whether a sparing mark is read as well in each rehearsed leak, or so well that no photo would need more."""
    return all(after >= min(before, DIFFICULT[1]) for before, after in zip(usual, sparing, strict=True))

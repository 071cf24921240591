"""Mark a photo: analyse it once, then make a personal copy for each recipient."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, SupportsIndex

import numpy as np
from numpy.typing import NDArray

from tracemark.codes.word import checked_recipient
from tracemark.contents import Contents
from tracemark.errors import PhotoError
from tracemark.geometry.sync_pattern import sync_lines, sync_tile
from tracemark.keys import Key
from tracemark.media.photo import Photo
from tracemark.original import chip_set_of, digest_of
from tracemark.profile import PROFILE
from tracemark.signal.chips import beacon_choices, codebook, fingerprint_patterns, message_choices
from tracemark.signal.delivery import Delivery, deliver, prepare_delivery
from tracemark.signal.layout import Layout, lay_out, to_working
from tracemark.signal.luma import luma_of
from tracemark.signal.mask import allowance
from tracemark.signal.modulation import Layers, build_layers
from tracemark.signal.pixels import checked_pixels
from tracemark.signal.rehearsal import rehearse, untouched_score
from tracemark.signal.visibility import look_at
from tracemark.splicing import JpegPlan, JpegWriter, prepare_jpeg

__all__ = ["Plan", "embed", "prepare"]

# SSIMULACRA2 that the strength is solved for, in a difficult photo and usually; docs/choices.md
TARGETS = (86.4, 88.8)
DIFFICULT = (9.3, 11.8)  # rehearsed scores between which a photo passes from difficult to usual
LEAST_SCORE = 12.5  # standard deviations in the untouched copy; a word is read at about 10
MOST_STRENGTH = 1.0  # luma levels in an allowance: even a photo that hides everything is not marked stronger


@dataclass(frozen=True, eq=False)
class Plan:
    """A photo that has been analysed, ready for any number of personal copies."""

    key: Key
    """The secret."""

    digest: bytes
    """BLAKE2b of the photo's pixels, 32 bytes."""

    layout: Layout
    """Where the cells lie."""

    strength: float
    """What the allowance is multiplied by."""

    chip_set: int
    """Which of the profile's chip sets this photo uses."""

    delivery: Delivery
    """The layers at the photo's own size."""

    def copy_for(self, recipient: SupportsIndex) -> NDArray[Any]:
        """Make a recipient's copy.

        Parameters
        ----------
        recipient : int
            0 to ``2**32 - 1``.

        Returns
        -------
        copy : ndarray
            Shape and dtype of the photo.

        Raises
        ------
        RecipientError
            When the recipient is not an integer in that range.
        """
        return deliver(self.delivery, self.contents.signs_for(recipient))

    def jpeg_for(
        self, recipient: SupportsIndex, *, like: Photo | None = None, quality: int | None = None, splice: bool = True
    ) -> bytes:
        """Make a recipient's copy as a JPEG file.

        Parameters
        ----------
        recipient : int
            0 to ``2**32 - 1``.
        like : Photo, optional
            The file that the photo was read from: its quantisation tables, subsampling, orientation, EXIF and
            colour profile are taken over.
        quality : int, optional
            JPEG quality, 1 to 100, in place of its tables; 95 when there are none.
        splice : bool
            Whether the variants are encoded, once for all calls with the same `like` and `quality`, and the copy
            spliced from them.  False encodes this copy alone: the same bytes, sooner when few copies are made.

        Returns
        -------
        data : bytes
            A whole baseline JPEG file, with restart markers.

        Raises
        ------
        RecipientError
            When the recipient is not an integer in that range.
        PhotoError
            When the photo is not 8-bit grey or RGB, or `like` is another photo.
        """
        number = checked_recipient(recipient)
        if splice:
            return self._jpeg_plan(like, quality).jpeg_for(number)
        return JpegWriter.of(self.delivery, like=like, quality=quality).encode(self.copy_for(number))

    def save(self, path: str | os.PathLike[str], *, like: Photo | None = None, quality: int | None = None) -> None:
        """Write the variants to a file, from which copies can be spliced without the photo.

        Parameters
        ----------
        path : path-like
            Where to; the file appears whole or not at all, and an existing one is replaced.
        like, quality
            As for :meth:`jpeg_for`.

        Raises
        ------
        PhotoError
            As for :meth:`jpeg_for`.
        OutputError
            When the file cannot be written.
        """
        self._jpeg_plan(like, quality).save(path)

    @staticmethod
    def load(path: str | os.PathLike[str], *, key: Key) -> JpegPlan:
        """Read what :meth:`save` wrote.

        Parameters
        ----------
        path : path-like
            The file.
        key : Key
            The key that the photo was prepared with; the file does not hold it.

        Returns
        -------
        plan : JpegPlan
            Makes copies with :meth:`~tracemark.splicing.JpegPlan.jpeg_for`.

        Raises
        ------
        FormatError
            When there is no such file, or it is damaged or of another version.
        KeyFileError
            When the file was written with another key.
        """
        return JpegPlan.load(path, key=key)

    @cached_property
    def contents(self) -> Contents:
        """What tells its copies apart."""
        return Contents(self.key, self.digest, self.layout, self.chip_set)

    @cached_property
    def _jpeg_plan(self) -> Callable[[Photo | None, int | None], JpegPlan]:
        """Encode the variants, or find those that were encoded last."""
        delivery, contents = self.delivery, self.contents
        return lru_cache(maxsize=1)(lambda like, quality: prepare_jpeg(delivery, contents, like=like, quality=quality))


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
    """
    pixels = checked_pixels(image)
    layout = lay_out(*pixels.shape[:2])
    digest = digest_of(pixels)
    chip_set = chip_set_of(key, digest, layout)
    luma = luma_of(pixels)
    working = to_working(luma, layout)
    permitted = allowance(working)
    layers = _layers(key, digest, chip_set, layout, permitted)
    sample = layers.common + layers.signed.sum(axis=0)
    message = layers.signed[: PROFILE.message_slots]
    patterns = np.asarray(message / np.maximum(permitted, np.finfo(np.float32).tiny), dtype=np.float32)
    strength = _strength(luma, working, patterns, sample, layout) if sample.any() else 0.0
    if not strength or untouched_score(working + np.float32(strength) * sample, patterns) < LEAST_SCORE:
        raise PhotoError("photo must show more to carry a mark; this one is too plain, or too small for what it shows")
    delivery = prepare_delivery(pixels, layers, layout, strength=strength)
    return Plan(key, digest, layout, strength, chip_set, delivery)


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
        When the recipient is not an integer in that range.
    """
    number = checked_recipient(recipient)
    return prepare(image, key=key).copy_for(number)


def _layers(key: Key, digest: bytes, chip_set: int, layout: Layout, permitted: NDArray[np.float32]) -> Layers:
    """Build the layers of a photo, in allowances."""
    rows, columns = layout.cells
    beacon = beacon_choices(key)
    taken = np.concatenate(
        [beacon.patterns[chip_set, :rows, :columns], message_choices(key, chip_set).patterns[:rows, :columns]], axis=-1
    )
    own = fingerprint_patterns(key, digest, taken)
    return build_layers(
        codebook(key),
        np.concatenate([taken, own[..., None]], axis=-1),
        sync_tile(sync_lines(key)),
        beacon.signs[chip_set, :rows, :columns, 0],
        permitted,
    )


def _strength(
    luma: NDArray[np.float32],
    working: NDArray[np.float32],
    patterns: NDArray[np.float32],
    sample: NDArray[np.float32],
    layout: Layout,
) -> float:
    """Solve for the strength; a photo whose rehearsed leaks are hard to read is marked nearer to what can be seen."""
    visibility = look_at(luma, sample, layout)
    usual = visibility.strength_for(TARGETS[1], most=MOST_STRENGTH)
    marked = working + np.float32(usual) * sample
    target = float(np.interp(rehearse(marked, patterns, layout), DIFFICULT, TARGETS))
    return usual if target == TARGETS[1] else visibility.strength_for(target, most=MOST_STRENGTH)

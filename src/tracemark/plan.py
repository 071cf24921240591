"""Make copies of a photo that has been analysed."""

import os
from dataclasses import dataclass, field
from functools import lru_cache, partial
from threading import Lock
from typing import Any, SupportsIndex

from numpy.typing import NDArray

from tracemark.arguments import checked_kind
from tracemark.codes.word import checked_recipient
from tracemark.contents import Contents, Planned
from tracemark.errors import PhotoError
from tracemark.jpeg_writer import JpegWriter
from tracemark.keys import Key
from tracemark.media.photo import Photo, checked_quality
from tracemark.signal.delivery import Delivery, deliver
from tracemark.splicing import JpegPlan, prepare_jpeg, spliced_size

__all__ = ["Plan"]


@dataclass(frozen=True, eq=False)
class Plan(Planned):
    """A photo that has been analysed, ready for any number of personal copies.

    Whoever has it pickled has the secret of its key; what :meth:`save` writes holds none.
    """

    strength: float
    """What the allowance is multiplied by."""

    delivery: Delivery
    """The layers at the photo's own size."""

    _variants: "_Variants" = field(init=False, repr=False)
    """Those that were encoded last."""

    def __post_init__(self) -> None:
        # From the start, not when it is asked for: of threads that ask at once all are to be given the same.
        object.__setattr__(self, "_variants", _Variants(self.delivery, self.contents))

    @property
    def chip_set(self) -> int:
        """Which of the profile's chip sets this photo uses."""
        return self.contents.chip_set

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
            Whether the variants are encoded, once for all calls with the same `quality` and the same `like`, not one
            that was read again, and the copy spliced from them.  False encodes this copy alone: the same bytes, sooner
            when few copies are made.

        Returns
        -------
        data : bytes
            A whole baseline JPEG file, with restart markers.

        Raises
        ------
        RecipientError
            When the recipient is not an integer in that range.
        PhotoError
            When the photo is not 8-bit grey or RGB, or `like` has another shape.
        """
        number = checked_recipient(recipient)
        _checked_like(like)
        if splice:
            return self._variants.encoded(like, quality).jpeg_for(number)
        return JpegWriter.of(self.delivery, like=like, quality=quality).encode(self.copy_for(number))

    def spliced_size(self, *, like: Photo | None = None, quality: int | None = None) -> float:
        """Tell what mark and restart markers add to a JPEG file.

        Parameters
        ----------
        like, quality
            As for :meth:`jpeg_for`.

        Returns
        -------
        size : float
            Bytes of a spliced file over those of the photo without a mark and without markers; 1.05 is 5 % more.
            Where `like` has Huffman tables of its own, so has what is compared with.

        Raises
        ------
        PhotoError
            As for :meth:`jpeg_for`.
        """
        _checked_like(like)
        return spliced_size(self.delivery, like=like, quality=quality)

    def save(self, path: str | os.PathLike[str], *, like: Photo | None = None, quality: int | None = None) -> None:
        """Write the variants to a file, from which copies can be spliced without the photo.

        Parameters
        ----------
        path : path-like
            Where to; the file appears whole or not at all.  A new one is its owner's alone; an existing one is
            replaced, and stays as open as it was.
        like, quality
            As for :meth:`jpeg_for`.

        Raises
        ------
        PhotoError
            As for :meth:`jpeg_for`.
        OutputError
            When the file cannot be written.
        """
        _checked_like(like)
        self._variants.encoded(like, quality).save(path)

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

    def __reduce__(self) -> "tuple[type[Plan], tuple[Contents, float, Delivery]]":
        """Pickle no variants: they are encoded anew where they are asked for."""
        return type(self), (self.contents, self.strength, self.delivery)


class _Variants:
    """The variants of a photo that were encoded last; who asks for them meanwhile waits."""

    def __init__(self, delivery: Delivery, contents: Contents) -> None:
        self._lock = Lock()
        self._encode = lru_cache(maxsize=1)(partial(prepare_jpeg, delivery, contents))

    def encoded(self, like: Photo | None, quality: int | None) -> JpegPlan:
        """Encode them, unless they are those that were encoded last."""
        number = checked_quality(quality)  # the cache takes True for 1, and cannot be asked for a list
        with self._lock:
            return self._encode(like=like, quality=number)


def _checked_like(like: object) -> None:
    """Refuse what is no photo, as its path and its pixels are none."""
    if like is not None:
        checked_kind(like, Photo, "like", refuse=PhotoError)

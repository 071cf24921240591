"""Encode a photo's copies as JPEG files like the one it was read from."""

from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from tracemark.errors import PhotoError
from tracemark.media.jpeg import restart_interval
from tracemark.media.photo import JpegSettings, Photo, encode_photo
from tracemark.media.pixels import COLOURS
from tracemark.signal.delivery import Delivery

__all__ = ["JpegWriter"]


@dataclass(frozen=True, eq=False)
class JpegWriter:
    """How all copies of one photo are encoded."""

    like: Photo
    """What they are like, but for their pixels; never progressive, and with restart markers to be spliced at."""

    quality: int | None
    """JPEG quality; None for the tables of `like`."""

    @classmethod
    def of(cls, delivery: Delivery, *, like: Photo | None, quality: int | None) -> Self:
        """Choose how a photo's copies are encoded.

        Parameters
        ----------
        delivery : Delivery
            The photo and its mark.
        like : Photo or None
            The file that it was read from.
        quality : int or None
            JPEG quality, 1 to 100; None for that of the file, or 95.

        Returns
        -------
        writer : JpegWriter

        Raises
        ------
        PhotoError
            When the photo is not 8-bit grey or RGB, or `like` has another shape.
        """
        pixels, layout = delivery.pixels, delivery.layout
        grey = pixels.ndim == 2
        if pixels.dtype != np.uint8 or not (grey or pixels.shape[2] == COLOURS):
            kind = "alpha" if pixels.dtype == np.uint8 else pixels.dtype.name
            raise PhotoError(f"photo must be 8-bit grey or RGB to be copied as JPEG, not {kind}")
        if like is not None and like.pixels.shape != pixels.shape:
            raise PhotoError(f"photo must have the shape {pixels.shape} of what was prepared, not {like.pixels.shape}")
        source = like or Photo(pixels, "JPEG")
        settings = source.jpeg or JpegSettings()
        interval = restart_interval(
            layout.columns, cell=layout.cell, subsampling=None if grey else settings.subsampling
        )
        spliced = replace(settings, progressive=False, restart_interval=interval)
        return cls(replace(source, format="JPEG", refusal="", jpeg=spliced), quality)

    def without_markers(self) -> Self:
        """Encode copies the same way, but for the restart markers that splicing needs."""
        plain = replace(self.like.jpeg or JpegSettings(), restart_interval=0)
        return replace(self, like=replace(self.like, jpeg=plain))

    def encode(self, copy: NDArray[Any]) -> bytes:
        """Encode one copy.

        Parameters
        ----------
        copy : ndarray
            Its pixels, or some rows of them.

        Returns
        -------
        data : bytes
            A whole file.
        """
        return encode_photo(copy, like=replace(self.like, pixels=copy), quality=self.quality)

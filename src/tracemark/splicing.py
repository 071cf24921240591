"""Make personal JPEG files of a photo by encoding each possible content once, and joining bytes."""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Self, SupportsIndex

import numpy as np

from tracemark.arguments import checked_path
from tracemark.contents import CONTENTS, Contents, Planned, number_contents, uniform_signs
from tracemark.errors import FormatError, OutputError
from tracemark.jpeg_writer import JpegWriter
from tracemark.keys import Key, checked_key
from tracemark.machine import processors
from tracemark.media.jpeg import Variants, splice, variants_of
from tracemark.media.photo import Photo
from tracemark.plan_file import PlanFile, read_plan_file, write_plan_file
from tracemark.signal.delivery import Delivery, deliver, deliver_alike
from tracemark.signal.layout import lay_out

__all__ = ["JpegPlan", "prepare_jpeg", "spliced_size"]

STRIP_PIXELS = 1 << 19  # of a strip that is encoded at a time: with all that it needs, it fits the processor's cache


@dataclass(frozen=True, eq=False)
class JpegPlan(Planned):
    """A photo whose variants are encoded, ready for any number of personal JPEG files."""

    variants: Variants
    """The photo with one content in all cells, for each content."""

    def jpeg_for(self, recipient: SupportsIndex) -> bytes:
        """Splice a recipient's copy.

        Parameters
        ----------
        recipient : int
            0 to ``2**32 - 1``.

        Returns
        -------
        data : bytes
            A whole baseline JPEG file, with restart markers.

        Raises
        ------
        RecipientError
            When the recipient is not an integer in that range.
        """
        return splice(self.variants, number_contents(self.contents.signs_for(recipient)))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write it to a file; see :meth:`tracemark.plan.Plan.save`.

        Parameters
        ----------
        path : path-like
            Where to, as there.

        Raises
        ------
        OutputError
            When the file cannot be written.
        """
        known, cells = self.contents, self.variants.cells
        files = [splice(self.variants, np.full(cells, number)) for number in range(CONTENTS)]
        layout = known.layout
        write_plan_file(
            checked_path(path, "path", refuse=OutputError),
            PlanFile(known.digest, layout.rows, layout.columns, known.chip_set, files),
            key=known.key,
        )

    @classmethod
    def load(cls, path: str | os.PathLike[str], *, key: Key) -> Self:
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

        Raises
        ------
        FormatError
            When there is no such file, or it is damaged or of another version.
        KeyFileError
            When the file was written with another key.
        """
        saved = read_plan_file(checked_path(path, "path", refuse=FormatError), key=checked_key(key))
        layout = lay_out(saved.rows, saved.columns)
        if len(saved.files) != CONTENTS:
            raise FormatError(f"prepared photo {path} must hold {CONTENTS} variants, not {len(saved.files)}")
        variants = variants_of([saved.files], cell=layout.cell)
        if variants.cells != layout.cells:
            raise FormatError(f"prepared photo {path} must have {layout.cells} cells, not {variants.cells}")
        return cls(Contents(key, saved.digest, layout, saved.chip_set), variants)


def prepare_jpeg(delivery: Delivery, contents: Contents, *, like: Photo | None, quality: int | None) -> JpegPlan:
    """Encode the variants of a photo.

    Parameters
    ----------
    delivery : Delivery
        The photo and its mark.
    contents : Contents
        What will tell its copies apart.
    like : Photo or None
        The file that it was read from.
    quality : int or None
        JPEG quality, 1 to 100; None for that of the file, or 95.

    Returns
    -------
    plan : JpegPlan

    Raises
    ------
    PhotoError
        When the photo is not 8-bit grey or RGB, or `like` has another shape.
    """
    writer = JpegWriter.of(delivery, like=like, quality=quality)
    layout = delivery.layout
    high = layout.cell * max(1, STRIP_PIXELS // (layout.cell * layout.columns))
    strips = [_cut_strip(delivery, first, high) for first in range(0, layout.rows, high)]

    def encode(strip: Delivery) -> list[bytes]:
        files = {number: writer.encode(copy) for number, copy in deliver_alike(strip)}
        return [files[number] for number in range(CONTENTS)]

    with ThreadPoolExecutor(max_workers=processors()) as pool:
        return JpegPlan(contents, variants_of(pool.map(encode, strips), cell=layout.cell))


def spliced_size(delivery: Delivery, *, like: Photo | None, quality: int | None) -> float:
    """Tell what mark and restart markers add to a file.

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
    size : float
        Bytes of one variant over those of the photo without a mark and without markers; 1.05 is 5 % more.  Where the
        file has Huffman tables of its own, so has what is compared with.

    Raises
    ------
    PhotoError
        When the photo is not 8-bit grey or RGB, or `like` has another shape.
    """
    writer = JpegWriter.of(delivery, like=like, quality=quality)
    plain = writer.without_markers().encode(delivery.pixels)
    return len(writer.encode(deliver(delivery, uniform_signs(0, delivery.layout)))) / len(plain)


def _cut_strip(delivery: Delivery, first: int, rows: int) -> Delivery:
    """Cut some rows out of a photo and its layers."""
    cut = slice(first, first + rows)
    pixels = delivery.pixels[cut]
    layout = replace(delivery.layout, rows=len(pixels))
    return Delivery(pixels, layout, delivery.common[cut], delivery.signed[:, cut])

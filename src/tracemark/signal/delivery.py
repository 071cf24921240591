"""Lay a mark over the photo at its own size, cell by cell as a recipient's signs say."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tracemark.machine import processors
from tracemark.signal.dither import FRACTION_BITS, dither_width, thresholds
from tracemark.signal.layout import Layout, from_working
from tracemark.signal.luma import COLOURS, PEAK
from tracemark.signal.modulation import Layers

__all__ = ["Delivery", "deliver", "deliver_alike", "prepare_delivery"]

LIMIT = 127  # of a signed layer, in 1/16 luma levels: 8 luma levels, which 1 pixel in 4,000 exceeds at the worst


@dataclass(frozen=True, eq=False)
class Delivery:
    """A photo and the layers of its mark, at the photo's own size."""

    pixels: NDArray[Any]
    """The photo, a copy of its own; shape (rows, columns[, channels])."""

    layout: Layout
    """Where the cells lie."""

    common: NDArray[np.int16]
    """What all copies share, in 1/16 luma levels; in 8 bits with the dither threshold on top; whole cells."""

    signed: NDArray[np.int8]
    """What the recipient's signs multiply; shape (slots, ...), the same unit."""


def prepare_delivery(pixels: NDArray[Any], layers: Layers, layout: Layout, *, strength: float) -> Delivery:
    """Bring the layers to the photo's size.

    Parameters
    ----------
    pixels : ndarray, shape (rows, columns) or (rows, columns, channels)
        The photo.
    layers : Layers
        The mark at the working scale, in allowances.
    layout : Layout
        Where the cells lie.
    strength : float
        Luma levels in an allowance.

    Returns
    -------
    delivery : Delivery
        Ready for :func:`deliver`.
    """
    gain = strength * (1 << FRACTION_BITS)
    size = tuple(side * layout.cell for side in layout.cells)
    kept, common = np.empty_like(pixels), np.empty(size, dtype=np.int16)
    signed = np.empty((len(layers.signed), *size), dtype=np.int8)
    width = dither_width(layers.signed, strength)
    narrowed = bool(width.min() < 1)

    def fill(row: int) -> None:
        lines = slice(row * layout.cell, (row + 1) * layout.cell)
        kept[lines] = pixels[lines]
        for layer, out in zip((layers.common, *layers.signed), (common, *signed), strict=True):
            depth = cv2.CV_16S if out is common else cv2.CV_8S
            band = from_working(layer, layout, cell_row=row)
            # rounds to nearest; the stubs do not know that a factor may be a plain number
            cv2.multiply(band, gain, dst=out[lines], dtype=depth)  # type: ignore[call-overload]  # see above
        np.maximum(signed[:, lines], -LIMIT, out=signed[:, lines])  # what saturates must have an opposite
        if pixels.dtype == np.uint8:
            local = from_working(width, layout, cell_row=row) if narrowed else None
            common[lines] += thresholds(np.arange(lines.start, lines.stop), size[1], local)

    # A row of cells fits the processor's cache; new memory, which is most of the time, comes to all cores at once.
    with ThreadPoolExecutor(max_workers=processors()) as pool:
        list(pool.map(fill, range(layout.cells[0])))
    return Delivery(kept, layout, common, signed)


def deliver(delivery: Delivery, signs: NDArray[np.int8]) -> NDArray[Any]:
    """Make a copy.

    Parameters
    ----------
    delivery : Delivery
        What :func:`prepare_delivery` made.
    signs : ndarray, shape (slots, cell rows, cell columns), int8
        +1 or -1: the content of each cell.

    Returns
    -------
    copy : ndarray
        Shape and dtype of the photo.  A cell's pixels depend on nothing but the photo and the cell's content.
    """
    layout, cell = delivery.layout, delivery.layout.cell
    copy = np.empty_like(delivery.pixels)
    wide = np.repeat(signs, cell, axis=-1)[..., : layout.columns]
    for row in range(signs.shape[1]):  # a row of cells fits the processor's cache
        rows = slice(row * cell, min((row + 1) * cell, layout.rows))
        change = delivery.common[rows, : layout.columns].copy()
        for slot, layer in enumerate(delivery.signed):
            change += layer[rows, : layout.columns] * wide[slot, row]
        copy[rows] = _add(delivery.pixels[rows], change)
    return copy


def deliver_alike(delivery: Delivery) -> Iterator[tuple[int, NDArray[Any]]]:
    """Make all copies whose cells hold the same signs.

    Parameters
    ----------
    delivery : Delivery
        What :func:`prepare_delivery` made, or a strip of it that fits the processor's cache.

    Yields
    ------
    number : int
        0 to ``2**slots - 1``, each once, in no useful order: bit ``slot`` is set when that slot's sign is -1.
    copy : ndarray
        What :func:`deliver` makes of these signs.

    Notes
    -----
    In the order of the Gray code (Gray 1953, US patent 2632058) one slot changes from copy to copy: one sum of
    layers for each instead of four.
    """
    area = (slice(delivery.layout.rows), slice(delivery.layout.columns))
    doubled = [2 * layer[area].astype(np.int16) for layer in delivery.signed]
    change = delivery.common[area] + delivery.signed[:, *area].sum(axis=0, dtype=np.int16)
    yield 0, _add(delivery.pixels, change)
    number = 0
    for count in range(1, 1 << len(doubled)):
        slot = (count & -count).bit_length() - 1
        number ^= 1 << slot
        if number >> slot & 1:
            change -= doubled[slot]
        else:
            change += doubled[slot]
        yield number, _add(delivery.pixels, change)


def _add(pixels: NDArray[Any], change: NDArray[np.int16]) -> NDArray[Any]:
    """Add a change of luma, in 1/16 levels, to a few rows of pixels."""
    grey = pixels.ndim == 2
    colours = pixels if grey else pixels[..., :COLOURS]
    if pixels.dtype == np.uint8:
        levels = change >> FRACTION_BITS
        added = cv2.add(colours, levels if grey else cv2.merge([levels] * COLOURS), dtype=cv2.CV_8U)
    else:
        most = np.iinfo(pixels.dtype).max if np.issubdtype(pixels.dtype, np.integer) else 1
        share = change * (most / PEAK / (1 << FRACTION_BITS))
        sums = np.clip(colours + (share if grey else share[..., None]), 0, most)
        added = (np.rint(sums) if most > 1 else sums).astype(pixels.dtype)
    return np.asarray(added) if added.shape == pixels.shape else np.dstack([added, pixels[..., COLOURS:]])

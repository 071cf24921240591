"""Leaks whose geometry is known to a hundredth of a pixel, as one table."""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.gauntlet.damage import clutter, codec, texture, tone
from benchmarks.gauntlet.damage.pixels import Damage, Pixels, pixels
from benchmarks.registration import optics
from tracemark.transforms import moving, resizing, scaling

__all__ = ["VIEWS", "Leak", "View", "show"]

PERCENT = 100
WAVES = 3.0  # periods of a wobble along the photo's long side
SHARP = 0.9  # leak pixels in a photo pixel below which the photo is reduced by area first

Shape = tuple[int, int]
Frame = tuple[NDArray[np.float64], Shape]


@dataclass(frozen=True)
class Leak:
    """A leak and where each of its pixels comes from."""

    pixels: Pixels
    """RGB."""
    places: NDArray[np.float32]
    """Photo (x, y) of every leak pixel; shape (rows, columns, 2); NaN where it shows something else."""


@dataclass(frozen=True)
class View:
    """One way to show a photo."""

    name: str
    """Unique."""
    frame: Callable[[Shape, float, np.random.Generator], Frame]
    """Photo's shape and a strength to the transform photo -> leak and the leak's shape."""
    strength: float
    """For ``frame``."""
    steps: tuple[tuple[Damage, float], ...] = ()
    """What happens to light and colour, in order."""
    wobble: float = 0.0
    """Most that any pixel strays, photo pixels at 1280 of them."""
    crowded: bool = False
    """Other photos fill the leak where this one is not."""


def show(view: View, photo: Pixels, others: list[Pixels], rng: np.random.Generator) -> Leak:
    """Make a leak.

    Parameters
    ----------
    view : View
        What to do.
    photo : ndarray, shape (rows, columns, 3)
        The photo.
    others : list of ndarray
        Three other photos, for a collage.
    rng : numpy.random.Generator
        Decides what is left to chance.

    Returns
    -------
    leak : Leak
    """
    transform, shape = view.frame((photo.shape[0], photo.shape[1]), view.strength, rng)
    places = _places(np.asarray(np.linalg.inv(transform), dtype=np.float64), shape)
    if view.wobble:
        places = np.asarray(places) + _wobble(places, photo.shape, view.wobble, rng)
    rows, columns = photo.shape[:2]
    inside = np.all((places > -1 / 2) & (places < np.array([columns, rows]) - 1 / 2), axis=-1)
    leak = _render(photo, places, transform)
    leak[~inside] = _background(shape, others if view.crowded else [])[~inside]
    for damage, strength in view.steps:
        leak = damage(leak, strength, rng)
    return Leak(leak, np.where(inside[..., None], places, np.nan).astype(np.float32))


def _places(to_photo: NDArray[np.float64], shape: Shape) -> NDArray[np.float64]:
    """Map every pixel of the leak to the photo."""
    down, across = np.mgrid[: shape[0], : shape[1]].astype(np.float64)
    mapped = np.stack([across, down, np.ones(shape)], axis=-1) @ to_photo.T
    return np.asarray(mapped[..., :2] / mapped[..., 2:])


def _wobble(
    places: NDArray[np.float64], shape: tuple[int, ...], most: float, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Bend smoothly: two waves a direction."""
    side = max(shape)
    unit = places / side * (2 * np.pi * WAVES)
    size = most * side / 1280 / 2  # two waves add up
    bent = np.zeros(places.shape)
    for axis in (0, 1):
        for _ in range(2):
            angle, phase = rng.uniform(0, 2 * np.pi, 2)
            bent[..., axis] += size * np.sin(unit @ [np.cos(angle), np.sin(angle)] + phase)
    return bent


def _render(photo: Pixels, places: NDArray[np.float64], transform: NDArray[np.float64]) -> Pixels:
    """Look the places up in the photo, reduced first where the leak is smaller."""
    rows, columns = photo.shape[:2]
    centre = np.array([columns, rows, 2]) / 2
    weight = float(transform[2] @ centre)
    scale = float(np.sqrt(abs(np.linalg.det(transform)) / abs(weight) ** 3))
    if scale < SHARP:
        size = (max(round(columns * scale), 1), max(round(rows * scale), 1))
        photo = pixels(cv2.resize(photo, size, interpolation=cv2.INTER_AREA))
        places = (places + 1 / 2) * (np.array(size) / [columns, rows]) - 1 / 2
    x, y = (places[..., axis].astype(np.float32) for axis in (0, 1))
    return pixels(cv2.remap(photo, x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE))


def _background(shape: Shape, others: list[Pixels]) -> Pixels:
    """Fill what the photo does not: with quarters of other photos, or a desktop's grey."""
    ground = np.full((*shape, 3), clutter.DESKTOP, np.uint8)
    half = (-(-shape[0] // 2), -(-shape[1] // 2))
    for at, other in enumerate(others[:3], start=1):
        corner = ground[at // 2 * half[0] :, at % 2 * half[1] :][: half[0], : half[1]]
        corner[:] = cv2.resize(other, corner.shape[1::-1], interpolation=cv2.INTER_AREA)
    return ground


def whole(shape: Shape, long_side: float, rng: np.random.Generator) -> Frame:
    """Scale the whole photo to a long side; 0 leaves it."""
    del rng
    factor = long_side / max(shape) if long_side else 1.0
    size = (round(shape[0] * factor), round(shape[1] * factor))
    return resizing(shape, size), size


def crop(shape: Shape, percent: float, rng: np.random.Generator) -> Frame:
    """Keep so many per cent of the area."""
    side = np.sqrt(percent / PERCENT)
    size = (round(shape[0] * side), round(shape[1] * side))
    top, left = (int(rng.integers(full - part + 1)) for full, part in zip(shape, size, strict=True))
    return moving(np.array([-left, -top])), size


def scrap(shape: Shape, factor: float, rng: np.random.Generator) -> Frame:
    """Keep 30 per cent of the area and scale it."""
    move, size = crop(shape, 30, rng)
    small = (round(size[0] * factor), round(size[1] * factor))
    return resizing(size, small) @ move, small


def turned(shape: Shape, degrees: float, rng: np.random.Generator) -> Frame:
    """Rotate about the centre by up to so many degrees either way, the canvas grown to hold all of it."""
    angle = np.deg2rad(rng.uniform(-degrees, degrees))
    cosine, sine = np.cos(angle), np.sin(angle)
    size = (
        int(abs(sine) * shape[1] + abs(cosine) * shape[0]) + 1,
        int(abs(cosine) * shape[1] + abs(sine) * shape[0]) + 1,
    )
    turn = np.array([[cosine, -sine, 0], [sine, cosine, 0], [0, 0, 1]])
    middle, before = ((np.array(full[::-1]) - 1) / 2 for full in (size, shape))
    return moving(middle) @ turn @ moving(-before), size


def mirror(shape: Shape, strength: float, rng: np.random.Generator) -> Frame:
    """Swap left and right."""
    del strength, rng
    return np.array([[-1.0, 0, shape[1] - 1], [0, 1, 0], [0, 0, 1]]), shape


def perspective(shape: Shape, percent: float, rng: np.random.Generator) -> Frame:
    """Move each corner inwards by up to so many per cent of the sides."""
    rows, columns = shape
    corners = np.array([[0, 0], [columns - 1, 0], [columns - 1, rows - 1], [0, rows - 1]], np.float32)
    inwards = np.array([[1, 1], [-1, 1], [-1, -1], [1, -1]])
    shift = rng.uniform(0, percent / PERCENT, (4, 2)) * inwards * (columns, rows)
    bend = cv2.getPerspectiveTransform(corners, (corners + shift).astype(np.float32))
    return np.asarray(bend, dtype=np.float64), shape


def photographed(shape: Shape, percent: float, rng: np.random.Generator) -> Frame:
    """See a screen at an angle, smaller, on a grown canvas."""
    bend, _ = perspective(shape, percent, rng)
    turn, _ = turned(shape, 4, rng)
    factor = rng.uniform(0.8, 1.1)
    size = (round(shape[0] * 1.15), round(shape[1] * 1.15))
    return moving(0.08 * np.array(shape[::-1])) @ scaling(factor) @ bend @ turn, size


def quarter(shape: Shape, factor: float, rng: np.random.Generator) -> Frame:
    """Be the first of four pictures, each half as large."""
    del rng
    size = (round(shape[0] * factor), round(shape[1] * factor))
    return resizing(shape, size), (2 * size[0], 2 * size[1])


def window(shape: Shape, factor: float, rng: np.random.Generator) -> Frame:
    """Be shown on a desktop twice as large."""
    size = (round(shape[0] * factor), round(shape[1] * factor))
    left, top = rng.uniform(0, size[1]), rng.uniform(0, size[0])
    return moving(np.array([left, top])) @ scaling(factor), (2 * size[0], 2 * size[1])


# fmt: off
VIEWS = (
    #    name              frame      strength   light and colour
    View("jpeg-20",        whole,       0,   ((codec.jpeg, 20),)),
    View("jpeg-10",        whole,       0,   ((codec.jpeg, 10),)),
    View("whole-480",      whole,       480, ((codec.jpeg, 70),)),
    View("whole-320",      whole,       320, ((codec.jpeg, 70),)),
    View("crop-5",         crop,        5,   ((codec.jpeg, 60),)),
    View("crop-3",         crop,        3,   ((codec.jpeg, 60),)),
    View("crop-1",         crop,        1,   ((codec.jpeg, 60),)),
    View("scrap-30-x0.5",  scrap,       .5,  ((codec.jpeg, 50),)),
    View("rotate-any",     turned,      180, ((codec.jpeg, 75),)),
    View("mirror",         mirror,      1,   ((codec.jpeg, 75),)),
    View("perspective-15", perspective, 15,  ((codec.jpeg, 75),)),
    View("colour-filter",  whole,       0,   ((optics.filtered, .6), (codec.jpeg, 75))),
    View("black-white",    whole,       0,   ((tone.grey, 1), (tone.contrast, 60), (codec.jpeg, 75))),
    View("gamma-0.5",      whole,       0,   ((tone.gamma, .5), (codec.jpeg, 75))),
    View("negative",       whole,       0,   ((optics.negative, 1), (codec.jpeg, 75))),
    View("text-40",        whole,       0,   ((clutter.caption, 40), (codec.jpeg, 75))),
    View("collage",        quarter,     .5,  ((codec.jpeg, 75),), crowded=True),
    View("screenshot",     window,      .73, ((texture.sharpen, .5), (codec.jpeg, 80))),
    View("wobble-3",       whole,       0,   ((codec.jpeg, 75),), wobble=3),
    View("x0.3-x3",        whole,       0,   ((optics.coarse, .3), (codec.jpeg, 75))),
    View("nl-means",       whole,       0,   ((texture.denoise, 10), (texture.sharpen, 1), (codec.jpeg, 75))),
    View("screen-photo",   photographed, 8,  ((optics.screen, 1), (codec.jpeg, 70)), wobble=1),
    View("print-scan",     turned,      2,   ((optics.printed, 1), (codec.jpeg, 75)), wobble=1),
)
# fmt: on

"""Lay a leak beside what it would be without a mark: resized, toned and saved as the leak was."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from tracemark.geometry.registration import Registration, straighten
from tracemark.geometry.rendering import density_of, rendering_of
from tracemark.geometry.straightening import LONGEST, positive_of
from tracemark.original import Original
from tracemark.remainder import Comparison
from tracemark.signal.jpeg_quality import FINEST, left_when_saved, likeliest_quality, likely_qualities
from tracemark.signal.mask import allowance
from tracemark.signal.quantisation import BLOCK, NOISE, Coding
from tracemark.signal.simulation import Box, simulate
from tracemark.signal.toning import fit_tones
from tracemark.transforms import corners, mapped, moving

__all__ = ["compare", "cut_out"]

Floats = NDArray[np.float32]

ASKEW = 2.0  # working pixels that a corner may be off a rectangle whose sides are the photo's
STRENGTH = 0.42  # luma levels in one allowance: what photos' marks usually have
EXACT = 0.5  # luma levels by which a coefficient is off where a leak was only reduced and saved
ROUGH = 8.0  # luma levels by which any coefficient may be off in a leak that was denoised
DENSE = 1.5  # leak pixels in a working pixel along a side: of more, the leak is brought to working pixels first
SAVED = 0.9  # share of the difference that is left at most when the expected picture is saved as the leak was
UNSAVED = 1.5  # share that no true quality leaves
DEAD_ZONES = (8.0, 16.0, 32.0)  # luma levels: widths that are tried of a codec that is not JPEG
LOSSY = 2.0  # luma levels by which any coefficient may be off in what such a codec has left


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
    cut = cut_out(leak, registration)
    there = density_of(registration, leak.shape) <= DENSE and max(cut[0].shape) <= LONGEST
    leak, registration = cut if there else _straight(leak, registration)
    boxes = [] if roughly else _boxes(leak.shape, original, registration)
    simulated = simulate(leak, original.luma, boxes) if boxes else None
    if simulated is not None:
        exactly = _exactly(registration, simulated.box, leak.shape)
        whole, quality = np.ones_like(leak), simulated.quality
        coding = Coding.jpeg(quality, EXACT)
        shown = simulated.show(spread)
        return Comparison(leak, simulated.luma, False, coding, (), whole, spread, shown, exactly, simulated.show)
    luma = positive_of(leak, negative=registration.negative)
    rendering = rendering_of(registration, leak.shape)
    # what is between pixels overshoots where it is looked up
    cover = np.clip(rendering.show(registration.weights), 0, 1) * rendering.inside(original.luma.shape)
    expected = fit_tones(luma, rendering.show(original.luma), cover)
    coding = Coding.jpeg(_quality(luma, expected, cover), ROUGH if roughly else NOISE)
    upright = replace(registration, negative=False)
    others = [replace(coding, noise=LOSSY), *(Coding.dead_zone(width, LOSSY) for width in DEAD_ZONES)]
    shown = rendering.show(spread)
    return Comparison(luma, expected, True, coding, others, cover, spread, shown, upright, rendering.show)


def _straight(leak: Floats, registration: Registration) -> tuple[Floats, Registration]:
    """Bring a leak of many pixels to those of the original."""
    straight, _ = straighten(leak, registration)
    rows, columns = straight.shape
    there = _exactly(registration, Box(0, 0, rows, columns), straight.shape)
    return straight, replace(there, transform=np.eye(3), negative=False)


def cut_out(leak: Floats, registration: Registration) -> tuple[Floats, Registration]:
    """Cut away the blocks of a leak's JPEG that show nothing of the original.

    Parameters
    ----------
    leak : ndarray, shape (rows, columns), float32
        The leak's luma.
    registration : Registration
        How it lies on the original.

    Returns
    -------
    leak, registration : ndarray, Registration
        Of what is left.
    """
    # a plane that is seen at an angle has places that lie anywhere
    ends = [(places.min(), places.max()) for places in np.moveaxis(registration.places, -1, 0)]
    shown = np.clip(np.array(ends).T, 0, leak.shape[::-1])
    left, top = np.maximum(shown[0] // BLOCK - 1, 0).astype(int) * BLOCK
    right, bottom = (shown[1] // BLOCK + 2).astype(int) * BLOCK
    back = moving(np.array([left, top]))
    places = registration.places - np.array([left, top], dtype=np.float32)
    return leak[top:bottom, left:right], replace(registration, transform=registration.transform @ back, places=places)


def _quality(leak: Floats, expected: Floats, cover: Floats) -> int:
    """Find the likeliest quality of a leak's JPEG; a wrong one of fine steps does little harm."""
    qualities = likely_qualities(leak) or [FINEST]
    left = left_when_saved(leak, expected, qualities, cover)
    possible = np.flatnonzero(left < UNSAVED)
    return qualities[possible[0]] if left.min() > SAVED and len(possible) else likeliest_quality(qualities, left)


def _boxes(shape: tuple[int, ...], original: Original, registration: Registration) -> list[Box]:
    """Say which rectangles of the photo the leak may be, and nothing else: cut on whole pixels of it, or all of it."""
    if registration.negative:
        return []
    ends = (mapped(registration.transform, corners(shape)) + 1 / 2)[:, ::-1]
    scale = original.layout.scale
    top, bottom = ends[:2, 0].mean(), ends[2:, 0].mean()
    left, right = ends[::2, 1].mean(), ends[1::2, 1].mean()
    low, high = (np.rint(np.array(corner) * scale) / scale for corner in ((top, left), (bottom, right)))
    whole = np.array(original.layout.extent)
    found = [
        Box(*map(float, (*first, *last)))
        for first, last in ((low, high), (np.zeros(2), whole))
        if (last > first).all()
        and (first > -ASKEW).all()
        and (last < whole + ASKEW).all()
        and np.abs(ends - [first, (first[0], last[1]), (last[0], first[1]), last]).max() < ASKEW
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

"""Damage by editing: light, contrast and colour, each pixel (or its surroundings) by a curve."""

import cv2
import numpy as np
import numpy.typing as npt

from benchmarks.gauntlet.damage.pixels import Pixels, clipped, pixels

__all__ = [
    "bit_depth",
    "brightness",
    "contrast",
    "fade",
    "gamma",
    "grey",
    "hue",
    "local_tone",
    "negative",
    "saturation",
    "vignette",
    "warmth",
]

WHITE = 255  # full scale of an 8-bit sample
BITS = 8  # of a sample
PERCENT = 100
HUE_STEP_DEGREES = 2  # OpenCV halves hue angles of 8-bit pictures so that they fit
HALF_TURN = 180  # values a halved hue can take
LIFTED = 0.4  # of a fade's strength: how far black is lifted, white comes down by the rest
CLAHE_GRID = (8, 8)  # regions down and across; OpenCV's default


def brightness(photo: Pixels, percent: float, rng: np.random.Generator) -> Pixels:
    """Make every sample brighter (or darker, when negative) by so many per cent of itself."""
    del rng
    return _curve(photo, _levels() * (1 + percent / PERCENT))


def contrast(photo: Pixels, percent: float, rng: np.random.Generator) -> Pixels:
    """Spread samples away from the photo's mean (or towards it) by so many per cent."""
    del rng
    mean = photo.mean()
    return _curve(photo, mean + (_levels() - mean) * (1 + percent / PERCENT))


def gamma(photo: Pixels, exponent: float, rng: np.random.Generator) -> Pixels:
    """Raise samples, as fractions of white, to a power: below 1 lightens, above 1 darkens."""
    del rng
    return _curve(photo, WHITE * (_levels() / WHITE) ** exponent)


def fade(photo: Pixels, percent: float, rng: np.random.Generator) -> Pixels:
    """Bend samples to an S and squeeze their range by so many per cent, as the filters of photo apps do."""
    del rng
    share = _levels() / WHITE
    bent = share * share * (3 - 2 * share)  # smoothstep
    lost = percent / PERCENT
    return _curve(photo, WHITE * (lost * LIFTED + (1 - lost) * bent))


def vignette(photo: Pixels, percent: float, rng: np.random.Generator) -> Pixels:
    """Darken towards the corners, which lose so many per cent of their light."""
    del rng
    down, across = (np.linspace(-1, 1, side, dtype=np.float32) for side in photo.shape[:2])
    light = 1 - np.float32(percent / PERCENT) * (down[:, None] ** 2 + across**2) / 2
    return clipped(photo * light[..., None])


def bit_depth(photo: Pixels, bits: float, rng: np.random.Generator) -> Pixels:
    """Keep so many bits of every sample, levels spread over the whole range."""
    del rng
    steps = 2 ** int(bits) - 1
    return _curve(photo, np.round(_levels() * steps / WHITE) * WHITE / steps)


def grey(photo: Pixels, strength: float, rng: np.random.Generator) -> Pixels:
    """Drop the colour; the three channels become equal."""
    del strength, rng
    luma = cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY)
    return pixels(cv2.cvtColor(luma, cv2.COLOR_GRAY2RGB))


def saturation(photo: Pixels, factor: float, rng: np.random.Generator) -> Pixels:
    """Multiply the distance of every pixel from its grey by a factor."""
    plain = grey(photo, 1, rng).astype(np.float32)
    return clipped(plain + (photo - plain) * np.float32(factor))


def warmth(photo: Pixels, percent: float, rng: np.random.Generator) -> Pixels:
    """Shift the white balance: red up and blue down by so many per cent (the other way when negative)."""
    del rng
    warm = 1 + percent / PERCENT
    return clipped(photo * np.array([warm, 1, 1 / warm], np.float32))


def hue(photo: Pixels, degrees: float, rng: np.random.Generator) -> Pixels:
    """Turn the hue of every pixel by so many degrees, value and saturation kept."""
    del rng
    hsv = cv2.cvtColor(photo, cv2.COLOR_RGB2HSV)
    hsv[..., 0] = (hsv[..., 0].astype(np.int32) + int(degrees) // HUE_STEP_DEGREES) % HALF_TURN
    return pixels(cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB))


def negative(photo: Pixels, times: float, rng: np.random.Generator) -> Pixels:
    """Take every sample from white; twice gives the photo back."""
    del rng
    return photo.copy() if times % 2 == 0 else pixels(WHITE - photo)


def local_tone(photo: Pixels, clip_limit: float, rng: np.random.Generator) -> Pixels:
    """Equalise lightness region by region with a limit on slope (CLAHE), as phone editors' "HDR" does."""
    del rng
    lab = cv2.cvtColor(photo, cv2.COLOR_RGB2LAB)
    lab[..., 0] = cv2.createCLAHE(clip_limit, CLAHE_GRID).apply(np.ascontiguousarray(lab[..., 0]))
    return pixels(cv2.cvtColor(lab, cv2.COLOR_LAB2RGB))


def _levels() -> npt.NDArray[np.float64]:
    """Every value a sample can take, in order."""
    return np.arange(2**BITS, dtype=np.float64)


def _curve(photo: Pixels, levels: npt.NDArray[np.float64]) -> Pixels:
    """Replace each sample by its entry in a table of all levels."""
    return clipped(levels)[photo]

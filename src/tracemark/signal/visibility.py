"""Predict what SSIMULACRA2 says of a mark, fast enough to solve for the strength of each photo.

SSIMULACRA2 (Cloudinary, https://github.com/cloudinary/ssimulacra2) is a weighted sum of norms of error
maps at six scales.  A mark in luma reaches ten of its terms.  They are computed here for a grey photo and a
mark that is independent of it; ``docs/choices.md`` compares with the metric itself.
"""

import math
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tracemark.signal.bands import full_rows, sample_rows
from tracemark.signal.layout import Layout
from tracemark.signal.luma import PEAK

__all__ = ["View", "Visibility", "look_at"]

C2 = 0.0009  # stabiliser of the structure term; SSIMULACRA2, kC2
BLUR = 1.5  # pixels: sigma of its Gaussian window
OPSIN_BIAS = 0.0037930732552754493  # SSIMULACRA2, kOpsinAbsorbanceBias
SRGB_KNEE, SRGB_SLOPE = 0.04045, 12.92  # IEC 61966-2-1
SRGB_OFFSET, SRGB_SCALE, SRGB_GAMMA = 0.055, 1.055, 2.4
MEAN_SSIM = (0.0, 0.0, 225.20515300849274, 176.39317598450694, 0.0)  # its weights for luma, scales 0 to 4
NORM_SSIM = (7.466890328078848, 6.683678146179332, 19.213238186143016, 24.43300999870476, 34.77906344483772)
NORM_LOST = (17.445833984131262, 1.027889937768264, 0.0, 0.0, 0.0)
NORM_ADDED = (0.0, 0.0, 0.0, 0.28520802612117757, 44.835625328877896)
POLYNOMIAL = (0.0, 2.326765642916932, -0.020884521182843837, 6.248496625763138e-05)
SUM_SCALE, OUTER_SCALE, OUTER_POWER = 0.9562382616834844, 10.0, 0.6276336467831387
BEST = 100.0
CALIBRATION = (0.985, 0.038)  # measured / predicted sum: at scale 1, and per doubling; docs/choices.md

DITHER_VARIANCE = 1 / 6  # luma levels squared: rounding of a dithered change, averaged over its fraction
FINENESS = 16  # steps of a luma level in which its lightness is tabulated
STEPS, CLOSE = 6, 0.01  # of the secant search: at most, and the relative step that ends it


@dataclass(frozen=True, eq=False)
class _Plain:
    """What one scale of a photo hides, in SSIMULACRA2's units, whatever the mark is."""

    variance: NDArray[np.float32]
    """Local variance."""

    noise: NDArray[np.float32]
    """Local variance of what rounding adds."""

    detail: NDArray[np.float32]
    """The photo less its blur."""

    slope: NDArray[np.float32]
    """How fast its lightness changes with luma."""


@dataclass(frozen=True, eq=False)
class _Scale:
    """What one scale contributes, before the strength is known."""

    plain: _Plain
    """The photo's part."""

    energy: NDArray[np.float32]
    """Local variance of a mark of strength 1."""

    change: NDArray[np.float32]
    """Such a mark less its blur."""


@dataclass(frozen=True, eq=False)
class Visibility:
    """How visible one mark is in one photo, at any strength."""

    scales: tuple[_Scale, ...]
    """What each scale contributes."""

    calibration: float
    """What the sum is multiplied by."""

    def score_at(self, strength: float) -> float:
        """Predict the score.

        Parameters
        ----------
        strength : float
            What the mark is multiplied by.

        Returns
        -------
        score : float
            SSIMULACRA2 of the marked photo against the original at the delivered size; at most 100.
        """
        total = 0.0
        for level, scale in enumerate(self.scales):
            plain = scale.plain
            added = scale.energy * np.float32(strength**2) + plain.noise
            loss = added / (2 * plain.variance + added + np.float32(C2))
            total += MEAN_SSIM[level] * float(loss.mean()) + NORM_SSIM[level] * _norm(loss)
            if NORM_LOST[level] or NORM_ADDED[level]:
                before = 1 + np.abs(plain.detail)
                ratio = (1 + np.abs(plain.detail + scale.change * np.float32(strength))) / before - 1
                total += NORM_LOST[level] * _norm(np.maximum(-ratio, 0))
                total += NORM_ADDED[level] * _norm(np.maximum(ratio, 0))
        summed = float(np.polynomial.polynomial.polyval(total * SUM_SCALE * self.calibration, POLYNOMIAL))
        return BEST - OUTER_SCALE * float(max(summed, np.finfo(np.float64).tiny) ** OUTER_POWER)

    def strength_for(self, target: float, *, most: float, near: float | None = None) -> float:
        """Find the strength that is predicted to score the target.

        Parameters
        ----------
        target : float
            Wanted score, below 100.
        most : float
            The strength never exceeds this.
        near : float, optional
            Where to begin; a third of `most` by default.

        Returns
        -------
        strength : float
            `most` when even that scores better than the target.
        """
        goal = np.log(BEST - target)
        strength, slope = np.log(most / math.e if near is None else near), 1.0
        loss = np.log(BEST - self.score_at(float(np.exp(strength))))
        for _ in range(STEPS):
            step = float(np.clip((goal - loss) / slope, -2, 2))
            after = np.log(BEST - self.score_at(float(np.exp(strength + step))))
            if abs(step) > CLOSE and after != loss:
                slope = max((after - loss) / step, 1 / 2)
            strength, loss = strength + step, after
            if abs(step) < CLOSE:
                break
        return float(np.exp(min(strength, np.log(most))))


@dataclass(frozen=True, eq=False)
class View:
    """What a photo hides of any mark."""

    layout: Layout
    """The photo's layout."""

    rows: NDArray[np.intp]
    """Which of its rows are looked at in full size."""

    plain: tuple[_Plain, ...]
    """What each scale hides."""

    def visibility_of(self, mark: NDArray[np.float32]) -> Visibility:
        """Compute what the prediction needs of a mark, once.

        Parameters
        ----------
        mark : ndarray, shape ``layout.working``, float32
            At the working scale, in allowances.

        Returns
        -------
        visibility : Visibility
            Scores any strength of this mark in this photo.
        """
        rows, columns = _quarter(self.layout)
        whole = -(-np.array(mark.shape[::-1]) * self.layout.scale // 4)
        quarter = cv2.resize(mark, tuple(int(side) for side in whole), interpolation=cv2.INTER_AREA)
        marks = _scales(full_rows(mark, self.layout, self.rows), np.asarray(quarter[:rows, :columns]))
        scales = tuple(_scale(*pair) for pair in zip(self.plain, marks, strict=True))
        return Visibility(scales, CALIBRATION[0] + CALIBRATION[1] * math.log2(self.layout.scale))


def look_at(luma: NDArray[Any], layout: Layout) -> View:
    """Compute what the prediction needs of a photo, once.

    Parameters
    ----------
    luma : ndarray, shape (rows, columns), uint8 or float32
        The photo's luma, 0 to 255, full size.
    layout : Layout
        The photo's layout.

    Returns
    -------
    view : View
        Says how visible any mark is in it.
    """
    rows = sample_rows(layout, least=1)  # for scales 0 and 1; a band is to be high enough for their windows
    quarter = cv2.resize(luma, _quarter(layout)[::-1], interpolation=cv2.INTER_AREA).astype(np.float32)
    lumas = _scales(luma[rows].astype(np.float32), quarter)
    return View(layout, rows, tuple(_plain(one, 1 / 4**level) for level, one in enumerate(lumas)))


def _quarter(layout: Layout) -> tuple[int, int]:
    """Give the rows and columns of scale 2, a quarter of the size."""
    return -(-layout.rows // 4), -(-layout.columns // 4)


def _scales(whole: NDArray[np.float32], quarter: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    """Give scales 0 to 4 of something: of its bands in full size, and of all of it in a quarter of the size."""
    scales = [whole, _halve(whole), quarter]
    while len(scales) < len(MEAN_SSIM):
        scales.append(_halve(scales[-1]))
    return scales


def _plain(luma: NDArray[np.float32], averaging: float) -> _Plain:
    """Compute the maps of one scale of a photo; `averaging` is what is left of white noise there."""
    lightness, slope = _lightness(luma)
    mean = _blur(lightness)
    variance = np.maximum(_blur(lightness * lightness) - mean * mean, 0)
    return _Plain(variance, slope * slope * np.float32(DITHER_VARIANCE * averaging), lightness - mean, slope)


def _scale(plain: _Plain, mark: NDArray[np.float32]) -> _Scale:
    """Compute the maps of one scale of a mark."""
    change = plain.slope * mark
    mean = _blur(change)
    return _Scale(plain, np.maximum(_blur(change * change) - mean * mean, 0), change - mean)


def _norm(values: NDArray[np.floating[Any]]) -> float:
    """Take the 4-norm of a map, as SSIMULACRA2 does."""
    squares = values * values
    return float(np.sqrt(np.sqrt(np.mean(squares * squares, dtype=np.float64))))


def _lightness(luma: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Map grey luma to Y of XYB, and say how fast it changes with luma."""
    # A look into a table is ten times as fast as the formula, and as an interpolation.
    levels = np.arange(int(PEAK) * FINENESS + 2) / FINENESS  # one step beyond white, for the slope there
    gamma = levels / PEAK
    linear = np.where(gamma <= SRGB_KNEE, gamma / SRGB_SLOPE, ((gamma + SRGB_OFFSET) / SRGB_SCALE) ** SRGB_GAMMA)
    table = np.cbrt(linear + OPSIN_BIAS)
    places = (luma * np.float32(FINENESS) + np.float32(1 / 2)).astype(np.int16)
    slopes = np.diff(table) * FINENESS
    return table.astype(np.float32)[places], slopes.astype(np.float32)[places]


def _halve(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Average blocks of 2 x 2."""
    rows, columns = (side // 2 * 2 for side in values.shape)
    return np.asarray(cv2.resize(values[:rows, :columns], (columns // 2, rows // 2), interpolation=cv2.INTER_AREA))


def _blur(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Blur with SSIMULACRA2's window."""
    return np.asarray(cv2.GaussianBlur(values, (0, 0), BLUR, borderType=cv2.BORDER_REFLECT))

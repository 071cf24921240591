"""How much of the mark can be seen: marked copy against original, at delivered size.

SSIMULACRA2 is the gate: 90 is unnoticeable even when the two pictures alternate in place, 80 side by side.
Butteraugli is not among the columns: no package on PyPI offers it as a wheel.

References
----------
Z. Wang, A. C. Bovik, H. R. Sheikh, E. P. Simoncelli, "Image quality assessment: from error visibility to structural
similarity", IEEE Trans. Image Processing 13 (2004), 600-612. :doi:`10.1109/TIP.2003.819861`
"""

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from benchmarks.gauntlet.damage.pixels import Pixels

__all__ = ["Quality", "compare", "ssimulacra2"]

FILE_QUALITY = 90  # JPEG quality at which file sizes are compared; a common choice for delivery
DRIFT_BLOCK_PX = 16  # side of the blocks whose mean colour is compared: a 4:2:0 JPEG unit, ITU-T T.81 A.2.4
SSIM_SIGMA_PX = 1.5  # standard deviation of the window; Wang et al. 2004, section III.B, as are the next three
SSIM_WINDOW_PX = 11  # side of the window
SSIM_K1, SSIM_K2 = 0.01, 0.03  # what keeps the quotient finite / full scale
STRIP_ROWS = 512  # rows taken at a time; even, so that strips halve cleanly. Bounds memory, not the result
MARGIN_ROWS = 16  # rows around a strip that its blur may see: more than the 5 that the metric's filter reaches
SCALES = 6  # octaves of SSIMULACRA2
LEAST_SIDE_PX = 8  # SSIMULACRA2 stops before octaves smaller than this
WHITE = 255  # full scale of an 8-bit sample

Floats = npt.NDArray[np.floating]


@dataclass(frozen=True)
class Quality:
    """One marked copy, compared with its original."""

    ssimulacra2: float
    """At most 100, which means equal; 90 and above cannot be told apart."""
    psnr_db: float
    """Peak signal to noise ratio over all three channels; OpenCV gives 361 for equal pictures."""
    ssim: float
    """Structural similarity of luma, at most 1."""
    size_ratio: float
    """Bytes of the marked copy / bytes of the original, both saved as JPEG by the same encoder."""
    colour_drift_levels: float
    """Largest change of the mean Cb or Cr of any 16 x 16 block, in levels of 255."""


def compare(original: Pixels, marked: Pixels) -> Quality:
    """Measure a marked copy.

    Parameters
    ----------
    original, marked : ndarray, shape (rows, columns, 3)
        RGB uint8, at least 16 pixels on a side.

    Returns
    -------
    quality : Quality
    """
    return Quality(
        ssimulacra2=ssimulacra2(original, marked),
        psnr_db=float(cv2.PSNR(original, marked)),
        ssim=_ssim(original, marked),
        size_ratio=_file_size(marked) / _file_size(original),
        colour_drift_levels=_colour_drift(original, marked),
    )


def ssimulacra2(original: Pixels, marked: Pixels) -> float:
    """Score a marked copy by SSIMULACRA2.

    Parameters
    ----------
    original, marked : ndarray, shape (rows, columns, 3)
        RGB uint8 in sRGB, at least 8 pixels on a side.

    Returns
    -------
    score : float
        100 for equal pictures, below 0 for very bad ones.

    Notes
    -----
    The arithmetic is that of the ``ssimulacra2`` package, which reads files and needs 0.5 GB a megapixel. Here it works
    strip by strip: means and fourth-power means of strips, weighted by their pixels, are those of the whole.
    """
    from ssimulacra2 import ssimulacra2 as package

    result = package.Msssim()
    pair = tuple(package.srgb_to_linear(picture).astype(np.float32) for picture in (original, marked))
    for _ in range(SCALES):
        if min(pair[0].shape[:2]) < LEAST_SIDE_PX:
            break
        counts, rows = zip(*_strip_averages(*pair), strict=True)
        averages = _pooled(np.array(counts), np.array(rows))
        scale = package.MsssimScale()
        scale.avg_ssim, scale.avg_edgediff = np.split(averages, [scale.avg_ssim.size])
        result.scales.append(scale)
        pair = tuple(_halved(linear) for linear in pair)
    return float(result.score())


def _strip_averages(original: Floats, marked: Floats) -> Iterator[tuple[int, Floats]]:
    """Give the pixels and the metric's averages of each strip of one octave; linear light in."""
    from ssimulacra2 import ssimulacra2 as package

    rows = original.shape[0]
    for top in range(0, rows, STRIP_ROWS):
        bottom = min(top + STRIP_ROWS, rows)
        seen_from, seen_to = max(0, top - MARGIN_ROWS), min(rows, bottom + MARGIN_ROWS)
        # The package swaps rows and columns on its way to XYB, so a strip's margin is along the second axis.
        inner = (slice(None), slice(top - seen_from, bottom - seen_from))
        one, two = (
            package.make_positive_xyb(package.linear_rgb_to_xyb(linear[seen_from:seen_to].astype(np.float64)))
            for linear in (original, marked)
        )
        mean_one, mean_two, square_one, square_two, product = (
            package.blur_image(plane)[inner] for plane in (one, two, one * one, two * two, one * two)
        )
        ssim = package.ssim_map(mean_one, mean_two, square_one, square_two, product)
        edges = package.edge_diff_map(one[inner], mean_one, two[inner], mean_two)
        yield (bottom - top) * original.shape[1], np.concatenate([ssim, edges])


def _pooled(counts: npt.NDArray[np.integer], averages: Floats) -> Floats:
    """Combine strips: even columns are means, odd ones fourth roots of mean fourth powers."""
    power = np.where(np.arange(averages.shape[1]) % 2 == 0, 1, 2 * 2)
    return np.asarray((counts @ averages**power / counts.sum()) ** (1 / power))


def _halved(linear: Floats) -> Floats:
    """Average blocks of 2 x 2; a last odd row or column is averaged alone."""
    rows, columns = linear.shape[:2]
    even = np.pad(linear, ((0, rows % 2), (0, columns % 2), (0, 0)), mode="edge")
    return (even[::2, ::2] + even[1::2, ::2] + even[::2, 1::2] + even[1::2, 1::2]) / np.float32(2 * 2)


def _ssim(original: Pixels, marked: Pixels) -> float:
    """Compare luma by SSIM, with the window and constants of its authors."""
    one, two = (cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float64) for picture in (original, marked))
    mean_one, mean_two, square_one, square_two, product = (
        cv2.GaussianBlur(plane, (SSIM_WINDOW_PX, SSIM_WINDOW_PX), SSIM_SIGMA_PX)
        for plane in (one, two, one * one, two * two, one * two)
    )
    luminance, contrast = (SSIM_K1 * WHITE) ** 2, (SSIM_K2 * WHITE) ** 2
    means, mean_squares = mean_one * mean_two, mean_one**2 + mean_two**2
    similarity = (2 * means + luminance) * (2 * (product - means) + contrast)  # Wang et al. 2004, Eq. 13
    similarity /= (mean_squares + luminance) * (square_one + square_two - mean_squares + contrast)
    half = SSIM_WINDOW_PX // 2
    return float(similarity[half:-half, half:-half].mean())


def _file_size(photo: Pixels) -> int:
    """Count the bytes of a JPEG."""
    options = [cv2.IMWRITE_JPEG_QUALITY, FILE_QUALITY]
    return int(cv2.imencode(".jpg", cv2.cvtColor(photo, cv2.COLOR_RGB2BGR), options)[1].size)


def _colour_drift(original: Pixels, marked: Pixels) -> float:
    """Find the block whose mean chroma changed most."""
    rows, columns = (length // DRIFT_BLOCK_PX for length in original.shape[:2])
    inside = np.s_[: rows * DRIFT_BLOCK_PX, : columns * DRIFT_BLOCK_PX]
    one, two = (
        cv2.resize(
            cv2.cvtColor(np.ascontiguousarray(picture[inside]), cv2.COLOR_RGB2YCrCb).astype(np.float32),
            (columns, rows),
            interpolation=cv2.INTER_AREA,
        )
        for picture in (original, marked)
    )
    return float(np.abs(two - one)[..., 1:].max())

"""What happens to leaks, for the tests of several rooms."""

import cv2
import numpy as np


def jpeg(pixels, quality):
    """What is left after saving as JPEG."""
    pixels = np.ascontiguousarray(pixels)
    return cv2.imdecode(cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], cv2.IMREAD_UNCHANGED)


def webp(pixels, quality):
    """What is left after saving as WebP."""
    return cv2.imdecode(cv2.imencode(".webp", pixels, [cv2.IMWRITE_WEBP_QUALITY, quality])[1], cv2.IMREAD_UNCHANGED)


def resized(pixels, factor):
    return cv2.resize(pixels, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)


def rotated(pixels, degrees):
    centre = (pixels.shape[1] / 2, pixels.shape[0] / 2)
    return cv2.warpAffine(pixels, cv2.getRotationMatrix2D(centre, degrees, 1), pixels.shape[1::-1])


def framed(pixels):
    """Inside a larger, light picture, as in a screenshot."""
    frame = np.full((pixels.shape[0] + 150, pixels.shape[1] + 90, 3), 235, dtype=np.uint8)
    frame[100:-50, 40:-50] = pixels
    return frame

"""A picture and a mark, for what JPEG does to them."""

import cv2
import numpy as np
import pytest

ROWS, COLUMNS = 240, 336


@pytest.fixture
def photo(rng):
    smooth = cv2.GaussianBlur(rng.standard_normal((ROWS, COLUMNS)).astype(np.float32), (0, 0), 3)
    fine = cv2.GaussianBlur(rng.standard_normal((ROWS, COLUMNS)).astype(np.float32), (0, 0), 1)
    return np.clip(128 + 250 * smooth + 30 * fine, 0, 255).round().astype(np.float32)


@pytest.fixture
def mark(rng):
    """Faint, and as strong everywhere."""
    smooth = cv2.GaussianBlur(rng.standard_normal((ROWS, COLUMNS)), (0, 0), 1.5)
    return (smooth / smooth.std()).astype(np.float32)


@pytest.fixture
def covered():
    return np.ones((ROWS, COLUMNS), dtype=np.float32)

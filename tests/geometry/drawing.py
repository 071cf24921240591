"""Pictures that show the sync pattern and nothing else."""

import cv2
import numpy as np

from tracemark.geometry.sync_pattern import sync_tile
from tracemark.profile import PROFILE


def drawn(lines, places):
    """The sync pattern at working (x, y), shape (rows, columns, 2)."""
    inside = places % PROFILE.tile_pixels + PROFILE.tile_pixels  # in the middle one of nine tiles
    tiles = np.tile(sync_tile(lines), (3, 3))
    return cv2.remap(tiles, *np.moveaxis(inside.astype(np.float32), -1, 0), cv2.INTER_CUBIC)

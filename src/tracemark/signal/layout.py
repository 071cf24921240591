"""Cut a photo into cells and tiles, and carry luma between the photo and the working scale."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tracemark.errors import PhotoError
from tracemark.profile import PROFILE

__all__ = ["Layout", "from_working", "lay_out", "to_working"]

LEAST_SIDE = 192  # pixels at the smallest cell: twelve cells
LEAST_CELLS = 280  # 224 x 320 pixels at the smallest cell; embedding.LEAST_SCORE refuses what is still too small
KERNEL = 2  # working pixels on each side that cubic interpolation looks at


@dataclass(frozen=True)
class Layout:
    """Where the cells of one photo lie."""

    rows: int
    """Photo rows, pixels."""

    columns: int
    """Photo columns, pixels."""

    multiple: int
    """Side of a cell in the photo, in units of 16 pixels."""

    @property
    def cell(self) -> int:
        """Side of a cell in the photo, pixels."""
        return PROFILE.unit * self.multiple

    @property
    def cells(self) -> tuple[int, int]:
        """Rows and columns of cells; those at the right and bottom may stick out of the photo."""
        return -(-self.rows // self.cell), -(-self.columns // self.cell)

    @property
    def working(self) -> tuple[int, int]:
        """Rows and columns of the photo at the working scale, pixels, cells that stick out included."""
        return self.cells[0] * PROFILE.cell, self.cells[1] * PROFILE.cell

    @property
    def scale(self) -> float:
        """Photo pixels in a working pixel."""
        return self.cell / PROFILE.cell

    @property
    def extent(self) -> tuple[float, float]:
        """Rows and columns that the photo fills at the working scale; they need not be whole."""
        return self.rows / self.scale, self.columns / self.scale


def lay_out(rows: int, columns: int) -> Layout:
    """Choose the cells of a photo.

    Parameters
    ----------
    rows, columns : int
        Size of the photo as stored, pixels.

    Returns
    -------
    layout : Layout
        The long side holds about 80 cells; photos below 1920 pixels have cells of 16.

    Raises
    ------
    PhotoError
        When the photo is too small or too thin to carry a mark, or too large.
    """
    multiple = max(PROFILE.least_multiple, round(max(rows, columns) / PROFILE.long_side))
    if multiple > PROFILE.most_multiple:
        most = PROFILE.most_multiple * PROFILE.long_side
        raise PhotoError(f"photo's long side must be at most about {most} px, not {max(rows, columns)}")
    least = LEAST_SIDE * multiple // PROFILE.least_multiple
    if min(rows, columns) < least:
        raise PhotoError(f"photo must be at least {least} px on its short side to carry a mark, not {columns} x {rows}")
    layout = Layout(rows, columns, multiple)
    whole = (rows // layout.cell) * (columns // layout.cell)
    if whole < LEAST_CELLS:
        raise PhotoError(
            f"photo must hold at least {LEAST_CELLS} whole squares of {layout.cell} px to carry a mark,"
            f" and {columns} x {rows} px holds {whole}"
        )
    return layout


def to_working(luma: NDArray[np.uint8] | NDArray[np.float32], layout: Layout) -> NDArray[np.float32]:
    """Bring a photo's luma to the working scale.

    Parameters
    ----------
    luma : ndarray, shape (rows, columns), uint8 or float32
        The photo's luma.
    layout : Layout
        The photo's layout.

    Returns
    -------
    working : ndarray, shape ``layout.working``, float32
        Area means; cells that stick out are filled with the mirrored edge.
    """
    below, right = (side * layout.cell - have for side, have in zip(layout.cells, luma.shape, strict=True))
    padded = cv2.copyMakeBorder(luma, 0, below, 0, right, cv2.BORDER_REFLECT) if below or right else luma
    if layout.cell == PROFILE.cell:
        return np.array(padded, dtype=np.float32)
    working = np.empty(layout.working, dtype=np.float32)
    bands = zip(np.split(padded, layout.cells[0]), np.split(working, layout.cells[0]), strict=True)
    for band, small in bands:  # a row of cells fits the processor's cache
        cv2.resize(band.astype(np.float32), small.shape[::-1], dst=small, interpolation=cv2.INTER_AREA)
    return working


def from_working(working: NDArray[np.float32], layout: Layout, *, cell_row: int | None = None) -> NDArray[np.float32]:
    """Bring a working-scale array to the photo's scale, with the cells that stick out.

    Parameters
    ----------
    working : ndarray, shape ``layout.working``, float32
        Any array at the working scale.
    layout : Layout
        The photo's layout.
    cell_row : int, optional
        The only row of cells that is wanted; by default all are.

    Returns
    -------
    full : ndarray, float32
        Every cell has ``layout.cell`` rows and columns; cubic interpolation.
    """
    low, high = 0, len(working)
    if cell_row is not None:
        low, high = (side * PROFILE.cell for side in (cell_row, cell_row + 1))
    if layout.cell == PROFILE.cell:
        return working[low:high]
    # scales are whole numbers, so a part is enlarged exactly as the whole is
    top, bottom = max(low - KERNEL, 0), min(high + KERNEL, len(working))
    size = (working.shape[1] * layout.multiple, (bottom - top) * layout.multiple)
    enlarged = cv2.resize(working[top:bottom], size, interpolation=cv2.INTER_CUBIC)
    return np.asarray(enlarged[(low - top) * layout.multiple : (high - top) * layout.multiple], dtype=np.float32)

"""Splice JPEG files of one photo into another one, by joining bytes.

ITU-T T.81, "Digital compression and coding of continuous-tone still images".
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tracemark.errors import FormatError
from tracemark.media.markers import END_OF_IMAGE
from tracemark.media.scan import BLOCK, RESTARTS, RST0, Scan, read_scan

__all__ = ["Variants", "restart_interval", "splice", "variants_of"]

# Pillow's number of a subsampling -> pixel columns of an MCU: 4:4:4, 4:2:2 and 4:2:0.
MCU_COLUMNS = (BLOCK, 2 * BLOCK, 2 * BLOCK)


@dataclass(frozen=True, eq=False)
class Variants:
    """Files of one photo that differ in their pixels alone, cut so that they can be spliced."""

    head: bytes
    """All before the coded pixels: the same in all files."""

    runs: NDArray[np.object_]
    """Bytes of each cell's share of each row of MCUs; shape (MCU rows, cell columns, files)."""

    cell_rows: int
    """Rows of MCUs in a cell."""

    @property
    def cells(self) -> tuple[int, int]:
        """Rows and columns of cells."""
        return -(-self.runs.shape[0] // self.cell_rows), self.runs.shape[1]


def restart_interval(columns: int, *, cell: int, subsampling: int | None) -> int:
    """Choose how many MCUs stand between two restart markers.

    Parameters
    ----------
    columns : int
        Pixels in a row of the photo.
    cell : int
        Side of a cell, a multiple of 16 pixels.
    subsampling : int or None
        0 is 4:4:4, 1 is 4:2:2, 2 is 4:2:0; None is grey.

    Returns
    -------
    interval : int
        The largest that puts a marker at each cell's border.  Intervals take no notice of where rows
        end, so it divides both a cell and a row; 1 always does.
    """
    mcu = BLOCK if subsampling is None else MCU_COLUMNS[subsampling]
    return math.gcd(cell // mcu, -(-columns // mcu))


def variants_of(strips: Iterable[Sequence[bytes]], *, cell: int) -> Variants:
    """Cut files at the borders of their cells.

    Parameters
    ----------
    strips : iterable of sequence of bytes
        Strips of the photo from top to bottom: for each, baseline JPEG files of all variants, with markers as
        :func:`restart_interval` says.  All strips but the last are whole cells high.
    cell : int
        Side of a cell, pixels; cells at the right and at the bottom may stick out.

    Returns
    -------
    variants : Variants
        Of the whole photo.

    Raises
    ------
    FormatError
        When a file cannot be cut there, or is not like the others.
    """
    scans: list[Scan] = []
    runs = []
    before, rows = 0, 0
    for files in strips:
        if rows % cell:
            raise FormatError(f"strips of a JPEG must be whole cells of {cell} px high to be spliced")
        of_strip = [read_scan(data) for data in files]
        if any(scan.head != of_strip[0].head for scan in of_strip):
            raise FormatError("JPEG files must begin alike to be spliced, and these differ before their pixels")
        pairs = zip(files, of_strip, strict=True)
        runs.append(np.stack([_cut_runs(data, scan, cell, before) for data, scan in pairs], axis=-1))
        before += len(of_strip[0].cuts) - 1
        rows += of_strip[0].rows
        scans.append(of_strip[0])
    heads = {scan.head_for(rows) for scan in scans}
    if len(heads) != 1:
        raise FormatError("JPEG files must begin alike to be spliced, and these strips differ before their pixels")
    whole = np.concatenate(runs)
    whole[-1, -1] = [run[: -len(END_OF_IMAGE)] for run in whole[-1, -1]]
    return Variants(heads.pop(), whole, cell // scans[0].mcu[0])


def splice(variants: Variants, choice: NDArray[np.integer]) -> bytes:
    """Join a file from the cells of others.

    Parameters
    ----------
    variants : Variants
        The others.
    choice : ndarray, shape ``variants.cells``, int
        Which file each cell is taken from.

    Returns
    -------
    data : bytes
        A whole JPEG file.

    Notes
    -----
    A segment between two restart markers depends on no other one, T.81 E.1.4.  Markers are numbered by their place,
    so they are the same in all files, and stay with the bytes before them.
    """
    rows, columns, files = variants.runs.shape
    chosen = np.repeat(choice, variants.cell_rows, axis=0)[:rows].ravel()
    places = chosen + np.arange(rows * columns) * files
    pieces = variants.runs.ravel().take(places).tolist()
    pieces.insert(0, variants.head)  # in place: a longer list would be one more walk over all pieces
    pieces.append(END_OF_IMAGE)
    return b"".join(pieces)


def _cut_runs(data: bytes, scan: Scan, cell: int, before: int) -> NDArray[np.object_]:
    """Cut a file into runs, each the share of a cell in a row of MCUs; number markers as behind other segments."""
    rows, columns = scan.mcus
    wide = cell // scan.mcu[1]
    if cell % scan.mcu[0] or cell % scan.mcu[1] or not scan.interval or math.gcd(wide, columns) % scan.interval:
        raise FormatError(f"JPEG must have restart markers at the borders of cells of {cell} px to be spliced")
    # A marker ends each segment; that of the last takes the place of the end marker.
    ends = np.append(scan.cuts[1:-1], scan.cuts[-1] + len(END_OF_IMAGE))
    numbered = np.frombuffer(data, np.uint8).copy()
    numbered[ends - 1] = RST0 + (before + np.arange(len(ends))) % RESTARTS
    written = numbered.tobytes()
    borders = np.arange(rows)[:, None] * columns + np.arange(0, columns, wide)
    starts = scan.cuts[borders // scan.interval].ravel().tolist()
    runs = np.empty(len(starts), dtype=object)
    runs[:] = [written[start:end] for start, end in zip(starts, [*starts[1:], int(ends[-1])], strict=True)]
    return runs.reshape(borders.shape)

"""Cut JPEG files into restart segments, and splice files of one photo into another one.

ITU-T T.81, "Digital compression and coding of continuous-tone still images".
"""

import math
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tracemark.errors import FormatError

__all__ = ["Scan", "Variants", "read_scan", "restart_interval", "splice", "variants_of"]

# Markers, T.81 table B.1; all but these stand before a length and its data.
MARKER = 0xFF  # first byte of each; in a scan, 0 behind it means that it is none, F.1.2.3
STUFFED = 0x00
START_OF_IMAGE = b"\xff\xd8"
END_OF_IMAGE = b"\xff\xd9"
RST0 = 0xD0  # first of the restart markers
RESTARTS = 8  # they are numbered modulo this
START_OF_SCAN = 0xDA
DEFINE_RESTART_INTERVAL = 0xDD
SEQUENTIAL = (0xC0, 0xC1)  # SOF0 and SOF1: Huffman coded, one pass
OTHER_FRAMES = frozenset({*range(0xC2, 0xD0)} - {0xC4, 0xC8, 0xCC})  # DHT, JPG and DAC are none
PROGRESSIVE = 0xC2

DEPTH = 8  # bits a sample
BLOCK = 8  # side of a block, pixels, A.1.1
FRAME_HEAD = 6  # bytes before the components: depth, rows, columns, their number, B.2.2
COMPONENT = 3  # bytes of each: name, sampling factors, quantisation table
WHOLE_SPECTRUM = b"\0\x3f\0"  # how the scan header of a sequential file ends, B.2.3

# Pillow's number of a subsampling -> pixel columns of an MCU: 4:4:4, 4:2:2 and 4:2:0.
MCU_COLUMNS = (BLOCK, 2 * BLOCK, 2 * BLOCK)


@dataclass(frozen=True, eq=False)
class Scan:
    """Where a JPEG file can be cut."""

    head: bytes
    """All before the coded pixels."""

    mcu: tuple[int, int]
    """Rows and columns of an MCU, the smallest coded unit, pixels."""

    mcus: tuple[int, int]
    """Rows and columns of MCUs in the picture."""

    interval: int
    """MCUs in a restart segment."""

    cuts: NDArray[np.intp]
    """Where each segment begins, from the file's first byte; the last is where the end marker stands."""


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


def read_scan(data: bytes) -> Scan:
    """Find out where a JPEG file can be cut.

    Parameters
    ----------
    data : bytes
        A baseline JPEG file with restart markers and all components in one scan.

    Returns
    -------
    scan : Scan

    Raises
    ------
    FormatError
        When it is another kind of file, or damaged.
    """
    frame, interval = b"", 0
    for marker, content, end in _head_segments(data):
        if marker in OTHER_FRAMES:
            kind = "progressive" if marker == PROGRESSIVE else "of a rare kind"
            raise FormatError(f"JPEG must be baseline to be spliced, not {kind}")
        if marker in SEQUENTIAL:
            frame = content
        elif marker == DEFINE_RESTART_INTERVAL:
            (interval,) = struct.unpack(">H", content[:2].rjust(2, b"\0"))
        elif marker == START_OF_SCAN:
            if not frame or content[:1] != frame[FRAME_HEAD - 1 : FRAME_HEAD] or content[-3:] != WHOLE_SPECTRUM:
                raise FormatError("JPEG must have all of its components in one scan to be spliced")
            mcu, mcus = _grid(frame)
            segments = -(-mcus[0] * mcus[1] // interval) if interval else 1
            return Scan(data[:end], mcu, mcus, interval, _find_cuts(data, end, segments))
    raise FormatError("JPEG must have a scan, and this one has none")


def variants_of(files: Iterable[bytes], *, cell: int) -> Variants:
    """Cut files at the borders of their cells.

    Parameters
    ----------
    files : iterable of bytes
        Baseline JPEG files of one size, with markers as :func:`restart_interval` says.
    cell : int
        Side of a cell, pixels; cells at the right and at the bottom may stick out.

    Returns
    -------
    variants : Variants

    Raises
    ------
    FormatError
        When a file cannot be cut there, or is not like the others.
    """
    heads, columns = [], []
    for data in files:
        scan = read_scan(data)
        heads.append(scan.head)
        columns.append(_cut_runs(data, scan, cell))
        if heads[-1] != heads[0]:
            raise FormatError("JPEG files must begin alike to be spliced, and these differ before their pixels")
    if not heads:
        raise FormatError("at least one JPEG file is needed to splice")
    return Variants(heads[0], np.stack(columns, axis=-1), cell // scan.mcu[0])


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
    return b"".join([variants.head, *variants.runs.ravel().take(places).tolist(), END_OF_IMAGE])


def _head_segments(data: bytes) -> Iterator[tuple[int, bytes, int]]:
    """Give marker, content and end of each segment up to the scan's header."""
    if not data.startswith(START_OF_IMAGE):
        raise FormatError("file must be a JPEG to be spliced")
    at = len(START_OF_IMAGE)
    while at + 4 <= len(data):
        first, marker, length = struct.unpack_from(">BBH", data, at)
        end = at + 2 + length
        if first != MARKER or length < 2 or end > len(data):
            break
        yield marker, data[at + 4 : end], end
        at = end
    raise FormatError("JPEG is damaged or cut short before its pixels")


def _grid(frame: bytes) -> tuple[tuple[int, int], tuple[int, int]]:
    """Compute an MCU's size and the number of MCUs from a frame header, T.81 A.2."""
    try:
        depth, rows, columns, components = struct.unpack_from(">BHHB", frame)
        factors = [frame[FRAME_HEAD + COMPONENT * number + 1] for number in range(components)]
    except (struct.error, IndexError) as error:
        raise FormatError("JPEG is damaged: its frame header is too short") from error
    if depth != DEPTH or not rows * columns * components:
        raise FormatError("JPEG must have 8 bits a sample, and pixels, to be spliced")
    down = BLOCK * max(factor % 16 for factor in factors)
    across = BLOCK * max(factor // 16 for factor in factors)
    if components == 1:
        # The MCU of a single component is one block, whatever its factors.
        down = across = BLOCK
    if not down * across:
        raise FormatError("JPEG is damaged: a sampling factor is 0")
    return (down, across), (-(-rows // down), -(-columns // across))


def _find_cuts(data: bytes, start: int, segments: int) -> NDArray[np.intp]:
    """Find where segments begin and where the scan ends."""
    if not data.endswith(END_OF_IMAGE):
        raise FormatError("JPEG is cut short: it must end with its end marker")
    scan = np.frombuffer(data, np.uint8, len(data) - start, start)
    marks = np.flatnonzero(scan[:-1] == MARKER)
    kinds = scan[marks + 1]
    marks, kinds = marks[kinds != STUFFED], kinds[kinds != STUFFED]
    numbers = kinds[:-1].astype(np.intp) - RST0
    if len(marks) != segments or (numbers != np.arange(segments - 1) % RESTARTS).any():
        raise FormatError("JPEG is damaged: its restart markers are not where they must be")
    return np.concatenate([[start], start + marks[:-1] + 2, [start + marks[-1]]])


def _cut_runs(data: bytes, scan: Scan, cell: int) -> NDArray[np.object_]:
    """Cut a file into runs: the share of each cell in each row of MCUs, behind each other in the file."""
    rows, columns = scan.mcus
    wide = cell // scan.mcu[1]
    if cell % scan.mcu[0] or cell % scan.mcu[1] or not scan.interval or math.gcd(wide, columns) % scan.interval:
        raise FormatError(f"JPEG must have restart markers at the borders of cells of {cell} px to be spliced")
    borders = np.arange(rows)[:, None] * columns + np.arange(0, columns, wide)
    starts = scan.cuts[borders // scan.interval].ravel().tolist()
    runs = np.empty(len(starts), dtype=object)
    runs[:] = [data[start:end] for start, end in zip(starts, [*starts[1:], int(scan.cuts[-1])], strict=True)]
    return runs.reshape(borders.shape)

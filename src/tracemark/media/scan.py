"""Find where a JPEG file can be cut: at its restart markers.

ITU-T T.81, "Digital compression and coding of continuous-tone still images".
"""

import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tracemark.errors import FormatError
from tracemark.media.markers import END_OF_IMAGE, MARKER, SEGMENT_HEAD, START_OF_IMAGE, START_OF_SCAN, head_segments

__all__ = ["BLOCK", "RESTARTS", "RST0", "Scan", "read_scan"]

# Markers, T.81 table B.1.
STUFFED = 0x00  # in a scan, 0 behind the first byte of a marker means that it is none, F.1.2.3
RST0 = 0xD0  # first of the restart markers
RESTARTS = 8  # they are numbered modulo this
DEFINE_RESTART_INTERVAL = 0xDD
SEQUENTIAL = (0xC0, 0xC1)  # SOF0 and SOF1: Huffman coded, one pass
OTHER_FRAMES = frozenset({*range(0xC2, 0xD0)} - {0xC4, 0xC8, 0xCC})  # DHT, JPG and DAC are none
PROGRESSIVE = 0xC2

DEPTH = 8  # bits a sample
BLOCK = 8  # side of a block, pixels, A.1.1
ROWS_AT = 1  # bytes before the number of rows in a frame header, B.2.2
COMPONENTS_AT = 5  # bytes before the number of components
FACTORS_AT = 7  # bytes before the sampling factors of the first component
COMPONENT = 3  # bytes of each: name, sampling factors, quantisation table
FACTOR = 16  # they are two to a byte, the horizontal one above
WHOLE_SPECTRUM = b"\0\x3f\0"  # how the scan header of a sequential file ends, B.2.3


@dataclass(frozen=True, eq=False)
class Scan:
    """Where a JPEG file can be cut."""

    head: bytes
    """All before the coded pixels."""

    rows: int
    """Pixel rows of the picture."""

    rows_at: int
    """Where the head says how many they are."""

    mcu: tuple[int, int]
    """Rows and columns of an MCU, the smallest coded unit, pixels."""

    mcus: tuple[int, int]
    """Rows and columns of MCUs in the picture."""

    interval: int
    """MCUs in a restart segment."""

    cuts: NDArray[np.intp]
    """Where each segment begins, from the file's first byte; the last is where the end marker stands."""

    def head_for(self, rows: int) -> bytes:
        """Write the head of a file like this one, of another height."""
        return self.head[: self.rows_at] + rows.to_bytes(2, "big") + self.head[self.rows_at + 2 :]


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
    if not data.startswith(START_OF_IMAGE):
        raise FormatError("file must be a JPEG to be spliced")
    frame, rows_at, interval = b"", 0, 0
    for marker, start, end in head_segments(data):
        content = data[start + SEGMENT_HEAD.size : end]
        if marker in OTHER_FRAMES:
            kind = "progressive" if marker == PROGRESSIVE else "of a rare kind"
            raise FormatError(f"JPEG must be baseline to be spliced, not {kind}")
        if marker in SEQUENTIAL:
            frame, rows_at = content, end - len(content) + ROWS_AT
        elif marker == DEFINE_RESTART_INTERVAL:
            (interval,) = struct.unpack(">H", content[:2].rjust(2, b"\0"))
        elif marker == START_OF_SCAN:
            if not frame or content[:1] != frame[COMPONENTS_AT:][:1] or not content.endswith(WHOLE_SPECTRUM):
                raise FormatError("JPEG must have all of its components in one scan to be spliced")
            rows, mcu, mcus = _grid(frame)
            segments = -(-mcus[0] * mcus[1] // interval) if interval else 1
            return Scan(data[:end], rows, rows_at, mcu, mcus, interval, _find_cuts(data, end, segments))
    raise FormatError("JPEG is damaged or cut short before its pixels")


def _grid(frame: bytes) -> tuple[int, tuple[int, int], tuple[int, int]]:
    """Compute pixel rows, an MCU's size and the number of MCUs from a frame header, T.81 A.2."""
    try:
        depth, rows, columns, components = struct.unpack_from(">BHHB", frame)
        factors = [frame[FACTORS_AT + COMPONENT * number] for number in range(components)]
    except (struct.error, IndexError) as error:
        raise FormatError("JPEG is damaged: its frame header is too short") from error
    if depth != DEPTH or not rows * columns * components:
        raise FormatError("JPEG must have 8 bits a sample, and pixels, to be spliced")
    down = BLOCK * max(factor % FACTOR for factor in factors)
    across = BLOCK * max(factor // FACTOR for factor in factors)
    if components == 1:
        # The MCU of a single component is one block, whatever its factors.
        down = across = BLOCK
    if not down * across:
        raise FormatError("JPEG is damaged: a sampling factor is 0")
    return rows, (down, across), (-(-rows // down), -(-columns // across))


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

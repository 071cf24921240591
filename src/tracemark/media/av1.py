"""Read from an AV1 picture how it was coded, and how finely.

Alliance for Open Media, "AV1 bitstream and decoding process specification", version 1.0.0 with errata 1, section 5.
"""

from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["quantiser_index"]

SEQUENCE_HEADER, FRAME_HEADER, FRAME = 1, 3, 6  # types of OBUs, 6.2.2
SELECT = 2  # SELECT_SCREEN_CONTENT_TOOLS and SELECT_INTEGER_MV, section 3
KEY_FRAME = 0
MI_SHIFT = 2  # a mode info unit has 4 pixels, section 3
MOST_TILES_LOG2 = 6  # MAX_TILE_COLS and MAX_TILE_ROWS are 64
TILE_COLUMNS, TILE_AREA = 4096, 4096 * 2304  # MAX_TILE_WIDTH and MAX_TILE_AREA, pixels
LEB_BYTES = 8  # most bytes of a length, 4.10.5


class _UnknownError(ValueError):
    """A bitstream that is not what stills are."""


@dataclass(frozen=True)
class _Sequence:
    """What the sequence header says, as far as frame headers depend on it."""

    reduced: bool
    columns: int
    rows: int
    frame_ids: int
    large_blocks: bool
    screen_tools: int
    integer_vectors: int
    order_bits: int
    scaled: bool


def quantiser_index(bitstream: bytes) -> int | None:
    """Tell how finely a still picture was coded.

    Parameters
    ----------
    bitstream : bytes
        OBUs of one frame, as an AVIF item holds them.

    Returns
    -------
    index : int or None
        ``base_q_idx``, 0 to 255; None when the bitstream is damaged, or not what stills are.
    """
    sequence = None
    try:
        for kind, data in _obus(bitstream):
            if kind == SEQUENCE_HEADER:
                sequence = _read_sequence(_Bits(data))
            elif kind in (FRAME, FRAME_HEADER) and sequence is not None:
                return _read_frame(_Bits(data), sequence)
    except _UnknownError:
        pass
    return None


def _obus(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Give type and content of each OBU, 5.3."""
    at = 0
    while at < len(data):
        head = data[at]
        at += 1 + (head >> 2 & 1)
        size = len(data) - at
        if head >> 1 & 1:
            size = 0
            for number in range(LEB_BYTES):
                if at >= len(data):
                    return
                byte = data[at]
                at += 1
                size |= (byte & 0x7F) << 7 * number
                if byte < 0x80:
                    break
        yield head >> 3 & 0xF, data[at : at + size]
        at += size


def _read_sequence(bits: "_Bits") -> _Sequence:
    """Read a sequence header, 5.5.1."""
    bits.number(3)  # the profile
    bits.number(1)
    reduced = bool(bits.number(1))
    if reduced:
        bits.number(5)
    else:
        _skip_operating_points(bits)
    wide, high = bits.number(4) + 1, bits.number(4) + 1
    columns, rows = bits.number(wide) + 1, bits.number(high) + 1
    frame_ids = bits.number(4) + bits.number(3) + 3 if not reduced and bits.number(1) else 0
    large_blocks = bool(bits.number(1))
    bits.number(2)
    screen_tools = integer_vectors = SELECT
    order_bits = 0
    if not reduced:
        bits.number(4)
        ordered = bits.number(1)
        bits.number(2 if ordered else 0)
        screen_tools = SELECT if bits.number(1) else bits.number(1)
        if screen_tools:
            integer_vectors = SELECT if bits.number(1) else bits.number(1)
        order_bits = bits.number(3) + 1 if ordered else 0
    scaled = bool(bits.number(1))
    return _Sequence(reduced, columns, rows, frame_ids, large_blocks, screen_tools, integer_vectors, order_bits, scaled)


def _skip_operating_points(bits: "_Bits") -> None:
    """Skip timing and operating points; those of films are not known here."""
    if bits.number(1):
        raise _UnknownError("stills have no timing")
    delayed = bits.number(1)
    for _ in range(bits.number(5) + 1):
        bits.number(12)
        if bits.number(5) > 7:
            bits.number(1)
        if delayed and bits.number(1):
            bits.number(4)


def _read_frame(bits: "_Bits", sequence: _Sequence) -> int:
    """Read a frame header up to the quantiser, 5.9.2."""
    if not sequence.reduced and bits.number(1) + bits.number(2) + (1 - bits.number(1)) != KEY_FRAME:
        raise _UnknownError("stills are shown key frames")
    fixed = bits.number(1)
    screen_tools = bits.number(1) if sequence.screen_tools == SELECT else sequence.screen_tools
    if screen_tools and sequence.integer_vectors == SELECT:
        bits.number(1)
    bits.number(sequence.frame_ids)
    columns, rows = sequence.columns, sequence.rows
    if not sequence.reduced and bits.number(1):
        raise _UnknownError("stills are as large as their sequence")
    bits.number(sequence.order_bits)
    if sequence.scaled and bits.number(1):
        raise _UnknownError("stills are not scaled")
    if bits.number(1):
        bits.number(32)
    if screen_tools:
        bits.number(1)
    if not sequence.reduced and not fixed:
        bits.number(1)
    _skip_tiles(bits, columns, rows, large_blocks=sequence.large_blocks)
    return bits.number(8)


def _skip_tiles(bits: "_Bits", columns: int, rows: int, *, large_blocks: bool) -> None:
    """Skip how a frame is cut into tiles, 5.9.15."""
    side = 5 if large_blocks else 4
    across, down = (-(-(2 * ((size + 7) >> 3)) // (1 << side)) for size in (columns, rows))
    if not bits.number(1):
        raise _UnknownError("tiles are alike")
    widest = TILE_COLUMNS >> side + MI_SHIFT
    largest = TILE_AREA >> 2 * (side + MI_SHIFT)
    columns_log2 = least = _log2(widest, across)
    while columns_log2 < _log2(1, min(across, 1 << MOST_TILES_LOG2)) and bits.number(1):
        columns_log2 += 1
    rows_log2 = max(max(least, _log2(largest, across * down)) - columns_log2, 0)
    while rows_log2 < _log2(1, min(down, 1 << MOST_TILES_LOG2)) and bits.number(1):
        rows_log2 += 1
    if columns_log2 or rows_log2:
        bits.number(columns_log2 + rows_log2 + 2)


def _log2(unit: int, target: int) -> int:
    """Find how often a unit must be doubled to reach a target, 5.9.16."""
    power = 0
    while unit << power < target:
        power += 1
    return power


class _Bits:
    """Bits of a header, the highest first."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def number(self, bits: int) -> int:
        """Read an unsigned number, 4.10.2."""
        stop = self._at + bits
        if stop > 8 * len(self._data):
            raise _UnknownError("bitstream is cut short")
        first, last = self._at // 8, -(-stop // 8)
        value = int.from_bytes(self._data[first:last], "big") >> (8 * last - stop)
        self._at = stop
        return value & ((1 << bits) - 1)

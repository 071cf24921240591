"""Read from a VP8 picture how finely it was written.

IETF RFC 6386, "VP8 data format and decoding guide", sections 7, 9 and 19.2.
"""

__all__ = ["webp_quality"]

FRAME_HEADER_BYTES = 10  # of a key frame, 9.1
EVEN_CHANCE = 128  # all of the header's bits have this probability, of 256
SEGMENTS = 4
SEGMENT_PROBABILITIES = 3
DELTAS = 8  # of loop filter levels, 9.6
COARSEST = 127  # quantiser index
# How libwebp's encoder goes from quality to index (src/enc/quant_enc.c, QualityToCompression and VP8SetSegmentParams):
# the cube root of a line with a bend at 75, and for the coarsest of several segments, at its default sharing of bits
# between them (sns_strength 50), a power of it.
BEND = 0.5
COARSEST_POWER = 1 + 0.9 * 50 / 100 / 128 * 127


def webp_quality(vp8: bytes) -> float:
    """Tell at which quality libwebp would write as finely.

    Parameters
    ----------
    vp8 : bytes
        What a ``VP8`` chunk of a WebP file holds.

    Returns
    -------
    quality : float
        0 to 100.
    """
    indices = _quantiser_indices(vp8[FRAME_HEADER_BYTES:])
    coarsest = max(indices)
    if not coarsest:
        return 100.0
    # The middle of what is rounded to this index.
    fineness = 1 - min(coarsest + 0.5, COARSEST) / COARSEST
    power = COARSEST_POWER if len(set(indices)) > 1 else 1
    line = float(fineness ** (3 / power))
    return 100 * (1.5 * line if line < BEND else (line + 1) / 2)


def _quantiser_indices(partition: bytes) -> list[int]:
    """Read the quantiser index of each segment, 0 to 127; several when segments differ."""
    bits = _Bits(partition)
    bits.number(2)  # colour space, clamping
    offsets, absolute = [0] * SEGMENTS, 0
    segmented = bits.number(1)
    if segmented:
        has_map, has_data = bits.number(1), bits.number(1)
        if has_data:
            absolute = bits.number(1)
            offsets = [bits.optional(7) for _ in range(SEGMENTS)]
            for _ in range(SEGMENTS):
                bits.optional(6)
        for _ in range(SEGMENT_PROBABILITIES if has_map else 0):
            if bits.number(1):
                bits.number(8)
    bits.number(1 + 6 + 3)  # loop filter: kind, level, sharpness
    if bits.number(1) and bits.number(1):
        for _ in range(DELTAS):
            bits.optional(6)
    bits.number(2)  # partitions
    base = bits.number(7)
    if not segmented:
        return [base]
    return [min(max(offset if absolute else base + offset, 0), COARSEST) for offset in offsets]


class _Bits:
    """The decoder of section 7, for even chances."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 2
        self._value = int.from_bytes(data[:2].ljust(2, b"\0"), "big")
        self._range = 255
        self._shifts = 0

    def number(self, bits: int) -> int:
        """Read an unsigned number."""
        value = 0
        for _ in range(bits):
            value = 2 * value + self._bit()
        return value

    def optional(self, bits: int) -> int:
        """Read a number with a sign, if there is one, 9.3; else 0."""
        if not self._bit():
            return 0
        value = self.number(bits)
        return -value if self._bit() else value

    def _bit(self) -> int:
        split = 1 + (self._range - 1) * EVEN_CHANCE // 256
        bit = int(self._value >= split << 8)
        self._value -= split << 8 if bit else 0
        self._range = self._range - split if bit else split
        while self._range < EVEN_CHANCE:
            self._value, self._range, self._shifts = 2 * self._value, 2 * self._range, self._shifts + 1
            if self._shifts == 8:
                self._shifts = 0
                self._value |= int.from_bytes(self._data[self._at : self._at + 1], "big")
                self._at += 1
        return bit

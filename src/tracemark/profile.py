"""Hold every number that embedding and detection must agree on, one frozen profile a format version."""

from dataclasses import dataclass

__all__ = ["PROFILE", "Profile"]


@dataclass(frozen=True)
class Profile:
    """The numbers of one format version; a released profile never changes.

    How each was chosen is told in ``docs/choices.md``.
    """

    version: int = 1
    """Format version; every keyed stream that shapes the mark depends on it."""

    cell: int = 16
    """Side of a cell at the working scale, pixels."""

    unit: int = 16
    """A cell's side in the delivered photo is a multiple of this: the side of a 4:2:0 JPEG MCU, pixels."""

    long_side: int = 1280
    """Working-scale length that the photo's long side is brought near to, pixels."""

    least_multiple: int = 1
    """Smallest ``cell side / unit`` in the delivered photo: there, the working scale is the photo's own."""

    most_multiple: int = 16
    """Largest ``cell side / unit``: photos of up to about 20,000 pixels."""

    tile: int = 16
    """Side of a tile, cells; the sync pattern repeats every tile."""

    grid: int = 8
    """Side of the grid of tiles that are told apart, tiles; no photo needs more."""

    wavelet: str = "sym4"
    """PyWavelets name of the orthogonal wavelet, periodised."""

    chip_levels: tuple[tuple[int, float], ...] = ((1, 0.5), (2, 1.0), (3, 3.5))
    """Decomposition levels that carry chips, each with the size of its chips."""

    border: int = 1
    """Pixels of smoothing inside a cell's border, at the working scale."""

    patterns: int = 32
    """Chip patterns in the codebook of each cell of the tile."""

    message_slots: int = 3
    """Message symbols a cell; with one fingerprint sign that makes 16 contents."""

    salts: int = 8
    """Different sets of chips among which the photo's digest picks."""

    sync_lines: int = 64
    """Spectral lines of the sync pattern."""

    sync_radii: tuple[int, int] = (20, 52)
    """Smallest and largest frequency of a sync line, cycles a tile."""

    sync_share: float = 0.20
    """Share of the mark's energy in the sync pattern."""

    beacon_share: float = 0.09
    """Share of the mark's energy in the beacon."""

    message_share: float = 0.61
    """Share of the mark's energy in the message."""

    fingerprint_share: float = 0.10
    """Share of the mark's energy in the fingerprint."""

    word_bits: int = 64
    """Bits of the message word: the permuted recipient and check bits."""

    recipient_bits: int = 32
    """Bits of a recipient; the rest of the word is check bits."""

    memory: int = 12
    """Memory of the convolutional mother code, bits."""

    @property
    def tile_pixels(self) -> int:
        """Side of a tile at the working scale, pixels."""
        return self.tile * self.cell

    @property
    def check_bits(self) -> int:
        """Bits of the word that tell an issued word from any other."""
        return self.word_bits - self.recipient_bits


PROFILE = Profile()
"""The profile that new copies are marked with."""

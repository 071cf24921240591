"""Choose what each cell of a photo holds in a recipient's copy."""

from dataclasses import dataclass
from functools import cached_property
from typing import SupportsIndex

import numpy as np
from numpy.typing import NDArray

from tracemark.codes.fingerprint import fingerprint
from tracemark.codes.message import MotherCode, encode, mother_code
from tracemark.codes.word import checked_recipient, word_of
from tracemark.keys import Key
from tracemark.profile import PROFILE
from tracemark.signal.chips import message_choices
from tracemark.signal.layout import Layout

__all__ = ["CONTENTS", "SLOTS", "Contents", "Planned", "number_contents", "uniform_signs"]

SLOTS = PROFILE.message_slots + 1  # signs of a cell: the message's, then the fingerprint's
CONTENTS = 1 << SLOTS


@dataclass(frozen=True, eq=False)
class Contents:
    """What tells the copies of one photo apart."""

    key: Key
    """The secret."""

    digest: bytes
    """BLAKE2b of the photo's pixels, 32 bytes."""

    layout: Layout
    """Where the cells lie."""

    chip_set: int
    """Which of the profile's chip sets this photo uses."""

    def signs_for(self, recipient: SupportsIndex) -> NDArray[np.int8]:
        """Compute the signs of a recipient's copy.

        Parameters
        ----------
        recipient : int
            0 to ``2**32 - 1``.

        Returns
        -------
        signs : ndarray, shape (SLOTS, cell rows, cell columns), int8
            +1 or -1.

        Raises
        ------
        RecipientError
            When the recipient is not an integer in that range.
        """
        rows, columns = self.layout.cells
        number = checked_recipient(recipient)
        message = encode(word_of(self.key, number), self._code) * self._scrambling
        own = fingerprint(self.key, self.digest, number, rows=rows, columns=columns)
        return np.concatenate([np.moveaxis(message, -1, 0), own[None]])

    @cached_property
    def _code(self) -> MotherCode:
        """The mother code's stretch in these cells."""
        rows, columns = self.layout.cells
        code = mother_code(self.key, PROFILE.grid * PROFILE.tile)[:rows, :columns]
        # Read for every copy: packed, so that a row does not lie a whole square's row behind the one before.
        return MotherCode(np.ascontiguousarray(code.stages), np.ascontiguousarray(code.generators))

    @cached_property
    def _scrambling(self) -> NDArray[np.int8]:
        """The message signs of these cells."""
        rows, columns = self.layout.cells
        return message_choices(self.key, self.chip_set).signs[:rows, :columns]


@dataclass(frozen=True, eq=False)
class Planned:
    """A photo of which copies can be made, whatever they are made from."""

    contents: Contents
    """What tells the copies apart."""

    @property
    def key(self) -> Key:
        """The secret."""
        return self.contents.key

    @property
    def digest(self) -> bytes:
        """BLAKE2b of the photo's pixels, 32 bytes."""
        return self.contents.digest

    @property
    def layout(self) -> Layout:
        """Where the cells lie."""
        return self.contents.layout


def number_contents(signs: NDArray[np.int8]) -> NDArray[np.intp]:
    """Give each cell's content a number.

    Parameters
    ----------
    signs : ndarray, shape (SLOTS, cell rows, cell columns), int8
        +1 or -1.

    Returns
    -------
    numbers : ndarray, shape (cell rows, cell columns), intp
        0 to ``CONTENTS - 1``: bit ``slot`` is set when that slot's sign is -1.
    """
    return np.asarray(np.packbits(signs < 0, axis=0, bitorder="little")[0].astype(np.intp))


def uniform_signs(number: int, layout: Layout) -> NDArray[np.int8]:
    """Give all cells the same content.

    Parameters
    ----------
    number : int
        0 to ``CONTENTS - 1``, as :func:`number_contents` counts.
    layout : Layout
        Where the cells lie.

    Returns
    -------
    signs : ndarray, shape (SLOTS, cell rows, cell columns), int8
        +1 or -1.
    """
    signs = np.array([-1 if number >> slot & 1 else 1 for slot in range(SLOTS)], dtype=np.int8)
    return np.broadcast_to(signs[:, None, None], (SLOTS, *layout.cells))

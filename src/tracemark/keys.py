"""Turn one secret into every keyed number that a mark is made of."""

import hashlib
import operator
import os
import secrets
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Self, SupportsIndex

import numpy as np
from numpy.typing import NDArray

from tracemark.arguments import checked_path
from tracemark.errors import KeyFileError
from tracemark.feistel import HALF_BYTES, shuffle, unshuffle
from tracemark.key_file import read_key_file, write_key_file

__all__ = ["Key", "checked_key"]

SECRET_BYTES = 32  # 256 bits: the strength of SHAKE-256, FIPS 202 table 4
ID_BYTES = 8  # 16 hex digits to show; two of a million keys share one by a chance of 3e-8
DOMAIN = "tracemark/1"  # first in every hash: a new meaning of the streams needs a new name
LENGTH_BYTES = 8  # the length that stands before each item, little-endian
BITS_PER_BYTE = 8
WORD = np.dtype("<u4")  # what `integers` cuts its stream into
WORD_VALUES = 2**32  # values of one such word
SPARE_WORDS = 16  # drawn beyond the expected need, so that a second draw is rare


@dataclass(frozen=True)
class Key:
    """The secret behind a set of marks, and the streams of numbers drawn from it.

    Two streams are the same when secret, label and context are the same, and look
    unrelated otherwise; a shorter stream is the beginning of a longer one.  A label
    names one use and belongs to one method.  Whoever has a key pickled has its secret.

    Notes
    -----
    Every stream is SHAKE-256 [1]_ over ``"tracemark/1"``, the secret, the label and the
    context.  Each of these stands behind a one-byte tag of its type (``s`` for UTF-8 text,
    ``b`` for bytes, ``i`` for an integer) and its length in 8 little-endian bytes; an
    integer is written as the shortest two's complement number, little-endian, that
    holds it.  So no two different inputs give the same bytes to hash.

    References
    ----------
    .. [1] NIST, "SHA-3 Standard: Permutation-Based Hash and Extendable-Output
       Functions", FIPS 202, 2015. :doi:`10.6028/NIST.FIPS.202`

    Examples
    --------
    >>> key = Key(bytes(32))
    >>> key
    Key(id='05d842592d8ad048')
    >>> key.signs("example", 3, size=8)
    array([ 1, -1, -1,  1,  1,  1, -1, -1], dtype=int8)
    """

    secret: bytes = field(repr=False)
    """The 32 secret bytes; never shown."""

    def __post_init__(self) -> None:
        if not isinstance(self.secret, bytes) or len(self.secret) != SECRET_BYTES:
            was = f"{len(self.secret)} bytes" if isinstance(self.secret, bytes) else type(self.secret).__name__
            raise KeyFileError(f"key secret must be {SECRET_BYTES} bytes, not {was}")

    def __repr__(self) -> str:
        return f"Key(id={self.id!r})"

    @classmethod
    def generate(cls) -> Self:
        """Draw a new key from the operating system's randomness."""
        return cls(secrets.token_bytes(SECRET_BYTES))

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Read a key from a file that :meth:`save` wrote.

        Parameters
        ----------
        path : path-like
            The key file.  On POSIX it must be closed to group and others.

        Returns
        -------
        key : Key
            The same key that was saved.

        Raises
        ------
        KeyFileError
            When there is no such file, others can read it, or it is not an intact key file.
        """
        fields = read_key_file(checked_path(path, "path", refuse=KeyFileError))
        damaged = KeyFileError(f"key file {path} is damaged: its secret and its id do not belong together")
        try:
            key = cls(bytes.fromhex(fields.get("secret", "")))
        except (ValueError, KeyFileError) as error:
            raise damaged from error
        if key.id != fields.get("id"):
            raise damaged
        return key

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the key to a new file that only its owner can read.

        Parameters
        ----------
        path : path-like
            Where to; an existing file is never overwritten.  The file appears whole or not at all.

        Raises
        ------
        KeyFileError
            When the file exists or cannot be written.
        """
        write_key_file(checked_path(path, "path", refuse=KeyFileError), {"id": self.id, "secret": self.secret.hex()})

    @property
    def id(self) -> str:
        """Sixteen hex digits that tell keys apart and say nothing about the secret."""
        return hashlib.blake2b(_encode(DOMAIN, "key id", self.secret), digest_size=ID_BYTES).hexdigest()

    def stream(self, label: str, *context: SupportsIndex | bytes | str, size: int) -> NDArray[np.uint8]:
        """Draw keyed bytes.

        Parameters
        ----------
        label : str
            What the bytes are for.
        *context : int, bytes or str
            What tells this stream from others of the same label; order and type count.
        size : int
            How many bytes; 0 gives an empty array.

        Returns
        -------
        stream : ndarray, shape (size,), uint8
            Read-only.
        """
        hashed = hashlib.shake_256(_encode(DOMAIN, self.secret, label, *context))
        return np.frombuffer(hashed.digest(size), dtype=np.uint8)

    def signs(self, label: str, *context: SupportsIndex | bytes | str, size: int) -> NDArray[np.int8]:
        """Draw keyed fair coins.

        Parameters
        ----------
        label : str
            What the signs are for.
        *context : int, bytes or str
            As for :meth:`stream`.
        size : int
            How many signs.

        Returns
        -------
        signs : ndarray, shape (size,), int8
            Sign ``i`` is bit ``i % 8`` of byte ``i // 8`` of the stream, the least significant
            bit being bit 0: a clear bit gives +1, a set bit -1.
        """
        drawn = self.stream(label, *context, size=-(-size // BITS_PER_BYTE))
        return 1 - 2 * np.unpackbits(drawn, count=size, bitorder="little").view(np.int8)

    def integers(self, label: str, *context: SupportsIndex | bytes | str, size: int, below: int) -> NDArray[np.int64]:
        """Draw keyed integers, each value equally likely.

        Parameters
        ----------
        label : str
            What the integers are for.
        *context : int, bytes or str
            As for :meth:`stream`.
        size : int
            How many integers.
        below : int
            They lie in ``0 .. below - 1``; 1 to 2**32.

        Returns
        -------
        integers : ndarray, shape (size,), int64
            The stream is cut into unsigned 32-bit little-endian words.  Words at or above the
            largest multiple of `below` are passed over; the others are taken modulo `below`.
        """
        if not 1 <= below <= WORD_VALUES:
            raise ValueError(f"below must be 1 to {WORD_VALUES}, not {below}")
        limit = WORD_VALUES - WORD_VALUES % below
        words = size
        while True:
            words = words * WORD_VALUES // limit + SPARE_WORDS
            drawn = self.stream(label, *context, size=words * WORD.itemsize).view(WORD).astype(np.int64)
            fair = drawn[drawn < limit]
            if len(fair) >= size:
                return fair[:size] % below

    def permute(self, value: SupportsIndex, *, bits: int, label: str) -> int:
        """Send an integer to its place in a keyed shuffle of all integers of its width.

        Parameters
        ----------
        value : int
            From 0 to ``2**bits - 1``.
        bits : int
            The width: even, 2 to 128.
        label : str
            What the shuffle is for.

        Returns
        -------
        place : int
            From 0 to ``2**bits - 1``; :meth:`unpermute` leads back.

        Notes
        -----
        A balanced Feistel network of ten rounds.  The value is cut into a high half L and a
        low half R; round i = 0 .. 9 replaces (L, R) by (R, L xor F(i, R)), and the result
        is the last L above the last R.  F is BLAKE2b keyed with the secret, of 8 bytes, over
        ``"tracemark/1"``, the label, bits, i and R, each encoded as for :meth:`stream`; its bytes
        are one little-endian number, of which the lowest ``bits / 2`` bits count.
        """
        return shuffle(value, bits=bits, by=partial(self._round, label, bits))

    def unpermute(self, place: SupportsIndex, *, bits: int, label: str) -> int:
        """Lead an integer back from its place in the keyed shuffle of :meth:`permute`.

        Parameters
        ----------
        place : int
            What :meth:`permute` gave.
        bits : int
            The width it was given.
        label : str
            The label it was given.

        Returns
        -------
        value : int
            From 0 to ``2**bits - 1``.
        """
        return unshuffle(place, bits=bits, by=partial(self._round, label, bits))

    def _round(self, label: str, bits: int, turn: int, half_value: int) -> int:
        """Give the Feistel round function F."""
        message = _opening(label, bits, turn) + _encode_one(half_value)
        digest = hashlib.blake2b(message, key=self.secret, digest_size=HALF_BYTES).digest()
        return int.from_bytes(digest, "little")


def checked_key(key: object) -> Key:
    """Refuse what is no key, where an argument should be one.

    Parameters
    ----------
    key : object
        The argument.

    Returns
    -------
    key : Key
        The same.

    Raises
    ------
    KeyFileError
        When it is something else, such as a path or the bytes of a secret.
    """
    if not isinstance(key, Key):
        raise KeyFileError(f"key must be a tracemark Key, as Key.load gives one, not {type(key).__name__}")
    return key


@cache
def _opening(label: str, bits: int, turn: int) -> bytes:
    """Write what all messages of one round begin with: thousands of recipients have the same."""
    return _encode(DOMAIN, label, bits, turn)


def _encode(*items: SupportsIndex | bytes | str) -> bytes:
    """Write items one after another so that no two different lists look the same."""
    return b"".join(_encode_one(item) for item in items)


def _encode_one(item: SupportsIndex | bytes | str) -> bytes:
    """Write one item as tag, length and content."""
    if isinstance(item, str):
        tag, content = b"s", item.encode("utf-8")
    elif isinstance(item, bytes):
        tag, content = b"b", item
    else:
        number = operator.index(item)
        # One bit for the sign beside those of the number, or of its complement below zero.
        length = (number if number >= 0 else ~number).bit_length() // BITS_PER_BYTE + 1
        tag, content = b"i", number.to_bytes(length, "little", signed=True)
    return tag + len(content).to_bytes(LENGTH_BYTES, "little") + content

"""Hash rows so that each hash stands for everything before it."""

import hashlib
from typing import Literal

__all__ = ["first_hash", "hash_items"]

LENGTH_BYTES = 8  # the length that stands before each item, little-endian
FIRST = "tracemark.ledger/1"  # what the hash before the first copy is a hash of; a new meaning needs a new name


def hash_items(*items: str | bytes | int) -> bytes:
    """Hash items so that no two different lists are hashed alike.

    Parameters
    ----------
    *items : str, bytes or int
        What to hash.

    Returns
    -------
    hashed : bytes
        32 bytes.

    Notes
    -----
    SHA-256 over all items; each stands behind a one-byte tag of its type (``s`` for UTF-8 text,
    ``b`` for bytes, ``i`` for an integer, written in decimal) and its length in 8 little-endian
    bytes.
    """
    hashed = hashlib.sha256()
    for item in items:
        tag, data = _tagged(item)
        hashed.update(tag + len(data).to_bytes(LENGTH_BYTES, "little"))
        hashed.update(data)
    return hashed.digest()


def first_hash(identity: bytes, created: str) -> bytes:
    """Give the hash that the first copy of a ledger follows.

    Parameters
    ----------
    identity : bytes
        16 random bytes: no two ledgers begin alike.
    created : str
        When the ledger was made, ISO 8601 UTC.

    Returns
    -------
    head : bytes
        32 bytes.
    """
    return hash_items(FIRST, identity, created)


def _tagged(item: str | bytes | int) -> tuple[Literal[b"s", b"b", b"i"], bytes]:
    """Write an item as bytes."""
    if isinstance(item, str):
        return b"s", item.encode()
    return (b"b", item) if isinstance(item, bytes) else (b"i", str(int(item)).encode())

"""Keep what reading a leak needs of each photo, so that the photo's own file may be elsewhere."""

import sqlite3
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, get_type_hints

import numpy as np
from numpy.typing import NDArray

from tracemark.arguments import checked_float, checked_hash, checked_kind, checked_number, checked_text
from tracemark.errors import FormatError, LedgerError
from tracemark.ledger.chain import hash_items
from tracemark.ledger.database import as_text
from tracemark.media.plane import pack_plane, unpack_plane

__all__ = [
    "FeatureTable",
    "PhotoEntry",
    "PhotoRecord",
    "add_photo",
    "broken_seals",
    "read_entries",
    "read_features",
    "read_luma",
    "read_photo_record",
    "read_seals",
    "seal_of",
]

KEYPOINT = np.dtype("<f4")  # how keypoints lie in the file: x, y, size and angle
KEYPOINT_COLUMNS = 4
DESCRIPTOR_BYTES = 128  # of SIFT; Lowe 2004, section 6.1
SEAL = "tracemark.ledger.photo/1"  # first in every seal; a new meaning needs a new name


@dataclass(frozen=True)
class PhotoEntry:
    """What the ledger says of a photo in one line."""

    digest: bytes
    """BLAKE2b of the photo's pixels, 32 bytes."""

    key_id: str
    """ID of the key that its copies are marked with."""

    name: str
    """Name of its file, for people."""

    rows: int
    """As stored, pixels."""

    columns: int
    """As stored, pixels."""

    dtype: str
    """NumPy's name of the type of its pixels."""

    profile_version: int
    """Format version of the mark."""

    chip_set: int
    """Which of the profile's chip sets it uses."""

    strength: float
    """What the allowance was multiplied by, luma levels."""


@dataclass(frozen=True, eq=False)
class PhotoRecord(PhotoEntry):
    """All that the ledger keeps of a photo."""

    keypoints: NDArray[np.float32] = field(repr=False)
    """Shape (n, 4): x, y, size, angle; pixels of the working scale, and degrees. n may be 0."""

    descriptors: NDArray[np.uint8] = field(repr=False)
    """Shape (n, 128)."""

    luma: NDArray[np.uint8] = field(repr=False)
    """Luma at the working scale, shape (rows, columns) of the layout."""


@dataclass(frozen=True, eq=False)
class FeatureTable:
    """The features of many photos in one table, to find the photo that a leak was made of."""

    entries: tuple[PhotoEntry, ...]
    """The photos."""

    starts: NDArray[np.int64]
    """Shape (photos + 1,): photo ``i`` has rows ``starts[i]`` to ``starts[i + 1]`` of the table."""

    keypoints: NDArray[np.float32]
    """Shape (n, 4): x, y, size, angle; pixels of each photo's working scale, and degrees."""

    descriptors: NDArray[np.uint8]
    """Shape (n, 128)."""


CHECKS: dict[type, Callable[..., object]] = {
    bytes: checked_hash,
    str: checked_text,
    int: checked_number,
    float: checked_float,
}
_COLUMNS = tuple(column.name for column in fields(PhotoEntry))
_KINDS = tuple(get_type_hints(PhotoEntry)[name] for name in _COLUMNS)
_ENTRY = ", ".join(_COLUMNS)


def add_photo(connection: sqlite3.Connection, record: PhotoRecord) -> None:
    """Record a photo; one that is there under the same key stays as it is."""
    checked_kind(record.name, str, "name", refuse=LedgerError)
    record = replace(record, name=as_text(record.name))
    _check(record)
    if connection.execute(
        "SELECT 1 FROM photos WHERE digest = ? AND key_id = ?", (record.digest, record.key_id)
    ).fetchone():
        return
    keypoints = np.ascontiguousarray(record.keypoints, dtype=KEYPOINT).tobytes()
    descriptors = np.ascontiguousarray(record.descriptors).tobytes()
    luma = pack_plane(record.luma)
    entry = tuple(getattr(record, name) for name in _COLUMNS)
    row = (*entry, seal_of(record, keypoints, descriptors, luma), len(record.keypoints), keypoints, descriptors, luma)
    connection.execute(
        f"INSERT INTO photos ({_ENTRY}, seal, keypoint_count, keypoints, descriptors, luma)"  # noqa: S608 - our own names
        f" VALUES ({', '.join('?' * len(row))})",
        row,
    )


def read_entries(connection: sqlite3.Connection, *, key_id: str | None = None) -> tuple[PhotoEntry, ...]:
    """List the photos in the order they came, of one key or of all."""
    rows = connection.execute(
        f"SELECT {_ENTRY} FROM photos WHERE ?1 IS NULL OR key_id = ?1 ORDER BY number",  # noqa: S608 - our own names
        (key_id,),
    )
    return tuple(map(_entry, rows))


def read_photo_record(connection: sqlite3.Connection, digest: bytes, *, key_id: str) -> PhotoRecord:
    """Read all that is kept of a photo."""
    row = connection.execute(
        f"SELECT {_ENTRY}, keypoints, descriptors, luma FROM photos WHERE digest = ? AND key_id = ?",  # noqa: S608 - our own names
        (digest, key_id),
    ).fetchone()
    if row is None:
        raise LedgerError(f"ledger must hold photo {digest.hex()} under key {key_id}, and does not")
    *entry, keypoints, descriptors, luma = row
    return PhotoRecord(
        **vars(_entry(entry)),
        keypoints=_table(keypoints, KEYPOINT, KEYPOINT_COLUMNS).astype(np.float32),
        descriptors=_table(descriptors, np.dtype(np.uint8), DESCRIPTOR_BYTES).copy(),
        luma=_luma(luma),
    )


def read_luma(connection: sqlite3.Connection, digest: bytes) -> NDArray[np.uint8]:
    """Read the luma of a photo; it is the same under every key."""
    row = connection.execute("SELECT luma FROM photos WHERE digest = ? LIMIT 1", (digest,)).fetchone()
    if row is None:
        raise LedgerError(f"ledger must hold photo {digest.hex()}, and does not")
    return _luma(row[0])


def read_features(connection: sqlite3.Connection, *, key_id: str) -> FeatureTable:
    """Read the features of all photos of a key; lumas are not touched."""
    where = "FROM photos WHERE key_id = ? ORDER BY number"
    # What a damaged file says of their number may be more than any memory holds; how long they are is known unread.
    sizes = [size for (size,) in connection.execute(f"SELECT coalesce(length(keypoints), 0) {where}", (key_id,))]
    counts = np.array(sizes, np.int64) // (KEYPOINT.itemsize * KEYPOINT_COLUMNS)
    starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    keypoints = np.empty((starts[-1], KEYPOINT_COLUMNS), np.float32)
    descriptors = np.empty((starts[-1], DESCRIPTOR_BYTES), np.uint8)
    entries = []
    rows = connection.execute(f"SELECT {_ENTRY}, keypoints, descriptors {where}", (key_id,))
    for start, end, (*entry, points, described) in zip(starts[:-1], starts[1:], rows, strict=True):
        keypoints[start:end] = _table(points, KEYPOINT, KEYPOINT_COLUMNS, length=end - start)
        descriptors[start:end] = _table(described, np.dtype(np.uint8), DESCRIPTOR_BYTES, length=end - start)
        entries.append(_entry(entry))
    return FeatureTable(tuple(entries), starts, keypoints, descriptors)


def read_seals(connection: sqlite3.Connection) -> dict[tuple[bytes, str], bytes]:
    """Give the seal of each photo, by digest and ID of the key."""
    return {(row[0], row[1]): row[2] for row in connection.execute("SELECT digest, key_id, seal FROM photos")}


def seal_of(entry: PhotoEntry, keypoints: bytes, descriptors: bytes, luma: bytes) -> bytes:
    """Hash everything that is kept of a photo, 32 bytes; the copies' hashes stand on it."""
    words = (getattr(entry, name) for name in _COLUMNS)
    exact = (struct.pack("<d", word) if isinstance(word, float) else word for word in words)
    return hash_items(SEAL, *exact, keypoints, descriptors, luma)


def broken_seals(connection: sqlite3.Connection) -> list[PhotoEntry]:
    """List the photos of which something was changed."""
    rows = connection.execute(f"SELECT {_ENTRY}, seal, keypoints, descriptors, luma FROM photos ORDER BY number")  # noqa: S608 - our own names
    broken = []
    for *words, seal, keypoints, descriptors, luma in rows:
        entry = PhotoEntry(*words)
        try:
            whole = seal_of(entry, keypoints, descriptors, luma) == seal
        except TypeError:  # a damaged file may give nothing for a value
            whole = False
        if not whole:
            broken.append(entry)
    return broken


def _entry(words: Sequence[Any]) -> PhotoEntry:
    """Make an entry of what is in a row, which may be anything where the file is damaged."""
    if tuple(map(type, words)) != _KINDS:
        raise LedgerError("ledger is damaged: what it says of a photo is not whole")
    return PhotoEntry(*words)


def _table(data: object, dtype: np.dtype[Any], width: int, *, length: int | None = None) -> NDArray[Any]:
    """Read an array of so many columns, and rows if that is known."""
    row = dtype.itemsize * width
    if not isinstance(data, bytes) or len(data) % row or length not in (None, len(data) // row):
        raise LedgerError("ledger is damaged: the features of a photo are not whole")
    return np.frombuffer(data, dtype).reshape(-1, width)


def _luma(data: bytes) -> NDArray[np.uint8]:
    """Read a luma."""
    try:
        return unpack_plane(data)
    except FormatError as error:
        raise LedgerError(f"ledger is damaged: the luma of a photo cannot be read: {error}") from error


def _check(record: PhotoRecord) -> None:
    """Refuse what is not of the shape and type it must be: it would come back as another value than was sealed."""
    for name, kind in get_type_hints(PhotoEntry).items():
        CHECKS[kind](getattr(record, name), name, refuse=LedgerError)
    for name in ("keypoints", "descriptors", "luma"):
        checked_kind(getattr(record, name), np.ndarray, name, refuse=LedgerError)
    count = len(record.keypoints)
    for name, array, dtype, width in (
        ("keypoints", record.keypoints, np.float32, KEYPOINT_COLUMNS),
        ("descriptors", record.descriptors, np.uint8, DESCRIPTOR_BYTES),
    ):
        if array.dtype != dtype or array.shape != (count, width):
            raise LedgerError(
                f"{name} must be {np.dtype(dtype)} of shape ({count}, {width}), not {array.dtype} of shape"
                f" {array.shape}"
            )

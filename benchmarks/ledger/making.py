"""Make a ledger of any size from a few photos, quickly: all that it keeps is there, in one transaction."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

import tracemark as tm
from benchmarks.gauntlet.damage.pixels import Pixels
from tracemark.ledger import copies, photos, recipients, schema
from tracemark.ledger.database import connect, transaction
from tracemark.ledger.photos import PhotoRecord
from tracemark.recording import SOFTWARE, describe_photo

__all__ = ["fill"]

WAIT_S = 10.0
DIGEST_BYTES = 32
DESCRIPTOR = 128  # numbers


def fill(path: Path, sources: Sequence[Pixels], *, key: tm.Key, count: int, guests: int) -> None:
    """Make a ledger of photos and recipients, each of whom has a copy of every photo.

    Parameters
    ----------
    path : Path
        Where there is no ledger yet.
    sources : sequence of ndarray
        Photos. The first is recorded as it is; the others are made of all of them.
    key : Key
        What their copies are marked with.
    count, guests : int
        How many photos and recipients; recipients are numbered from 0.
    """
    schema.make_ledger(path)
    connection = connect(path, timeout_s=WAIT_S)
    schema.bring_up_to_date(connection)
    names = {guest: {"name": f"Guest {guest}", "email": f"guest{guest}@example.org"} for guest in range(guests)}
    with transaction(connection):
        recipients.add_recipients(connection, names, replace=False)
        for record in _records(sources, key, count):
            photos.add_photo(connection, record)
            for guest in range(guests):
                copies.add_copy(
                    connection,
                    photo=record.digest,
                    key_id=key.id,
                    recipient=guest,
                    sha256=hashlib.sha256(f"{record.name} {guest}".encode()).digest(),  # no two are alike
                    file=f"{record.name}-{guest}.jpg",
                    software=SOFTWARE,
                    format_version=record.profile_version,
                )
    connection.close()


def _records(sources: Sequence[Pixels], key: tm.Key, count: int) -> Iterator[PhotoRecord]:
    """Describe photos that differ: turned and rolled, with keypoints that look like nothing else."""
    rng = np.random.default_rng(0)
    kept = [
        describe_photo(source, tm.prepare(source, key=key), name=f"photo-{number}")
        for number, source in enumerate(sources)
    ]
    yield kept[0]
    for number in range(1, count):
        record = kept[number % len(kept)]
        luma = np.roll(record.luma[:: rng.choice([-1, 1]), :: rng.choice([-1, 1])], rng.integers(1, 500, 2), (0, 1))
        yield replace(
            record,
            digest=rng.bytes(DIGEST_BYTES),
            name=f"photo-{number}",
            luma=np.ascontiguousarray(luma),
            descriptors=record.descriptors[:, rng.permutation(DESCRIPTOR)],
        )

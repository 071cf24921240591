"""Small photos and ledgers of them."""

import hashlib

import numpy as np
import pytest

import tracemark as tm


def photo_record(name="car.jpg", *, features=5, key_id="05d842592d8ad048", **other):
    """A photo whose every number follows from its name."""
    digest = hashlib.blake2b(name.encode(), digest_size=32).digest()
    rng = np.random.default_rng(int.from_bytes(digest[:8], "little"))
    fields = {
        "digest": digest,
        "key_id": key_id,
        "name": name,
        "rows": 4000,
        "columns": 6000,
        "dtype": "uint8",
        "profile_version": 1,
        "chip_set": 17,
        "strength": 0.1 + rng.random(),
        "keypoints": rng.random((features, 4), dtype=np.float32),
        "descriptors": rng.integers(0, 256, (features, 128), dtype=np.uint8),
        "luma": rng.integers(0, 256, (33, 49), dtype=np.uint8),
    }
    return tm.PhotoRecord(**(fields | other))


def copy_fields(record, recipient, *, data=b"copy", file=None):
    """What a copy of a photo is recorded with."""
    return {
        "photo": record.digest,
        "key_id": record.key_id,
        "recipient": recipient,
        "sha256": hashlib.sha256(data).digest(),
        "file": file or f"{recipient}/{record.name}",
        "software": "tracemark 0.1.0",
        "format_version": 1,
    }


def fill(ledger, *, photos=2, recipients=3):
    """Record some photos, recipients, and a copy of each for each."""
    ledger.add_recipients({n: {"name": f"Guest {n}", "e-mail": f"guest-{n}@example.org"} for n in range(recipients)})
    for number in range(photos):
        record = photo_record(f"photo-{number}.jpg", features=3 + number)
        ledger.add_photo(record)
        for recipient in range(recipients):
            ledger.add_copy(**copy_fields(record, recipient, data=f"{number} {recipient}".encode()))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "kit.db"


@pytest.fixture
def ledger(path):
    with tm.Ledger.open(path, create=True) as ledger:
        yield ledger


@pytest.fixture(scope="session")
def filled_bytes(tmp_path_factory):
    path = tmp_path_factory.mktemp("kit") / "kit.db"
    with tm.Ledger.open(path, create=True) as ledger:
        fill(ledger)
    return path.read_bytes()


@pytest.fixture
def filled(path, filled_bytes):
    """The file of a ledger that holds 2 photos, 3 recipients and 6 copies, closed."""
    path.write_bytes(filled_bytes)
    return path

"""A program that is killed at any moment leaves a ledger that opens, and no copy in it without its file."""

import hashlib
import subprocess
import sys
import time

import pytest

import tracemark as tm
from tests.ledger.conftest import copy_fields, photo_record
from tracemark.ledger import schema

WRITER = """
import sys
import tracemark as tm
from tests.ledger.conftest import copy_fields, photo_record
from pathlib import Path
folder = Path(sys.argv[1])
with tm.Ledger.open(folder / "kit.db", create=True) as ledger:
    number = ledger.head.copies
    while True:
        record = photo_record(f"{number // 7}.jpg", features=40)
        ledger.add_photo(record)
        ledger.add_recipients({number // 7: {"name": f"Guest {number // 7}"}})
        data = f"{number} ".encode() * 2000
        tm.write_atomically(folder / f"{number}.copy", data)
        ledger.add_copy(**copy_fields(record, number // 7, data=data, file=f"{number}.copy"))
        number += 1
        print(number, flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no kill -9")
def test_a_ledger_survives_being_killed(tmp_path, rng):
    before = 0
    for _ in range(5):
        command = [sys.executable, "-c", WRITER, str(tmp_path)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:  # noqa: S603 - our own program
            for _ in range(int(rng.integers(1, 40))):
                child.stdout.readline()
            time.sleep(rng.random() / 200)
            child.kill()
        assert child.returncode == -9
        with tm.Ledger.open(tmp_path / "kit.db") as ledger:
            assert ledger.verify()
            copies = list(ledger.copies())
        for copy in copies:
            assert hashlib.sha256((tmp_path / copy.file).read_bytes()).digest() == copy.sha256
        assert len(copies) > before
        before = len(copies)


HALF_DONE = """
import os, sys
import tracemark as tm
from tracemark.ledger import schema
schema.MIGRATIONS = (*schema.MIGRATIONS, ("CREATE TABLE more (x INTEGER) STRICT", "INSERT INTO more VALUES (die())"))
real = schema.bring_up_to_date
def bring_up_to_date(connection):
    connection.create_function("die", 0, lambda: os.kill(os.getpid(), 9))
    real(connection)
schema.bring_up_to_date = bring_up_to_date
tm.Ledger.open(sys.argv[1])
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no kill -9")
def test_a_migration_that_is_killed_has_not_happened(filled):
    killed = subprocess.run([sys.executable, "-c", HALF_DONE, str(filled)], check=False)  # noqa: S603 - our own program
    assert killed.returncode == -9
    with tm.Ledger.open(filled) as ledger:
        assert ledger.verify()
        ledger.add_copy(**copy_fields(photo_record("photo-0.jpg", features=3), 1))
    assert int.from_bytes(filled.read_bytes()[60:64], "big") == len(schema.MIGRATIONS)


def test_a_copy_whose_recording_fails_leaves_no_trace(filled):
    with tm.Ledger.open(filled) as ledger:
        head = ledger.head
        ledger._connection.execute(
            "CREATE TEMP TRIGGER full BEFORE UPDATE ON ledger BEGIN SELECT RAISE(ABORT, 'the last step fails'); END"
        )
        with pytest.raises(tm.LedgerError, match="the last step fails"):
            ledger.add_copy(**(copy_fields(photo_record("photo-0.jpg", features=3), 1) | {"software": "tracemark 99"}))
        assert ledger.head == head
        assert ledger.verify()

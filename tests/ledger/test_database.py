"""Files that are no ledgers, or not whole, or not ours to write."""

import os
import re
import sqlite3
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np
import pytest

import tracemark as tm
from tests.ledger.conftest import copy_fields, fill, photo_record
from tracemark.ledger import schema

NOBODY = 65534  # the user ID that Linux gives to nobody


def files_in(folder):
    return {entry.name: entry.read_bytes() for entry in folder.iterdir()}


def sqlite_file(path, *statements):
    with closing(sqlite3.connect(path)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()
    return path.read_bytes()


def change(path, at, data):
    with path.open("r+b") as file:
        file.seek(at)
        file.write(data)


WRONG = {
    "empty": (lambda whole: b"", "is empty"),
    "text": (lambda whole: b"Dear editor,\n" * 100, "is not a ledger, or its beginning is damaged"),
    "short": (lambda whole: whole[:60], "is not a ledger, or its beginning is damaged"),
    "first bytes": (lambda whole: bytes(16) + whole[16:], "is not a ledger, or its beginning is damaged"),
    "foreign": (lambda whole: whole[:68] + bytes(4) + whole[72:], "another program's database"),
    "newer": (lambda whole: whole[:60] + (99).to_bytes(4, "big") + whole[64:], "or older, not 99; update tracemark"),
    "cut by a page": (lambda whole: whole[:-4096], "is damaged: it must have"),
    "cut in a page": (lambda whole: whole[:5000], "is damaged: it must have"),
    "first page": (lambda whole: whole[:100] + bytes(3996) + whole[4096:], "is damaged"),
    "zeros behind the header": (lambda whole: whole[:100] + bytes(len(whole) - 100), "is damaged"),
    "noise behind the header": (
        lambda whole: whole[:100] + np.random.default_rng(5).bytes(len(whole) - 100),
        "is damaged",
    ),
}


@pytest.mark.parametrize("name", WRONG)
@pytest.mark.parametrize("create", [False, True])
def test_what_is_no_sound_ledger_is_refused_and_stays_as_it_is(name, create, filled):
    damage, sentence = WRONG[name]
    filled.write_bytes(damage(filled.read_bytes()))
    before = files_in(filled.parent)
    with pytest.raises(tm.LedgerError, match=sentence):
        tm.Ledger.open(filled, create=create)
    assert files_in(filled.parent) == before


def test_a_database_of_another_program_stays_as_it_is(path):
    sqlite_file(path, "PRAGMA journal_mode = WAL", "CREATE TABLE notes (words)", "INSERT INTO notes VALUES ('mine')")
    before = files_in(path.parent)
    with pytest.raises(tm.LedgerError, match="another program's database"):
        tm.Ledger.open(path, create=True)
    assert files_in(path.parent) == before


def test_a_folder_is_no_ledger(tmp_path):
    with pytest.raises(tm.LedgerError, match="is a directory"):
        tm.Ledger.open(tmp_path)


def complaint(path):
    """What opening and verifying a ledger finds wrong."""
    try:
        with tm.Ledger.open(path) as ledger:
            return " ".join(ledger.verify().problems)
    except tm.LedgerError as error:
        return str(error)


def test_damage_to_any_page_is_found_by_verifying(filled):
    whole = filled.read_bytes()
    assert complaint(filled) == ""
    for page in range(4096, len(whole), 4096):
        filled.write_bytes(whole[:page] + b"\xaa" * 4096 + whole[page + 4096 :])
        assert complaint(filled)


def test_a_newer_version_that_waits_in_the_wal_file_is_refused(filled):
    with closing(sqlite3.connect(filled)) as other:
        other.execute("PRAGMA user_version = 99")  # in the -wal file, as long as somebody has the ledger open
        for migrate in (True, False):
            with pytest.raises(tm.LedgerError, match="or older, not 99"):
                tm.Ledger.open(filled, migrate=migrate)


NEXT = ("ALTER TABLE photos ADD COLUMN place TEXT", "UPDATE recipients SET erased = 'then'")


def test_an_older_ledger_is_brought_up_to_date_and_keeps_what_it_holds(filled, monkeypatch):
    with tm.Ledger.open(filled) as ledger:
        head, photos = ledger.head, ledger.photos()
    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, NEXT, ("CREATE TABLE more (x INTEGER) STRICT",)))
    with tm.Ledger.open(filled) as ledger:
        assert (ledger.head, ledger.photos()) == (head, photos)
        assert ledger.recipients()[0].erased == "then"
        assert ledger.verify()
    assert int.from_bytes(filled.read_bytes()[60:64], "big") == len(schema.MIGRATIONS)


def test_a_ledger_of_the_first_version_is_opened_and_finds_copies_by_their_bytes(path, monkeypatch):
    with monkeypatch.context() as before:
        before.setattr(schema, "MIGRATIONS", schema.MIGRATIONS[:1])
        with tm.Ledger.open(path, create=True) as ledger:
            fill(ledger)
            head, copies = ledger.head, list(ledger.copies())
    with tm.Ledger.open(path) as ledger:
        assert (ledger.head, list(ledger.copies())) == (head, copies)
        assert list(ledger.copies(sha256=copies[3].sha256)) == [copies[3]]
        assert plan_of(ledger, sha256=copies[3].sha256)[0].startswith("SEARCH copies")
        assert ledger.verify()


def test_a_ledger_of_an_older_version_answers_as_it_is_and_stays_so(path, monkeypatch):
    for version in range(1, len(schema.MIGRATIONS)):
        with monkeypatch.context() as before:
            before.setattr(schema, "MIGRATIONS", schema.MIGRATIONS[:version])
            with tm.Ledger.open(path, create=True) as ledger:
                fill(ledger)
                head, copies, features = (
                    ledger.head,
                    list(ledger.copies()),
                    ledger.features(key_id=photo_record().key_id),
                )
        whole = path.read_bytes()
        with tm.Ledger.open(path, migrate=False) as ledger:
            assert (ledger.head, list(ledger.copies())) == (head, copies)
            assert list(ledger.copies(sha256=copies[3].sha256)) == [copies[3]]
            assert ledger.features(key_id=photo_record().key_id).entries == features.entries
            assert ledger.recipients_of(copies[3].photo, key_id=copies[3].key_id) == (0, 1, 2)
            assert len(ledger.recipients()) == 3
            assert ledger.verify()
        assert files_in(path.parent) == {path.name: whole}
        path.unlink()


def plan_of(ledger, **wanted):
    """What SQLite does to find copies, step by step."""
    asked = []
    ledger._connection.set_trace_callback(asked.append)
    list(ledger.copies(**wanted))
    ledger._connection.set_trace_callback(None)
    return [words for *_, words in ledger._connection.execute(f"EXPLAIN QUERY PLAN {asked[0]}")]


def test_no_question_about_copies_goes_through_all_of_them(filled):
    with tm.Ledger.open(filled) as ledger:
        copy = next(ledger.copies())
        for name in ("photo", "recipient", "sha256"):
            assert all(step.startswith(("SEARCH", "USE")) for step in plan_of(ledger, **{name: getattr(copy, name)}))


def test_a_migration_is_done_whole_or_not_at_all(filled, monkeypatch):
    before = filled.read_bytes()
    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, (*NEXT, "INSERT INTO nowhere VALUES (1)")))
    with pytest.raises(tm.LedgerError, match="no such table: nowhere"):
        tm.Ledger.open(filled)
    assert files_in(filled.parent) == {filled.name: before}


def test_an_older_ledger_that_may_not_be_written_says_so(filled, monkeypatch):
    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, NEXT))
    with in_closed_folder(filled) as closed, pytest.raises(tm.LedgerError, match="read-only"):
        tm.Ledger.open(closed)


@contextmanager
def in_closed_folder(file, *, folder_mode=0o555):
    """Put a file that nobody may write into a folder, closed too, and be somebody to whom that matters."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        closed = folder / file.name
        closed.write_bytes(file.read_bytes())
        closed.chmod(0o444)
        was = os.geteuid()
        try:
            if was == 0:  # to whom nothing is closed
                os.chown(closed, NOBODY, -1)
                os.chown(folder, NOBODY, -1)
                os.seteuid(NOBODY)
            folder.chmod(folder_mode)
            yield closed
        finally:
            folder.chmod(0o755)
            os.seteuid(was)


@pytest.mark.skipif(os.name != "posix", reason="only POSIX closes a folder by its mode")
def test_a_ledger_in_a_closed_folder_can_be_read_and_is_not_written(filled):
    with in_closed_folder(filled) as closed:
        before = files_in(closed.parent)
        with tm.Ledger.open(closed) as ledger:
            assert len(ledger.photos()) == 2
            assert ledger.verify()
            with pytest.raises(tm.LedgerError, match="read-only"):
                ledger.add_recipients({5: {}})
            with pytest.raises(tm.LedgerError, match="read-only"):
                ledger.erase_recipient(1)
        assert files_in(closed.parent) == before
        with pytest.raises(tm.LedgerError, match="permission denied"):
            tm.Ledger.open(closed.with_name("new.db"), create=True)


@pytest.mark.skipif(os.name != "posix", reason="only POSIX closes a folder by its mode")
def test_a_folder_that_nobody_may_look_into_is_refused_in_words(filled):
    with in_closed_folder(filled, folder_mode=0o000) as closed:
        for name in (closed.name, "new.db"):
            with pytest.raises(tm.LedgerError, match=r"cannot be (made|read): permission denied"):
                tm.Ledger.open(closed.with_name(name), create=True)


@pytest.mark.skipif(os.name != "posix", reason="only POSIX closes a file by its mode")
def test_to_read_a_ledger_that_is_closed_leaves_nothing_beside_it(filled):
    """Side files would be closed as it is, and close it even to those who may write it later."""
    with in_closed_folder(filled, folder_mode=0o755) as closed:
        with tm.Ledger.open(closed) as ledger:
            assert ledger.verify()
            with pytest.raises(tm.LedgerError, match="read-only"):
                ledger.add_recipients({5: {}})
        assert files_in(closed.parent).keys() == {closed.name}
        closed.chmod(0o644)
        with tm.Ledger.open(closed) as ledger:
            ledger.add_recipients({5: {}})


@pytest.mark.skipif(os.name != "posix", reason="only POSIX closes a file by its mode")
def test_side_files_that_are_closed_are_named(filled):
    with in_closed_folder(filled, folder_mode=0o755) as closed:
        closed.chmod(0o644)
        beside = closed.with_name(f"{closed.name}-shm")
        beside.write_bytes(bytes(1 << 15))
        beside.chmod(0o444)
        with (
            tm.Ledger.open(closed) as ledger,
            pytest.raises(tm.LedgerError, match=f": {beside.name} beside it must be"),
        ):
            ledger.add_recipients({5: {}})


def test_a_second_writer_waits_for_the_first(filled):
    record = photo_record("photo-0.jpg", features=3)
    with tm.Ledger.open(filled) as ledger, closing(sqlite3.connect(filled, check_same_thread=False)) as other:
        other.isolation_level = None
        other.execute("BEGIN IMMEDIATE")
        waited = threading.Timer(0.2, other.execute, ["COMMIT"])
        waited.start()
        ledger.add_copy(**copy_fields(record, 1))
        waited.join()
        assert ledger.head.copies == 7


def test_a_second_writer_gives_up_with_a_plain_sentence(filled):
    with tm.Ledger.open(filled, timeout_s=0.05) as ledger, closing(sqlite3.connect(filled)) as other:
        other.isolation_level = None
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(tm.LedgerError, match="is being written by another program"):
            ledger.add_recipients({5: {}})
        assert len(ledger.photos()) == 2  # reading goes on
        other.execute("COMMIT")
        ledger.add_recipients({5: {}})


WRITER = """
import sys
import tracemark as tm
from tests.ledger.conftest import copy_fields, photo_record
with tm.Ledger.open(sys.argv[1], create=True) as ledger:
    record = photo_record()
    ledger.add_photo(record)
    ledger.add_recipients({number: {} for number in range(3)})
    for number in range(20):
        ledger.add_copy(**copy_fields(record, number % 3, file=f"{sys.argv[2]}-{number}"))
"""


def test_several_writers_make_one_chain(path):
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, str(path), name]) for name in "ab"]  # noqa: S603 - our own program
    assert [writer.wait(60) for writer in writers] == [0, 0]
    with tm.Ledger.open(path) as ledger:
        assert ledger.verify()
        files = [copy.file for copy in ledger.copies()]
    assert sorted(files) == sorted(f"{name}-{number}" for name in "ab" for number in range(20))


def test_two_threads_do_not_share_a_ledger(filled):
    sentence = (
        rf"^ledger {re.escape(str(filled))} must be used by the thread that opened it; open it again in the other"
    )
    with tm.Ledger.open(filled) as ledger, ThreadPoolExecutor(1) as other:
        begun = ledger.copies()
        next(begun)
        for ask in (ledger.photos, ledger.verify, ledger.close, lambda: next(begun), lambda: list(ledger.copies())):
            with pytest.raises(tm.LedgerError, match=sentence):
                other.submit(ask).result()
        assert other.submit(complaint, filled).result() == ""
        assert len(ledger.photos()) == 2


def test_reading_while_somebody_writes_shows_what_was_complete(filled):
    with tm.Ledger.open(filled) as reader, tm.Ledger.open(filled) as writer:
        fill(writer)
        assert reader.head.copies == 12
        assert reader.verify()


def test_a_snapshot_stays_as_it_is_and_nobody_waits_for_it(filled):
    with tm.Ledger.open(filled) as reader, tm.Ledger.open(filled, timeout_s=0.05) as writer:
        with reader.snapshot():
            head = reader.head
            fill(writer)
            assert reader.head == head
            assert len(list(reader.copies())) == 6
            assert reader.verify().head == head
        assert reader.head == writer.head != head


def test_what_is_recorded_in_a_snapshot_is_kept_or_refused(filled):
    with tm.Ledger.open(filled) as ledger, tm.Ledger.open(filled) as other:
        with ledger.snapshot():
            ledger.add_recipients({5: {}})
        assert 5 in [recipient.id for recipient in other.recipients()]
        with ledger.snapshot():
            assert ledger.head.copies == 6
            other.add_recipients({6: {}})
            with pytest.raises(tm.LedgerError, match="is being written by another program"):
                ledger.add_recipients({7: {}})
        ledger.add_recipients({7: {}})


def test_a_ledger_is_made_without_hard_links(path, monkeypatch):
    def refuse(source, target):
        raise PermissionError(1, "Operation not permitted")  # as Linux says on FAT

    monkeypatch.setattr("os.link", refuse)
    with tm.Ledger.open(path, create=True) as ledger:
        fill(ledger)
    with tm.Ledger.open(path, create=True) as ledger:
        assert ledger.head.copies == 6
        assert ledger.verify()
    assert [entry.name for entry in path.parent.iterdir()] == ["kit.db"]


def test_a_ledger_holds_no_key(path, key):
    with tm.Ledger.open(path, create=True) as ledger:
        record = photo_record(key_id=key.id)
        ledger.add_photo(record)
        ledger.add_recipients({1: {}})
        ledger.add_copy(**copy_fields(record, 1))
    data = path.read_bytes()
    assert key.secret not in data
    assert key.secret.hex().encode() not in data


@pytest.mark.skipif(os.name != "posix", reason="pipes have names elsewhere, and others")
@pytest.mark.parametrize("create", [False, True])
def test_a_pipe_is_no_ledger_and_nobody_waits_for_it(create, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(tm.LedgerError, match="must be a file, and is a device or a pipe"):
        tm.Ledger.open(tmp_path / "pipe", create=create)

"""Somebody who can write the file changes what it says: does it show?"""

import dataclasses
import sqlite3
from contextlib import closing, suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tracemark as tm
from tests.ledger.conftest import copy_fields, fill, photo_record
from tracemark.ledger import copies, verification


def forge(path, *statements):
    """Change a ledger as somebody would who knows SQLite: triggers are gone first."""
    with closing(sqlite3.connect(path)) as connection:
        names = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall()
        for (name,) in names:
            connection.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            connection.execute(statement)
        connection.commit()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE copies SET recipient = 2 WHERE number = 2",
        "DELETE FROM copies WHERE number = 2",
        "INSERT OR REPLACE INTO copies SELECT 2, photo, 0, program, made, sha256, hash, file FROM copies LIMIT 1",
        "INSERT INTO copies SELECT 99, photo, 0, program, made, sha256, hash, file FROM copies LIMIT 1",
        "UPDATE photos SET name = 'other.jpg'",
        "DELETE FROM photos",
        "DELETE FROM recipients WHERE id = 1",
        "UPDATE programs SET software = 'other'",
        "UPDATE ledger SET copies = 2",
        "UPDATE ledger SET created = '2000-01-01T00:00:00.000Z', copies = 99",
        "DELETE FROM ledger",
    ],
)
def test_the_database_refuses_changes_by_mistake(statement, filled):
    with closing(sqlite3.connect(filled)) as connection:
        connection.execute("PRAGMA recursive_triggers = ON")
        with pytest.raises(sqlite3.IntegrityError, match=r"chang|removed|appended|grows"):
            connection.execute(statement)


FORGERIES = {
    "another recipient": ("UPDATE copies SET recipient = 2 WHERE number = 2", "copy 2 was changed"),
    "another file": ("UPDATE copies SET file = 'x' WHERE number = 6", "copy 6 was changed"),
    "other bytes": ("UPDATE copies SET sha256 = zeroblob(32) WHERE number = 1", "copy 1 was changed"),
    "another time": ("UPDATE copies SET made = made + 1 WHERE number = 3", "copy 3 was changed"),
    "another photo": ("UPDATE copies SET photo = 2 WHERE number = 3", "copy 3 was changed"),
    "another program": ("UPDATE programs SET software = 'tracemark 9'", "copy 1 was changed"),
    "another hash": ("UPDATE copies SET hash = zeroblob(32) WHERE number = 4", "copy 4 was changed"),
    "a time that no calendar has": ("UPDATE copies SET made = 1 << 60 WHERE number = 3", "copy in place 3 is damaged"),
    "no photo": (
        "UPDATE copies SET photo = 77 WHERE number = 4",
        "copy in place 4 is damaged, or its photo or program",
    ),
    "one copy gone": ("DELETE FROM copies WHERE number = 3", "copy 3 must come next in the chain, not 4"),
    "the first copy gone": ("DELETE FROM copies WHERE number = 1", "copy 1 must come next in the chain, not 2"),
    "the last copy gone": ("DELETE FROM copies WHERE number = 6", "must end with copy 6"),
    "all copies gone": ("DELETE FROM copies", "must end with copy 6"),
    "a copy more": (
        "INSERT INTO copies SELECT 7, photo, 0, program, made, sha256, hash, file FROM copies WHERE number = 6",
        "copy 7 was changed",
    ),
    "two copies swapped": (
        "UPDATE copies SET recipient = 1 - recipient WHERE number IN (1, 2)",
        "copy 1 was changed",
    ),
    "another ledger's name": ("UPDATE ledger SET id = zeroblob(16)", "copy 1 was changed"),
    "another date": ("UPDATE ledger SET created = '2000-01-01T00:00:00.000Z'", "copy 1 was changed"),
    "another head": ("UPDATE ledger SET head = zeroblob(32)", "must end with copy 6"),
    "another luma": ("UPDATE photos SET luma = zeroblob(9) WHERE number = 1", "what is kept of photo photo-0.jpg"),
    "other keypoints": ("UPDATE photos SET keypoints = zeroblob(48) WHERE number = 1", "what is kept of photo photo-0"),
    "another strength": ("UPDATE photos SET strength = strength * 2 WHERE number = 2", "what is kept of photo photo-1"),
    "another photo's name": ("UPDATE photos SET name = 'x' WHERE number = 2", "what is kept of photo x"),
    "another seal": ("UPDATE photos SET seal = zeroblob(32) WHERE number = 2", "copy 4 was changed"),
    "a recipient gone": ("DELETE FROM recipients WHERE id = 1", "rows are missing"),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_a_later_change_shows(name, filled):
    statement, sentence = FORGERIES[name]
    forge(filled, statement)
    with tm.Ledger.open(filled) as ledger:
        verification = ledger.verify()
    assert not verification
    assert any(sentence in problem for problem in verification.problems), verification.problems


@pytest.mark.parametrize(
    ("statement", "missing"),
    [
        ("DELETE FROM photos WHERE number = 2", "photo 2, to which copy 4 points"),
        ("UPDATE copies SET photo = 77 WHERE number = 5", "photo 77, to which copy 5 points"),
        ("DELETE FROM programs", "program 1, to which copy 1 points"),
    ],
)
def test_a_copy_that_points_to_nothing_is_named(statement, missing, filled):
    forge(filled, statement)
    with (
        tm.Ledger.open(filled) as ledger,
        pytest.raises(tm.LedgerError, match=f"ledger is damaged: it must hold {missing}, and does not"),
    ):
        list(ledger.copies())


COLUMNS = {
    "ledger": ("id", "created", "copies", "head"),
    "photos": (*(column.name for column in dataclasses.fields(tm.PhotoRecord)), "seal", "keypoint_count"),
    "recipients": ("erased",),
    "personal": ("columns",),
    "programs": ("software", "format_version"),
    "copies": ("photo", "recipient", "program", "made", "sha256", "hash", "file"),
}
UNCHAINED = ("recipients", "personal", "keypoint_count")  # what no hash stands for


def put_anything(path, table, column, value):
    """Change the first row of a table to what the table could not hold, as bits do that turn in the file."""
    with closing(sqlite3.connect(path)) as connection:
        names = [(name, bool(first)) for _, name, *_, first in connection.execute(f"PRAGMA table_info({table})")]
        columns = ", ".join(f"{name} INTEGER PRIMARY KEY" if first else name for name, first in names)
        for statement in (
            f"CREATE TABLE loose ({columns})",
            f"INSERT INTO loose SELECT * FROM {table}",  # noqa: S608 - our own names
            f"UPDATE loose SET {column} = {value} WHERE rowid = (SELECT min(rowid) FROM loose)",  # noqa: S608 - our own names
            f"DROP TABLE {table}",
            f"ALTER TABLE loose RENAME TO {table}",
        ):
            connection.execute(statement)
        connection.commit()


@pytest.mark.parametrize("table", COLUMNS)
@pytest.mark.parametrize("value", ["NULL", "-1", "9223372036854775807", "1.5", "'x'", "x'00'", "CAST(x'ff' AS TEXT)"])
def test_a_value_of_another_type_is_found_and_every_question_is_answered_in_words(value, table, filled):
    record, whole = photo_record("photo-0.jpg", features=3), filled.read_bytes()
    asked = [
        lambda ledger: ledger.head,
        lambda ledger: ledger.photos(),
        lambda ledger: ledger.photo(record.digest, key_id=record.key_id),
        lambda ledger: ledger.luma(record.digest),
        lambda ledger: ledger.features(key_id=record.key_id),
        lambda ledger: ledger.seals(),
        lambda ledger: ledger.recipients(),
        lambda ledger: ledger.erased_recipients(),
        lambda ledger: ledger.recipients_of(record.digest, key_id=record.key_id),
        lambda ledger: list(ledger.copies()),
    ]
    for column in COLUMNS[table]:
        filled.write_bytes(whole)
        forge(filled)
        put_anything(filled, table, column, value)
        found = None
        with suppress(tm.LedgerError), tm.Ledger.open(filled) as ledger:
            for ask in asked:
                with suppress(tm.LedgerError):
                    ask(ledger)
            found = ledger.verify()
        assert not found or table in UNCHAINED or column in UNCHAINED


def test_a_copy_that_only_an_index_knows_is_named(filled):
    """Its row is found by the index, and not by its number."""
    with tm.Ledger.open(filled) as ledger:
        row = (7, None, None, 1, bytes(32), "1/x.jpg", 0, None, None, bytes(32), None)
        assert "what it holds of copy 7 is not whole" in str(copies._damaged(ledger._connection, row))


@settings(max_examples=50)
@given(share=st.floats(0, 1, exclude_max=True), noise=st.binary(min_size=1, max_size=40))
def test_whatever_bytes_change_it_is_noticed_or_the_copies_say_the_same(share, noise, filled_bytes, tmp_path_factory):
    place = int(share * len(filled_bytes))
    folder = tmp_path_factory.mktemp("kit")
    path = folder / "kit.db"
    path.write_bytes(filled_bytes)
    with tm.Ledger.open(path) as ledger:
        before = (ledger.head, ledger.seals(), list(ledger.copies()))
    path.write_bytes((filled_bytes[:place] + noise + filled_bytes[place + len(noise) :])[: len(filled_bytes)])
    try:
        with tm.Ledger.open(path) as ledger:
            if ledger.verify():
                assert (ledger.head, ledger.seals(), list(ledger.copies())) == before
    except tm.LedgerError as error:
        assert str(path) in str(error)  # noqa: PT017 - it may be refused or not


def test_a_ledger_that_nobody_touched_is_whole(filled):
    with tm.Ledger.open(filled) as ledger:
        verification = ledger.verify()
        assert verification
        assert verification.problems == ()
        assert verification.head == ledger.head


@pytest.mark.parametrize("step", ["broken_seals", "read_head", "chain_links"])
def test_a_ledger_that_is_written_while_it_is_verified_is_whole(step, filled, monkeypatch):
    read = getattr(verification, step)

    def read_and_write(connection):
        found = read(connection)
        with tm.Ledger.open(filled) as writer:
            fill(writer)
        return found

    monkeypatch.setattr(verification, step, read_and_write)
    with tm.Ledger.open(filled) as ledger:
        found = ledger.verify()
        assert found.problems == ()
        assert (found.head.copies, ledger.head.copies) == (6, 12)


def test_an_empty_ledger_is_whole(ledger):
    assert ledger.verify(noted=ledger.head.hash).noted == 0


def test_a_head_that_was_noted_is_found_again_later(ledger):
    fill(ledger)
    noted = ledger.head
    fill(ledger)
    verification = ledger.verify(noted=noted.hash)
    assert verification
    assert verification.noted == noted.copies == 6
    assert verification.head.copies == 12


def test_a_chain_that_was_written_anew_shows_by_the_head_that_was_noted(tmp_path):
    """Whoever can write the file can write a whole new chain; only a head outside it tells."""
    heads = []
    for name in ("true.db", "false.db"):
        with tm.Ledger.open(tmp_path / name, create=True) as ledger:
            fill(ledger)
            heads.append(ledger.head.hash)
    with tm.Ledger.open(tmp_path / "false.db") as ledger:
        assert ledger.verify()
        verification = ledger.verify(noted=heads[0])
    assert not verification
    assert "written anew or cut short" in verification.problems[0]


def test_many_problems_are_summed_up(ledger):
    record = photo_record()
    ledger.add_photo(record)
    ledger.add_recipients({1: {}})
    for _ in range(30):
        ledger.add_copy(**copy_fields(record, 1))
    forge(ledger.path, "UPDATE copies SET made = 0")
    problems = ledger.verify().problems
    assert len(problems) == 11
    assert problems[-1] == "and 20 more like these"

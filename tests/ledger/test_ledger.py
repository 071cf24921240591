import dataclasses
import sqlite3
import stat
from contextlib import closing

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tracemark as tm
from tests.ledger.conftest import copy_fields, fill, photo_record


def assert_same(one, other):
    for column in dataclasses.fields(tm.PhotoRecord):
        left, right = getattr(one, column.name), getattr(other, column.name)
        np.testing.assert_array_equal(left, right)
        assert getattr(left, "dtype", None) == getattr(right, "dtype", None)


@pytest.mark.parametrize("features", [0, 1, 1500])
def test_a_photo_comes_back_as_it_was(features, path):
    record = photo_record(features=features)
    with tm.Ledger.open(path, create=True) as ledger:
        ledger.add_photo(record)
    with tm.Ledger.open(path) as ledger:
        assert_same(ledger.photo(record.digest, key_id=record.key_id), record)
        np.testing.assert_array_equal(ledger.luma(record.digest), record.luma)
        entry = ledger.photos()[0]
    assert entry == tm.PhotoEntry(**{f.name: getattr(record, f.name) for f in dataclasses.fields(tm.PhotoEntry)})


def test_arrays_that_are_views_come_back_as_they_were(ledger):
    wide = photo_record(features=6)
    record = dataclasses.replace(
        wide, keypoints=wide.keypoints[::2], descriptors=wide.descriptors[::2], luma=wide.luma.T[::-1]
    )
    ledger.add_photo(record)
    assert_same(ledger.photo(record.digest, key_id=record.key_id), record)


def test_a_photo_is_recorded_once_for_each_key(ledger):
    for key_id in ("05d842592d8ad048", "05d842592d8ad048", "ffffffffffffffff"):
        ledger.add_photo(photo_record(key_id=key_id))
    assert [entry.key_id for entry in ledger.photos()] == ["05d842592d8ad048", "ffffffffffffffff"]
    assert len(ledger.photos(key_id="ffffffffffffffff")) == 1


def test_the_features_of_all_photos_of_a_key_come_in_one_table(ledger):
    records = [photo_record(f"{number}.jpg", features=number) for number in (4, 0, 7)]
    for record in [photo_record("other.jpg", key_id="ffffffffffffffff"), *records]:
        ledger.add_photo(record)
    table = ledger.features(key_id=records[0].key_id)
    assert table.starts.tolist() == [0, 4, 4, 11]
    for number, record in enumerate(records):
        rows = slice(table.starts[number], table.starts[number + 1])
        assert table.entries[number].digest == record.digest
        np.testing.assert_array_equal(table.keypoints[rows], record.keypoints)
        np.testing.assert_array_equal(table.descriptors[rows], record.descriptors)


def test_features_are_those_of_one_moment_while_photos_are_recorded(filled):
    def record(statement):
        if "descriptors" in statement:
            with tm.Ledger.open(filled) as writer:
                writer.add_photo(photo_record("late.jpg"))

    with tm.Ledger.open(filled) as ledger:
        ledger._connection.set_trace_callback(record)
        table = ledger.features(key_id=photo_record().key_id)
        ledger._connection.set_trace_callback(None)
        assert [entry.name for entry in table.entries] == ["photo-0.jpg", "photo-1.jpg"]
        assert len(ledger.photos()) == 3


def test_without_photos_the_table_of_features_is_empty(ledger):
    table = ledger.features(key_id="05d842592d8ad048")
    assert table.entries == ()
    assert table.starts.tolist() == [0]
    assert (table.keypoints.shape, table.descriptors.shape) == ((0, 4), (0, 128))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"keypoints": np.zeros((5, 3), np.float32)}, "keypoints must be float32"),
        ({"keypoints": np.zeros((5, 4))}, "keypoints must be float32"),
        ({"descriptors": np.zeros((4, 128), np.uint8)}, "descriptors must be uint8 of shape \\(5, 128\\)"),
        ({"digest": b"short"}, "digest must be 32 bytes, not 5"),
        ({"digest": "ab" * 16}, "digest must be 32 bytes, not 'abab"),
        ({"name": None}, "name must be of type str, not NoneType"),
        ({"key_id": 5}, "key_id must be of type str, not int"),
        ({"rows": 4000.0}, "rows must be of type int, not float"),
        ({"strength": 1}, "strength must be of type float, not int"),
    ],
)
def test_a_record_of_another_shape_or_type_is_refused(change, sentence, ledger):
    with pytest.raises(tm.LedgerError, match=sentence):
        ledger.add_photo(dataclasses.replace(photo_record(), **change))
    assert ledger.photos() == ()


def test_a_photo_that_is_not_there_is_named(ledger):
    with pytest.raises(tm.LedgerError, match="must hold photo 0000"):
        ledger.photo(bytes(32), key_id="05d842592d8ad048")
    with pytest.raises(tm.LedgerError, match="must hold photo 0000"):
        ledger.luma(bytes(32))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ("luma = x'00'", "luma of a photo cannot be read"),
        ("keypoints = x'00'", "features of a photo are not whole"),
        ("descriptors = x'00'", "features of a photo are not whole"),
    ],
)
def test_damage_to_what_is_kept_of_a_photo_is_named(change, sentence, filled):
    with closing(sqlite3.connect(filled)) as connection:
        connection.execute("DROP TRIGGER photos_never_change")
        connection.execute("PRAGMA ignore_check_constraints = ON")
        connection.execute(f"UPDATE photos SET {change}")  # noqa: S608 - our own words
        connection.commit()
    with tm.Ledger.open(filled) as ledger:
        entry = ledger.photos()[0]
        with pytest.raises(tm.LedgerError, match=sentence):
            ledger.photo(entry.digest, key_id=entry.key_id)
        assert not ledger.verify()


@pytest.mark.parametrize("change", ["recipients SET erased", "personal SET columns"])
def test_damage_to_what_a_row_of_a_recipient_is_made_of_is_named(change, filled):
    with closing(sqlite3.connect(filled, isolation_level=None)) as connection:
        # SQLite itself writes no such row; a flipped bit does
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute("UPDATE sqlite_schema SET sql = replace(sql, 'STRICT', '')")
        connection.execute("PRAGMA writable_schema = RESET")
        connection.execute(f"UPDATE {change} = CAST('{{}}' AS BLOB)")
    words = "is damaged: what it says of a recipient is not whole"
    with tm.Ledger.open(filled) as ledger, pytest.raises(tm.LedgerError, match=words):
        ledger.recipients()


@pytest.mark.parametrize("columns", ["nonsense", "[]", "[" * 60000, '{"name":' * 60000, '{"name": ' + "[" * 60000])
def test_damage_to_what_is_kept_of_a_recipient_is_named(columns, filled):
    with closing(sqlite3.connect(filled)) as connection:
        connection.execute("UPDATE personal SET columns = ? WHERE recipient = 1", (columns,))
        connection.commit()
    with tm.Ledger.open(filled) as ledger:
        with pytest.raises(tm.LedgerError, match="damaged: the columns of recipient 1 cannot be read"):
            ledger.recipients()
        ledger.erase_recipient(2)


def test_copies_are_chained_in_their_order(ledger):
    before = ledger.head
    fill(ledger, photos=2, recipients=3)
    copies = list(ledger.copies())
    assert before.copies == 0
    assert [copy.number for copy in copies] == [1, 2, 3, 4, 5, 6]
    assert [copy.recipient for copy in copies] == [0, 1, 2, 0, 1, 2]
    assert ledger.head.hash == copies[-1].hash
    assert len({copy.hash for copy in copies}) == 6


def test_a_copy_comes_back_as_it_was_answered(ledger):
    record = photo_record()
    ledger.add_photo(record)
    ledger.add_recipients({17: {}})
    copy = ledger.add_copy(**copy_fields(record, 17))
    assert list(ledger.copies()) == [copy]
    assert (copy.photo, copy.recipient, copy.file) == (record.digest, 17, "17/car.jpg")


def test_copies_are_found_by_photo_recipient_and_bytes(ledger):
    fill(ledger, photos=3, recipients=4)
    photo = ledger.photos()[1]
    third = list(ledger.copies())[2]
    assert [copy.recipient for copy in ledger.copies(photo=photo.digest)] == [0, 1, 2, 3]
    assert len(list(ledger.copies(recipient=2))) == 3
    assert [copy.number for copy in ledger.copies(photo=photo.digest, recipient=2)] == [7]
    assert list(ledger.copies(sha256=third.sha256)) == [third]
    assert ledger.recipients_of(photo.digest, key_id=photo.key_id) == (0, 1, 2, 3)
    assert ledger.recipients_of(photo.digest, key_id="ffffffffffffffff") == ()


def test_a_copy_needs_its_photo_and_its_recipient(ledger):
    record = photo_record()
    with pytest.raises(tm.LedgerError, match=r"must hold photo .* before its copies"):
        ledger.add_copy(**copy_fields(record, 17))
    ledger.add_photo(record)
    with pytest.raises(tm.LedgerError, match="must hold recipient 17 before their copies"):
        ledger.add_copy(**copy_fields(record, 17))
    assert ledger.head.copies == 0


def record_together(ledger, copies):
    with ledger.together():
        for fields in copies:
            ledger.add_copy(**fields)


def test_what_is_recorded_together_is_recorded_whole_or_not_at_all(filled):
    record = photo_record("photo-0.jpg", features=3)
    with tm.Ledger.open(filled) as ledger, tm.Ledger.open(filled) as other:
        before = ledger.head
        with pytest.raises(tm.LedgerError, match="must hold recipient 99"):
            record_together(ledger, [copy_fields(record, 1), copy_fields(record, 99)])
        assert ledger.head == other.head == before
        with ledger.together():
            ledger.add_recipients({99: {}})
            first = ledger.add_copy(**copy_fields(record, 1))
            assert other.head == before
            second = ledger.add_copy(**copy_fields(record, 99))
        assert [copy.number for copy in other.copies()][-2:] == [first.number, second.number]
        assert other.verify()


def test_what_is_refused_inside_leaves_nothing_and_what_else_is_recorded_together_stays(filled):
    def refuse(action, table, *others):
        return sqlite3.SQLITE_DENY if (action, table) == (sqlite3.SQLITE_UPDATE, "ledger") else sqlite3.SQLITE_OK

    record = photo_record("photo-0.jpg", features=3)
    with tm.Ledger.open(filled) as ledger:
        with ledger.together():
            ledger.add_recipients({20: {}})
            with pytest.raises(tm.LedgerError, match="column 'room' of recipient 22 must say text"):
                ledger.add_recipients({21: {"name": "Jo"}, 22: {"room": 5}})
            ledger._connection.set_authorizer(refuse)  # the copy is there by then, and not yet the head
            with pytest.raises(tm.LedgerError, match="not authorized"):
                ledger.add_copy(**copy_fields(record, 20))
            ledger._connection.set_authorizer(None)
            ledger.add_copy(**copy_fields(record, 20, file="20/second.jpg"))
        assert [recipient.id for recipient in ledger.recipients()] == [0, 1, 2, 20]
        assert [copy.file for copy in ledger.copies()][6:] == ["20/second.jpg"]
        assert ledger.verify()


def test_a_file_name_that_is_no_text_is_written_readably(ledger):
    record = photo_record(digest=bytes(32))
    ledger.add_photo(dataclasses.replace(record, name="\udcff.jpg"))
    assert ledger.photos()[0].name == "\\udcff.jpg"
    ledger.add_recipients({17: {}})
    assert ledger.add_copy(**copy_fields(record, 17, file="17/\udcff.jpg")).file == "17/\\udcff.jpg"
    assert ledger.verify()


@settings(max_examples=20)
@given(
    st.dictionaries(
        st.integers(0, 2**32 - 1),
        # names that differ in case, accents or spaces alone are refused
        st.dictionaries(
            st.text(st.sampled_from("abc12")) | st.sampled_from(["", "\0", "'", "ß\u0308", "\U0001f600", "名"]),
            st.text(st.characters(exclude_categories=["Cs"])),
        ),
        max_size=4,
    )
)
def test_recipients_come_back_as_they_were(tmp_path_factory, guests):
    path = tmp_path_factory.mktemp("kit") / "kit.db"
    with tm.Ledger.open(path, create=True) as ledger:
        assert ledger.add_recipients(guests) == ()
    with tm.Ledger.open(path) as ledger:
        assert {recipient.id: recipient.columns for recipient in ledger.recipients()} == guests


def test_columns_are_added_and_none_is_lost(ledger):
    ledger.add_recipients({17: {"name": "Zoë"}})
    ledger.add_recipients({17: {"outlet": "Daily"}})
    ledger.add_recipients({17: {}})
    assert ledger.recipients()[0].columns == {"name": "Zoë", "outlet": "Daily"}


def test_a_number_that_meant_somebody_else_is_refused(ledger):
    ledger.add_recipients({17: {"name": "Zoë"}})
    with pytest.raises(tm.LedgerError, match="recipient 17 must keep name 'Zoë', and the list says 'Jo'"):
        ledger.add_recipients({3: {"name": "Ann"}, 17: {"name": "Jo"}})
    assert [recipient.id for recipient in ledger.recipients()] == [17]
    ledger.add_recipients({17: {"name": "Zoé"}}, replace=True)
    assert ledger.recipients()[0].columns == {"name": "Zoé"}


def test_a_column_that_says_nothing_any_more_is_cleared_if_it_may_say_something_else(ledger):
    ledger.add_recipients({17: {"name": "Zoë", "e-mail": "zoe@example.org"}, 18: {"name": "Jo"}})
    with pytest.raises(tm.LedgerError, match=r"must keep e-mail 'zoe@example\.org', and the list says ''"):
        ledger.add_recipients({17: {"e-mail": ""}})
    ledger.add_recipients({17: {"E-Mail": ""}, 18: {"e-mail": ""}, 19: {"name": ""}}, replace=True)
    assert [recipient.columns for recipient in ledger.recipients()] == [{"name": "Zoë"}, {"name": "Jo"}, {}]
    ledger.add_recipients({17: {"name": ""}, 18: {}}, replace=True)
    assert [recipient.columns for recipient in ledger.recipients()] == [{}, {"name": "Jo"}, {}]
    ledger.add_recipients({17: {"name": "Zoë"}})
    assert ledger.recipients()[0].columns == {"name": "Zoë"}


@pytest.mark.parametrize(
    ("known", "listed"),
    [
        ("name", "Name"),
        ("NAME", "name"),
        ("name", " name\t"),
        ("Pr\u00e9nom", "PRE\u0301NOM"),
        ("Stra\u00dfe", "STRASSE"),
    ],
)
def test_a_column_is_known_however_its_header_is_written(known, listed, ledger):
    ledger.add_recipients({17: {known: "Zoë"}})
    with pytest.raises(tm.LedgerError, match=f"recipient 17 must keep {known} 'Zoë', and the list says 'Jo'"):
        ledger.add_recipients({17: {listed: "Jo"}})
    ledger.add_recipients({17: {listed: "Zoë"}})
    assert ledger.recipients()[0].columns == {known: "Zoë"}
    ledger.add_recipients({17: {listed: "Jo"}}, replace=True)
    assert ledger.recipients()[0].columns == {known: "Jo"}


def test_two_columns_whose_names_differ_in_case_alone_are_refused(ledger):
    """Later, one list's column would change both."""
    with pytest.raises(tm.LedgerError, match=r"recipient 17 must have no two columns .* 'name', 'Name'"):
        ledger.add_recipients({17: {"name": "Zoë", "Name": "Müller"}})
    assert ledger.recipients() == ()


@pytest.mark.parametrize(
    ("guests", "words"),
    [
        (None, "guests must be a mapping of recipients to their columns, not NoneType"),
        ([17], "guests must be a mapping of recipients to their columns, not list"),
        ({17: None}, "columns of recipient 17 must be a mapping of names to text, not None"),
        ({17: {"name": "\udcff"}}, "column 'name' of recipient 17 must say text"),
        ({17: {"name": 3}}, "column 'name' of recipient 17 must say text, not 3"),
    ],
)
def test_what_is_no_list_of_guests_is_refused(guests, words, ledger):
    with pytest.raises(tm.LedgerError, match=words):
        ledger.add_recipients(guests)


@pytest.mark.parametrize(
    "ask",
    [
        lambda ledger, value: ledger.copies(sha256=value),
        lambda ledger, value: ledger.copies(photo=value),
        lambda ledger, value: ledger.recipients_of(value, key_id="a"),
        lambda ledger, value: ledger.photo(value, key_id="a"),
        lambda ledger, value: ledger.luma(value),
        lambda ledger, value: ledger.verify(noted=value),
        lambda ledger, value: ledger.add_copy(**(copy_fields(photo_record(), 1) | {"sha256": value})),
        lambda ledger, value: ledger.add_copy(**(copy_fields(photo_record(), 1) | {"photo": value})),
    ],
)
def test_a_hash_that_is_none_is_refused_and_not_merely_not_found(ask, ledger):
    for value, shown in (("ab" * 32, f"'{'ab' * 32}'"), (bytes(31), "31")):
        with pytest.raises(tm.LedgerError, match=f"must be 32 bytes, not {shown}$"):
            ask(ledger, value)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"format_version": 1.0}, "of type int"),
        ({"format_version": 2**70}, "format_version must be a whole number of less than 64 bits"),
        ({"software": "\ud800"}, "UTF-8"),
    ],
)
def test_what_would_come_back_as_something_else_is_not_chained(change, words, filled):
    with tm.Ledger.open(filled) as ledger:
        before, fields = ledger.head, copy_fields(photo_record("photo-0.jpg", features=3), 1)
        with pytest.raises(tm.LedgerError, match=words):
            ledger.add_copy(**(fields | change))
        assert ledger.head == before
        ledger.add_copy(**(fields | {"format_version": True}))
        assert ledger.verify()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"dtype": "\ud800"}, "dtype must be text in UTF-8"),
        ({"rows": 2**70}, "rows must be a whole number of less than 64 bits, not one of 71 bits"),
        ({"strength": float("nan")}, "strength must be a finite number, not nan"),
        ({"strength": 1}, "strength must be of type float"),
        ({"keypoints": None}, "keypoints must be of type ndarray, not NoneType"),
        ({"luma": []}, "luma must be of type ndarray, not list"),
    ],
)
def test_what_cannot_be_of_a_photo_is_refused_by_name(change, words, ledger):
    with pytest.raises(tm.LedgerError, match=words):
        ledger.add_photo(dataclasses.replace(photo_record(), **change))
    assert ledger.photos() == ()


@pytest.mark.parametrize("number", [-1, 2**32, True])
def test_what_is_no_recipient_is_refused(number, ledger):
    with pytest.raises(tm.RecipientError, match="0 to 4294967295"):
        ledger.add_recipients({number: {}})


def test_recipients_may_be_numbers_of_a_table(ledger):
    record, number = photo_record(), np.int64(3)
    ledger.add_photo(record)
    assert ledger.add_recipients({number: {"name": "Zoë"}, 4: {}}) == ()
    copy = ledger.add_copy(**copy_fields(record, number))
    assert copy.recipient == 3
    assert type(copy.recipient) is int
    assert list(ledger.copies(recipient=number)) == [copy]
    assert ledger.verify()
    ledger.erase_recipient(number)
    assert ledger.add_recipients({number: {}}) == (3,)


@pytest.mark.parametrize("number", ["17", 17.0, None, True, -1])
def test_what_is_no_recipient_is_refused_wherever_one_is_named(number, ledger):
    record = photo_record()
    ledger.add_photo(record)
    for ask in (
        lambda: ledger.add_recipients({number: {}}),
        lambda: ledger.erase_recipient(number),
        lambda: ledger.add_copy(**copy_fields(record, number, file="")),
    ):
        with pytest.raises(tm.RecipientError, match="recipient must be a whole number"):
            ask()
    assert ledger.recipients() == ()


@pytest.mark.parametrize("columns", [{"room": 5}, {"room": None}, {5: "room"}])
def test_a_column_that_does_not_say_text_is_refused(columns, ledger):
    with pytest.raises(tm.LedgerError, match=r"column .* of recipient 4 must say text, not "):
        ledger.add_recipients({3: {"name": "Jo"}, 4: columns})
    assert ledger.recipients() == ()


def test_a_new_ledger_is_closed_to_others(path, ledger):
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_ledger_leaves_one_file_when_it_is_closed(filled):
    assert [entry.name for entry in filled.parent.iterdir()] == ["kit.db"]


def test_nothing_is_made_where_there_is_no_ledger(path):
    with pytest.raises(tm.LedgerError, match="no such file"):
        tm.Ledger.open(path)
    assert not path.exists()


def test_creating_opens_what_is_there(filled):
    with tm.Ledger.open(filled, create=True) as ledger:
        assert ledger.head.copies == 6


def test_a_ledger_that_cannot_be_made_says_why(tmp_path):
    with pytest.raises(tm.LedgerError, match="cannot be made: no such file or directory"):
        tm.Ledger.open(tmp_path / "nowhere" / "kit.db", create=True)


@pytest.mark.parametrize("length", [255, 300])
def test_a_name_too_long_for_a_ledger_and_what_is_kept_beside_it_is_refused(length, tmp_path):
    with pytest.raises(tm.LedgerError, match="cannot be made: file name too long"):
        tm.Ledger.open(tmp_path / ("a" * length), create=True)
    with pytest.raises(tm.LedgerError, match="cannot be read: "):
        tm.Ledger.open(tmp_path / ("a" * length))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["Presse à Genève 100 % ?#&=.db", "カメラ.db", "a b.db"])
def test_a_ledger_may_have_any_name(name, tmp_path):
    with tm.Ledger.open(tmp_path / name, create=True) as ledger:
        fill(ledger)
    assert [entry.name for entry in tmp_path.iterdir()] == [name]
    with tm.Ledger.open(str(tmp_path / name)) as ledger:
        assert ledger.verify()


def test_a_ledger_may_be_reached_by_a_link(filled, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    link = tmp_path / "elsewhere" / "link.db"
    link.symlink_to(filled)
    with tm.Ledger.open(link) as ledger:
        fill(ledger)
    with tm.Ledger.open(filled) as ledger:
        assert ledger.head.copies == 12
    assert [entry.name for entry in (tmp_path / "elsewhere").iterdir()] == ["link.db"]


def test_a_ledger_is_not_made_beside_what_another_one_left(path):
    stale = path.with_name("kit.db-wal")
    stale.write_bytes(b"changes of a ledger that is gone")
    with pytest.raises(tm.LedgerError, match=r"cannot be made beside kit\.db-wal"):
        tm.Ledger.open(path, create=True)
    assert [entry.name for entry in path.parent.iterdir()] == ["kit.db-wal"]


def test_a_ledger_that_was_closed_says_so(filled):
    ledger = tm.Ledger.open(filled)
    ledger.close()
    ledger.close()
    with pytest.raises(tm.LedgerError, match="closed"):
        ledger.photos()


def test_a_copy_that_was_made_when_no_calendar_has_is_named(filled):
    with closing(sqlite3.connect(filled)) as connection:
        connection.execute("DROP TRIGGER copies_never_change")
        connection.execute("UPDATE copies SET made = 1 << 60 WHERE number = 3")
        connection.commit()
    with tm.Ledger.open(filled) as ledger:
        with pytest.raises(tm.LedgerError, match="what it holds of copy 3 is not whole"):
            list(ledger.copies())
        assert not ledger.verify()

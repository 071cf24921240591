from pathlib import Path

import pytest

from tracemark_cli.guests import read_guests
from tracemark_cli.outcome import UsageFailure


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("separator", [",", ";"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_ids_are_read_in_their_order(encoding, separator, line_end, tmp_path):
    path = tmp_path / "guests.csv"
    rows = [["Name", " ID ", "note"], ["J\u00fcrgen", "17", '"a, b; c"'], [], ["", "", ""], ["Zo\u00eb", " 3 ", ""]]
    path.write_bytes(line_end.join(separator.join(row) for row in rows).encode(encoding))
    assert list(read_guests(path)) == [17, 3]


def test_the_other_columns_are_kept_under_their_names(tmp_path):
    path = tmp_path / "guests.csv"
    path.write_text("Name,id,E-mail,,Name\nZo\u00eb, 17 ,zoe@example.org,x,Z.\nJo,3\n", encoding="utf-8")
    assert read_guests(path) == {
        17: {"Name": "Zo\u00eb", "E-mail": "zoe@example.org", "column 4": "x", "Name 5": "Z."},
        3: {"Name": "Jo"},
    }


def test_columns_that_the_ledger_takes_for_one_keep_names_of_their_own_in_every_row(tmp_path):
    path = tmp_path / "guests.csv"
    path.write_text("Name,id,name 3,name,name\n,17,x,Ann,Z.\nJo,3,,,\n", encoding="utf-8")
    assert read_guests(path) == {17: {"name 3": "x", "name 4": "Ann", "name 5": "Z."}, 3: {"Name": "Jo"}}
    path.write_text("name,id,Name,name 3\nAnn,17,A.,x\n", encoding="utf-8")
    assert read_guests(path) == {17: {"name": "Ann", "Name 3": "A.", "name 3 4": "x"}}


@pytest.mark.parametrize("row", ["Main Street, 12,17,Zo\u00eb", "Main Street, 12,17,", "Rome,17,Jo,x"])
def test_a_separator_that_is_not_quoted_never_moves_the_id(row, tmp_path):
    path = tmp_path / "guests.csv"
    path.write_text(f"address,id,name\nBern,3,Jo\n{row}\n", encoding="utf-8")
    with pytest.raises(UsageFailure, match=r"line 3: must have at most 3 fields, as the first line has, not 4; quote"):
        read_guests(path)
    path.write_text('address,id,name\n"Main Street, 12",17,Zo\u00eb\n', encoding="utf-8")
    assert read_guests(path) == {17: {"address": "Main Street, 12", "name": "Zo\u00eb"}}


def test_blank_lines_may_come_first(tmp_path):
    path = tmp_path / "guests.csv"
    path.write_text("\n , \nname,id\nZo\u00eb,17\nJo,x\n", encoding="utf-8")
    with pytest.raises(UsageFailure, match="line 5: id must be a whole number"):
        read_guests(path)


@pytest.mark.parametrize("head", ['"Name; first",id', "Name; first,id", '"Name, first";id', "Name, first;id"])
def test_the_separator_is_the_one_that_gives_a_column_of_ids(head, tmp_path):
    path = tmp_path / "guests.csv"
    separator = head[-3]
    path.write_text(f"{head}\nZo\u00eb{separator}17\n", encoding="utf-8")
    assert [list(columns.values()) for columns in read_guests(path).values()] == [["Zo\u00eb"]]


def test_a_list_without_ids_says_what_was_found(tmp_path):
    path = tmp_path / "guests.csv"
    for text, sentence in [
        ("number;Name\n", "not 0; separated by ';' there are 'number', 'Name'"),
        ("id\tName\n", r"not 0; separated by ';' there are 'id\\tName'"),
        ("", "not 0; there is no column at all"),
    ]:
        path.write_text(text)
        with pytest.raises(UsageFailure, match=sentence):
            read_guests(path)
    path.write_text(f"{'x' * 10_000}\n")
    with pytest.raises(UsageFailure) as refused:
        read_guests(path)
    assert len(refused.value.message) < 500


@pytest.mark.parametrize("sign", ["\u2028", "\x85", "\x0b", "\x1c", "\u202e", "\0", "\x1b"], ids=ascii)
def test_a_sign_that_is_no_line_break_breaks_no_line(sign, tmp_path):
    path = tmp_path / "guests.csv"
    path.write_text(f"id,Name,City\n17,Zo{sign}\u00eb,Bern\n3,Jo,Rome\nx,,\n", encoding="utf-8")
    with pytest.raises(UsageFailure, match="line 4: id must be a whole number"):
        read_guests(path)
    path.write_text(f"id,Name,City\n17,Zo{sign}\u00eb,Bern\n3,Jo,Rome\n", encoding="utf-8")
    assert read_guests(path) == {17: {"Name": f"Zo{sign}\u00eb", "City": "Bern"}, 3: {"Name": "Jo", "City": "Rome"}}


def test_a_line_break_in_a_field_is_counted(tmp_path):
    path = tmp_path / "guests.csv"
    path.write_bytes(b'id;Name\r\n17;"Zo\r\nMueller"\r\n17;Jo\r\n')
    with pytest.raises(UsageFailure, match="line 4: id 17 is there already, on line 3"):
        read_guests(path)


def test_an_endless_name_is_kept_and_an_endless_file_refused(tmp_path):
    path = tmp_path / "guests.csv"
    path.write_text(f"id,Name\n17,{'x' * 10_000}\n")
    assert len(read_guests(path)[17]["Name"]) == 10_000
    path.write_text(f"id,Name\n17,{'x' * 1_000_000}\n")
    with pytest.raises(UsageFailure, match="line 2: field larger than field limit"):
        read_guests(path)


def test_the_whole_range_is_read(tmp_path):
    path = tmp_path / "guests.csv"
    path.write_text("id\n0\n4294967295\n007\n")
    assert list(read_guests(path)) == [0, 4294967295, 7]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "must have one column named 'id', not 0"),
        ("name\nZo\u00eb\n", "must have one column named 'id', not 0"),
        ("id,id\n1,2\n", "must have one column named 'id', not 2"),
        ("id\n", "at least one recipient"),
        ("name,id\nZo\u00eb,17\nJo,\n", "line 3: id is missing"),
        ("name,id\nZo\u00eb\n", "line 2: id is missing"),
        ("id\n1\n2\n1\n", "line 4: id 1 is there already, on line 2"),
        ("id\n7\n007\n", "line 3: id 7 is there already"),
        ("id\n4294967296\n", "line 2: id must be at most 4294967295"),
        ("id\n" + "9" * 5000 + "\n", "line 2: id must be a whole number"),
        ("id\n-1\n", "line 2: id must be a whole number"),
        ("id\n1.0\n", "line 2: id must be a whole number"),
        ("id\n\u0661\n", "line 2: id must be a whole number"),
        ("id\nseventeen\n", "line 2: id must be a whole number"),
        ('id\n"17\n', "line 2: a quote must be closed"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_line(text, sentence, tmp_path):
    path = tmp_path / "guests.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageFailure, match=sentence):
        read_guests(path)


@pytest.mark.parametrize("data", ["id\n17\n".encode("utf-16"), b"\x89PNG\r\n\x1a\n", b"id\n\xff\n"])
def test_what_is_no_text_is_refused(data, tmp_path):
    path = tmp_path / "guests.csv"
    path.write_bytes(data)
    with pytest.raises(UsageFailure, match="UTF-8"):
        read_guests(path)


def test_a_list_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(UsageFailure, match="no such file"):
        read_guests(tmp_path / "guests.csv")


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_the_separator_that_excel_names_before_the_columns_is_taken(separator, line_end, tmp_path):
    path = tmp_path / "guests.csv"
    rows = [f"sep={separator}", f"name{separator}id", f"Zo\u00eb{separator}17", f"Jo{separator}x"]
    path.write_bytes(line_end.join(rows[:3]).encode("utf-8-sig"))
    assert read_guests(path) == {17: {"name": "Zo\u00eb"}}
    path.write_bytes(line_end.join(rows).encode())
    with pytest.raises(UsageFailure, match="line 4: id must be a whole number"):
        read_guests(path)


def test_a_list_without_end_is_refused():
    with pytest.raises(UsageFailure, match="must be a list of at most 64 MiB, and is longer"):
        read_guests(Path("/dev/zero"))


@pytest.mark.parametrize("separator", [",", ";"])
def test_a_list_that_is_wider_than_any_is_refused(separator, tmp_path):
    path = tmp_path / "guests.csv"
    path.write_text("id" + separator * 999 + "\n17\n")
    assert read_guests(path) == {17: {}}
    path.write_text("id" + separator * 1000 + "\n17\n")
    with pytest.raises(UsageFailure, match="must have at most 1000 columns, not 1001"):
        read_guests(path)


def test_empty_fields_cannot_be_more_than_memory_holds(tmp_path, monkeypatch):
    monkeypatch.setattr("tracemark_cli.guests.MOST_FIELDS", 20)
    path = tmp_path / "guests.csv"
    path.write_text("id,a,b,c,d,e\n" + "".join(f"{guest}\n" for guest in range(5)))
    assert len(read_guests(path)) == 5
    with pytest.raises(UsageFailure, match="at most 20 fields for the empty ones to count, and has more by line 6"):
        read_guests(path, empty=True)

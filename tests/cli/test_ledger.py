"""Marking into a ledger and asking it, on real files and through the command line alone."""

import csv
import hashlib
import io
import json
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from itertools import count

import click
import pytest
from click.testing import CliRunner
from PIL import Image

import tracemark as tm
from tests.ledger.conftest import copy_fields, photo_record
from tracemark.ledger import schema
from tracemark_cli.main import tracemark

GUESTS = "id;Name;E-mail\n17;Zoë Müller;zoe@example.org\n3;Jo;\n"


def embed(folder, *arguments, photos=("car.jpg",)):
    command = ["embed", *(folder / photo for photo in photos), "--key", folder / "press.key", "--out", folder / "kit"]
    return CliRunner().invoke(tracemark, [str(word) for word in (*command, *arguments)])


def rows(text):
    return [json.loads(line) for line in text.splitlines()]


@pytest.fixture(scope="module")
def made(tmp_path_factory, demo_photo):
    """A key, two photos, and a copy of each for two guests."""
    folder = tmp_path_factory.mktemp("kit")
    tm.Key(bytes(range(32))).save(folder / "press.key")
    with Image.open(demo_photo) as photo:
        photo.crop((0, 0, 640, 448)).save(folder / "car.jpg", quality=92)
        photo.crop((500, 300, 1140, 748)).save(folder / "träger.jpg", quality=92)
    (folder / "guests.csv").write_text(GUESTS, encoding="utf-8")
    result = embed(
        folder, "--recipients", folder / "guests.csv", "--ledger", folder / "kit.db", photos=("car.jpg", "träger.jpg")
    )
    assert result.exit_code == 0, result.output
    return folder


@pytest.fixture
def kit(made, tmp_path):
    """A fresh copy of all that."""
    return shutil.copytree(made, tmp_path / "press", dirs_exist_ok=True)


def test_every_copy_is_recorded_with_the_bytes_of_its_file(kit):
    with tm.Ledger.open(kit / "kit.db") as ledger:
        copies = list(ledger.copies())
        assert ledger.verify()
    assert [copy.file for copy in copies] == ["17/car.jpg", "3/car.jpg", "17/träger.jpg", "3/träger.jpg"]
    for copy in copies:
        assert hashlib.sha256((kit / "kit" / copy.file).read_bytes()).digest() == copy.sha256
        assert copy.software == f"tracemark {tm.__version__}"
    assert sorted(path.name for path in kit.iterdir()) == [
        "car.jpg",
        "guests.csv",
        "kit",
        "kit.db",
        "press.key",
        "träger.jpg",
    ]


def test_a_photo_is_recorded_with_what_its_plan_says(kit, key):
    pixels = tm.read_photo(kit / "car.jpg").pixels
    plan = tm.prepare(pixels, key=key)
    with tm.Ledger.open(kit / "kit.db") as ledger:
        record = ledger.photo(plan.digest, key_id=key.id)
        assert ledger.recipients_of(plan.digest, key_id=key.id) == (3, 17)
    assert (record.name, record.rows, record.columns, record.dtype) == ("car.jpg", 448, 640, "uint8")
    assert (record.chip_set, record.strength) == (plan.chip_set, plan.strength)
    assert record.luma.shape == plan.layout.working


def test_the_columns_of_the_list_are_recorded(kit, run):
    told = rows(run("ledger", "list", kit / "kit.db", "recipients", "--json").stdout)
    assert told == [
        {"schema": "tracemark.ledger.recipient/1", "recipient": 3, "columns": {"Name": "Jo"}, "erased": None},
        {
            "schema": "tracemark.ledger.recipient/1",
            "recipient": 17,
            "columns": {"Name": "Zoë Müller", "E-mail": "zoe@example.org"},
            "erased": None,
        },
    ]


def test_lists_for_people_have_one_line_each(kit, run):
    photos = run("ledger", "list", kit / "kit.db", "photos").stdout.splitlines()
    assert [line.rpartition(" ")[2] for line in photos] == ["car.jpg", "träger.jpg"]
    assert "640x448 key " in photos[0]
    assert run("ledger", "list", kit / "kit.db", "recipients").stdout.splitlines() == [
        "3 Name: Jo",
        "17 Name: Zoë Müller, E-mail: zoe@example.org",
    ]
    copies = run("ledger", "list", kit / "kit.db", "copies").stdout.splitlines()
    assert len(copies) == 4
    assert copies[1].startswith("2 20")
    assert copies[1].endswith("Z recipient 3 3/car.jpg")


def test_the_head_that_is_shown_is_found_again_after_more_copies(kit, run):
    shown = json.loads(run("ledger", "show", kit / "kit.db", "--json").stdout)
    assert (shown["photos"], shown["recipients"], shown["erased"], shown["copies"]) == (2, 2, 0, 4)
    assert f"head: {shown['head']}\n" in run("ledger", "show", kit / "kit.db").stdout
    assert embed(kit, "--recipient", 99, "--ledger", kit / "kit.db").exit_code == 0
    result = run("ledger", "verify", kit / "kit.db", "--head", shown["head"])
    assert result.exit_code == 0
    assert result.stdout.startswith("whole: 5 copies, head ")
    assert "is that of copy 4: until there nothing was changed" in result.stdout
    found = json.loads(run("ledger", "verify", kit / "kit.db", "--json").stdout)
    assert (found["whole"], found["copies"], found["noted"], found["problems"]) == (True, 5, None, [])


def test_a_ledger_that_was_changed_ends_with_code_5(kit, run):
    with closing(sqlite3.connect(kit / "kit.db")) as connection:
        connection.execute("DROP TRIGGER copies_never_change")
        connection.execute("UPDATE copies SET recipient = 3 WHERE number = 1")
        connection.commit()
    result = run("ledger", "verify", kit / "kit.db")
    assert result.exit_code == 5
    assert result.stdout == "copy 1 was changed, or something it stands on\n"
    assert json.loads(run("ledger", "verify", kit / "kit.db", "--json").stdout)["whole"] is False


@pytest.mark.parametrize("command", [["list", "copies"], ["export"], ["export", "--format", "csv"]])
@pytest.mark.parametrize("table", ["photos", "programs"])
def test_a_ledger_in_which_something_is_missing_ends_with_code_5(command, table, kit, run):
    with closing(sqlite3.connect(kit / "kit.db")) as connection:
        connection.execute(f"DROP TRIGGER IF EXISTS {table}_are_never_removed")
        connection.execute(f"DELETE FROM {table} WHERE number = 1")  # noqa: S608 - our own names
        connection.commit()
    result = run("ledger", command[0], kit / "kit.db", *command[1:])
    assert result.exit_code == 5
    assert f"is damaged: it must hold {table[:-1]} 1, to which copy 1 points, and does not" in result.stderr


def test_a_table_of_copies_without_one_of_the_recipients_ends_with_code_5(kit, run):
    with closing(sqlite3.connect(kit / "kit.db")) as connection:
        connection.execute("DROP TRIGGER recipients_are_never_removed")
        connection.execute("DELETE FROM recipients WHERE id = 3")
        connection.commit()
    result = run("ledger", "export", kit / "kit.db", "--format", "csv")
    assert result.exit_code == 5
    assert "is damaged: it must hold recipient 3 of copy 2, and does not" in result.stderr


def test_a_head_from_elsewhere_ends_with_code_5(kit, run):
    assert run("ledger", "verify", kit / "kit.db", "--head", "ab" * 32).exit_code == 5


@pytest.mark.parametrize("head", ["", "ab", "xy" * 32, "ab" * 33])
def test_what_is_no_head_is_a_matter_of_usage(head, kit, run):
    result = run("ledger", "verify", kit / "kit.db", "--head", head)
    assert result.exit_code == 2
    assert "must be 64 hexadecimal digits" in result.stderr


def test_an_export_holds_everything_but_the_pictures(kit, run):
    told = rows(run("ledger", "export", kit / "kit.db").stdout)
    assert [line["schema"] for line in told] == [
        "tracemark.ledger/1",
        *["tracemark.ledger.photo/1"] * 2,
        *["tracemark.ledger.recipient/1"] * 2,
        *["tracemark.ledger.copy/1"] * 4,
    ]
    assert told[0]["head"] == told[-1]["hash"]


@pytest.fixture
def kit_in_the_making(kit, monkeypatch):
    """A ledger into which somebody writes whenever a part of it was read."""
    writes = count(1000)

    def interleave(name):
        read = getattr(tm.Ledger, name)

        def read_and_write(ledger):
            found = read(ledger)
            with tm.Ledger.open(ledger.path) as writer:
                record, guest = photo_record(f"{next(writes)}.jpg"), next(writes)
                writer.add_photo(record)
                writer.add_recipients({guest: {"Name": "Late"}})
                writer.add_copy(**copy_fields(record, guest))
            return found

        monkeypatch.setattr(tm.Ledger, name, read_and_write)

    for name in ("photos", "recipients", "seals"):
        interleave(name)
    return kit


def test_an_export_of_a_kit_in_the_making_tells_of_one_moment(kit_in_the_making, run):
    told = rows(run("ledger", "export", kit_in_the_making / "kit.db").stdout)
    assert [line["schema"].split(".")[-1] for line in told] == [
        "ledger/1",
        *["photo/1"] * 2,
        *["recipient/1"] * 2,
        *["copy/1"] * 4,
    ]
    assert (told[0]["photos"], told[0]["recipients"], told[0]["copies"]) == (2, 2, 4)
    assert told[0]["head"] == told[-1]["hash"]


def test_lists_of_a_kit_in_the_making_tell_of_one_moment(kit_in_the_making, run):
    table = run("ledger", "export", kit_in_the_making / "kit.db", "--format", "csv").stdout
    assert len(table.splitlines()) == 1 + 4
    before = json.loads(run("ledger", "show", kit_in_the_making / "kit.db", "--json").stdout)
    assert before["photos"] == before["recipients"]
    assert before["copies"] == before["photos"] + 2  # the first two have two copies each
    assert len(run("ledger", "list", kit_in_the_making / "kit.db", "photos").stdout.splitlines()) > before["photos"]


def test_a_table_of_copies_tells_who_they_went_to(kit, run):
    table = list(csv.DictReader(io.StringIO(run("ledger", "export", kit / "kit.db", "--format", "csv").stdout)))
    assert [(row["copy"], row["recipient.Name"], row["photo.name"]) for row in table] == [
        ("1", "Zoë Müller", "car.jpg"),
        ("2", "Jo", "car.jpg"),
        ("3", "Zoë Müller", "träger.jpg"),
        ("4", "Jo", "träger.jpg"),
    ]
    assert [row["recipient.E-mail"] for row in table] == ["zoe@example.org", "", "zoe@example.org", ""]


@pytest.mark.parametrize("sign", ["\n", "\r", "\r\n", '"', ",", ";", "\"\r,\n;'"])
def test_a_table_of_copies_is_read_back_whatever_the_columns_say(sign, kit, run):
    columns = {f"No{sign}te": f"first{sign}second", "end": sign}
    with tm.Ledger.open(kit / "kit.db") as ledger:
        ledger.add_recipients({17: columns})
    result = run("ledger", "export", kit / "kit.db", "--format", "csv")
    table = list(csv.DictReader(io.StringIO(result.stdout_bytes.decode(), newline="")))
    assert [row["copy"] for row in table] == ["1", "2", "3", "4"]
    for name, word in columns.items():
        assert [row[f"recipient.{name}"] for row in table] == [word, "", word, ""]


def test_a_person_is_erased_when_that_was_meant(kit, run):
    result = CliRunner().invoke(tracemark, ["ledger", "erase", str(kit / "kit.db"), "--recipient", "17"], input="n\n")
    assert result.exit_code == 0
    assert "Zoë Müller" in result.stderr
    assert result.stderr.endswith("nothing was erased\n")
    assert b"zoe@example.org" in (kit / "kit.db").read_bytes()
    result = CliRunner().invoke(tracemark, ["ledger", "erase", str(kit / "kit.db"), "--recipient", "17"], input="y\n")
    assert result.exit_code == 0
    assert result.stdout == ""
    assert b"zoe@example.org" not in (kit / "kit.db").read_bytes()
    assert run("ledger", "verify", kit / "kit.db").exit_code == 0
    assert run("ledger", "list", kit / "kit.db", "recipients").stdout.splitlines()[1].startswith("17 erased 20")


def test_erasing_where_nobody_can_be_asked_is_a_matter_of_usage(kit, run):
    result = run("ledger", "erase", kit / "kit.db", "--recipient", 17)
    assert result.exit_code == 2
    assert "--yes must be given where nobody can be asked" in result.stderr
    assert b"zoe@example.org" in (kit / "kit.db").read_bytes()


def test_whom_the_ledger_does_not_have_nobody_is_asked_about(kit, run):
    for sure in ((), ("--yes",)):
        result = run("ledger", "erase", kit / "kit.db", "--recipient", 5, *sure)
        assert (result.exit_code, result.stderr.count("\n")) == (5, 1)
        assert "must hold recipient 5, and does not" in result.stderr


def test_nobody_is_erased_from_a_ledger_that_was_changed(kit, run):
    with closing(sqlite3.connect(kit / "kit.db")) as other, other:
        other.execute("DROP TRIGGER copies_never_change")
        other.execute("UPDATE copies SET recipient = 3 WHERE number = 1")
    before = (kit / "kit.db").read_bytes()
    result = run("ledger", "erase", kit / "kit.db", "--recipient", 17, "--yes")
    assert result.exit_code == 5
    assert "must be whole for somebody to be erased from it: copy 1 was changed" in result.stderr
    assert (kit / "kit.db").read_bytes() == before


def test_erasing_that_is_interrupted_erases_nothing(kit, monkeypatch):
    def interrupt(prompt):
        raise KeyboardInterrupt

    monkeypatch.setattr("click.termui.visible_prompt_func", interrupt)
    with pytest.raises(click.Abort):
        tracemark.main(["ledger", "erase", str(kit / "kit.db"), "--recipient", "17"], standalone_mode=False)
    assert b"zoe@example.org" in (kit / "kit.db").read_bytes()


def test_an_erased_guest_gets_copies_and_is_not_recorded_again(kit, run):
    assert run("ledger", "erase", kit / "kit.db", "--recipient", 17, "--yes").exit_code == 0
    result = embed(kit, "--recipients", kit / "guests.csv", "--ledger", kit / "kit.db", "--force")
    assert result.exit_code == 0
    assert "recipient 17 was erased from the ledger, and the list's columns are not recorded" in result.stderr
    assert b"zoe@example.org" not in (kit / "kit.db").read_bytes()


def test_a_number_that_meant_somebody_else_stops_everything(kit):
    (kit / "guests.csv").write_text("id;Name\n5;Ann\n17;Bob\n", encoding="utf-8")
    arguments = ("--recipients", kit / "guests.csv", "--ledger", kit / "kit.db", "--force")
    before = (kit / "kit" / "17" / "car.jpg").stat()
    result = embed(kit, *arguments)
    assert result.exit_code == 5
    assert "recipient 17 must keep Name 'Zoë Müller', and the list says 'Bob'" in result.stderr
    assert not (kit / "kit" / "5").exists()
    assert (kit / "kit" / "17" / "car.jpg").stat() == before
    assert embed(kit, *arguments, "--update-recipients").exit_code == 0


def test_an_empty_cell_clears_the_column_if_the_list_is_to_be_believed(kit):
    arguments = ("--recipients", kit / "guests.csv", "--ledger", kit / "kit.db", "--force")
    (kit / "guests.csv").write_text("id;E-mail\n17;\n3\n", encoding="utf-8")
    for option, left in (
        ((), {"Name": "Zoë Müller", "E-mail": "zoe@example.org"}),
        (("--update-recipients",), {"Name": "Zoë Müller"}),
    ):
        assert embed(kit, *arguments, *option).exit_code == 0
        with tm.Ledger.open(kit / "kit.db") as ledger:
            assert [recipient.columns for recipient in ledger.recipients()] == [{"Name": "Jo"}, left]


def test_a_dry_run_leaves_a_ledger_of_an_older_version_as_it_is(kit, monkeypatch):
    with monkeypatch.context() as before:
        before.setattr(schema, "MIGRATIONS", schema.MIGRATIONS[:1])
        tm.Ledger.open(kit / "old.db", create=True).close()
    whole = (kit / "old.db").read_bytes()
    for options in (("--dry-run",), ()):
        assert embed(kit, "--recipient", 5, "--ledger", kit / "old.db", *options).exit_code == 0
        assert ((kit / "old.db").read_bytes() == whole) == bool(options)


def test_a_dry_run_makes_no_ledger_and_changes_none(kit):
    before = (kit / "kit.db").read_bytes()
    assert embed(kit, "--recipient", 5, "--ledger", kit / "kit.db", "--dry-run").exit_code == 0
    assert (kit / "kit.db").read_bytes() == before
    assert embed(kit, "--recipient", 5, "--ledger", kit / "new.db", "--dry-run").exit_code == 0
    assert not (kit / "new.db").exists()


def test_what_is_no_ledger_stops_everything_before_it_begins(kit):
    (kit / "notes.db").write_text("mine")
    result = embed(kit, "--recipient", 5, "--ledger", kit / "notes.db")
    assert result.exit_code == 5
    assert "is not a ledger" in result.stderr
    assert (kit / "notes.db").read_text() == "mine"
    assert not (kit / "kit" / "5").exists()


def test_a_copy_is_never_written_over_the_ledger(kit):
    before = (kit / "kit.db").read_bytes()
    result = embed(kit, "--recipient", 5, "--ledger", kit / "kit" / "kit.db", "--name-template", "kit.db", "--force")
    assert result.exit_code == 2
    assert "or over key or ledger" in result.stderr
    assert (kit / "kit.db").read_bytes() == before


def test_a_copy_that_cannot_be_recorded_is_taken_back(kit, monkeypatch):
    def fail(*arguments, **options):
        raise tm.LedgerError("ledger kit.db cannot be written: no space is left")

    monkeypatch.setattr(tm.Ledger, "add_copy", fail)
    result = embed(kit, "--recipient", 5, "--ledger", kit / "kit.db")
    assert result.exit_code == 5
    assert "no space is left" in result.stderr
    assert list((kit / "kit" / "5").iterdir()) == []
    assert "5/car.jpg" not in (kit / "kit" / "SHA256SUMS").read_text()


@pytest.mark.parametrize(
    "command", [["show"], ["list", "copies"], ["export"], ["verify"], ["erase", "--recipient", "1"]]
)
def test_a_ledger_that_is_not_there_is_not_made(command, run, tmp_path):
    result = run("ledger", command[0], tmp_path / "kit.db", *command[1:])
    assert result.exit_code == 5
    assert result.stdout == ""
    assert "no such file" in result.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("arguments", [["frobnicate"], ["list", "kit.db", "cars"], ["erase", "kit.db"], ["show"]])
def test_what_is_not_understood_ends_with_code_2(arguments, run):
    assert run("ledger", *arguments).exit_code == 2


def test_a_batch_that_is_killed_leaves_no_copy_that_was_not_written(kit, rng):
    (kit / "guests.csv").write_text("id\n" + "".join(f"{n}\n" for n in range(1000, 3000)), encoding="utf-8")
    command = [sys.executable, "-m", "tracemark_cli", "embed", "car.jpg", "--recipients", "guests.csv", "--out", "kit"]
    command += ["--key", "press.key", "--ledger", "kit.db", "--force"]
    child = subprocess.Popen(command, cwd=kit, stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own program
    with child:
        for _ in range(int(rng.integers(10, 40))):
            child.stdout.readline()
        child.kill()
    assert child.returncode == -9
    with tm.Ledger.open(kit / "kit.db") as ledger:
        assert ledger.verify()
        copies = [copy for copy in ledger.copies() if copy.recipient >= 1000]
    assert 9 <= len(copies) < 2000
    for copy in copies:
        assert hashlib.sha256((kit / "kit" / copy.file).read_bytes()).digest() == copy.sha256
    assert "Traceback" not in embed(kit, "--recipient", 5, "--ledger", kit / "kit.db").output


def test_names_in_a_ledger_do_not_steer_the_terminal(kit, run):
    with tm.Ledger.open(kit / "kit.db") as ledger:
        ledger.add_recipients({5: {"Name": "Eve\x1b]0;owned\x07\u202e"}})
    told = run("ledger", "list", kit / "kit.db", "recipients").stdout
    assert r"5 Name: Eve\x1b]0;owned\x07\u202e" in told.splitlines()
    assert "Zoë Müller" in told
    asked = CliRunner().invoke(tracemark, ["ledger", "erase", str(kit / "kit.db"), "--recipient", "5"], input="n\n")
    assert "\x1b" not in asked.output


def test_what_a_damaged_ledger_says_is_neither_a_command_to_the_terminal_nor_a_line_of_its_own(kit, run):
    with closing(sqlite3.connect(kit / "kit.db")) as connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        forged = "x\x1b]0;OWNED\x07\nwhole: 4 copies, head 00"
        connection.execute("UPDATE photos SET name = ?1, key_id = ?1", (forged,))
        connection.execute("UPDATE ledger SET created = ?", (forged,))
        connection.commit()
    for arguments in (
        ("ledger", "verify", kit / "kit.db"),
        ("ledger", "show", kit / "kit.db"),
        ("ledger", "list", kit / "kit.db", "photos"),
        ("detect", kit / "car.jpg", "--key", kit / "press.key", "--ledger", kit / "kit.db"),
    ):
        result = run(*arguments)
        assert "\\x1b]0;OWNED" in result.output
        assert all(line.isprintable() and not line.startswith("whole") for line in result.output.splitlines())

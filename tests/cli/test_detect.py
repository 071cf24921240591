import hashlib
import json
import os
import sys
import threading

import pytest
from PIL import Image

import tracemark as tm
from tracemark_cli.detect_lines import WITHOUT_ORIGINAL

pytestmark = pytest.mark.usefixtures("stand_in")

IDENTIFIED, INCONCLUSIVE, NONE = 17, 1, 0


@pytest.fixture
def leak(tmp_path):
    def leak(value):
        path = tmp_path / f"leak{value}.png"
        Image.new("L", (24, 16), value).save(path)
        return path

    return leak


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ([IDENTIFIED], 0),
        ([NONE], 1),
        ([INCONCLUSIVE], 3),
        ([NONE, INCONCLUSIVE], 3),
        ([NONE, INCONCLUSIVE, IDENTIFIED], 0),
    ],
)
def test_the_code_is_that_of_the_strongest_answer(values, code, run, leak, key_file):
    result = run("detect", *[leak(value) for value in values], "--key", key_file)
    assert result.exit_code == code
    assert len(result.stdout.splitlines()) == len(values)
    assert result.stderr == ""


def test_words_name_the_recipient_and_the_chance_of_error(run, leak, key_file):
    path = leak(IDENTIFIED)
    reason = f"the first pixel says so; {WITHOUT_ORIGINAL}"
    line = f"{path}: identified: recipient 17, chance of a false name below 1e-12; {reason}\n"
    assert run("detect", path, "--key", key_file).stdout == line
    assert "that the mark was not put there" in line


def test_words_say_why_nobody_is_named(run, leak, key_file):
    path = leak(NONE)
    assert run("detect", path, "--key", key_file).stdout == f"{path}: none: no mark was found\n"


def test_json_gives_one_object_a_line(run, leak, key_file, key):
    result = run("detect", leak(IDENTIFIED), leak(NONE), "--key", key_file, "--json")
    first, second = map(json.loads, result.stdout.splitlines())
    assert first == {
        "schema": "tracemark.detect/1",
        "leak": str(leak(IDENTIFIED)),
        "leaks": [str(leak(IDENTIFIED))],
        "key": key.id,
        "verdict": "identified",
        "recipient": 17,
        "recipients": [17],
        "log10_false_alarm": -12.7,
        "faint": [],
        "method": "blind",
        "geometry": [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
        "photo": None,
        "trials": 1,
        "candidates": [],
        "recorded_copies": [],
        "uncounted": [],
        "reason": "the first pixel says so",
    }
    assert second["verdict"] == "none"
    assert second["recipient"] is None
    assert second["geometry"] is None


def test_a_leak_that_fails_costs_one_line_and_the_others_are_read(run, leak, key_file, tmp_path):
    (tmp_path / "letter.jpg").write_text("Dear editor")
    result = run("detect", tmp_path / "letter.jpg", leak(IDENTIFIED), "--key", key_file)
    assert result.exit_code == 4
    assert len(result.stdout.splitlines()) == 1
    assert len(result.stderr.splitlines()) == 1


def test_a_leak_cut_short_is_still_read(run, key_file, tmp_path, demo_photo):
    cut = tmp_path / "cut.jpg"
    cut.write_bytes(demo_photo.read_bytes()[:300_000])
    assert "identified" in run("detect", cut, "--key", key_file).stdout


def test_a_key_that_cannot_be_used_has_a_code_of_its_own(run, leak, tmp_path):
    result = run("detect", leak(IDENTIFIED), "--key", tmp_path / "nowhere.key")
    assert result.exit_code == 5
    assert result.stdout == ""


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--original", "a.jpg", "--ledger", "kit.db"], "either --original PHOTO or --ledger FILE"),
        (["--recipients", "guests.csv"], "--recipients needs"),
        (["--together"], "--together needs"),
    ],
)
def test_options_that_contradict_each_other_are_a_usage_error(options, sentence, run, leak, key_file):
    result = run("detect", leak(IDENTIFIED), "--key", key_file, *options)
    assert result.exit_code == 2
    assert sentence in result.stderr
    assert result.stdout == ""


def test_an_original_that_cannot_be_read_ends_the_command(run, leak, key_file, tmp_path):
    for as_json in ((), ("--json",)):
        result = run("detect", leak(IDENTIFIED), "--key", key_file, "--original", tmp_path / "nowhere.jpg", *as_json)
        assert result.exit_code == 4
        assert "nowhere.jpg" in result.stderr
        assert result.stdout == ""


def test_originals_of_one_file_name_are_told_apart(run, leak, key_file, demo_photo, tmp_path, monkeypatch):
    originals = [tmp_path / folder / demo_photo.name for folder in ("monday", "friday")]
    for path, side in zip(originals, (8, 9), strict=True):
        path.parent.mkdir()
        Image.new("L", (side, side)).save(path)
    digest = tm.digest_of(tm.read_photo(originals[1]).pixels)
    found = tm.Verdict("identified", -12.0, "informed", "it fits", (17,), photo=digest)
    monkeypatch.setitem(vars(tm), "detect_together", lambda *_, **__: found)
    given = [word for path in originals for word in ("--original", path)]
    assert f"the photo is friday/{demo_photo.name}\n" in run("detect", leak(17), "--key", key_file, *given).stdout


def test_a_ledger_that_is_not_there_is_not_made(run, leak, key_file, tmp_path):
    result = run("detect", leak(IDENTIFIED), "--key", key_file, "--ledger", tmp_path / "nowhere.db")
    assert result.exit_code == 5
    assert not (tmp_path / "nowhere.db").exists()


def test_leaks_read_together_give_one_line(run, leak, key_file, demo_photo):
    leaks = [leak(IDENTIFIED), leak(NONE)]
    result = run("detect", *leaks, "--key", key_file, "--original", demo_photo, "--together", "--json")
    fields = json.loads(result.stdout)
    assert fields["leak"] is None
    assert fields["leaks"] == [str(path) for path in leaks]
    assert result.exit_code == 0


def test_of_leaks_read_together_those_that_do_not_count_are_told_with_the_reason(
    run, leak, key_file, demo_photo, monkeypatch
):
    uncounted = tm.Uncounted(1, "another shows more of the same photo", 0), tm.Uncounted(2, "it shows too little")
    found = tm.Verdict("identified", -12.0, "informed", "it fits", (17,), uncounted=uncounted)
    monkeypatch.setitem(vars(tm), "detect_together", lambda *_, **__: found)
    leaks = [leak(value) for value in (IDENTIFIED, NONE, INCONCLUSIVE)]
    options = ("--key", key_file, "--original", demo_photo, "--together")
    words = run("detect", *leaks, *options).stdout
    same = f"another shows more of the same photo: {leaks[0]}"
    assert f"; {leaks[1]} does not count, since {same}; {leaks[2]} does not count, since it shows too little\n" in words
    assert json.loads(run("detect", *leaks, *options, "--json").stdout)["uncounted"] == [
        {"leak": str(leaks[1]), "reason": same},
        {"leak": str(leaks[2]), "reason": "it shows too little"},
    ]


def test_of_leaks_read_together_those_that_fail_cost_a_line_each(run, leak, key_file, demo_photo, tmp_path):
    options = ("--key", key_file, "--original", demo_photo, "--together")
    result = run("detect", tmp_path / "nowhere.png", leak(IDENTIFIED), *options)
    assert result.exit_code == 4
    assert len(result.stdout.splitlines()) == len(result.stderr.splitlines()) == 1
    result = run("detect", tmp_path / "nowhere.png", *options)
    assert (result.exit_code, result.stdout) == (4, "")


@pytest.fixture
def ledger_file(tmp_path):
    """A ledger in which 17 is Zoë and 3 was erased; it never heard of 40 by name, nor of 99."""
    path = tmp_path / "kit.db"
    with tm.Ledger.open(path, create=True) as ledger:
        ledger.add_recipients({17: {"Name": "Zoë"}, 3: {"Name": "Jo"}, 40: {}})
        ledger.erase_recipient(3)
    return path


@pytest.fixture
def name_by_list(run, leak, key_file, ledger_file, tmp_path):
    def name_by_list(recipient, text):
        (tmp_path / "list.csv").write_text(text, encoding="utf-8")
        options = ("--ledger", ledger_file, "--recipients", tmp_path / "list.csv", "--key", key_file)
        return run("detect", leak(recipient), *options)

    return name_by_list


@pytest.mark.parametrize(
    ("recipient", "text", "name"),
    [
        (17, "id\n17\n", "17 (Name: Zoë)"),
        (17, "id,Name,Desk\n17,Zoë,Sport\n", "17 (Name: Zoë)"),
        (17, "id,Desk\n17,Sport\n", "17 (Name: Zoë)"),
        (3, "id,Name\n3,Jo\n", "3"),
        (40, "id,Name\n40,Al\n", "40 (Name: Al)"),
        (99, "id,Name\n99,Ann\n", "99 (Name: Ann)"),
    ],
)
def test_a_list_tells_only_of_those_whom_the_ledger_does_not_know(recipient, text, name, name_by_list):
    assert f": identified: recipient {name}, chance" in name_by_list(recipient, text).stdout


def test_a_list_that_says_somebody_else_than_the_ledger_is_refused_before_leaks_are_read(name_by_list, monkeypatch):
    monkeypatch.setitem(vars(tm), "read_photo", lambda path: pytest.fail(f"{path} was read"))
    result = name_by_list(17, "id,Name\n3,Al\n17,Jo\n")
    assert result.exit_code == 5
    assert result.stdout == ""
    sentence = "the list must say 'Zoë' in column 'Name' of recipient 17, as the ledger does, not 'Jo'"
    assert sentence in result.stderr


def test_a_column_is_the_ledgers_however_the_list_spells_its_header(name_by_list):
    assert name_by_list(17, "id,name\n17,Jo\n").exit_code == 5
    assert ": identified: recipient 17 (Name: Zoë), chance" in name_by_list(17, "id,NAME\n17,Zoë\n").stdout


FORGED = "a.png: identified: recipient 3\x1b[2J\nb\u202egnp"
SHOWN = r"a.png: identified: recipient 3\x1b[2J b\u202egnp"


def test_the_name_of_a_leak_forges_no_result(run, leak, key_file, tmp_path):
    path = leak(NONE).rename(tmp_path / FORGED)
    assert run("detect", path, "--key", key_file).stdout == f"{tmp_path / SHOWN}: none: no mark was found\n"
    assert json.loads(run("detect", path, "--key", key_file, "--json").stdout)["leak"] == str(path)


@pytest.mark.parametrize("option", ["LEAK", "--original"])
def test_the_name_of_a_file_that_fails_forges_no_result(option, run, leak, key_file, tmp_path):
    words = (tmp_path / FORGED,) if option == "LEAK" else (leak(NONE), option, tmp_path / FORGED)
    result = run("detect", *words, "--key", key_file)
    (line,) = result.stderr.splitlines()
    assert str(tmp_path / SHOWN) in line
    assert result.stdout == ""


def test_a_report_in_a_folder_that_is_not_there_is_refused_before_leaks_are_read(run, leak, key_file, tmp_path):
    result = run("detect", leak(IDENTIFIED), "--key", key_file, "--report", tmp_path / "no" / "leak.html")
    assert result.exit_code == 4
    assert "leak.html cannot be written: no such file or directory" in result.stderr
    assert result.stdout == ""


def test_a_report_that_came_meanwhile_is_not_replaced(run, leak, key_file, tmp_path, monkeypatch):
    path, read = tmp_path / "leak.html", tm.read_photo

    def read_slowly(file):
        path.write_text("evidence")
        return read(file)

    monkeypatch.setitem(vars(tm), "read_photo", read_slowly)
    result = run("detect", leak(IDENTIFIED), "--key", key_file, "--report", path)
    assert result.exit_code == 4
    assert "exists already and is never overwritten" in result.stderr
    assert "report: " not in result.stderr
    assert ": identified: " in result.stdout
    assert path.read_text() == "evidence"


def test_a_report_is_about_the_bytes_that_were_read_whatever_becomes_of_the_file(
    run, leak, key_file, tmp_path, monkeypatch
):
    path, read = leak(IDENTIFIED), tm.read_photo
    data = path.read_bytes()
    monkeypatch.setitem(vars(tm), "read_photo", lambda source: (path.unlink(), read(source))[1])
    result = run("detect", path, "--key", key_file, "--report", tmp_path / "leak.html")
    assert (result.exit_code, result.stderr.count("\n")) == (0, 1)
    text = (tmp_path / "leak.html").read_text()
    assert hashlib.sha256(data).hexdigest() in text
    assert f"{len(data):,}" in text


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such devices")
def test_a_device_is_no_leak_and_no_original_as_it_may_have_no_end(run, leak, key_file):
    words = "image file must be a file or a pipe, and is a device"
    for options in (("/dev/zero",), (leak(IDENTIFIED), "--original", "/dev/zero")):
        result = run("detect", *options, "--key", key_file)
        assert result.exit_code == 4
        assert words in result.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such pipes")
def test_a_leak_may_come_through_a_pipe(run, leak, key_file, tmp_path):
    data, pipe = leak(IDENTIFIED).read_bytes(), tmp_path / "pipe"
    os.mkfifo(pipe)
    writing = threading.Thread(target=pipe.write_bytes, args=(data,))
    writing.start()
    result = run("detect", pipe, "--key", key_file, "--report", tmp_path / "leak.html")
    writing.join()
    assert result.exit_code == 0
    assert hashlib.sha256(data).hexdigest() in (tmp_path / "leak.html").read_text()


def test_a_leak_that_memory_does_not_suffice_for_costs_one_line_and_the_others_are_read(
    run, leak, key_file, tmp_path, monkeypatch
):
    large, other = tmp_path / "large.png", leak(IDENTIFIED)
    large.write_bytes(b"large")
    read = tm.read_photo

    def read_photo(data):
        if data == b"large":
            raise MemoryError
        return read(data)

    monkeypatch.setitem(vars(tm), "read_photo", read_photo)
    result = run("detect", large, other, "--key", key_file)
    assert result.exit_code == 4
    assert result.stderr == f"tracemark: {large}: there is not memory enough for it\n"
    assert f"{other}: identified: " in result.stdout


def test_json_tells_of_leaks_that_could_not_be_read(run, leak, key_file, demo_photo, tmp_path):
    nowhere = tmp_path / "nowhere.png"
    for together in ((), ("--together", "--original", demo_photo)):
        result = run("detect", nowhere, leak(NONE), *together, "--key", key_file, "--json")
        told = {line["schema"]: line for line in map(json.loads, result.stdout.splitlines())}
        assert told.keys() == {"tracemark.detect.failure/1", "tracemark.detect/1"}
        assert told["tracemark.detect.failure/1"]["leak"] == str(nowhere)
        assert "no such file" in told["tracemark.detect.failure/1"]["reason"]


def test_a_report_about_nothing_is_not_written_and_that_is_said(run, key_file, tmp_path):
    result = run("detect", tmp_path / "nowhere.png", "--key", key_file, "--report", tmp_path / "leak.html")
    assert result.exit_code == 4
    assert "leak.html: report was not written: no leak could be read" in result.stderr
    assert not (tmp_path / "leak.html").exists()


def test_whoever_reads_a_file_says_whether_it_can_be_read(run, leak, key_file, monkeypatch):
    path = leak(IDENTIFIED)
    monkeypatch.setattr("os.access", lambda *_, **__: False)  # what click would ask, and call a misspelt command
    assert run("detect", path, "--key", key_file).exit_code == 0


def test_a_report_lists_leaks_that_could_not_be_read(run, leak, key_file, demo_photo, tmp_path):
    for number, together in enumerate([(), ("--together", "--original", demo_photo)]):
        path = tmp_path / f"report{number}.html"
        leaks = (tmp_path / "nowhere.png", leak(NONE))
        assert run("detect", *leaks, *together, "--key", key_file, "--report", path).exit_code == 4
        assert "<ul><li><code>nowhere.png</code></li></ul>" in path.read_text()

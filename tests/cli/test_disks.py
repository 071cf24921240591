"""Disks that are full, or closed: one sentence, nothing lost, and the same command goes on."""

import hashlib
import json
import os
import re
import subprocess
import sys
from contextlib import suppress

import pytest

import tracemark as tm
from tests.kit.conftest import crop_photos

GUESTS = range(100, 180)
DISK = "size=1m"
LARGER = "size=64m"


def mount(*words):
    return subprocess.run(["mount", *map(str, words)], capture_output=True, check=False).returncode == 0  # noqa: S603, S607


@pytest.fixture
def disk(tmp_path):
    """A small disk of its own."""
    place = tmp_path / "disk"
    place.mkdir()
    if sys.platform != "linux" or not mount("-t", "tmpfs", "-o", DISK, "tmpfs", place):
        pytest.skip("only root may mount a small disk")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)  # noqa: S603, S607


@pytest.fixture
def command(tmp_path, key, demo_photo):
    """All but where to."""
    (tmp_path / "photos").mkdir()
    crop_photos(demo_photo, tmp_path / "photos", 2)
    key.save(tmp_path / "press.key")
    (tmp_path / "guests.csv").write_text("id\n" + "".join(f"{guest}\n" for guest in GUESTS))
    common = [tmp_path / "photos", "--recipients", tmp_path / "guests.csv", "--key", tmp_path / "press.key"]
    return ["embed", *common, "--check", "none", "--jobs", "1"]


def check_kit(out, ledger_file):
    """Every copy is recorded and whole, what is listed is there, and nothing else; the answer is how many there are."""
    listed = {}
    if (out / "manifest.jsonl").exists():
        lines = [json.loads(line) for line in (out / "manifest.jsonl").read_text().splitlines()]
        listed = {line["file"]: line["sha256"] for line in lines}
    there = {path.relative_to(out).as_posix(): path for path in out.rglob("*") if path.is_file()}
    copies = {file: hashlib.sha256(path.read_bytes()).hexdigest() for file, path in there.items() if "/" in file}
    assert listed.items() <= copies.items()
    assert set(there) - set(copies) <= {"manifest.jsonl", "SHA256SUMS"}
    with tm.Ledger.open(ledger_file) as ledger:
        assert ledger.verify()
        assert {copy.file: copy.sha256.hex() for copy in ledger.copies()} == copies
    return len(copies), len(listed)


def test_a_disk_that_fills_up_costs_nothing_that_was_made(run, command, disk, tmp_path):
    out, ledger_file = disk / "kit", tmp_path / "kit.db"
    result = run(*command, "--out", out, "--ledger", ledger_file)
    assert result.exit_code == 4
    (sentence,) = [line for line in result.stderr.splitlines() if line.startswith("Error: ")]
    assert sentence.endswith("no space left on device; the same command goes on when that is put right")
    assert "Traceback" not in result.output
    made, _ = check_kit(out, ledger_file)
    assert 0 < made < 2 * len(GUESTS)
    assert mount("-o", f"remount,{LARGER}", disk)
    assert run(*command, "--out", out, "--ledger", ledger_file).exit_code == 0
    assert check_kit(out, ledger_file) == (2 * len(GUESTS), 2 * len(GUESTS))


def test_archives_that_find_no_room_are_left_out_and_made_later(run, command, disk, tmp_path):
    out = disk / "kit"
    assert mount("-o", "remount,size=3m", disk)
    result = run(*command, "--out", out, "--zip")
    assert result.exit_code == 4
    assert result.stderr.count("no space left on device") == 1
    assert len(list(out.rglob("*.jpg"))) == 2 * len(GUESTS)
    assert not list(out.rglob(".tracemark-*"))
    assert mount("-o", f"remount,{LARGER}", disk)
    assert run(*command, "--out", out, "--zip").exit_code == 0
    assert len(list(out.glob("*.zip"))) == len(GUESTS)


@pytest.mark.parametrize("pages", range(2, 50, 3))
def test_a_ledger_for_which_there_is_no_room_is_not_made(pages, disk):
    """Nor is one that would lack its last pages."""
    assert mount("-o", f"remount,size={4 * pages}k", disk)
    words = ""  # a larger disk has room
    try:
        with tm.Ledger.open(disk / "kit.db", create=True) as ledger:
            ledger.add_recipients({17: {"name": "Zoë"}})
    except tm.LedgerError as error:
        words = str(error)
    assert not words or re.search(r"no space (is )?left", words)
    left = {path.name for path in disk.iterdir()}
    assert left == (set() if words else {"kit.db"})
    if left:
        with tm.Ledger.open(disk / "kit.db") as ledger:
            assert ledger.verify()


def test_a_ledger_on_a_full_disk_takes_copies_back(run, command, disk, tmp_path):
    assert mount("-o", "remount,size=180k", disk)
    out, ledger_file = tmp_path / "kit", disk / "kit.db"
    result = run(*command, "--out", out, "--ledger", ledger_file)
    assert result.exit_code == 5
    assert "kit.db cannot be written: no space is left" in result.stderr
    assert "Traceback" not in result.output
    assert mount("-o", f"remount,{LARGER}", disk)
    assert check_kit(out, ledger_file)[0] < 2 * len(GUESTS)
    assert run(*command, "--out", out, "--ledger", ledger_file).exit_code == 0
    assert check_kit(out, ledger_file) == (2 * len(GUESTS), 2 * len(GUESTS))


def test_a_ledger_on_a_full_disk_can_be_read_and_says_why_it_cannot_be_written(disk):
    with tm.Ledger.open(disk / "kit.db", create=True) as ledger:
        ledger.add_recipients({17: {"name": "Zoë"}})
    with (disk / "filling").open("wb", buffering=0) as filling, suppress(OSError):
        while True:
            filling.write(bytes(4096))
    with tm.Ledger.open(disk / "kit.db") as ledger:
        assert ledger.recipients()[0].columns == {"name": "Zoë"}
        with pytest.raises(tm.LedgerError, match="no space is left"):
            ledger.add_recipients({5: {}})


def test_a_disk_that_is_read_only_is_told_once(run, command, disk):
    (disk / "kit").mkdir()
    assert mount("-o", "remount,ro", disk)
    for out in (disk / "kit", disk / "new"):
        result = run(*command, "--out", out)
        assert result.exit_code == 4
        assert result.stderr.count("read-only file system") == 1
        assert "Traceback" not in result.output


def test_a_kit_that_is_done_may_be_read_only(run, command, disk):
    assert mount("-o", f"remount,{LARGER}", disk)
    assert run(*command, "--out", disk / "kit").exit_code == 0
    assert mount("-o", "remount,ro", disk)
    result = run(*command, "--out", disk / "kit")
    assert result.exit_code == 0
    assert len(result.stdout.splitlines()) == 2 * len(GUESTS)


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="nothing is closed to this user")
def test_a_folder_that_is_closed_is_told(run, command, tmp_path):
    (tmp_path / "closed").mkdir(mode=0o500)
    result = run(*command, "--out", tmp_path / "closed" / "kit")
    assert result.exit_code == 4
    assert "permission denied" in result.stderr

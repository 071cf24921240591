import dataclasses
import json
import shutil
import subprocess

import pytest

from tests.kit.conftest import entry_of
from tracemark.kit.entries import BEGINNING, ArchiveEntry, read_line, sum_line, write_line

NAMES = [
    "17/car.jpg",
    "Zoë/träger.jpg",
    "a\\b",
    "a\nb",
    "\\",
    "a\rb",
    "\udcff.jpg",
    " leading",
    "*star",
    "$(reboot)",
    "-rf",
]


@pytest.mark.parametrize("name", NAMES, ids=ascii)
@pytest.mark.parametrize("checked", [None, {"method": "blind", "log10_false_alarm": -12.5}])
def test_an_entry_comes_back_as_it_was_written(name, checked):
    for entry in (entry_of(file=name, checked=checked), ArchiveEntry("17.zip", "cd" * 32, 9, 17, {name: "ab" * 32})):
        line = write_line(entry)
        assert read_line(line) == entry
        assert line.isascii()
        assert line.count(b"\n") == 1


def test_an_entry_written_before_progressive_photos_could_become_baseline_is_read():
    fields = json.loads(write_line(entry_of(baseline=False)))
    del fields["baseline"]
    assert read_line(json.dumps(fields).encode()) == entry_of()


@pytest.mark.parametrize(
    "damage",
    [
        {"schema": "tracemark.kit.copy/2"},
        {"sha256": "ab"},
        {"sha256": 5},
        {"sha256": "xy" * 32},
        {"photo_sha256": ""},
        {"bytes": "many"},
        {"recipient": None},
        {"file": "../../etc/passwd"},
        {"file": "/etc/passwd"},
        {"file": "a\0b"},
        {"file": ""},
        {"file": 5},
        {"checked": {}},
        {"checked": {"method": "blind", "log10_false_alarm": float("nan")}},
        {"checked": {"method": "blind", "log10_false_alarm": "-12"}},
        {"checked": {"method": "blind", "log10_false_alarm": float("-inf")}},
        {"checked": "yes"},
        {"checked": {"method": "blind", "log10_false_alarm": -12.5, "more": float("inf")}},
        {"quality": float("nan")},
        {"quality": "75"},
        {"software": []},
        {"key": None},
        {"photo": 5},
        {"strip_gps": "no"},
        {"baseline": None},
        {"sha256": " ".join(["abab"] * 16)},
        {"sha256": "AB" * 32},
        {"sha256": "ab" * 32 + "\n"},
        {"more": 1},
    ],
    ids=str,
)
def test_a_damaged_entry_is_refused(damage):
    fields = json.loads(write_line(entry_of())) | damage
    with pytest.raises(ValueError, match="entry of a manifest"):
        read_line(json.dumps(fields).encode())


def test_every_line_begins_alike():
    for entry in (entry_of(), ArchiveEntry("17.zip", "cd" * 32, 9, 17)):
        assert write_line(entry).startswith(BEGINNING)


@pytest.mark.parametrize("line", [b"", b"{", b"[]", b"17", b"{}", b"\xff", b'"schema"', b"null", b"[" * 60_000])
def test_what_is_no_entry_is_refused(line):
    with pytest.raises(ValueError, match="entry of a manifest"):
        read_line(line)


def test_an_archive_whose_copies_have_no_hashes_is_refused():
    fields = dataclasses.asdict(ArchiveEntry("17.zip", "cd" * 32, 9, 17, {"17/car.jpg": "short"}))
    with pytest.raises(ValueError, match="entry of a manifest"):
        read_line(json.dumps({"schema": "tracemark.kit.archive/1", **fields}).encode())


@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="there is no sha256sum")
@pytest.mark.parametrize("name", [name for name in NAMES if "/" not in name], ids=ascii)
def test_sums_are_those_that_sha256sum_writes_and_accepts(name, tmp_path):
    data = b"a copy"
    (tmp_path / name).write_bytes(data)
    line = sum_line(entry_of(data, file=name))
    written = subprocess.run(["sha256sum", "--", name], cwd=tmp_path, capture_output=True, check=True)  # noqa: S603, S607
    assert line == written.stdout
    subprocess.run(["sha256sum", "--check", "--strict"], cwd=tmp_path, input=line, capture_output=True, check=True)  # noqa: S607
    (tmp_path / name).write_bytes(data + b"!")
    changed = subprocess.run(["sha256sum", "--check"], cwd=tmp_path, input=line, capture_output=True, check=False)  # noqa: S607
    assert changed.returncode == 1

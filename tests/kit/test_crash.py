"""A batch that is killed at any moment goes on, and in the end nobody can tell."""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time

import pytest

import tracemark as tm
from tests.kit.conftest import crop_photos, stamp

PHOTOS, GUESTS = 20, range(1000, 1050)
FEW_PHOTOS = 6  # where it matters only that there is more to do than was begun
KILLS = 4
MOST_FILES = 150  # that a batch may write before it is killed
MOMENT_S = 0.1
PATIENCE_S = 60.0

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no kill -9")


@pytest.fixture
def office(tmp_path, key, demo_photo, request):
    """Fifty guests, and twenty photos or as many as a test asks for."""
    (tmp_path / "photos").mkdir()
    crop_photos(demo_photo, tmp_path / "photos", getattr(request, "param", PHOTOS))
    key.save(tmp_path / "press.key")
    (tmp_path / "guests.csv").write_text("id;Name\n" + "".join(f"{one};Guest {one}\n" for one in GUESTS))
    return tmp_path


def start(office, *options):
    """Begin, or go on, in a process group of its own as a terminal does."""
    command = [sys.executable, "-m", "tracemark_cli", "embed", "photos", "--recipients", "guests.csv", "--out", "kit"]
    command += ["--key", "press.key", "--ledger", "kit.db", "--jobs", "2", "--check", "none", "--zip", *options]
    with (office / "told").open("w") as told, (office / "words").open("w") as words:
        return subprocess.Popen(command, cwd=office, stdout=told, stderr=words, start_new_session=True)  # noqa: S603


def kill(office, rng, *, more, everybody):
    """Kill a batch when there are some more files than before, and its workers with it, or they must find out."""
    before = len(copies_of(office))
    child = start(office)
    wait_for(child, lambda: len(copies_of(office)) >= before + more)
    time.sleep(rng.uniform(0, MOMENT_S))
    (os.killpg if everybody else os.kill)(child.pid, signal.SIGKILL)
    assert child.wait() == -signal.SIGKILL


def copies_of(office):
    return list((office / "kit").rglob("*.jpg"))


def check_what_is_there(office):
    """Whatever the ledger tells of is there, whole; the answer is how much that is."""
    if not (office / "kit.db").exists():
        return 0
    with tm.Ledger.open(office / "kit.db") as ledger:
        assert ledger.verify()
        copies = list(ledger.copies())
    for copy in copies:
        assert hashlib.sha256((office / "kit" / copy.file).read_bytes()).digest() == copy.sha256
    return len(copies)


def test_a_batch_that_is_killed_again_and_again_is_complete_in_the_end(office, rng):
    stamps, recorded = {}, 0
    for number in range(KILLS):
        kill(office, rng, more=0 if number == 1 else int(rng.integers(1, MOST_FILES)), everybody=number % 2 == 0)
        assert check_what_is_there(office) >= recorded
        recorded = check_what_is_there(office)
        assert {path: stamp(path) for path in stamps} == stamps
        stamps = {path: stamp(path) for path in copies_of(office)}
    assert recorded <= len(stamps) < len(GUESTS) * PHOTOS
    assert start(office).wait() == 0, (office / "words").read_text()
    assert {path: stamp(path) for path in stamps} == stamps
    expected = {f"{guest}/photo-{number}.jpg" for guest in GUESTS for number in range(PHOTOS)}
    expected |= {f"{guest}.zip" for guest in GUESTS}
    there = {path.relative_to(office / "kit").as_posix() for path in (office / "kit").rglob("*") if path.is_file()}
    assert there == expected | {"manifest.jsonl", "SHA256SUMS"}
    assert len((office / "told").read_text().splitlines()) == len(expected)
    assert check_what_is_there(office) == len(GUESTS) * PHOTOS
    with tm.Ledger.open(office / "kit.db") as ledger:
        assert len({(copy.recipient, copy.file) for copy in ledger.copies()}) == len(GUESTS) * PHOTOS
    listed = [json.loads(line) for line in (office / "kit" / "manifest.jsonl").read_text().splitlines()]
    assert {line["file"] for line in listed} == expected
    for line in listed:
        assert hashlib.sha256((office / "kit" / line["file"]).read_bytes()).hexdigest() == line["sha256"]
    if shutil.which("sha256sum"):
        check = ["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"]
        assert subprocess.run(check, cwd=office / "kit", check=False).returncode == 0  # noqa: S603


@pytest.mark.parametrize("office", [FEW_PHOTOS], indirect=True)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_batch_that_is_interrupted_finishes_what_is_under_way_and_goes_on(number, office):
    child = start(office)
    wait_for(child, (office / "told").read_text)
    (os.killpg if number == signal.SIGINT else os.kill)(child.pid, number)
    assert child.wait() == 130
    words = (office / "words").read_text()
    assert "tracemark: finishing what is under way; again to leave at once\n" in words
    assert words.endswith("tracemark: interrupted; the same command goes on\n")
    assert "Traceback" not in words
    made = len((office / "told").read_text().splitlines())
    assert 0 < made < len(GUESTS) * FEW_PHOTOS
    assert check_what_is_there(office) == made
    assert made == len((office / "kit" / "SHA256SUMS").read_text().splitlines())
    assert start(office).wait() == 0
    assert check_what_is_there(office) == len(GUESTS) * FEW_PHOTOS


@pytest.mark.parametrize("office", [FEW_PHOTOS], indirect=True)
def test_a_batch_that_is_interrupted_twice_leaves_at_once(office):
    child = start(office)
    wait_for(child, (office / "told").read_text)
    os.killpg(child.pid, signal.SIGINT)
    wait_for(child, lambda: "finishing" in (office / "words").read_text())
    os.killpg(child.pid, signal.SIGINT)
    assert child.wait() == 130
    assert "Traceback" not in (office / "words").read_text()
    check_what_is_there(office)
    assert start(office).wait() == 0


def wait_for(child, found):
    """Wait until something is so, while a batch goes on."""
    until = time.monotonic() + PATIENCE_S
    while not found():
        assert child.poll() is None
        assert time.monotonic() < until
        time.sleep(0.01)

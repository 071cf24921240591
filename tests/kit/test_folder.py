import errno
import subprocess
import sys
from pathlib import Path

import pytest

import tracemark as tm
from tracemark.kit.folder import DRAFT as DRAFT_NAME
from tracemark.kit.folder import (
    clear_drafts,
    in_the_way,
    is_inside,
    make_folder,
    nowhere_to_write,
    open_folder,
    where_made,
)
from tracemark.new_file import draft_beside

DRAFT = ".tracemark-0123456789abcdef"


def test_a_folder_is_made_with_those_it_lies_in_and_each_is_settled_once(tmp_path, monkeypatch):
    settled = []
    monkeypatch.setattr("tracemark.kit.folder.settle", settled.append)
    for _ in range(2):
        make_folder(tmp_path / "a" / "b" / "c")
    assert (tmp_path / "a" / "b" / "c").is_dir()
    assert sorted(settled) == [tmp_path, tmp_path / "a", tmp_path / "a" / "b"]


def test_a_folder_that_stays_empty_goes_again_with_those_that_were_made_for_it(tmp_path):
    (tmp_path / "old").mkdir()
    for place in ("kit", "old/new/sub/kit"):
        with open_folder(tmp_path / place):
            assert (tmp_path / place).is_dir()
    assert list(tmp_path.rglob("*")) == [tmp_path / "old"]
    with open_folder(tmp_path / "new" / "sub" / "kit"):
        (tmp_path / "new" / "car.jpg").touch()
    assert sorted(path.name for path in (tmp_path / "new").rglob("*")) == ["car.jpg"]


def test_a_folder_that_cannot_be_made_leaves_none_of_those_it_would_lie_in(tmp_path):
    with pytest.raises(tm.OutputError), open_folder(tmp_path / "new" / "sub" / ("x" * 300)):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_was_there_stays(tmp_path):
    (tmp_path / "kit").mkdir()
    with open_folder(tmp_path / "kit"):
        pass
    assert (tmp_path / "kit").is_dir()


def test_a_folder_that_cannot_be_made_says_why(tmp_path):
    (tmp_path / "kit").write_text("mine")
    for place in ("kit", "kit/a/b"):
        with pytest.raises(tm.OutputError, match="kit must be a folder, and is something else"):
            make_folder(tmp_path / place)
        with pytest.raises(tm.OutputError, match="kit must be a folder"), open_folder(tmp_path / place):
            pass
    with pytest.raises(tm.OutputError, match="cannot be made: file name too long"), open_folder(tmp_path / ("x" * 300)):
        pass


@pytest.mark.skipif(sys.platform == "win32", reason="folders are not opened there")
def test_a_folder_that_cannot_be_opened_says_why(tmp_path, monkeypatch):
    def refuse(*_arguments):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr("os.open", refuse)
    with pytest.raises(tm.OutputError, match="cannot be opened: permission denied"), open_folder(tmp_path):
        pass


HOLDER = """
import sys
from pathlib import Path
from tracemark.kit.folder import open_folder
with open_folder(Path(sys.argv[1])):
    print("open", flush=True)
    sys.stdin.read()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such locks")
def test_two_programs_never_write_one_kit_and_a_dead_one_is_no_obstacle(tmp_path):
    command = [sys.executable, "-c", HOLDER, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:  # noqa: S603
        assert other.stdout.readline() == "open\n"
        with pytest.raises(tm.KitError, match="being written by another program"), open_folder(tmp_path):
            pass
        other.kill()
    with open_folder(tmp_path):
        pass


@pytest.mark.parametrize("name", ["17/car.jpg", "a..b", "..a/b", ".hidden", "./car.jpg"])
def test_a_name_inside_is_known(name):
    assert is_inside(name)


@pytest.mark.parametrize("name", ["", "/etc/passwd", "../x", "a/../../x", "..", ".", "a\0b"])
def test_a_name_outside_is_known(name):
    assert not is_inside(name)


def test_a_draft_of_a_copy_is_known_as_one():
    assert DRAFT_NAME.fullmatch(draft_beside(Path("kit/car.jpg")).name)


def test_drafts_go_and_everything_else_stays(tmp_path):
    kept = [tmp_path / name for name in ("car.jpg", ".tracemark-notes", f"{DRAFT}0", f"x{DRAFT}", DRAFT[:-1])]
    kept.append(draft_beside(tmp_path / "press.key", private=True))  # another program writes it at the moment
    for path in kept:
        path.touch()
    (tmp_path / DRAFT).touch()
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / DRAFT).mkdir()
    clear_drafts([tmp_path, tmp_path / "sub", tmp_path / "nowhere"])
    assert not (tmp_path / DRAFT).exists()
    assert all(path.exists() for path in kept)
    assert (tmp_path / "sub" / DRAFT).is_dir()


@pytest.mark.parametrize(
    ("number", "nowhere"),
    [(errno.ENOSPC, True), (errno.EROFS, True), (errno.EDQUOT, True), (errno.EACCES, False), (errno.EISDIR, False)],
)
def test_a_full_disk_fails_every_file_and_a_closed_folder_one(number, nowhere):
    error = tm.OutputError("car.jpg cannot be written")
    error.__cause__ = OSError(number, "no")
    assert nowhere_to_write(error) is nowhere


def test_what_keeps_a_folder_from_being_made_is_told_before(tmp_path):
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to("nowhere")
    for place in ("file", "file/a/b", "link", "link/a"):
        words = f"{tmp_path / Path(place).parts[0]} must be a folder, and is something else"
        assert in_the_way(tmp_path / place) == words
        with pytest.raises(tm.OutputError, match="must be a folder, and is something else"):
            make_folder(tmp_path / place)
    assert in_the_way(tmp_path) == in_the_way(tmp_path / "a" / "b") == in_the_way(Path("nowhere", "at", "all")) == ""


def test_folders_are_made_in_what_is_there(tmp_path):
    (tmp_path / "kit" / "1").mkdir(parents=True)
    (tmp_path / "kit" / "file").touch()
    wanted = {"1": "1", "2": "", "3/a/b": "", "1/a": "1", "file/a": "", "": ""}
    for folder, place in wanted.items():
        assert where_made([tmp_path / "kit" / folder]) == {tmp_path / "kit" / place}
    assert where_made([tmp_path / "kit" / folder for folder in wanted]) == {tmp_path / "kit", tmp_path / "kit" / "1"}

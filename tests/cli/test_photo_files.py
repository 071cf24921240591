import os
import sys
from pathlib import Path

import pytest

from tests.kit.conftest import entry_of
from tracemark.kit.folder import MANIFEST, SUMS
from tracemark.kit.manifest import open_manifest
from tracemark_cli.outcome import UsageFailure
from tracemark_cli.photo_files import KIT_FILES, find_photos

HIDDEN = {"hidden photo": 1, "hidden folder": 1}  # what the names in `folder` that begin with a dot are counted as


@pytest.fixture
def folder(tmp_path):
    names = ["b.jpg", "a.PNG", "inside/deep/c.tiff", "inside/b.jpg", "notes.txt", "raw.CR3", ".hidden.jpg", "._b.jpg"]
    for name in [*names, ".git/x.jpg", "kit/17/b.jpg"]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


def found(*paths, out):
    photos, others = find_photos(paths, out=out)
    return [(photo.path, photo.folder) for photo in photos], dict(others)


def test_the_command_line_knows_what_a_kit_calls_its_lists():
    assert KIT_FILES == (MANIFEST, SUMS)


def test_a_folder_stands_for_all_photos_in_it(folder):
    photos, others = found(folder, out=folder / "kit")
    assert photos == [
        (folder / "a.PNG", ""),
        (folder / "b.jpg", ""),
        (folder / "inside" / "b.jpg", "inside/"),
        (folder / "inside" / "deep" / "c.tiff", "inside/deep/"),
    ]
    assert others == HIDDEN | {".txt": 1, ".cr3": 1}


@pytest.mark.skipif(sys.platform == "win32", reason="has no such pipes")
def test_nobody_waits_for_a_pipe_that_is_named_like_a_photo(folder, tmp_path_factory):
    os.mkfifo(folder / "inside" / "pipe.jpg")
    photos, others = found(folder, out=folder / "kit")
    assert len(photos) == 4
    assert others == HIDDEN | {".txt": 1, ".cr3": 1, "special file": 1}
    with pytest.raises(UsageFailure, match="photo must be a file, not a pipe, socket or device"):
        found(folder / "inside" / "pipe.jpg", out=folder / "kit")


def test_a_link_to_a_folder_is_no_gap_that_goes_unseen(folder, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    for number in range(2):
        (folder / "inside" / f"link{number}").symlink_to(elsewhere, target_is_directory=True)
    (folder / "kit2").symlink_to(folder / "kit", target_is_directory=True)
    _, others = found(folder, out=folder / "kit")
    assert others == HIDDEN | {".txt": 1, ".cr3": 1, "linked folder": 2}


def test_files_and_folders_keep_the_order_they_were_named_in(folder):
    photos, _ = found(folder / "notes.txt", folder / "inside", folder / "b.jpg", out=folder / "kit")
    assert [path.name for path, _ in photos] == ["notes.txt", "b.jpg", "c.tiff", "b.jpg"]


def test_copies_that_lie_among_the_photos_are_no_photos(folder):
    photos, _ = found(folder, out=folder / "inside")
    assert (folder / "inside" / "b.jpg", "inside/") not in photos


def list_in(kit, *files):
    with open_manifest(kit) as manifest:
        manifest.add(entry_of(b"", file=file) for file in files)
        manifest.finish()


def test_copies_that_another_kit_lists_are_no_photos_and_are_counted(folder):
    list_in(folder / "kit", "17/b.jpg")
    photos, others = found(folder, out=folder / "kit2")
    assert [path.name for path, _ in photos] == ["a.PNG", "b.jpg", "b.jpg", "c.tiff"]
    assert others == HIDDEN | {".txt": 1, ".cr3": 1, f"in kit {folder / 'kit'}": 1}


def test_in_a_folder_that_is_a_kit_too_only_what_it_does_not_list_is_a_photo(folder):
    before, _ = found(folder, out=folder / "elsewhere")
    list_in(folder, "kit/17/b.jpg")
    for out in (folder, folder / "elsewhere"):
        photos, others = found(folder, out=out)
        assert photos == [photo for photo in before if photo[1] != "kit/17/"]
        assert others == HIDDEN | {".txt": 1, ".cr3": 1, f"in kit {folder}": 1}


def test_a_folder_with_nothing_but_copies_is_refused(folder):
    list_in(folder / "kit", "17/b.jpg")
    with pytest.raises(UsageFailure, match="must hold a photo that no kit lists"):
        found(folder / "kit", out=folder / "kit2")


def test_a_photo_is_named_once(folder):
    for twice in ([folder / "b.jpg", folder], [folder, folder / "inside"]):
        with pytest.raises(UsageFailure, match=r"b\.jpg: photo must be named once"):
            found(*twice, out=folder / "kit")


def test_a_folder_without_photos_is_refused(tmp_path):
    (tmp_path / "letter.txt").touch()
    with pytest.raises(UsageFailure, match=r"must hold a photo \(.*\.jpg"):
        found(tmp_path, out=Path("kit"))


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="nothing is closed to this user")
def test_a_folder_that_is_closed_is_no_gap(folder):
    (folder / "inside").chmod(0)
    try:
        with pytest.raises(UsageFailure, match="permission denied"):
            found(folder, out=folder / "kit")
    finally:
        (folder / "inside").chmod(0o700)


def test_a_photo_that_nobody_can_look_at_is_one_that_will_fail_alone(closable):
    closed = closable.folder / "closed"
    closed.mkdir(mode=0)
    named = [closed / "car.jpg", closable.folder / ("x" * 300), closable.photos[0]]
    assert found(*named, out=closable.out) == ([(path, "") for path in named], {})

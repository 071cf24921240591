import errno
import hashlib
import threading
import zipfile
from pathlib import Path

import pytest

import tracemark as tm
from tests.kit.conftest import entry_of, stamp
from tracemark.kit.archives import make_archives, outdated, write_archive
from tracemark.kit.entries import CopyEntry
from tracemark.kit.folder import hash_file
from tracemark.kit.manifest import open_manifest

COPIES = {"17/car.jpg": b"car of 17", "17/door.jpg": b"door of 17", "3/car.jpg": b"car of 3"}
NAMES = {17: "17.zip", 3: "3.zip"}


@pytest.fixture
def kit(tmp_path):
    """Three copies for two recipients, listed."""
    for file, data in COPIES.items():
        put(tmp_path, file, data)
    return tmp_path


def put(folder, file, data, **fields):
    (folder / file).parent.mkdir(exist_ok=True)
    (folder / file).write_bytes(data)
    with open_manifest(folder) as manifest:
        photo = hashlib.sha256(data).hexdigest()
        recipient = int(file.partition("/")[0])
        manifest.add([entry_of(data, file=file, recipient=recipient, **({"photo_sha256": photo} | fields))])


def archive(folder, *, ordered=None, lost=(), force=False, stopped=False):
    stop = threading.Event()
    if stopped:
        stop.set()
    with open_manifest(folder) as manifest:
        listed = {file: one.recipient for file, one in manifest.entries.items() if isinstance(one, CopyEntry)}
        copies = [tm.KitCopy(Path("car.jpg"), one, file) for file, one in listed.items() if file in (ordered or listed)]
        made = list(make_archives(manifest, NAMES, copies, lost=set(lost), force=force, stop=stop))
        manifest.finish()
    return made


def contents(path):
    with zipfile.ZipFile(path) as opened:
        assert opened.testzip() is None
        return {name: opened.read(name) for name in opened.namelist()}


def test_a_recipient_finds_all_their_copies_and_nobody_elses(kit):
    made = archive(kit)
    assert [one.file for one in made] == ["17.zip", "3.zip"]
    assert contents(kit / "17.zip") == {file: data for file, data in COPIES.items() if file.startswith("17/")}
    assert contents(kit / "3.zip") == {"3/car.jpg": b"car of 3"}
    assert [(one.sha256, one.size) for one in made] == [
        (hash_file(kit / one.file), (kit / one.file).stat().st_size) for one in made
    ]
    assert all(one.file in (kit / "SHA256SUMS").read_text() for one in made)


def test_the_same_copies_make_the_same_archive_and_it_is_not_written_again(kit):
    first = archive(kit)
    before = stamp(kit / "17.zip")
    assert archive(kit) == first
    assert stamp(kit / "17.zip") == before
    (kit / "17.zip").unlink()
    assert archive(kit) == first


def test_an_archive_follows_the_copies_without_force(kit):
    archive(kit)
    put(kit, "3/door.jpg", b"door of 3")
    archive(kit)
    assert set(contents(kit / "3.zip")) == {"3/car.jpg", "3/door.jpg"}


def test_what_an_earlier_command_made_goes_in_unless_its_name_was_corrected(kit):
    archive(kit)
    put(kit, "17/tu\u0308r.jpg", b"door of 17")
    put(kit, "17/t\u00fcr.jpg", b"door of 17")
    ordered = ["17/t\u00fcr.jpg", "3/car.jpg"]
    assert [one.recipient for one in archive(kit, ordered=ordered)] == [17, 3]
    assert set(contents(kit / "17.zip")) == {"17/car.jpg", "17/t\u00fcr.jpg"}


@pytest.mark.parametrize("way", [{"quality": 60}, {"strip_gps": True}, {"baseline": True}, {"key": "ffff"}])
def test_a_copy_that_was_made_in_another_way_is_another_one_and_goes_in_too(way, kit):
    put(kit, "17/web.jpg", b"door of 17 for the web", photo_sha256=hashlib.sha256(b"door of 17").hexdigest(), **way)
    archive(kit, ordered=["17/door.jpg", "3/car.jpg"])
    assert set(contents(kit / "17.zip")) == {"17/car.jpg", "17/door.jpg", "17/web.jpg"}


def test_an_archive_that_holds_something_else_by_now_is_found(kit):
    archive(kit)
    with open_manifest(kit) as manifest:
        assert outdated(manifest, {}, []) == []
    put(kit, "17/car.jpg", b"car of 17 anew")
    (kit / "3" / "car.jpg").unlink()
    with open_manifest(kit) as manifest:
        assert [one.file for one in outdated(manifest, {}, [])] == ["17.zip", "3.zip"]
        assert [one.file for one in outdated(manifest, {17: "17.zip"}, [])] == ["3.zip"]
        (kit / "3.zip").unlink()
        assert [one.file for one in outdated(manifest, {}, [])] == ["17.zip"]


def test_a_file_that_is_not_ours_stays_unless_force_is_given(kit):
    (kit / "17.zip").write_bytes(b"mine")
    first, second = archive(kit)
    assert (first.photo, first.words) == (
        kit / "17.zip",
        f"{kit / '17.zip'} exists already and is not this archive; force replaces it",
    )
    assert (kit / "17.zip").read_bytes() == b"mine"
    assert second.file == "3.zip"
    assert archive(kit, force=True)[0].file == "17.zip"
    assert len(contents(kit / "17.zip")) == 2


def test_an_archive_somebody_changed_is_not_ours_any_more(kit):
    archive(kit)
    (kit / "17.zip").write_bytes(b"other")
    assert "exists already" in archive(kit)[0].words


def test_who_lacks_a_copy_has_no_archive(kit):
    failure, made = archive(kit, lost=[17])
    assert "must hold all copies of recipient 17" in failure.words
    assert made.recipient == 3
    assert not (kit / "17.zip").exists()


def test_a_copy_that_was_changed_does_not_go_out(kit):
    (kit / "17" / "door.jpg").write_bytes(b"door of 3!")
    failure, made = archive(kit)
    assert "door.jpg must have SHA-256" in failure.words
    assert made.recipient == 3
    assert sorted(path.name for path in kit.iterdir()) == ["17", "3", "3.zip", "SHA256SUMS", "manifest.jsonl"]


def test_nothing_is_begun_once_somebody_wants_to_stop(kit):
    assert archive(kit, stopped=True) == []
    assert not (kit / "17.zip").exists()


def test_a_full_disk_ends_it_and_leaves_no_draft(kit, monkeypatch):
    def full(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("tracemark.kit.archives.os.fsync", full)
    with pytest.raises(tm.OutputError, match=r"17\.zip cannot be written: no space left on device"):
        archive(kit)
    assert sorted(path.name for path in kit.iterdir()) == ["17", "3", "manifest.jsonl"]


def test_an_archive_that_is_closed_is_told_and_the_others_are_made(kit, monkeypatch):
    def hash_open(path):
        if path.name == "17.zip":
            raise PermissionError(errno.EACCES, "Permission denied")
        return hash_file(path)

    archive(kit)
    monkeypatch.setattr("tracemark.kit.archives.hash_file", hash_open)
    failure, made = archive(kit)
    assert failure.words == f"{kit / '17.zip'} cannot be read: permission denied"
    assert made.file == "3.zip"


def test_a_folder_in_the_way_is_told(kit):
    (kit / "17.zip").mkdir()
    for force in (False, True):
        assert archive(kit, force=force)[0].words == f"{kit / '17.zip'} exists already and is no file; move it away"
    assert sorted(path.name for path in kit.iterdir()) == ["17", "17.zip", "3", "3.zip", "SHA256SUMS", "manifest.jsonl"]


def test_a_name_that_is_no_text_is_put_in_with_a_sign_for_what_is_missing(tmp_path):
    (tmp_path / "\udcff.jpg").write_bytes(b"x")
    write_archive(tmp_path / "a.zip", out=tmp_path, files={"\udcff.jpg": entry_of(b"x").sha256}, replaced=False)
    assert contents(tmp_path / "a.zip") == {"\ufffd.jpg": b"x"}

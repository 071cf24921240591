import errno
import os
import stat
from pathlib import Path

import pytest

from tracemark.errors import OutputError
from tracemark.new_file import put_in_place, uncache, write_atomically


@pytest.fixture
def draft(tmp_path):
    draft = tmp_path / ".tracemark-draft"
    draft.write_bytes(b"whole")
    return draft


@pytest.fixture(params=["with links", "without links"])
def links(request, monkeypatch):
    """Stand for file systems with hard links, and for FAT."""

    def refuse(source, target):
        raise PermissionError(errno.EPERM, "Operation not permitted")

    if request.param == "without links":
        monkeypatch.setattr(os, "link", refuse)


def test_a_draft_gets_its_name(links, draft):
    put_in_place(draft, draft.with_name("press.key"))
    draft.unlink(missing_ok=True)
    assert [(file.name, file.read_bytes()) for file in draft.parent.iterdir()] == [("press.key", b"whole")]


def test_what_is_there_is_never_replaced(links, draft):
    path = draft.with_name("press.key")
    path.write_bytes(b"before")
    with pytest.raises(FileExistsError):
        put_in_place(draft, path)
    assert path.read_bytes() == b"before"
    assert draft.read_bytes() == b"whole"


def test_a_folder_that_is_there_is_never_replaced(links, draft):
    path = draft.with_name("press.key")
    path.mkdir()
    with pytest.raises(FileExistsError):
        put_in_place(draft, path)
    assert path.is_dir()


def test_a_name_that_cannot_be_used_in_the_end_is_given_back(draft, monkeypatch):
    def refuse(source, target):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "link", refuse)
    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(OSError, match="Input/output error"):
        put_in_place(draft, draft.with_name("press.key"))
    assert list(draft.parent.iterdir()) == [draft]


@pytest.mark.skipif(not hasattr(os, "posix_fadvise"), reason="this system does not take advice on its memory")
def test_memory_lets_go_of_a_file_and_the_file_stays(draft, monkeypatch):
    advised = []

    def advise(opened, offset, length, advice):
        advised.append((os.path.samestat(os.fstat(opened), draft.stat()), offset, length, advice))

    monkeypatch.setattr(os, "posix_fadvise", advise)
    uncache(draft)
    assert advised == [(True, 0, 0, os.POSIX_FADV_DONTNEED)]
    assert draft.read_bytes() == b"whole"


@pytest.mark.parametrize("known", [True, False])
def test_where_memory_cannot_let_go_nothing_happens(known, draft, monkeypatch):
    def refuse(opened, offset, length, advice):
        raise OSError(errno.EINVAL, "Invalid argument")

    monkeypatch.setattr(os, "posix_fadvise", refuse, raising=False)
    if not known:
        monkeypatch.delattr(os, "posix_fadvise")
    uncache(draft)
    uncache(draft.with_name("not there"))
    assert draft.read_bytes() == b"whole"


def test_a_file_is_written_whole_under_any_name(tmp_path):
    path = tmp_path / "\u00fcber \u9ad8\u901f \U0001f697.jpg"
    write_atomically(path, b"first")
    write_atomically(path, b"second")
    assert path.read_bytes() == b"second"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(os.name != "posix", reason="files are closed to others in another way elsewhere")
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664, 0o644])
def test_a_file_that_is_replaced_stays_as_open_as_it_was(mode, tmp_path):
    path = tmp_path / "car.jpg"
    path.write_bytes(b"first")
    path.chmod(mode)
    write_atomically(path, b"second", private=mode == 0o644)
    assert (path.read_bytes(), stat.S_IMODE(path.stat().st_mode)) == (b"second", mode)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root gives files to others")
@pytest.mark.parametrize("mode", [0o640, 0o664, 0o604])
@pytest.mark.parametrize("refused", ["nothing", "another owner", "another group"])
def test_a_file_that_is_replaced_stays_open_to_its_group_and_to_no_other(refused, mode, tmp_path, monkeypatch):
    path = tmp_path / "car.plan"
    path.touch()
    os.chown(path, 1000, 2000)
    path.chmod(mode)
    give, sync, written = os.chown, os.fsync, []

    def refuse(file, owner, group):
        if refused == "another group" or (refused == "another owner" and owner != -1):
            raise PermissionError(errno.EPERM, "Operation not permitted")
        give(file, owner, group)

    def note(opened):
        written.append(os.fstat(opened))
        sync(opened)

    monkeypatch.setattr(os, "chown", refuse)
    monkeypatch.setattr(os, "fsync", note)
    write_atomically(path, b"second")
    others = mode & 0o007
    alone = mode & 0o700 | others << 3 | others  # the group of the process may no more than everybody
    assert stat.S_IMODE(written[0].st_mode) == alone
    expected = {"nothing": (1000, 2000, mode), "another owner": (0, 2000, mode), "another group": (0, 0, alone)}
    now = path.stat()
    assert (now.st_uid, now.st_gid, stat.S_IMODE(now.st_mode)) == expected[refused]


@pytest.mark.skipif(os.name != "posix", reason="files are closed to others in another way elsewhere")
def test_a_new_file_is_as_open_as_any_unless_it_is_private(tmp_path):
    modes = []
    for name in ("any", "open", "private"):
        path = tmp_path / name
        path.touch() if name == "any" else write_atomically(path, b"new", private=name == "private")
        modes.append(stat.S_IMODE(path.stat().st_mode))
    assert modes[1:] == [modes[0], 0o600]


@pytest.mark.skipif(os.name != "posix", reason="files are closed to others in another way elsewhere")
def test_while_it_is_written_a_file_is_no_more_open_than_in_the_end(tmp_path, monkeypatch):
    path = tmp_path / "car.plan"
    path.touch(mode=0o600)
    modes, sync = [], os.fsync

    def note(opened):
        modes.append(stat.S_IMODE(os.fstat(opened).st_mode))
        sync(opened)

    monkeypatch.setattr(os, "fsync", note)
    write_atomically(path, b"data")
    assert modes[0] == 0o600


def test_a_name_of_full_length_can_be_written(tmp_path):
    path = tmp_path / ("x" * 251 + ".jpg")
    write_atomically(path, b"data")
    assert path.read_bytes() == b"data"


def test_what_was_there_stays_when_writing_fails(tmp_path, monkeypatch):
    path = tmp_path / "photo.jpg"
    path.write_bytes(b"before")

    def fail(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OutputError, match="no space left"):
        write_atomically(path, b"after")
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(OutputError, match="nowhere"):
        write_atomically(tmp_path / "nowhere" / "photo.jpg", b"data")


def test_a_folder_in_the_place_of_the_file_is_refused(tmp_path):
    (tmp_path / "photo.jpg").mkdir()
    with pytest.raises(OutputError, match="must be a file, and is a folder"):
        write_atomically(tmp_path / "photo.jpg", b"data")
    assert [path.name for path in tmp_path.iterdir()] == ["photo.jpg"]


@pytest.mark.parametrize("name", [".", "", "/", "sub/.."])
def test_a_path_without_a_name_is_a_folder(name, tmp_path, monkeypatch):
    (tmp_path / "sub").mkdir()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(OutputError, match="must be a file, and is a folder; put a name after it"):
        write_atomically(name, b"new")


def test_a_pipe_or_a_device_is_never_replaced(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path in (pipe, Path(os.devnull)):
        with pytest.raises(OutputError, match="must be a file, and is a device or a pipe"):
            write_atomically(path, b"new")
    assert pipe.is_fifo()


def test_a_link_is_replaced_and_what_it_leads_to_stays(tmp_path):
    """A copy is never written over the photo that somebody has linked into the kit."""
    photo, link = tmp_path / "photo", tmp_path / "link"
    photo.write_bytes(b"old")
    link.symlink_to(photo)
    write_atomically(link, b"new")
    assert not link.is_symlink()
    assert (link.read_bytes(), photo.read_bytes()) == (b"new", b"old")


def test_a_folder_closed_to_writing_is_refused(tmp_path):
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        folder = Path("/proc")
    else:
        folder = tmp_path
        folder.chmod(0o500)
    with pytest.raises(OutputError, match="cannot be written"):
        write_atomically(folder / "photo.jpg", b"data")

import errno
import os
from pathlib import Path

import pytest

from tracemark.new_file import put_in_place, uncache


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

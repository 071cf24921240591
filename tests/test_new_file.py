import errno
import os
from pathlib import Path

import pytest

from tracemark.new_file import put_in_place


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

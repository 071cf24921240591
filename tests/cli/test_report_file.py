import os
import stat
import sys

import pytest

from tracemark_cli.outcome import FilesFailure, UsageFailure
from tracemark_cli.report_file import refuse_report_file, write_report_file


@pytest.fixture(params=["links", "no links"])
def links(request, monkeypatch):
    """A disk with hard links, and one without."""

    def refuse(*_):
        raise PermissionError(1, "Operation not permitted")

    if request.param == "no links":
        monkeypatch.setattr(os, "link", refuse)


@pytest.mark.usefixtures("links")
def test_a_report_is_written_whole_and_nothing_is_left_beside_it(tmp_path):
    write_report_file(tmp_path / "leak.html", "Zoë")
    assert (tmp_path / "leak.html").read_text("utf-8") == "Zoë"
    assert list(tmp_path.iterdir()) == [tmp_path / "leak.html"]


@pytest.mark.skipif(sys.platform == "win32", reason="modes are POSIX's")
@pytest.mark.usefixtures("links")
def test_a_report_is_its_owners_alone(tmp_path):
    write_report_file(tmp_path / "leak.html", "Zoë")
    assert stat.S_IMODE((tmp_path / "leak.html").stat().st_mode) == 0o600


@pytest.mark.usefixtures("links")
def test_what_is_there_is_not_replaced(tmp_path):
    (tmp_path / "leak.html").write_text("evidence")
    with pytest.raises(FilesFailure, match="exists already and is never overwritten"):
        write_report_file(tmp_path / "leak.html", "Zoë")
    assert (tmp_path / "leak.html").read_text() == "evidence"
    assert list(tmp_path.iterdir()) == [tmp_path / "leak.html"]


@pytest.mark.usefixtures("links")
def test_a_report_that_cannot_be_written_is_told_in_words(tmp_path):
    with pytest.raises(FilesFailure, match="cannot be written: no such file or directory"):
        write_report_file(tmp_path / "no" / "leak.html", "Zoë")


def test_without_links_a_draft_that_fails_leaves_nothing(tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "link", refuse)
    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(FilesFailure, match="cannot be written: input/output error"):
        write_report_file(tmp_path / "leak.html", "Zoë")
    assert list(tmp_path.iterdir()) == []


def test_a_place_is_refused_where_something_is_even_a_link_to_nowhere(tmp_path):
    (tmp_path / "leak.html").symlink_to("nowhere")
    with pytest.raises(UsageFailure, match="exists already"):
        refuse_report_file(tmp_path / "leak.html")
    refuse_report_file(tmp_path / "other.html")


def test_a_place_that_cannot_be_is_refused_with_the_reason(tmp_path):
    (tmp_path / "file").touch()
    for place, words in (("file/leak.html", "not a directory"), ("x" * 300, "file name too long")):
        with pytest.raises(FilesFailure, match=f"cannot be written: {words}"):
            refuse_report_file(tmp_path / place)


def test_a_place_in_a_closed_folder_is_refused_with_the_reason(closable):
    closed = closable.folder / "closed"
    closed.mkdir(mode=0)
    for place in ("leak.html", "inside/leak.html"):
        with pytest.raises(FilesFailure, match=f"{place} cannot be written: permission denied"):
            refuse_report_file(closed / place)


def test_a_closed_folder_is_found_out_before_any_work_is_done(tmp_path, monkeypatch):
    refuse_report_file(tmp_path / "leak.html")
    # root, as who tests may run, is let into every folder
    monkeypatch.setattr(os, "access", lambda folder, mode, **options: folder != tmp_path or not mode & os.W_OK)
    monkeypatch.setattr(os, "supports_effective_ids", {os.access})
    with pytest.raises(FilesFailure, match=r"leak.html cannot be written: files must be allowed in its folder"):
        refuse_report_file(tmp_path / "leak.html")

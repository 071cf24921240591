import sys
from pathlib import Path

import pytest

import tracemark as tm
from tracemark.kit import names
from tracemark.kit.names import leads_out, name_clash, short_names

PHOTO = Path("photos/car.jpg")


def clash(*files, archives=(), kept=(), out=Path("kit")):
    copies = [tm.KitCopy(PHOTO, recipient, file) for recipient, file in enumerate(files, start=1)]
    return name_clash(copies, dict(enumerate(archives)), out=out, kept=kept)


@pytest.mark.parametrize("name", ["17/car.jpg", "a..b", "..a/b", ".hidden", "./car.jpg", ".tracemark-x"])
def test_a_name_that_stays_in_the_kit_is_known(name):
    assert not leads_out(name)


@pytest.mark.parametrize(
    "name",
    ["", "/etc/passwd", "../x", "a\0b", "..\\x", "a\\b", "C:x", "c:/x", "a:b.jpg", "17/.tracemark-0123456789abcdef"],
)
def test_a_name_that_leads_out_of_the_kit_on_some_system_is_known(name):
    assert leads_out(name)


def test_files_with_names_of_their_own_do_not_clash():
    assert clash("1/car.jpg", "2/car.jpg", "car.jpg", archives=["1.zip", "zip/2.zip"], kept=[Path("kit/kit.db")]) == ""


@pytest.mark.parametrize(
    ("files", "archives", "sentence"),
    [
        (["car.jpg", "car.jpg"], [], "kit/car.jpg would be written over recipient 1's copy of photos/car.jpg"),
        (["car.jpg", "CAR.jpg"], [], "kit/CAR.jpg would be written over recipient 1's"),
        (["car.jpg", "./car.jpg"], [], "kit/car.jpg would be written over recipient 1's"),
        (["caf\u00e9.jpg", "cafe\u0301.jpg"], [], "would be written over recipient 1's"),
        (["Manifest.jsonl"], [], "kit/Manifest.jsonl would be written over kit/manifest.jsonl"),
        (["../photos/car.jpg"], [], "would be written over photos/car.jpg"),
        (
            ["a/car.jpg", "A"],
            [],
            "kit/a must be a folder to hold kit/a/car.jpg, and has the name of recipient 2's copy",
        ),
        (["manifest.jsonl/x"], [], "kit/manifest.jsonl must be a folder"),
        ([], ["sha256sums"], "an archive would be written over kit/SHA256SUMS"),
        ([], ["1.zip", "1.ZIP"], "an archive would be written over another archive"),
        (["1.zip"], ["1.zip"], "kit/1.zip has the name of an archive"),
        (["1.zip/car.jpg"], ["1.zip"], "must be a folder to hold kit/1.zip/car.jpg, and has the name of an archive"),
    ],
)
def test_two_files_of_one_name_are_told(files, archives, sentence):
    assert sentence in clash(*files, archives=archives)


@pytest.mark.parametrize(
    ("copies", "archives", "kept", "words"),
    [
        ([("car.jpg", 17, "17/car.jpg")], {}, [], r"copies must be a list of KitCopy, and holds \('car\.jpg', 17"),
        (17, {}, [], "copies must be a list of KitCopy, not int"),
        ([], [(17, "17.zip")], [], "archives must be a mapping of recipients, not list"),
        ([], {17: 17}, [], "archive must be a path, not int"),
        ([], {}, [17], "kept must be a path, not int"),
    ],
)
def test_what_is_no_copy_and_no_name_is_refused(copies, archives, kept, words):
    with pytest.raises(tm.KitError, match=words):
        name_clash(copies, archives, out="kit", kept=kept)


def test_copies_may_come_one_by_one_and_names_be_paths_or_text():
    copies = (tm.KitCopy(PHOTO, one, "1/car.jpg") for one in (1, 2))
    assert "would be written over recipient 1's" in name_clash(copies, {}, out="kit")
    assert "would be written over press.key" in name_clash([], {1: Path("press.key")}, out=".", kept=["press.key"])


@pytest.mark.skipif(sys.platform == "win32", reason="links need a right of their own there")
def test_two_names_of_one_place_are_told_whatever_links_lead_there(tmp_path):
    (tmp_path / "1").mkdir()
    assert clash("1/car.jpg", "2/car.jpg", out=tmp_path) == ""
    (tmp_path / "2").symlink_to("1")
    assert "would be written over recipient 1's" in clash("1/car.jpg", "2/car.jpg", out=tmp_path)


@pytest.mark.skipif(sys.platform == "win32", reason="links need a right of their own there")
@pytest.mark.parametrize("file", ["car.jpg", "1/car.jpg", "1/a/b/car.jpg", "2/car.jpg", "2/a/car.jpg", "3/a/b/car.jpg"])
def test_where_a_name_leads_is_told_soon_as_it_is_slowly(file, tmp_path):
    (tmp_path / "1" / "a").mkdir(parents=True)
    (tmp_path / "2").symlink_to("1")
    (tmp_path / "3").symlink_to("nowhere")
    folders = {"": str(tmp_path.resolve())}
    assert names._place_in(tmp_path, file, folders) == names._place(tmp_path / file)


def test_files_are_named_by_as_much_of_their_folders_as_tells_them_apart():
    files = ["kit/17/car.jpg", "kit/18/car.jpg", "a/x/pen.jpg", "b/x/pen.jpg", "c/y/pen.jpg", "kit/17/bus.jpg"]
    named = ["17/car.jpg", "18/car.jpg", "a/x/pen.jpg", "b/x/pen.jpg", "c/y/pen.jpg", "bus.jpg"]
    assert list(short_names(map(Path, files)).values()) == named
    assert short_names([Path("car.jpg"), Path("car.jpg").absolute()]).keys() == {
        Path("car.jpg"),
        Path.cwd() / "car.jpg",
    }


def test_a_file_in_this_folder_is_told_apart_by_where_the_folder_is():
    assert short_names([Path("car.jpg"), Path("17/car.jpg")]) == {
        Path("car.jpg"): f"{Path.cwd().name}/car.jpg",
        Path("17/car.jpg"): "17/car.jpg",
    }

import os

import pytest
from PIL import Image

import tracemark as tm


def test_the_demo_finds_the_right_recipient(run):
    result = run("demo")
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("identified: recipient ")
    assert "That is right." in result.stderr


def test_what_the_demo_made_can_be_kept(run, tmp_path):
    result = run("demo", "--out", tmp_path / "demo")
    assert result.exit_code == 0, result.output
    names = sorted(path.name for path in (tmp_path / "demo").iterdir())
    assert names == ["demo.key", "leak.jpg"] + [f"seeding-{recipient}.jpg" for recipient in range(17, 22)]
    key = tm.Key.load(tmp_path / "demo" / "demo.key")
    assert tm.detect(tm.read_photo(tmp_path / "demo" / "seeding-19.jpg").pixels, key=key).recipient == 19


@pytest.mark.usefixtures("stand_in")
def test_an_existing_key_of_the_demo_is_not_overwritten(run, tmp_path):
    (tmp_path / "demo.key").write_text("mine")
    assert run("demo", "--out", tmp_path).exit_code == 5
    assert (tmp_path / "demo.key").read_text() == "mine"


@pytest.mark.parametrize(
    ("size", "name", "sentence"),
    [
        ((90, 60), "car.png", "on its short side to carry a mark, not 90 x 60"),
        ((600, 400), "car.gif", "to be copied, not GIF"),
        (None, "car.png", "no such file"),
    ],
)
def test_a_photo_that_cannot_be_marked_leaves_nothing_that_ends_the_next_demo(size, name, sentence, run, tmp_path):
    if size is not None:
        Image.new("RGB", size).save(tmp_path / name)
    result = run("demo", tmp_path / name, "--out", tmp_path / "demo")
    assert result.exit_code == 4
    assert sentence in result.stderr
    assert list((tmp_path / "demo").iterdir()) == []


@pytest.mark.usefixtures("stand_in")
def test_a_photo_that_cannot_be_read_costs_one_line(run, tmp_path):
    result = run("demo", tmp_path / "nowhere.jpg")
    assert result.exit_code == 4
    assert len(result.stderr.splitlines()) == 1
    assert "Traceback" not in result.output


@pytest.mark.usefixtures("stand_in")
def test_a_folder_for_temporary_files_that_is_not_there_is_told(run, png, key_file, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "nowhere"))
    embed = ("embed", png, "--recipient", 17, "--key", key_file, "--out", tmp_path / "kit", "--dry-run")
    for command in (("demo",), embed):
        result = run(*command)
        assert result.exit_code == 4
        assert (
            "there must be a folder for temporary files that can be written into; TMPDIR may name one" in result.stderr
        )


@pytest.mark.skipif(os.name != "posix", reason="pipes have names elsewhere, and others")
def test_nobody_waits_for_a_pipe(run, tmp_path):
    os.mkfifo(tmp_path / "pipe.jpg")
    result = run("demo", tmp_path / "pipe.jpg")
    assert result.exit_code == 2
    assert "photo must be a file, not a pipe, socket or device" in result.stderr


@pytest.mark.parametrize("name", ["car-19.png", "leak.jpg"])
@pytest.mark.usefixtures("stand_in")
def test_a_file_with_a_name_of_the_demos_is_not_overwritten(name, run, png):
    folder = png.parent / "demo"
    folder.mkdir()
    (folder / name).write_text("mine")
    result = run("demo", png, "--out", folder)
    assert (result.exit_code, len(result.stderr.splitlines())) == (2, 1)
    assert f"{folder / name} exists already" in result.stderr
    assert [(file.name, file.read_text()) for file in folder.iterdir()] == [(name, "mine")]


@pytest.mark.usefixtures("stand_in")
def test_the_photo_is_not_replaced_by_its_own_leak(run, png):
    photo = png.rename(png.with_name("leak.jpg"))
    before = photo.read_bytes()
    assert run("demo", photo, "--out", photo.parent).exit_code == 2
    assert photo.read_bytes() == before


@pytest.mark.usefixtures("stand_in")
def test_a_folder_that_cannot_be_made_is_not_blamed_on_the_photo(run, png):
    out = png / "demo"
    result = run("demo", png, "--out", out)
    assert (result.exit_code, result.stderr) == (4, f"Error: {out} cannot be made: not a directory\n")

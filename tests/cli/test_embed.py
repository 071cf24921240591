import hashlib
import json

import pytest

import tracemark as tm

pytestmark = pytest.mark.usefixtures("stand_in")


def lines(text):
    return text.splitlines()


def files_of(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_each_recipient_of_the_list_has_a_copy(run, png, key_file, tmp_path):
    (tmp_path / "guests.csv").write_text("name;id\nZo\u00eb;17\nJo;3\n", encoding="utf-8")
    out = tmp_path / "kit"
    result = run("embed", png, "--recipients", tmp_path / "guests.csv", "--key", key_file, "--out", out)
    assert result.exit_code == 0
    assert lines(result.stdout) == [str(out / "17" / "car.png"), str(out / "3" / "car.png")]
    assert "2 copies" in result.stderr
    assert tm.read_photo(out / "17" / "car.png").pixels[0, 0].tolist() == [17] * 3


def test_recipients_may_be_named_one_by_one(run, png, key_file, tmp_path):
    result = run("embed", png, "--recipient", 17, "--recipient", 3, "--key", key_file, "--out", tmp_path / "kit")
    assert result.exit_code == 0
    assert len(lines(result.stdout)) == 2


def test_the_path_of_the_key_may_come_from_the_environment(run, png, key_file, tmp_path):
    result = run("embed", png, "--recipient", 17, "--out", tmp_path / "kit", env={"TRACEMARK_KEY_FILE": str(key_file)})
    assert result.exit_code == 0


def test_json_gives_one_object_a_line(run, png, key_file, tmp_path):
    result = run("embed", png, "--recipient", 17, "--key", key_file, "--out", tmp_path / "kit", "--json")
    copy = tmp_path / "kit" / "17" / "car.png"
    assert json.loads(result.stdout) == {
        "schema": "tracemark.embed/1",
        "photo": str(png),
        "recipient": 17,
        "path": str(copy),
        "sha256": hashlib.sha256(copy.read_bytes()).hexdigest(),
        "bytes": copy.stat().st_size,
        "was_there": False,
        "checked": "blind",
    }


def test_a_dry_run_writes_nothing(run, png, key_file, tmp_path):
    result = run("embed", png, "--recipient", 17, "--key", key_file, "--out", tmp_path / "kit", "--dry-run")
    assert result.exit_code == 0
    assert lines(result.stdout) == [str(tmp_path / "kit" / "17" / "car.png")]
    assert not (tmp_path / "kit").exists()


def test_an_existing_file_stays_unless_force_is_given(run, png, key_file, tmp_path):
    there = tmp_path / "kit" / "17" / "car.png"
    there.parent.mkdir(parents=True)
    there.write_text("mine")
    arguments = ("embed", png, "--recipient", 17, "--key", key_file, "--out", tmp_path / "kit")
    result = run(*arguments)
    assert result.exit_code == 4
    assert "exists already; --force replaces it" in result.stderr
    assert there.read_text() == "mine"
    assert run(*arguments, "--force").exit_code == 0
    assert tm.read_photo(there).format == "PNG"


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("empty.jpg", b"", "empty"),
        ("letter.jpg", b"Dear editor,\n", "not an image"),
        ("missing.jpg", None, "no such file"),
        ("tiny.png", "1x1", "at least 8 px"),
        ("cut.jpg", "cut", "ends early"),
        ("drawing.gif", "gif", "must be JPEG or PNG"),
    ],
)
def test_a_photo_that_fails_costs_one_line_and_the_others_are_done(
    name, content, sentence, run, png, key_file, tmp_path, demo_photo
):
    from PIL import Image

    bad = tmp_path / name
    if content == "1x1":
        Image.new("RGB", (1, 1)).save(bad)
    elif content == "gif":
        Image.new("RGB", (24, 16)).save(bad)
    elif content == "cut":
        bad.write_bytes(demo_photo.read_bytes()[:200_000])
    elif content is not None:
        bad.write_bytes(content)
    result = run("embed", bad, png, "--recipient", 17, "--key", key_file, "--out", tmp_path / "kit")
    assert result.exit_code == 4
    assert len(lines(result.stderr)) == 2
    assert lines(result.stderr)[0].startswith(f"tracemark: {bad}: ")
    assert sentence in lines(result.stderr)[0]
    assert "Traceback" not in result.output
    assert files_of(tmp_path / "kit") == ["17/car.png", "SHA256SUMS", "manifest.jsonl"]
    assert [json.loads(line)["file"] for line in lines((tmp_path / "kit" / "manifest.jsonl").read_text())] == [
        "17/car.png"
    ]


def test_nothing_is_left_when_nothing_could_be_done(run, key_file, tmp_path):
    result = run("embed", tmp_path / "missing.jpg", "--recipient", 17, "--key", key_file, "--out", tmp_path / "kit")
    assert result.exit_code == 4
    assert result.stdout == ""
    assert not (tmp_path / "kit").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--recipient", -1],
        ["--recipient", 2**32],
        ["--recipient", "Zo\u00eb"],
        ["--recipient", 3, "--recipient", 3],
        ["--recipient", 3, "--recipients", "guests.csv"],
        ["--recipients", "nowhere.csv"],
        ["--recipient", 3, "--name-template", "../{recipient}"],
        ["--recipient", 3, "--quality", 0],
        ["--recipient", 3, "--unknown"],
    ],
)
def test_a_command_that_is_not_understood_does_nothing(arguments, run, png, key_file, tmp_path):
    result = run("embed", png, "--key", key_file, "--out", tmp_path / "kit", *arguments)
    assert result.exit_code == 2
    assert not (tmp_path / "kit").exists()


def test_a_key_that_is_missing_is_a_matter_of_usage(run, png, tmp_path):
    assert run("embed", png, "--recipient", 17, "--out", tmp_path / "kit").exit_code == 2


@pytest.mark.parametrize("content", [None, b"", b"not a key"])
def test_a_key_that_cannot_be_used_has_a_code_of_its_own(content, run, png, tmp_path):
    key_file = tmp_path / "wrong.key"
    if content is not None:
        key_file.write_bytes(content)
        key_file.chmod(0o600)
    result = run("embed", png, "--recipient", 17, "--key", key_file, "--out", tmp_path / "kit")
    assert result.exit_code == 5
    assert len(lines(result.stderr)) == 1
    assert not (tmp_path / "kit").exists()

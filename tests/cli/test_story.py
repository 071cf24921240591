"""From key to name on real files, through the command line alone."""

import json

import pytest
from PIL import Image

import tracemark as tm


@pytest.fixture(scope="module")
def kit(tmp_path_factory, demo_photo):
    """A key, and one photo marked for three recipients."""
    from click.testing import CliRunner

    from tracemark_cli.main import tracemark

    folder = tmp_path_factory.mktemp("kit")
    assert CliRunner().invoke(tracemark, ["keygen", str(folder / "press.key")]).exit_code == 0
    arguments = ["embed", str(demo_photo), "--key", str(folder / "press.key"), "--out", str(folder)]
    for recipient in (0, 17, 4294967295):
        arguments += ["--recipient", str(recipient)]
    result = CliRunner().invoke(tracemark, arguments)
    assert result.exit_code == 0, result.output
    return folder


@pytest.mark.parametrize("recipient", [0, 17, 4294967295])
def test_a_copy_names_its_recipient(recipient, kit, run):
    result = run("detect", kit / str(recipient) / "seeding.jpg", "--key", kit / "press.key", "--json")
    assert result.exit_code == 0
    found = json.loads(result.stdout)
    assert found["verdict"] == "identified"
    assert found["recipient"] == recipient
    assert found["log10_false_alarm"] < -9


def test_a_copy_is_written_as_its_photo_was(kit, demo_photo):
    photo, copy = tm.read_photo(demo_photo), tm.read_photo(kit / "17" / "seeding.jpg")
    assert copy.pixels.shape == photo.pixels.shape
    assert copy.jpeg == photo.jpeg


def test_a_longer_list_gives_the_same_files(kit, run, demo_photo, tmp_path):
    (tmp_path / "guests.csv").write_text("id\n" + "\n".join(str(recipient) for recipient in range(17, 34)))
    arguments = ["embed", demo_photo, "--key", kit / "press.key", "--recipients", tmp_path / "guests.csv"]
    assert run(*arguments, "--out", tmp_path).exit_code == 0
    copies = [(tmp_path / str(recipient) / "seeding.jpg").read_bytes() for recipient in range(17, 34)]
    assert copies[0] == (kit / "17" / "seeding.jpg").read_bytes()
    assert len(set(copies)) == len(copies)


def test_a_leak_cropped_scaled_and_saved_again_names_its_recipient(kit, run, tmp_path):
    with Image.open(kit / "17" / "seeding.jpg") as copy:
        columns, rows = copy.size
        cut = copy.crop((columns // 7, rows // 9, columns, rows))
        cut.resize((cut.width * 3 // 5, cut.height * 3 // 5)).save(tmp_path / "leak.jpg", quality=60)
    result = run("detect", tmp_path / "leak.jpg", "--key", kit / "press.key")
    assert result.exit_code == 0
    assert "identified: recipient 17," in result.stdout


@pytest.mark.usefixtures("quick_searches_alone")
def test_another_key_finds_nothing(kit, run, key_file):
    result = run("detect", kit / "17" / "seeding.jpg", "--key", key_file)
    assert result.exit_code == 1
    assert ": none: " in result.stdout


@pytest.mark.usefixtures("quick_searches_alone")
def test_the_photo_itself_names_nobody(kit, run, demo_photo):
    assert run("detect", demo_photo, "--key", kit / "press.key").exit_code == 1


@pytest.mark.parametrize(
    "make",
    [
        lambda photo: photo.convert("L"),
        lambda photo: photo.convert("RGB"),
        lambda photo: photo.convert("RGBA"),
    ],
    ids=["grey", "rgb", "rgba"],
)
def test_a_png_of_any_kind_names_its_recipient(make, run, kit, tmp_path, demo_photo):
    with Image.open(demo_photo) as photo:
        make(photo.resize((1328, 747))).save(tmp_path / "photo.png")
    arguments = ("--key", kit / "press.key")
    assert run("embed", tmp_path / "photo.png", "--recipient", 99, "--out", tmp_path, *arguments).exit_code == 0
    assert "recipient 99," in run("detect", tmp_path / "99" / "photo.png", *arguments).stdout

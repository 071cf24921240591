"""From a kit with a ledger to a name, on real files and through the command line alone."""

import json

import pytest
from click.testing import CliRunner
from PIL import Image

import tracemark as tm
from tracemark_cli.detect_lines import WITHOUT_ORIGINAL
from tracemark_cli.main import tracemark

GUESTS = "id;Name\n17;Zoë Müller\n3;Jo\n99;Ann\n"


@pytest.fixture(scope="module")
def kit(tmp_path_factory, demo_photo):
    """A key, two photos, a copy of each for three guests, a ledger, and leaks of guest 17's copies."""
    folder = tmp_path_factory.mktemp("kit")
    tm.Key(bytes(range(32))).save(folder / "press.key")
    tm.Key(bytes(32)).save(folder / "other.key")
    with Image.open(demo_photo) as photo:
        photo.crop((0, 0, 800, 600)).save(folder / "car.jpg", quality=92)
        photo.crop((900, 500, 1700, 1100)).save(folder / "wheel.jpg", quality=92)
    (folder / "guests.csv").write_text(GUESTS, encoding="utf-8")
    (folder / "others.csv").write_text("id\n3\n99\n", encoding="utf-8")
    words = ["embed", folder / "car.jpg", folder / "wheel.jpg", "--recipients", folder / "guests.csv"]
    words += ["--key", folder / "press.key", "--out", folder / "kit", "--ledger", folder / "kit.db"]
    result = CliRunner().invoke(tracemark, [str(word) for word in words])
    assert result.exit_code == 0, result.output
    for name in ("car", "wheel"):
        with Image.open(folder / "kit" / "17" / f"{name}.jpg") as copy:
            copy.crop((90, 70, 740, 560)).resize((520, 392)).save(folder / f"leak-{name}.jpg", quality=60)
    return folder


def detect(kit, run, *words):
    return run("detect", *words, "--key", kit / "press.key")


def test_a_ledger_gives_the_photo_and_the_name(kit, run):
    result = detect(kit, run, kit / "leak-car.jpg", "--ledger", kit / "kit.db")
    assert result.exit_code == 0, result.output
    line = f"{kit / 'leak-car.jpg'}: identified: recipient 17 (Name: Zoë Müller), chance of a false name below 1e-"
    assert result.stdout.startswith(line)
    assert result.stdout.endswith("; the photo is car.jpg\n")
    assert WITHOUT_ORIGINAL not in result.stdout


def test_json_tells_of_everybody_who_was_compared(kit, run):
    result = detect(kit, run, kit / "leak-wheel.jpg", "--ledger", kit / "kit.db", "--json")
    fields = json.loads(result.stdout)
    assert fields["schema"] == "tracemark.detect/1"
    assert (fields["verdict"], fields["recipients"], fields["method"]) == ("identified", [17], "informed")
    assert fields["photo"]["name"] == "wheel.jpg"
    assert len(bytes.fromhex(fields["photo"]["digest"])) == 32
    assert fields["trials"] == 3
    assert fields["candidates"][0]["recipient"] == 17
    assert {one["recipient"] for one in fields["candidates"]} == {17, 3, 99}
    assert fields["candidates"][0]["log10_false_alarm"] == fields["log10_false_alarm"] < -9
    assert fields["candidates"][0]["score"] > 7 > fields["candidates"][1]["score"]
    assert fields["recorded_copies"] == []


def test_leaks_of_two_photos_are_weighed_as_one(kit, run):
    leaks = (kit / "leak-car.jpg", kit / "leak-wheel.jpg")
    alone = detect(kit, run, *leaks, "--ledger", kit / "kit.db", "--json").stdout.splitlines()
    both = detect(kit, run, *leaks, "--ledger", kit / "kit.db", "--together", "--json").stdout.splitlines()
    assert (len(alone), len(both)) == (2, 1)
    assert json.loads(both[0])["candidates"][0]["score"] > max(
        json.loads(one)["candidates"][0]["score"] for one in alone
    )


def test_a_file_that_was_delivered_is_known_by_its_bytes(kit, run):
    path = kit / "kit" / "3" / "car.jpg"
    result = detect(kit, run, path, "--ledger", kit / "kit.db")
    assert f"{path} is byte for byte copy 2, made for recipient 3 (Name: Jo)" in result.stdout
    fields = json.loads(detect(kit, run, path, "--ledger", kit / "kit.db", "--json").stdout)
    assert [copy["file"] for copy in fields["recorded_copies"]] == ["3/car.jpg"]
    assert fields["recipient"] == 3


def test_an_original_needs_no_ledger(kit, run):
    result = detect(kit, run, kit / "leak-car.jpg", "--original", kit / "car.jpg", "--recipients", kit / "guests.csv")
    assert result.exit_code == 0, result.output
    assert "recipient 17 (Name: Zoë Müller)" in result.stdout


def test_of_several_originals_the_right_one_is_used(kit, run):
    originals = ("--original", kit / "wheel.jpg", "--original", kit / "car.jpg")
    fields = json.loads(detect(kit, run, kit / "leak-car.jpg", *originals, "--json").stdout)
    assert (fields["verdict"], fields["recipient"], fields["method"]) == ("identified", 17, "informed")


@pytest.mark.parametrize("options", [("--ledger", "kit.db"), ("--original", "car.jpg")])
def test_a_list_without_the_leaker_names_nobody(options, kit, run):
    option, name = options
    result = detect(kit, run, kit / "leak-car.jpg", option, kit / name, "--recipients", kit / "others.csv")
    assert result.exit_code == 3
    assert "none fits; the message of 17 is in it, whom the list of recipients lacks" in result.stdout


def test_a_ledger_of_another_key_is_an_error_in_words(kit, run):
    result = run("detect", kit / "leak-car.jpg", "--ledger", kit / "kit.db", "--key", kit / "other.key")
    assert result.exit_code == 5
    assert "must hold photos of key" in result.stderr
    assert result.stdout == ""


@pytest.mark.usefixtures("quick_searches_alone")
def test_a_picture_that_is_not_in_the_ledger_is_read_blind(kit, run, photos, tmp_path):
    Image.fromarray(photos["coffee"]).save(tmp_path / "coffee.png")
    result = detect(kit, run, tmp_path / "coffee.png", "--ledger", kit / "kit.db", "--json")
    fields = json.loads(result.stdout)
    assert result.exit_code == 1
    assert (fields["verdict"], fields["method"], fields["photo"]) == ("none", "blind", None)
    assert "read blind, since" in fields["reason"]


def test_a_report_shows_leak_photo_and_name(kit, run, tmp_path):
    path = tmp_path / "leak.html"
    result = detect(kit, run, kit / "leak-car.jpg", "--ledger", kit / "kit.db", "--report", path)
    assert result.exit_code == 0, result.output
    assert result.stderr == f"report: {path}\n"
    text = path.read_text(encoding="utf-8")
    assert "This picture was made from the copy of recipient 17 (Name: Zoë Müller)." in text
    assert "<polygon" in text
    assert "copies in the ledger</th><td><code>6</code>" in text
    assert "Name: Jo" not in text


def test_a_report_of_several_originals_shows_the_right_one_and_hashes_each_once(kit, run, tmp_path, monkeypatch):
    real, hashed = tm.digest_of, []
    monkeypatch.setitem(vars(tm), "digest_of", lambda pixels: hashed.append(pixels.shape) or real(pixels))
    originals = ("--original", kit / "wheel.jpg", "--original", kit / "car.jpg")
    result = detect(kit, run, kit / "leak-car.jpg", *originals, "--report", tmp_path / "leak.html")
    assert result.stdout.endswith("; the photo is car.jpg\n")
    assert len(hashed) == 2  # once each
    assert "<th>photo</th><td><code>car.jpg</code>" in (tmp_path / "leak.html").read_text(encoding="utf-8")


def test_a_report_is_never_replaced(kit, run, tmp_path):
    path = tmp_path / "leak.html"
    path.write_text("evidence")
    result = detect(kit, run, kit / "leak-car.jpg", "--report", path)
    assert result.exit_code == 2
    assert "exists already" in result.stderr
    assert path.read_text() == "evidence"


def test_a_report_that_cannot_be_written_is_an_error_in_words(kit, run, tmp_path):
    result = detect(kit, run, kit / "leak-car.jpg", "--report", tmp_path / "no" / "leak.html")
    assert result.exit_code == 4
    assert "cannot be written: no such file or directory" in result.stderr

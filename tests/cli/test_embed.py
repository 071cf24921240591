import hashlib
import json
import shutil
import zipfile

import pytest
from PIL import Image

import tracemark as tm
from tracemark.kit.manifest import open_manifest

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


def test_a_quality_that_a_photo_has_no_use_for_is_told_of(run, png, key_file, tmp_path):
    for dry_run in (["--dry-run"], []):
        options = ("--out", tmp_path / "kit", "--quality", 50, *dry_run)
        result = run("embed", png, "--recipient", 17, "--key", key_file, *options)
        assert result.exit_code == 0
        assert result.stderr.count("PNG loses nothing, so the quality that was given is not used") == 1


def test_a_column_in_which_nothing_is_cannot_name_a_copy(run, png, key_file, tmp_path):
    guests = tmp_path / "guests.csv"
    guests.write_text("id,Name\n17,\n")
    options = ("--out", tmp_path / "kit", "--name-template", "{Name}{suffix}")
    result = run("embed", png, "--recipients", guests, "--key", key_file, *options)
    assert result.exit_code == 2
    assert "not {Name}; the list has no such column, or nothing in it" in result.stderr


def test_a_dry_run_does_not_ask_the_scheduler_and_says_so(run, png, key_file, tmp_path):
    options = ("--out", tmp_path / "kit", "--dry-run", "--scheduler", "tcp://127.0.0.1:1")
    result = run("embed", png, "--recipient", 17, "--key", key_file, *options)
    assert result.exit_code == 0
    assert "the time is that of this machine; the scheduler is not asked" in result.stderr


def test_a_folder_whose_name_cannot_be_is_refused_with_a_sentence(run, png, key_file, tmp_path):
    out = tmp_path.joinpath(*["x" * 240] * 20)
    result = run("embed", png, "--recipient", 17, "--key", key_file, "--out", out)
    assert result.exit_code == 2
    assert "output folder cannot be used: file name too long" in result.stderr


def test_an_existing_file_stays_unless_force_is_given(run, png, key_file, tmp_path):
    there = tmp_path / "kit" / "17" / "car.png"
    there.parent.mkdir(parents=True)
    there.write_text("mine")
    arguments = ("embed", png, "--recipient", 17, "--key", key_file, "--out", tmp_path / "kit")
    result = run(*arguments)
    assert result.exit_code == 4
    assert "exists already and is not this copy; force replaces it" in result.stderr
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
        ("drawing.gif", "gif", "to be copied, not GIF; save it as PNG first"),
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
        ["--recipient", "1_7"],
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


NAMES = [
    "../../etc",
    "/etc/passwd",
    "a\0b",
    "x" * 10_000,
    "\u202egpj.exe",
    "..",
    "a\\b",
    "C:",
    "\ufeff",
    "\x1b[2J",
    "\udcff",
]


@pytest.mark.parametrize("name", NAMES, ids=lambda name: ascii(name)[:20])
def test_a_hostile_list_ends_with_one_sentence_and_makes_nothing(name, run, png, key_file, tmp_path):
    guests = tmp_path / "guests.csv"
    guests.write_bytes(f"id;Name\n17;Jo\n18;{name}\n".encode("utf-8", "surrogateescape"))
    before = sorted(tmp_path.rglob("*"))
    common = ("embed", png, "--recipients", guests, "--key", key_file, "--out", tmp_path / "kit")
    result = run(*common, "--name-template", "{Name}/{stem}{suffix}", "--ledger", tmp_path / "kit.db")
    assert result.exit_code == 2
    assert result.stdout == ""
    assert len(lines(result.stderr)) == 1
    assert len(result.stderr) < 1000
    assert not {"\0", "\x1b", "\u202e"} & set(result.stderr)
    assert sorted(tmp_path.rglob("*")) == before


def test_what_a_list_says_may_name_copies(run, png, key_file, tmp_path):
    (tmp_path / "guests.csv").write_text("\ufeffid;Name\n17;Zo\u00eb M\u00fcller\n", encoding="utf-8")
    common = ("embed", png, "--recipients", tmp_path / "guests.csv", "--key", key_file, "--out", tmp_path / "kit")
    result = run(*common, "--name-template", "{Name}/{recipient:05d} {stem}{suffix}", "--zip")
    assert result.exit_code == 0
    assert files_of(tmp_path / "kit") == [
        "17.zip",
        "SHA256SUMS",
        "Zo\u00eb M\u00fcller/00017 car.png",
        "manifest.jsonl",
    ]


def test_copies_that_do_not_end_like_their_photo_are_told_of(run, png, key_file, tmp_path):
    common = ("embed", png, "--recipient", 3, "--key", key_file, "--out", tmp_path / "kit", "--dry-run")
    result = run(*common, "--name-template", "{recipient}/{stem}")
    assert result.exit_code == 0
    assert f"3/car does not end like its photo, {png}" in result.stderr
    for template in ("{recipient}/{stem}{suffix}", "{recipient}/{stem}.PNG"):
        assert "does not end like" not in run(*common, "--name-template", template).stderr


def test_a_name_that_was_corrected_is_in_the_archive_once(run, png, key_file, tmp_path):
    common = (
        "embed",
        png,
        "--recipients",
        tmp_path / "guests.csv",
        "--key",
        key_file,
        "--out",
        tmp_path / "kit",
        "--zip",
    )
    for name in ("Zoe", "Zo\u00eb"):
        (tmp_path / "guests.csv").write_text(f"id,name\n17,{name}\n", encoding="utf-8")
        assert run(*common, "--name-template", "{name}/{stem}{suffix}").exit_code == 0
    with zipfile.ZipFile(tmp_path / "kit" / "17.zip") as archive:
        assert archive.namelist() == ["Zo\u00eb/car.png"]


def test_the_same_command_again_writes_nothing_and_says_the_same(run, png, key_file, tmp_path):
    command = ("embed", png, "--recipient", 17, "--recipient", 3, "--key", key_file, "--out", tmp_path / "kit")
    first = run(*command)
    before = [path.stat().st_mtime_ns for path in sorted((tmp_path / "kit").rglob("*"))]
    again = run(*command)
    assert (again.exit_code, again.stdout) == (0, first.stdout)
    assert [path.stat().st_mtime_ns for path in sorted((tmp_path / "kit").rglob("*"))] == before
    assert [json.loads(line)["was_there"] for line in lines(run(*command, "--json").stdout)] == [True, True]


def test_a_folder_stands_for_its_photos_and_others_are_counted(run, png, key_file, tmp_path):
    (png.parent / "notes.txt").touch()
    (png.parent / "raw.CR3").touch()
    for number in range(2):
        (png.parent / f".hidden-{number}.jpg").touch()
    (png.parent / "link").symlink_to(tmp_path, target_is_directory=True)
    result = run("embed", png.parent, "--recipient", 17, "--key", key_file, "--out", tmp_path / "kit")
    assert result.exit_code == 0
    assert lines(result.stdout) == [str(tmp_path / "kit" / "17" / "car.png")]
    assert "are left out: 1 .cr3, 1 .txt, 2 hidden photos, 1 linked folder\n" in result.stderr


def test_names_of_files_do_not_steer_the_terminal(run, png, key_file, tmp_path):
    (png.parent / "notes.t\x1b[2Jxt").touch()
    png.rename(png.with_name("car\x1b[2J.png"))
    common = ("--recipient", 17, "--key", key_file, "--out", tmp_path / "kit")
    told = run("embed", png.parent, *common, "--name-template", "{recipient}")
    assert told.exit_code == 0
    assert "are left out: 1 .t\\x1b[2jxt\n" in told.stderr
    assert "car\\x1b[2J.png: 1 copy" in told.stderr
    refused = run("embed", png.parent / "other\x1b[2J", *common, "--name-template", "{stem}")
    assert refused.exit_code == 2
    assert "\x1b" not in told.output + refused.output


def test_copies_are_never_taken_for_photos(run, png, key_file, tmp_path):
    common = ("embed", png.parent, "--key", key_file, "--out")
    for out in (png.parent, png.parent / "kit1", png.parent / "kit2"):
        for recipient in (17, 19, 19):
            result = run(*common, out, "--recipient", recipient)
            assert result.exit_code == 0
            assert lines(result.stdout) == [str(out / str(recipient) / "car.png")]
    assert f"are left out: 2 in kit {png.parent}, 2 in kit {png.parent / 'kit1'}" in result.stderr


def test_a_copy_that_a_killed_command_had_not_listed_yet_is_no_photo(run, png, key_file, tmp_path):
    common = ("embed", png.parent, "--key", key_file, "--out", png.parent, "--recipient", 17, "--recipient", 18)
    first = run(*common)
    manifest = png.parent / "manifest.jsonl"
    manifest.write_bytes(manifest.read_bytes().splitlines(keepends=True)[0])
    again = run(*common)
    assert (again.exit_code, again.stdout) == (0, first.stdout)
    assert "left out: 1 in kit" in again.stderr
    assert "1 with the name of a copy that the kit does not list" in again.stderr
    assert len(lines(manifest.read_text())) == 2


def test_a_copy_that_is_named_itself_is_refused_with_its_recipient(run, png, key_file, tmp_path):
    common = ("--key", key_file, "--out")
    assert run("embed", png, "--recipient", 17, *common, tmp_path / "kit").exit_code == 0
    copy = tmp_path / "kit" / "17" / "car.png"
    for options in ((), ("--dry-run",)):
        result = run("embed", copy, "--recipient", 19, *common, tmp_path / "other", *options)
        assert result.exit_code == 4
        assert f"tracemark: {copy}: photo must be no copy, and is recipient 17's, {copy}" in lines(result.stderr)
        assert not (tmp_path / "other").exists()


def test_which_copies_are_read_back_may_be_chosen(run, png, key_file, tmp_path):
    for check, number in (("all", 3), ("sample", 1), ("none", 0)):
        out = tmp_path / check
        recipients = [word for one in (17, 18, 19) for word in ("--recipient", one)]
        result = run("embed", png, *recipients, "--key", key_file, "--out", out, "--check", check)
        assert result.exit_code == 0
        assert f"3 copies, {number} read back" in result.stderr
        listed = [json.loads(line)["checked"] for line in lines((out / "manifest.jsonl").read_text())]
        assert sum(checked is not None for checked in listed) == number


def test_a_copy_that_does_not_read_is_told_with_photo_and_guest(run, png, key_file, tmp_path, monkeypatch):
    def read_back(file, *, recipient, **options):
        raise tm.KitError(f"copy must be read as recipient {recipient}'s, and it names nobody")

    monkeypatch.setattr("tracemark.kit.making.read_back", read_back)
    result = run("embed", png, "--recipient", 17, "--key", key_file, "--out", tmp_path / "kit")
    assert result.exit_code == 4
    assert lines(result.stderr) == [
        f"tracemark: {png}: copy must be read as recipient 17's, and it names nobody; it was taken back"
    ]
    assert not list((tmp_path / "kit").rglob("*.png"))


def test_the_same_trouble_of_many_guests_is_told_ten_times(run, png, key_file, tmp_path):
    recipients = range(100, 130)
    for one in recipients:
        (tmp_path / "kit" / str(one)).mkdir(parents=True)
        (tmp_path / "kit" / str(one) / "car.png").write_text("mine")
    words = [word for one in recipients for word in ("--recipient", one)]
    result = run("embed", png, *words, "--key", key_file, "--out", tmp_path / "kit")
    assert result.exit_code == 4
    assert len(lines(result.stderr)) == 11
    assert lines(result.stderr)[-1] == f"tracemark: {png}: 20 more copies failed"


def test_archives_that_are_not_made_are_told_ten_times(run, png, key_file, tmp_path):
    words = [word for one in range(100, 130) for word in ("--recipient", one)]
    result = run("embed", png, tmp_path / "x.png", *words, "--key", key_file, "--out", tmp_path / "kit", "--zip")
    assert result.exit_code == 4
    assert result.stderr.count("some failed; it was not made") == 10
    assert lines(result.stderr)[-1] == f"tracemark: {tmp_path / 'kit'}: 20 more archives failed"


def test_an_archive_is_never_written_over_the_ledger(run, png, key_file, tmp_path):
    (tmp_path / "kit").mkdir()
    ledger_file = tmp_path / "kit" / "17.zip"
    tm.Ledger.open(ledger_file, create=True).close()
    before = ledger_file.read_bytes()
    common = ("embed", png, "--recipient", 17, "--key", key_file, "--out", tmp_path / "kit", "--zip", "--force")
    assert run(*common, "--ledger", ledger_file).exit_code == 2
    assert ledger_file.read_bytes() == before


def test_names_of_copies_and_archives_are_compared_once(run, png, key_file, tmp_path, monkeypatch):
    real, asked = tm.name_clash, []
    monkeypatch.setitem(vars(tm), "name_clash", lambda *files, **others: asked.append(files) or real(*files, **others))
    common = ("embed", png, "--recipient", 17, "--key", key_file, "--out", tmp_path / "kit")
    assert run(*common, "--zip").exit_code == 0
    assert [archives for _, archives in asked] == [{17: "17.zip"}]


def test_processes_and_a_scheduler_are_not_both_used(run, png, key_file, tmp_path):
    common = ("embed", png, "--recipient", 17, "--key", key_file, "--out", tmp_path / "kit")
    assert run(*common, "--jobs", 2, "--scheduler", "tcp://127.0.0.1:1").exit_code == 2


def test_a_long_list_and_a_progressive_photo_call_for_baseline(run, key_file, tmp_path, demo_photo):
    photo = tmp_path / "progressive.jpg"
    with Image.open(demo_photo) as image:
        image.crop((0, 0, 320, 240)).save(photo, quality=95, progressive=True)
    words = [word for one in range(16) for word in ("--recipient", one)]
    common = ("embed", photo, *words, "--key", key_file, "--out", tmp_path / "kit", "--check", "none", "--jobs", 1)
    for options in (("--dry-run",), ()):
        told = run(*common, *options)
        assert told.stderr.count("baseline makes them quicker") == 1
    assert "baseline" not in run(*common, "--baseline", "--force").stderr
    with Image.open(tmp_path / "kit" / "0" / "progressive.jpg") as copy:
        assert "progressive" not in copy.info


def test_who_cannot_go_on_is_not_told_to(run, png, key_file, tmp_path):
    (tmp_path / "kit").mkdir()
    (tmp_path / "kit" / "SHA256SUMS").write_text("mine")
    common = ("embed", png, "--recipient", 17, "--key", key_file, "--out", tmp_path / "kit")
    for options in ((), ("--dry-run",)):
        result = run(*common, *options)
        assert result.exit_code == 4
        assert result.stderr.endswith("move it out of the folder\n")
    (tmp_path / "kit" / "SHA256SUMS").unlink()
    with open_manifest(tmp_path / "kit"):
        assert run(*common).stderr.endswith("is being written by another program; wait for it to end\n")


@pytest.mark.parametrize("template", ["{stem}{suffix}", "kit.db", "x" * 300])
def test_a_ledger_may_be_in_the_folder_of_the_kit(template, run, png, key_file, tmp_path):
    out = tmp_path / "new" / "kit"
    common = ("embed", tmp_path / "missing.png", "--recipient", 17, "--key", key_file, "--out", out)
    result = run(*common, "--ledger", out / "kit.db", "--name-template", template)
    if template == "{stem}{suffix}":
        assert result.exit_code == 4
        assert files_of(out) == ["kit.db"]
    else:
        assert result.exit_code == 2
        assert not out.parent.exists()


def test_folders_that_were_made_for_a_kit_go_again_when_nothing_came_of_it(run, key_file, tmp_path):
    out = tmp_path / "new" / "sub" / "kit"
    common = ("embed", tmp_path / "missing.png", "--recipient", 17, "--key", key_file, "--out", out)
    (tmp_path / "kit.db-wal").touch()  # beside which no ledger is made
    (tmp_path / "kit.db").mkdir()
    for options, code in (((), 4), (("--ledger", out / "sub" / "kit.db"), 5), (("--ledger", tmp_path / "kit.db"), 5)):
        assert run(*common, *options).exit_code == code
        assert not (tmp_path / "new").exists()


def test_a_name_that_cannot_be_erased_any_more_is_told_and_who_was_erased_is_not_named_again(
    run, png, key_file, tmp_path
):
    (tmp_path / "guests.csv").write_text("id,name\n17,Jo\n")
    common = ("embed", png, "--recipients", tmp_path / "guests.csv", "--key", key_file, "--out", tmp_path / "kit")
    named, ledger = ("--name-template", "{name}/{stem}{suffix}"), ("--ledger", tmp_path / "kit.db")
    result = run(*common, *named, *ledger, "--dry-run")
    assert result.stderr.count("copies are named by 'name'; their names stay in the ledger for ever") == 1
    for harmless in (named, ledger):
        assert "for ever" not in run(*common, *harmless, "--dry-run").stderr
    with tm.Ledger.open(tmp_path / "kit.db", create=True) as opened:
        opened.add_recipients({17: {"name": "Jo"}})
        opened.erase_recipient(17)
    for options in ((), ("--dry-run",)):
        result = run(*common, *named, *ledger, *options)
        assert result.exit_code == 2
        assert "recipient 17 was erased from the ledger, and --name-template would record their 'name'" in result.stderr
        assert not (tmp_path / "kit").exists()
    assert run(*common, *ledger, "--dry-run").exit_code == 0


def test_a_dry_run_asks_the_ledger_and_makes_none(run, png, key_file, tmp_path):
    (tmp_path / "guests.csv").write_text("id,name\n17,Jo\n")
    common = ("embed", png, "--recipients", tmp_path / "guests.csv", "--key", key_file, "--out", tmp_path / "kit")
    common = (*common, "--ledger", tmp_path / "kit.db", "--dry-run")
    assert run(*common).exit_code == 0
    assert not (tmp_path / "kit.db").exists()
    with tm.Ledger.open(tmp_path / "kit.db", create=True) as ledger:
        ledger.add_recipients({17: {"name": "Ann"}})
    result = run(*common)
    assert result.exit_code == 5
    assert "recipient 17 must keep name 'Ann', and the list says 'Jo'" in result.stderr
    assert run(*common, "--update-recipients").exit_code == 0


def test_a_dry_run_says_why_a_ledger_cannot_be_opened(run, closable):
    (closable.folder / "closed").mkdir(mode=0)
    common = ("embed", closable.photos[0], "--recipient", 17, "--key", closable.key_file, "--out", closable.out)
    for place, words in (("closed/kit.db", "permission denied"), ("x" * 300, "file name too long")):
        result = run(*common, "--dry-run", "--ledger", closable.folder / place)
        assert result.exit_code == 5
        assert f"{place} cannot be read: {words}" in result.stderr


def test_a_dry_run_says_that_no_ledger_can_be_made(run, png, key_file, tmp_path, monkeypatch):
    common = ("embed", png, "--recipient", 17, "--key", key_file, "--out", tmp_path / "kit")
    for place in (tmp_path / "nowhere", png, tmp_path / "kit" / "sub"):
        for options in (("--dry-run",), ()):
            result = run(*common, "--ledger", place / "kit.db", *options)
            assert result.exit_code == 5
            assert f"ledger {place / 'kit.db'} cannot be made: " in result.stderr
    assert run(*common, "--ledger", tmp_path / "kit" / "kit.db", "--dry-run").exit_code == 0
    monkeypatch.setattr("os.access", lambda path, mode, **_: False)
    assert run(*common, "--ledger", tmp_path / "kit.db", "--dry-run").exit_code == 5
    assert not (tmp_path / "kit").exists()


def test_a_dry_run_says_when_there_is_too_little_room(run, png, key_file, tmp_path, monkeypatch):
    common = ("embed", png, "--recipient", 17, "--key", key_file, "--out", tmp_path / "kit", "--dry-run")
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr("shutil.disk_usage", lambda folder: usage._replace(free=10))
    result = run(*common)
    assert result.exit_code == 4
    assert "kit: folder must have room for that, and has 10 bytes" in result.stderr


def test_a_dry_run_says_what_was_made_in_another_way_and_stays(run, key_file, tmp_path):
    photo, out = tmp_path / "car.jpg", tmp_path / "kit"
    Image.new("RGB", (320, 240), (90, 120, 200)).save(photo)
    common = ("embed", photo, "--recipient", 17, "--recipient", 3, "--key", key_file, "--out", out, "--check", "none")
    assert run(*common).exit_code == 0
    common = (*common, "--recipient", 4, "--quality", 50, "--zip")
    foretold = run(*common, "--dry-run")
    assert foretold.exit_code == run(*common).exit_code == 4
    assert lines(foretold.stdout) == [str(out / "4" / "car.jpg"), str(out / "4.zip")]
    words = f"{out / '17' / 'car.jpg'} exists already and is not this copy; force replaces it; what is there was made"
    assert f"{words} with quality of the photo (and 1 more of its copies)" in foretold.stderr
    assert "kit: 2 archives will not be made" in foretold.stderr
    told = json.loads(lines(run(*common, "--dry-run", "--json").stdout)[-1])
    assert (told["taken"], told["there"]) == ([str(out / guest / "car.jpg") for guest in ("17", "3")], 1)


def test_a_dry_run_says_which_archive_cannot_be_made(run, png, key_file, tmp_path):
    out = tmp_path / "kit"
    (out / "17.zip").mkdir(parents=True)
    common = ("embed", png, "--recipient", 17, "--recipient", 3, "--key", key_file, "--out", out, "--zip", "--json")
    foretold = run(*common, "--dry-run")
    assert foretold.exit_code == run(*common).exit_code == 4
    assert f"{out / '17.zip'} exists already and is no file; move it away" in foretold.stderr
    *files, told = map(json.loads, lines(foretold.stdout))
    assert told["taken"] == [str(out / "17.zip")]
    assert [line["path"] for line in files] == [str(out / name) for name in ("17/car.png", "3/car.png", "3.zip")]


def test_a_dry_run_says_what_cannot_be_written_into(run, png, key_file, tmp_path, monkeypatch):
    common = ("embed", png, "--recipient", 17, "--key", key_file, "--out", tmp_path / "kit", "--dry-run")
    monkeypatch.setattr("os.access", lambda path, mode, **_: False)
    told = run(*common, "--json")
    assert told.exit_code == 4
    assert f"{tmp_path}: folder cannot be written into" in told.stderr
    assert json.loads(lines(told.stdout)[-1])["closed"] == [str(tmp_path)]
    monkeypatch.chdir(tmp_path)
    assert json.loads(lines(run(*common, "--out", "kit", "--json").stdout)[-1])["closed"] == [str(tmp_path)]


def test_json_tells_of_failures_too(run, png, key_file, tmp_path):
    out = tmp_path / "kit"
    (out / "3").mkdir(parents=True)
    (out / "3" / "car.png").write_bytes(b"mine")
    common = ("--recipient", 17, "--recipient", 3, "--key", key_file, "--out", out, "--json", "--zip")
    result = run("embed", png, tmp_path / "x.png", *common)
    told = [json.loads(line) for line in lines(result.stdout)]
    failures = [line for line in told if line["schema"] == "tracemark.embed.failure/1"]
    assert result.exit_code == 4
    assert sum(line["schema"] == "tracemark.embed/1" for line in told) == 1
    by_photo = {line["photo"]: line for line in failures}
    assert by_photo[str(png)]["recipient"] == 3
    assert by_photo[str(png)]["path"] == str(out / "3" / "car.png")
    assert "exists already" in by_photo[str(png)]["reason"]
    assert by_photo[str(tmp_path / "x.png")]["recipient"] is None
    assert {str(out / "3.zip"), str(out / "17.zip")} < by_photo.keys()


def test_a_dry_run_says_how_much_and_how_long(run, png, key_file, tmp_path):
    common = ("embed", png, "--recipient", 17, "--recipient", 3, "--key", key_file, "--out", tmp_path / "kit")
    result = run(*common, "--dry-run", "--jobs", 1)
    assert "2 copies of 1 photo planned: about " in result.stderr
    assert "(h:mm:ss) with 1 process; nothing was written" in result.stderr
    told = [json.loads(line) for line in lines(run(*common, "--dry-run", "--json", "--zip").stdout)]
    assert [line["schema"] for line in told] == ["tracemark.embed/1"] * 4 + ["tracemark.embed.estimate/1"]
    names = ["17/car.png", "3/car.png", "17.zip", "3.zip"]
    assert [line.get("path") for line in told[:-1]] == [str(tmp_path / "kit" / name) for name in names]
    assert [line.get("photo") for line in told[:-1]] == [str(png)] * 2 + [None] * 2
    assert (told[-1]["photos"], told[-1]["copies"], told[-1]["there"], told[-1]["failures"]) == (1, 2, 0, [])
    assert told[-1]["bytes"] > 0
    assert told[-1]["notices"] == []
    missing = run("embed", png, tmp_path / "x.png", *common[2:], "--dry-run", "--zip")
    assert missing.exit_code == 4
    assert ".zip" not in missing.stdout  # no guest would have all
    assert "x.png: " in missing.stderr
    assert "kit: 2 archives will not be made: each must hold all copies of its recipient" in missing.stderr
    assert "archive" not in run("embed", png, tmp_path / "x.png", *common[2:], "--dry-run").stderr

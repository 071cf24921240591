import shutil
import subprocess

import pytest

import tracemark as tm
from tests.kit.conftest import entry_of, stamp
from tracemark.kit.folder import MANIFEST, SUMS
from tracemark.kit.manifest import open_manifest
from tracemark.kit.owners import kit_files


def put(folder, name, data=b"a copy"):
    """Write a file, and say what a manifest says of it."""
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data)
    return entry_of(data, file=name)


@pytest.fixture
def entries(tmp_path):
    """A kit of two files that is done."""
    made = [put(tmp_path, name, name.encode()) for name in ("3/car.jpg", "17/car.jpg")]
    with open_manifest(tmp_path) as manifest:
        manifest.add(made)
        manifest.finish()
    return made


def read(folder):
    with open_manifest(folder) as manifest:
        return list(manifest.entries.values())


def test_what_was_listed_is_there_again_in_the_order_of_names(tmp_path, entries):
    assert read(tmp_path) == sorted(entries, key=lambda entry: entry.file)


@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="there is no sha256sum")
def test_the_sums_are_accepted_and_notice_a_change(tmp_path, entries):
    check = ["sha256sum", "--check", "--strict", SUMS]
    assert subprocess.run(check, cwd=tmp_path, capture_output=True, check=False).returncode == 0  # noqa: S603
    (tmp_path / "3" / "car.jpg").write_bytes(b"another")
    assert subprocess.run(check, cwd=tmp_path, capture_output=True, check=False).returncode == 1  # noqa: S603


def test_an_entry_lasts_before_the_kit_is_done(tmp_path):
    with open_manifest(tmp_path) as manifest:
        manifest.add([put(tmp_path, "17/car.jpg")])
    assert [entry.file for entry in read(tmp_path)] == ["17/car.jpg"]
    assert not (tmp_path / SUMS).exists()


def test_a_later_entry_takes_the_place_of_an_earlier_one(tmp_path, entries):
    newer = put(tmp_path, "3/car.jpg", b"newer")
    with open_manifest(tmp_path) as manifest:
        manifest.add([newer])
        manifest.finish()
    assert newer in read(tmp_path)
    assert len(read(tmp_path)) == 2
    assert (tmp_path / SUMS).read_text().count("3/car.jpg") == 1


def test_a_file_that_was_removed_is_listed_no_more(tmp_path, entries):
    (tmp_path / "3" / "car.jpg").unlink()
    with open_manifest(tmp_path) as manifest:
        manifest.finish()
    assert [entry.file for entry in read(tmp_path)] == ["17/car.jpg"]
    assert "3/car.jpg" not in (tmp_path / SUMS).read_text()


@pytest.mark.parametrize("left", [1, 20, -2])
def test_a_last_line_that_was_cut_is_left_out_and_the_next_one_is_whole(left, tmp_path, entries):
    first, second = (tmp_path / MANIFEST).read_bytes().splitlines(keepends=True)
    (tmp_path / MANIFEST).write_bytes(first + second[:left])
    with open_manifest(tmp_path) as manifest:
        assert list(manifest.entries) == ["17/car.jpg"]
        manifest.add([entry for entry in entries if entry.file == "3/car.jpg"])
    assert sorted(read(tmp_path), key=lambda entry: entry.bytes) == entries


def test_a_last_line_that_lacks_only_its_end_is_listed_and_the_next_one_begins_anew(tmp_path, entries):
    whole = (tmp_path / MANIFEST).read_bytes()
    (tmp_path / MANIFEST).write_bytes(whole[:-1])
    with open_manifest(tmp_path) as manifest:
        assert manifest.entries == kit_files(tmp_path) == {entry.file: entry for entry in entries}
        manifest.add([put(tmp_path, "99/car.jpg")])
    assert (tmp_path / MANIFEST).read_bytes().startswith(whole)
    assert {entry.file for entry in read(tmp_path)} == {"3/car.jpg", "17/car.jpg", "99/car.jpg"}


def test_a_manifest_of_one_line_without_an_end_is_put_in_order(tmp_path, entries):
    line = (tmp_path / MANIFEST).read_bytes().splitlines(keepends=True)[0]
    (tmp_path / MANIFEST).write_bytes(line[:-1])
    with open_manifest(tmp_path) as manifest:
        manifest.finish()
    assert (tmp_path / MANIFEST).read_bytes() == line


@pytest.mark.parametrize("left", [1, 20, -2])
def test_the_first_line_may_have_been_cut_too_and_stays_while_nothing_is_made(left, tmp_path, entries):
    line = (tmp_path / MANIFEST).read_bytes().splitlines(keepends=True)[0]
    (tmp_path / SUMS).unlink()
    (tmp_path / MANIFEST).write_bytes(line[:left])
    with open_manifest(tmp_path) as manifest:
        assert manifest.entries == {}
        manifest.finish()
    assert (tmp_path / MANIFEST).read_bytes() == line[:left]
    with open_manifest(tmp_path) as manifest:
        manifest.add(entries[:1])
        manifest.finish()
        manifest.add(entries[1:])
    assert read(tmp_path) == entries


@pytest.mark.parametrize("words", ['{"mine": 1}', "[" * 60_000, "\0", '{"mine": 1}\n{"mine": 2}\n', "\n"])
def test_another_programs_manifest_is_left_alone(words, tmp_path):
    (tmp_path / MANIFEST).write_text(words)
    with pytest.raises(tm.KitError, match=r"manifest\.jsonl must list .* holds something else; move it"):
        read(tmp_path)
    assert (tmp_path / MANIFEST).read_text() == words
    assert not (tmp_path / SUMS).exists()


def test_somebody_elses_sums_are_left_alone(tmp_path):
    (tmp_path / SUMS).write_text("my own sums\n")
    with pytest.raises(tm.KitError, match=r"SHA256SUMS must stand beside the manifest\.jsonl it was written with"):
        read(tmp_path)
    assert (tmp_path / SUMS).read_text() == "my own sums\n"


@pytest.mark.parametrize("damage", [b"\0" * 64, b"{}", b"not a line", b"\xff\xfe"])
def test_damage_is_told_with_its_line_and_nothing_is_touched(damage, tmp_path, entries):
    lines = (tmp_path / MANIFEST).read_bytes().splitlines()
    data = b"\n".join([lines[0], damage, lines[1], b""])
    (tmp_path / MANIFEST).write_bytes(data)
    with pytest.raises(tm.KitError, match=r"manifest\.jsonl, line 2, cannot be read; remove the line"):
        read(tmp_path)
    assert (tmp_path / MANIFEST).read_bytes() == data


def test_a_kit_whose_first_line_is_damaged_is_still_a_kit(tmp_path, entries):
    lines = (tmp_path / MANIFEST).read_bytes().splitlines(keepends=True)
    for data in (b"damaged\n" + lines[1], lines[0][:-9] + b"\n"):
        (tmp_path / MANIFEST).write_bytes(data)
        with pytest.raises(tm.KitError, match=r"manifest\.jsonl, line 1, cannot be read; remove the line"):
            read(tmp_path)


def test_a_manifest_that_cannot_be_read_says_why(tmp_path):
    (tmp_path / MANIFEST).mkdir()
    with pytest.raises(tm.KitError, match=r"manifest\.jsonl cannot be read: is a directory"):
        read(tmp_path)


def test_nothing_is_written_where_nothing_came_of_it(tmp_path):
    with open_manifest(tmp_path / "kit") as manifest:
        manifest.finish()
    assert not (tmp_path / "kit").exists()


def test_a_kit_that_is_done_is_not_written_again(tmp_path, entries):
    before = [stamp(tmp_path / name) for name in (MANIFEST, SUMS)]
    with open_manifest(tmp_path) as manifest:
        manifest.finish()
    assert [stamp(tmp_path / name) for name in (MANIFEST, SUMS)] == before


def test_a_disk_that_is_full_is_told_and_what_was_listed_stays(tmp_path, entries, monkeypatch):
    def full(descriptor):
        raise OSError(28, "No space left on device")

    with open_manifest(tmp_path) as manifest:
        monkeypatch.setattr("os.fsync", full)
        with pytest.raises(tm.OutputError, match=r"manifest\.jsonl cannot be written: no space left"):
            manifest.add([put(tmp_path, "99/car.jpg")])
        assert "99/car.jpg" not in manifest.entries
        with pytest.raises(tm.OutputError, match="no space left"):
            manifest.add([put(tmp_path, "99/car.jpg", b"other")])
    monkeypatch.undo()
    assert {entry.file for entry in read(tmp_path)} >= {"3/car.jpg", "17/car.jpg"}

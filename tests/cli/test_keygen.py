import stat

import pytest

import tracemark as tm


def test_a_new_key_is_saved_and_its_id_printed(run, tmp_path):
    result = run("keygen", tmp_path / "press.key")
    assert result.exit_code == 0
    assert result.stdout == tm.Key.load(tmp_path / "press.key").id + "\n"
    assert stat.S_IMODE((tmp_path / "press.key").stat().st_mode) == 0o600


def test_the_secret_is_never_printed(run, tmp_path):
    result = run("keygen", tmp_path / "press.key")
    assert tm.Key.load(tmp_path / "press.key").secret.hex() not in result.output


def test_an_existing_key_is_never_overwritten(run, tmp_path, key_file, key):
    result = run("keygen", key_file)
    assert result.exit_code == 5
    assert "exists already" in result.stderr
    assert tm.Key.load(key_file) == key


def test_a_folder_that_is_not_there_is_a_key_problem(run, tmp_path):
    result = run("keygen", tmp_path / "nowhere" / "press.key")
    assert result.exit_code == 5
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("path", ["", ".", "/"])
def test_a_folder_in_the_place_of_a_key_is_a_key_problem(path, run):
    result = run("keygen", path)
    assert result.exit_code == 5
    assert "must be a new file, and is a folder" in result.stderr
    assert result.stderr.count("\n") == 1

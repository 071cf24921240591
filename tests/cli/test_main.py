import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

import tracemark as tm

FAULTY = """
import sys
from tracemark_cli import main

def fail(**_):
    raise ValueError("of two\\nlines")

main.keygen.callback = fail
sys.argv = ["tracemark", "keygen", "press.key"]
main.main()
"""


def program(*arguments, **options):
    command = [sys.executable, "-m", "tracemark_cli", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)  # noqa: S603 - our own program


def redirected(where, *arguments):
    command = shlex.join([sys.executable, "-m", "tracemark_cli", *map(str, arguments)])
    return subprocess.run(["sh", "-c", f"{command} {where}"], capture_output=True, text=True, check=False)  # noqa: S603, S607


def test_the_version_is_printed(run):
    assert run("--version").stdout == f"tracemark, version {tm.__version__}\n"


@pytest.mark.parametrize("command", ["keygen", "embed", "detect", "ledger", "demo"])
def test_help_tells_of_every_command_and_code(command, run):
    text = run("--help").stdout
    assert command in text
    assert "5  the key could not be used" in text
    assert run(command, "--help").exit_code == 0


@pytest.mark.parametrize("arguments", [["frobnicate"], ["embed"], ["detect"], ["--frobnicate"]])
def test_what_is_not_understood_ends_with_code_2(arguments, run):
    assert run(*arguments).exit_code == 2


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--version"], 0),
        (["frobnicate"], 2),
        (["detect", "leak.jpg", "--key", "nowhere.key"], 5),
    ],
)
def test_the_program_ends_with_the_code_of_the_command(arguments, code, tmp_path):
    result = program(*arguments, cwd=tmp_path)
    assert result.returncode == code
    assert "Traceback" not in result.stderr


def test_a_file_that_failed_ends_the_program_with_code_4(tmp_path, key_file):
    result = program("detect", tmp_path / "nowhere.jpg", "--key", key_file)
    assert result.returncode == 4
    assert len(result.stderr.splitlines()) == 1


@pytest.fixture
def ledger_file(tmp_path):
    path = tmp_path / "kit.db"
    with tm.Ledger.open(path, create=True) as ledger:
        ledger.add_recipients({17: {"Name": "Łucja"}, 18: {"Name": "Zoë"}})
    return path


def test_a_letter_that_stdout_has_no_sign_for_costs_no_result(ledger_file):
    options = {"env": os.environ | {"PYTHONIOENCODING": "cp1252"}, "encoding": "cp1252"}
    result = program("ledger", "list", ledger_file, "recipients", **options)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == "17 Name: \\u0141ucja\n18 Name: Zoë\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a disk that is always full")
def test_a_stdout_that_is_full_is_told_in_one_sentence(ledger_file):
    result = redirected(">/dev/full", "ledger", "list", ledger_file, "recipients")
    assert result.returncode == 4
    assert result.stderr == "Error: results cannot be written to stdout: no space left on device\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a disk that is always full")
def test_a_stderr_that_is_full_costs_no_result_and_no_code(tmp_path, key_file):
    result = redirected("2>/dev/full", "detect", tmp_path / "nowhere.jpg", "--key", key_file)
    assert (result.returncode, result.stdout) == (4, "")


@pytest.mark.skipif(sys.platform == "win32", reason="needs a POSIX shell")
@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&- <&-"])
def test_streams_that_are_closed_change_no_code(closed, tmp_path, ledger_file, key_file):
    for arguments, code in [
        (("ledger", "verify", ledger_file), 0),
        (("detect", tmp_path / "nowhere.jpg", "--key", key_file), 4),
        (("frobnicate",), 2),
    ]:
        result = redirected(closed, *arguments)
        assert result.returncode == code
        assert "Traceback" not in result.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="needs a POSIX shell")
@pytest.mark.parametrize("nobody", ["<&-", "</dev/null"])
def test_where_nobody_can_be_asked_nobody_is_erased_and_that_is_said(nobody, ledger_file):
    result = redirected(nobody, "ledger", "erase", ledger_file, "--recipient", 17)
    assert result.returncode == 2
    assert result.stderr.endswith("Error: --yes must be given where nobody can be asked, and nobody answered\n")
    with tm.Ledger.open(ledger_file) as ledger:
        assert list(ledger.erased_recipients()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="pipes break in another way")
@pytest.mark.parametrize("errors", [subprocess.PIPE, subprocess.STDOUT])
@pytest.mark.parametrize("words", ["detect", "ledger export", "--help", "keygen --help"])
def test_a_reader_who_leaves_early_ends_the_program_without_a_word(words, errors, tmp_path, key_file, ledger_file):
    Image.new("L", (24, 16), 90).save(tmp_path / "leak.png")
    more = {"detect": ["leak.png", "leak.png", "--key", key_file], "ledger export": [ledger_file]}
    command = [sys.executable, "-m", "tracemark_cli", *words.split(), *map(str, more.get(words, []))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, cwd=tmp_path, text=True) as running:  # noqa: S603
        running.stdout.close()
        assert running.stderr is None or running.stderr.read() == ""
        assert running.wait() == 141


def test_an_error_that_nobody_foresaw_has_a_code_and_a_sentence_of_its_own(tmp_path):
    result = subprocess.run([sys.executable, "-c", FAULTY], capture_output=True, text=True, check=False)  # noqa: S603
    assert result.returncode == 70
    assert result.stderr == "tracemark: this is a fault of the program, please report it: ValueError: of two lines\n"


def test_help_does_not_wait_for_the_libraries_that_marking_needs():
    code = "import sys, tracemark_cli.main; print(sorted({'numpy', 'cv2', 'scipy', 'pywt', 'PIL'} & set(sys.modules)))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603
    assert result.stdout == "[]\n"

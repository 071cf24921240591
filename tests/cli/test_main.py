import subprocess
import sys

import pytest

import tracemark as tm


def program(*arguments, **options):
    command = [sys.executable, "-m", "tracemark_cli", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)  # noqa: S603 - our own program


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


def test_help_does_not_wait_for_the_libraries_that_marking_needs():
    code = "import sys, tracemark_cli.main; print(sorted({'numpy', 'cv2', 'scipy', 'pywt', 'PIL'} & set(sys.modules)))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603
    assert result.stdout == "[]\n"

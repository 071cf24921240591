"""The front door: what is promised there is there, and nothing else."""

import subprocess
import sys

import pytest

import tracemark as tm


@pytest.mark.parametrize("name", tm.__all__)
def test_every_promised_name_is_there(name):
    assert getattr(tm, name) is not None
    assert name in dir(tm)


def test_an_unknown_name_is_refused_as_python_does():
    with pytest.raises(AttributeError, match="no attribute 'frobnicate'"):
        tm.frobnicate  # noqa: B018 - asking for it is the test


def test_every_error_is_a_tracemark_error():
    errors = [getattr(tm, name) for name in tm.__all__ if name.endswith("Error")]
    assert all(issubclass(error, tm.TracemarkError) for error in errors)


@pytest.fixture
def fail_to_import(monkeypatch):
    """Have rooms fail with a sentence."""

    def fail_to_import(sentence):
        def fail(room):
            raise ImportError(sentence)

        monkeypatch.delitem(vars(tm), "read_photo", raising=False)
        monkeypatch.setattr(tm.importlib, "import_module", fail)

    return fail_to_import


@pytest.mark.parametrize(
    "sentence",
    [
        "libGL.so.1: cannot open shared object file: No such file or directory",
        "Error loading shared library libGL.so.1: No such file or directory (needed by cv2.abi3.so)",
    ],
)
def test_a_missing_system_library_is_named_with_the_remedy(sentence, fail_to_import):
    fail_to_import(sentence)
    with pytest.raises(tm.MissingLibraryError, match="apt-get install libgl1"):
        tm.read_photo  # noqa: B018 - asking for it is the test


@pytest.mark.parametrize(
    "sentence",
    ["cannot import name 'Buffer' from 'PIL.Image' (PIL/Image.py)", "numpy.core.multiarray failed to import"],
)
def test_another_import_that_fails_is_told_as_python_tells_it(sentence, fail_to_import):
    fail_to_import(sentence)
    with pytest.raises(ImportError) as failure:
        tm.read_photo  # noqa: B018 - asking for it is the test
    assert (type(failure.value), str(failure.value)) == (ImportError, sentence)


def test_importing_tracemark_imports_nothing_slow():
    code = "import sys, tracemark; print(sorted({'numpy', 'cv2', 'scipy', 'pywt', 'PIL'} & set(sys.modules)))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603
    assert result.stdout == "[]\n"

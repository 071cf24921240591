import pytest

from tracemark import errors


def test_the_tree_in_the_docstring_shows_every_error():
    for name in (name for name in errors.__all__ if name.endswith("Error")):
        assert name in (errors.__doc__ or "")
        assert issubclass(getattr(errors, name), errors.TracemarkError)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (PermissionError(13, "Permission denied", "car.jpg"), "permission denied"),
        (OSError("No usable folder"), "no usable folder"),
        (ValueError("embedded null byte"), "embedded null byte"),
    ],
)
def test_what_the_system_says_is_given_without_its_number(error, words):
    assert errors.why(error) == words

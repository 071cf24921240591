from tracemark import errors


def test_the_tree_in_the_docstring_shows_every_error():
    for name in errors.__all__:
        assert name in (errors.__doc__ or "")
        assert issubclass(getattr(errors, name), errors.TracemarkError)

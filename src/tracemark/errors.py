"""Say in one sentence why tracemark could not do what was asked.

::

    TracemarkError
    ├── PhotoError            a picture that cannot be used: its shape, type, size or values
    │   └── FormatError       a file that is not an image, is damaged, or is of a kind not supported
    ├── RecipientError        a number that cannot name a recipient
    ├── KeyFileError          a key, or the file it should be in, that cannot be used
    ├── LedgerError           a ledger that cannot be used, or that must not be written so
    ├── KitError              a kit that cannot be gone on with, or a copy that cannot be read back
    ├── OutputError           a file that could not be written
    └── MissingLibraryError   a library that must be installed first

Catch :class:`TracemarkError` to catch them all.  Not finding a mark is no error: it is a verdict.
"""

__all__ = [
    "FormatError",
    "KeyFileError",
    "KitError",
    "LedgerError",
    "MissingLibraryError",
    "OutputError",
    "PhotoError",
    "RecipientError",
    "TracemarkError",
    "why",
]


class TracemarkError(Exception):
    """Anything that tracemark refuses, with the sentence that says why."""


class PhotoError(TracemarkError):
    """A picture that cannot be used: its shape, its type, its size or its values."""


class FormatError(PhotoError):
    """A file that is not an image, is damaged, or is of a kind that is not supported."""


class RecipientError(TracemarkError):
    """A number that cannot name a recipient."""


class KeyFileError(TracemarkError):
    """A key, or the file it should be in, that cannot be used."""


class LedgerError(TracemarkError):
    """A ledger that cannot be used, or that must not be written in the way it was asked."""


class KitError(TracemarkError):
    """A kit that cannot be gone on with, or a copy that is not read back as its recipient's."""


class OutputError(TracemarkError):
    """A file that could not be written; nothing is left behind."""


class MissingLibraryError(TracemarkError):
    """A library of the system, or of Python, that must be installed before tracemark can do what was asked."""


def why(error: Exception) -> str:
    """Give the operating system's words for what went wrong, without its number.

    Parameters
    ----------
    error : Exception
        As a rule an ``OSError``; of any other it is what that says itself.

    Returns
    -------
    words : str
        In small letters, as they stand behind a colon.

    Examples
    --------
    >>> why(FileNotFoundError(2, "No such file or directory", "car.jpg"))
    'no such file or directory'
    """
    return (getattr(error, "strerror", None) or str(error)).lower()

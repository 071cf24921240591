"""Tell signs that nobody sees, and write words so that they do no harm to a terminal or a line."""

import unicodedata
from pathlib import Path

import click

__all__ = ["in_one_line", "is_invisible", "path_in_one_line"]

JOINERS = "\u200c\u200d"  # alone among invisible signs they change what is read: Persian, Hindi, emoji
INVISIBLE = {"Cc", "Cf", "Zl", "Zp"}  # Unicode categories: control, format (direction marks among them), line breaks


def is_invisible(sign: str) -> bool:
    """Tell whether a sign is not seen, and can only do something to those that are.

    Parameters
    ----------
    sign : str
        One character.

    Returns
    -------
    answer : bool
    """
    return unicodedata.category(sign) in INVISIBLE and sign not in JOINERS


def in_one_line(words: str) -> str:
    """Write words in one line of visible signs: what others wrote must not steer a terminal, nor look like two results.

    Parameters
    ----------
    words : str
        Anything, such as names from a list or a ledger.

    Returns
    -------
    line : str
        Any white space is one space; what is not seen is escaped as in Python.
    """
    line = " ".join(words.split())
    return "".join(ascii(sign)[1:-1] if is_invisible(sign) else sign for sign in line)


def path_in_one_line(path: Path) -> str:
    """Write a path in one line of visible signs: whoever leaked a file also named it.

    Parameters
    ----------
    path : Path
        Of any file.

    Returns
    -------
    line : str
        As from :func:`in_one_line`; bytes that are no text are replaced.
    """
    return in_one_line(click.format_filename(path))

"""Write the parts that a report's page is made of, so that no word in them can do anything."""

from collections.abc import Mapping
from html import escape

from tracemark_cli.signs import in_one_line

__all__ = ["facts", "paragraphs", "text"]


def facts(rows: Mapping[str, str]) -> str:
    """Write names and values.

    Parameters
    ----------
    rows : mapping
        Name -> value.

    Returns
    -------
    table : str
        HTML.
    """
    cells = (f"<tr><th>{text(name)}</th><td><code>{text(value)}</code></td></tr>" for name, value in rows.items())
    return f"<table>{''.join(cells)}</table>"


def paragraphs(*sentences: str) -> str:
    """Write sentences, each by itself.

    Parameters
    ----------
    *sentences : str
        Any; reasons begin small and end without a point.

    Returns
    -------
    paragraphs : str
        HTML, in which each begins large and ends with a point.
    """
    return "".join(f"<p>{text(words[:1].upper() + words[1:].removesuffix('.'))}.</p>" for words in sentences)


def text(words: str) -> str:
    """Make words safe: a name from a list or of a file may hold anything.

    Parameters
    ----------
    words : str
        Any.

    Returns
    -------
    text : str
        HTML that shows them in one line of visible signs, and does nothing.
    """
    return escape(in_one_line(words).encode("utf-8", "replace").decode())

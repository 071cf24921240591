"""Pages of Markdown that are part written by hand, part by a run."""

from collections.abc import Iterable, Sequence
from pathlib import Path

__all__ = ["insert", "table"]


def table(head: Sequence[str], body: Iterable[Sequence[str]]) -> str:
    """Write rows of cells as a Markdown table.

    Parameters
    ----------
    head : sequence of str
        Titles of the columns.
    body : iterable of sequence of str
        Rows with as many cells.

    Returns
    -------
    text : str
        Without a newline at its end.
    """
    lines = [head, ["---"] * len(head), *body]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def insert(page: Path, text: str, *, name: str) -> None:
    """Put generated text between the markers of a page; what stands around them is kept.

    Parameters
    ----------
    page : Path
        A Markdown file with ``<!-- name: begin -->`` and ``<!-- name: end -->``.
    text : str
        What to put there; ends with a newline.
    name : str
        Of the markers.

    Raises
    ------
    ValueError
        When a marker is missing; the page is left alone.
    """
    first, last = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    before, begin, rest = page.read_text(encoding="utf-8").partition(first)
    _, end, after = rest.partition(last)
    if not begin or not end:
        raise ValueError(f"{page} must have the markers {first} and {last}, in that order")
    page.write_text(f"{before}{begin}\n{text}{end}{after}", encoding="utf-8")

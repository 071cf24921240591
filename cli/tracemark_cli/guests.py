"""Read the list of recipients."""

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import tracemark as tm
from tracemark_cli.outcome import UsageFailure
from tracemark_cli.recipient_type import recipient_in

__all__ = ["read_guests"]

COLUMN = "id"
SEPARATORS = (";", ",")  # a semicolon is what spreadsheets write where the comma is the decimal sign
MOST_BYTES = 1 << 26  # of a list: a million guests with a line of 64 signs each
MOST_COLUMNS = 1000  # of a list: no table of people has as many, and a few bytes can name a million
MOST_FIELDS = 1 << 23  # of a list whose empty fields count, which take no byte of it: a million guests, eight columns
EXCEL_SEPARATOR = re.compile(r"sep=(.)(?=\n)", re.IGNORECASE)  # what Excel writes and minds before the columns
MOST_SHOWN = 200  # signs of the names of columns: no list has more where somebody forgot one


def read_guests(path: Path, *, empty: bool = False) -> dict[int, Mapping[str, str]]:
    """Read recipients from a CSV file.

    Parameters
    ----------
    path : Path
        UTF-8, with or without byte order mark; separated by comma or semicolon, or as Excel's first line ``sep=``
        says; its first line after that which is not blank names the columns.
    empty : bool
        Whether cells that say nothing are given as well, as empty words.

    Returns
    -------
    recipients : dict
        Recipient -> what the other columns say of them, by the columns' names.  In the order of
        the file; at least one.

    Raises
    ------
    UsageFailure
        With the line, when an id is missing, impossible or there twice, or there are more fields than columns; when the
        file cannot be read, is no text, or is longer or wider than any list.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
        if len(data) > MOST_BYTES:
            raise _failure(path, f"must be a list of at most {MOST_BYTES >> 20} MiB, and is longer")
        text = io.TextIOWrapper(io.BytesIO(data), encoding="utf-8-sig").read()  # with all line ends alike
    except OSError as error:
        raise _failure(path, tm.why(error)) from error
    except UnicodeDecodeError as error:
        raise _failure(path, "must be text in UTF-8; save it as 'CSV UTF-8'") from error
    lines: dict[int, int] = {}
    guests: dict[int, Mapping[str, str]] = {}
    for line, word, columns in _rows(path, text, empty=empty):
        recipient = _recipient(path, line, word)
        if recipient in lines:
            raise _failure(path, f"line {line}: id {recipient} is there already, on line {lines[recipient]}")
        lines[recipient] = line
        guests[recipient] = columns
        if empty and len(guests) * len(columns) > MOST_FIELDS:
            most = f"must be a list of at most {MOST_FIELDS:,} fields for the empty ones to count"
            raise _failure(path, f"{most}, and has more by line {line}")
    if not guests:
        raise _failure(path, "must list at least one recipient")
    return guests


def _rows(path: Path, text: str, *, empty: bool) -> Iterator[tuple[int, str, dict[str, str]]]:
    """Give line, id and the other columns of each row."""
    told = EXCEL_SEPARATOR.match(text)
    text = text[told.end() :] if told else text  # its line break stays, and the count of lines with it
    separator = told[1] if told else max(SEPARATORS, key=lambda sign: _fitness(text, sign))
    rows = csv.reader(io.StringIO(text), delimiter=separator, strict=True)  # str.splitlines knows far more line breaks
    try:
        names = _header(rows)
        if len(names) > MOST_COLUMNS:
            raise _failure(path, f"must have at most {MOST_COLUMNS} columns, not {len(names)}")
        places = _places_of_id(names)
        if len(places) != 1:
            found = ", ".join(map(repr, names))
            shown = found if len(found) <= MOST_SHOWN else f"{found[:MOST_SHOWN]}…"
            columns = f"separated by {separator!r} there are {shown}" if names else "there is no column at all"
            raise _failure(path, f"must have one column named '{COLUMN}', not {len(places)}; {columns}")
        at, names = places[0], _distinct(names)
        blank = {name: "" for name in names if name and name != names[at]} if empty else {}
        for row in rows:
            words = [field.strip() for field in row]
            if not any(words):
                continue
            if len(words) > len(names):
                # A separator that is not quoted moves what follows, and some other number would be the id.
                most = f"must have at most {len(names)} fields, as the first line has, not {len(words)}"
                raise _failure(path, f"line {rows.line_num}: {most}; quote a field that holds {separator!r}")
            yield rows.line_num, words[at] if at < len(words) else "", blank | _columns(names, words, at)
    except csv.Error as error:
        what = "a quote must be closed" if str(error) == "unexpected end of data" else str(error)
        raise _failure(path, f"line {rows.line_num}: {what}") from error


def _header(rows: Iterable[list[str]]) -> list[str]:
    """Read the names of the columns; blank lines may come before."""
    return next((names for names in ([name.strip() for name in row] for row in rows) if any(names)), [])


def _distinct(names: Sequence[str]) -> list[str]:
    """Give each column a name of its own; those that differ in case alone are one to the ledger."""
    distinct: dict[str, str] = {}
    for place, given in enumerate(names, start=1):
        name = given or f"column {place}"
        while (plain := unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())) in distinct:
            name = f"{name} {place}"
        distinct[plain] = name
    return list(distinct.values())


def _fitness(text: str, separator: str) -> tuple[bool, int]:
    """Say how well a separator fits the first line: whether it gives one column of ids, and how many columns."""
    try:
        names = _header(csv.reader(io.StringIO(text), delimiter=separator, strict=True))
    except csv.Error:
        return False, 0
    return len(_places_of_id(names)) == 1, len(names)


def _places_of_id(names: Sequence[str]) -> list[int]:
    """Find the columns of ids."""
    return [at for at, name in enumerate(names) if name.lower() == COLUMN]


def _columns(names: Sequence[str], words: Sequence[str], at: int) -> dict[str, str]:
    """Name the fields of a row that are filled, the id aside."""
    return {names[place]: word for place, word in enumerate(words) if word and place != at}


def _recipient(path: Path, line: int, word: str) -> int:
    """Turn a field into a recipient."""
    if not word:
        raise _failure(path, f"line {line}: id is missing")
    try:
        return recipient_in(word)
    except ValueError as error:
        raise _failure(path, f"line {line}: id {error}") from error


def _failure(path: Path, sentence: str) -> UsageFailure:
    """Name the file before what is wrong with it."""
    return UsageFailure(f"{path}: {sentence}")

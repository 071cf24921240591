"""Keep who the recipients are apart from what they were given, so that a person can be forgotten."""

import json
import sqlite3
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from tracemark.codes.word import checked_recipient
from tracemark.errors import LedgerError
from tracemark.ledger.moment import iso_of, now

__all__ = ["Recipient", "add_recipients", "erase_recipient", "erased_recipients", "read_recipients"]


@dataclass(frozen=True)
class Recipient:
    """A recipient and what the list of guests said of them."""

    id: int
    """0 to 2**32 - 1."""

    columns: Mapping[str, str] = field(default_factory=dict)
    """Name of the column -> what it said; empty when erased."""

    erased: str | None = None
    """When the columns were erased, ISO 8601 UTC; None when they were not."""

    def contradiction(self, columns: Mapping[str, str]) -> tuple[str, str] | None:
        """Find a column of which a list says something else.

        Parameters
        ----------
        columns : mapping
            Name of a column, spelt in capitals or small letters, -> what the list says.

        Returns
        -------
        found : (str, str) or None
            The column's name here, and what the list says; None when all agrees.
        """
        named = ((_known_name(column, self.columns), word) for column, word in columns.items())
        return next(((name, word) for name, word in named if self.columns.get(name, word) != word), None)


def add_recipients(
    connection: sqlite3.Connection, guests: Mapping[int, Mapping[str, str]], *, replace: bool
) -> tuple[int, ...]:
    """Record recipients; the answer lists those who were erased, and stay so."""
    if not isinstance(guests, Mapping):
        raise LedgerError(f"guests must be a mapping of recipients to their columns, not {type(guests).__name__}")
    known = {recipient.id: recipient for recipient in read_recipients(connection)}
    erased = []
    for given, columns in guests.items():
        number = checked_recipient(given)
        _refuse_other_than_text(number, columns)
        recipient = known.get(number)
        if recipient is None:
            connection.execute("INSERT INTO recipients (id) VALUES (?)", (number,))
        elif recipient.erased is not None:
            erased.append(number)
            continue
        recipient = recipient or Recipient(number)
        merged = _merge(recipient, columns, replace=replace)
        if merged != recipient.columns:
            connection.execute(
                "INSERT INTO personal (recipient, columns) VALUES (?1, ?2)"
                " ON CONFLICT (recipient) DO UPDATE SET columns = ?2",
                (number, json.dumps(merged, ensure_ascii=False)),
            )
    return tuple(erased)


def read_recipients(connection: sqlite3.Connection, *, number: int | None = None) -> tuple[Recipient, ...]:
    """List the recipients by their numbers, or one of them."""
    rows = connection.execute(
        "SELECT id, columns, erased FROM recipients LEFT JOIN personal ON recipient = id"
        " WHERE ?1 IS NULL OR id = ?1 ORDER BY id",
        (number,),
    )
    return tuple(_recipient(*row) for row in rows)


def erased_recipients(connection: sqlite3.Connection) -> tuple[int, ...]:
    """List the numbers of those who were erased; nobody's columns are read."""
    rows = connection.execute("SELECT id FROM recipients WHERE erased IS NOT NULL ORDER BY id")
    return tuple(number for (number,) in rows)


def erase_recipient(connection: sqlite3.Connection, number: int) -> None:
    """Forget who a recipient is; their number stays, and so do their copies.

    Notes
    -----
    Deleting one row may leave shreds of it, even with ``secure_delete``: SQLite moves rows about in a
    page and overwrites only what it frees (about one deletion in a hundred; ``tests/ledger/test_erasing.py``).
    Pages that are freed as a whole are zeroed as a whole, so the table is emptied, which frees all of
    them, and the others are put back.
    """
    number = checked_recipient(number)
    if not read_recipients(connection, number=number):
        raise LedgerError(f"ledger must hold recipient {number}, and does not")
    others = connection.execute("SELECT recipient, columns FROM personal WHERE recipient != ?", (number,)).fetchall()
    connection.execute("DELETE FROM personal")
    connection.executemany("INSERT INTO personal (recipient, columns) VALUES (?, ?)", others)
    connection.execute("UPDATE recipients SET erased = coalesce(erased, ?) WHERE id = ?", (iso_of(now()), number))


def _refuse_other_than_text(recipient: int, columns: Mapping[str, str]) -> None:
    """Refuse what would come back as another value than was given, and contradict it."""
    if not isinstance(columns, Mapping):
        raise LedgerError(f"columns of recipient {recipient} must be a mapping of names to text, not {columns!r}")
    for name, word in columns.items():
        if not (_is_text(name) and _is_text(word)):
            raise LedgerError(f"column {name!r} of recipient {recipient} must say text, not {word!r}")
    if len({_plain(name) for name in columns}) < len(columns):
        raise LedgerError(
            f"recipient {recipient} must have no two columns whose names differ in case alone, and has"
            f" {', '.join(map(repr, columns))}"
        )


def _is_text(word: object) -> bool:
    """Tell whether a word is text that can be kept: surrogates stand for bytes that are none."""
    return isinstance(word, str) and not any("\ud800" <= sign <= "\udfff" for sign in word)


def _merge(recipient: Recipient, columns: Mapping[str, str], *, replace: bool) -> dict[str, str]:
    """Add what is new; a number that meant somebody else is refused, since a leak would name the wrong person."""
    found = None if replace else recipient.contradiction(columns)
    if found is not None:
        name, word = found
        raise LedgerError(
            f"recipient {recipient.id} must keep {name} {recipient.columns[name]!r}, and the list says {word!r};"
            " a number belongs to one person for ever"
        )
    merged = dict(recipient.columns)
    for column, word in columns.items():
        name = _known_name(column, recipient.columns)
        merged[name] = word
        if replace and not word:
            del merged[name]
    return merged


def _known_name(column: str, known: Iterable[str]) -> str:
    """Give the name under which a column is known, its own if it is new: lists spell their headers as they like."""
    if column in known:
        return column
    return next((name for name in known if _plain(name) == _plain(column)), column)


def _plain(name: str) -> str:
    """Write the name of a column without case, spaces around it, or another way to write its accents."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold()).strip()


def _recipient(number: object, columns: object, erased: object) -> Recipient:
    """Make a recipient of what is in a row, which may be anything where the file is damaged."""
    if not (isinstance(number, int) and isinstance(columns, str | None) and isinstance(erased, str | None)):
        raise LedgerError("ledger is damaged: what it says of a recipient is not whole")
    return Recipient(number, _columns(number, columns), erased)


def _columns(number: int, text: str | None) -> dict[str, str]:
    """Read the columns of a recipient."""
    if text is None:
        return {}
    try:
        return {str(name): str(word) for name, word in json.loads(text).items()}
    except (TypeError, ValueError, AttributeError, RecursionError) as error:
        raise LedgerError(f"ledger is damaged: the columns of recipient {number} cannot be read") from error

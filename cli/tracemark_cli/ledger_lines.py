"""Write what a ledger says: for people, for programs, and for spreadsheets."""

from __future__ import annotations  # the types of tracemark are named, not fetched: fetching takes half a second

import csv
import io
from collections.abc import Iterator
from typing import Any

import tracemark as tm
from tracemark_cli.outcome import LedgerFailure
from tracemark_cli.signs import in_one_line

__all__ = ["as_csv", "copy_fields", "in_words", "ledger_fields", "photo_fields", "recipient_fields"]

Fields = dict[str, Any]

LEDGER = "tracemark.ledger/1"
PHOTO = "tracemark.ledger.photo/1"
RECIPIENT = "tracemark.ledger.recipient/1"
COPY = "tracemark.ledger.copy/1"
CSV_END = "\r\n"  # RFC 4180, section 2


def ledger_fields(ledger: tm.Ledger) -> Fields:
    """Tell what is in a ledger as a whole."""
    recipients = ledger.recipients()
    head = ledger.head
    return {
        "schema": LEDGER,
        "ledger": str(ledger.path),
        "id": ledger.identity.hex(),
        "created": ledger.created,
        "photos": len(ledger.photos()),
        "recipients": len(recipients),
        "erased": sum(recipient.erased is not None for recipient in recipients),
        "copies": head.copies,
        "head": head.hash.hex(),
    }


def photo_fields(ledger: tm.Ledger) -> Iterator[Fields]:
    """Tell of each photo."""
    seals = ledger.seals()
    for entry in ledger.photos():
        yield {
            "schema": PHOTO,
            "photo": entry.digest.hex(),
            "key": entry.key_id,
            "name": entry.name,
            "rows": entry.rows,
            "columns": entry.columns,
            "dtype": entry.dtype,
            "format_version": entry.profile_version,
            "chip_set": entry.chip_set,
            "strength": entry.strength,
            "seal": seals[entry.digest, entry.key_id].hex(),
        }


def recipient_fields(ledger: tm.Ledger) -> Iterator[Fields]:
    """Tell of each recipient."""
    for recipient in ledger.recipients():
        yield {
            "schema": RECIPIENT,
            "recipient": recipient.id,
            "columns": dict(recipient.columns),
            "erased": recipient.erased,
        }


def copy_fields(ledger: tm.Ledger) -> Iterator[Fields]:
    """Tell of each copy."""
    for copy in ledger.copies():
        yield {
            "schema": COPY,
            "copy": copy.number,
            "photo": copy.photo.hex(),
            "key": copy.key_id,
            "recipient": copy.recipient,
            "sha256": copy.sha256.hex(),
            "file": copy.file,
            "made": copy.made,
            "software": copy.software,
            "format_version": copy.format_version,
            "hash": copy.hash.hex(),
        }


def in_words(fields: Fields) -> str:
    """Write one photo, recipient or copy in a line for people."""
    return in_one_line(WORDS[fields["schema"]](fields))


def as_csv(ledger: tm.Ledger) -> Iterator[str]:
    """Write a table of all copies, each with its photo's name and what is known of its recipient."""
    names = {(entry.digest.hex(), entry.key_id): entry.name for entry in ledger.photos()}
    guests = {recipient.id: recipient.columns for recipient in ledger.recipients()}
    columns = list(dict.fromkeys(name for guest in guests.values() for name in guest))
    own = ("copy", "made", "recipient", "file", "sha256", "photo", "key", "software", "format_version", "hash")
    yield _csv_line([*own, "photo.name", *(f"recipient.{name}" for name in columns)])
    for fields in copy_fields(ledger):
        guest = guests.get(fields["recipient"])
        if guest is None:
            raise LedgerFailure(
                f"ledger {ledger.path} is damaged: it must hold recipient {fields['recipient']} of copy"
                f" {fields['copy']}, and does not"
            )
        name = names[fields["photo"], fields["key"]]
        yield _csv_line([*(fields[column] for column in own), name, *(guest.get(column, "") for column in columns)])


def _photo_words(fields: Fields) -> str:
    """Write a photo for people."""
    return f"{fields['photo']} {fields['columns']}x{fields['rows']} key {fields['key']} {fields['name']}"


def _recipient_words(fields: Fields) -> str:
    """Write a recipient for people."""
    said = ", ".join(f"{name}: {word}" for name, word in fields["columns"].items())
    return f"{fields['recipient']} {said if fields['erased'] is None else 'erased ' + fields['erased']}"


def _copy_words(fields: Fields) -> str:
    """Write a copy for people."""
    return f"{fields['copy']} {fields['made']} recipient {fields['recipient']} {fields['file']}"


WORDS = {PHOTO: _photo_words, RECIPIENT: _recipient_words, COPY: _copy_words}


def _csv_line(words: list[Any]) -> str:
    """Write one line of a CSV file, without its end."""
    line = io.StringIO()
    # The writer quotes line breaks only where they are in its own end of line.
    csv.writer(line, lineterminator=CSV_END).writerow(words)
    return line.getvalue().removesuffix(CSV_END)

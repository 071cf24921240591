"""`tracemark detect`."""

from __future__ import annotations  # the types of tracemark are named, not fetched: fetching takes half a second

import hashlib
import json
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

import click

import tracemark as tm
from tracemark_cli.detect_lines import Answer, as_fields, in_words
from tracemark_cli.guests import read_guests
from tracemark_cli.key_option import key_option, open_key
from tracemark_cli.ledger_file import open_ledger
from tracemark_cli.outcome import FilesFailure, Outcome, complain, worst_of

__all__ = ["detect"]

OUTCOMES = {
    "identified": Outcome.DONE,
    "inconclusive": Outcome.INCONCLUSIVE,
    "none": Outcome.NOTHING_FOUND,
}


@dataclass(frozen=True)
class Inquiry:
    """What leaks are compared with."""

    key: tm.Key
    """The key that the copies were marked with."""

    originals: Mapping[Path, tm.Photo]
    """The photos that were given."""

    ledger: tm.Ledger | None
    """Where the photos are sought otherwise, if anywhere."""

    guests: Mapping[int, Mapping[str, str]] | None
    """The list of recipients that was given: recipient -> what it says of them."""


@click.command()
@click.argument("leaks", metavar="LEAK...", nargs=-1, required=True, type=click.Path(path_type=Path))
@key_option
@click.option(
    "--original",
    "originals",
    metavar="PHOTO",
    multiple=True,
    type=click.Path(path_type=Path),
    help="The photo without a mark, read with which a scrap is enough; several may be given.",
)
@click.option("--ledger", "ledger_file", type=click.Path(path_type=Path), help="Find the photo in this ledger.")
@click.option(
    "--recipients",
    "guests",
    type=click.Path(path_type=Path),
    help="Those who may have a copy: CSV file with a column 'id'; default: those in the ledger.",
)
@click.option("--together", is_flag=True, help="The leaks come from one person: weigh them as one.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
@click.pass_context
def detect(
    context: click.Context,
    leaks: tuple[Path, ...],
    key_file: Path,
    originals: tuple[Path, ...],
    ledger_file: Path | None,
    guests: Path | None,
    together: bool,
    as_json: bool,
) -> None:
    """Say whose copy each LEAK was, and how sure that is.

    One line is printed for each, or one for all together. The exit code is 0 when a recipient was
    identified, else 3 when something was found, else 1; it is 4 when a file could not be read.
    """
    _refuse_contradictions(originals, ledger_file, guests, together=together)
    listed = None if guests is None else read_guests(guests)
    key = open_key(key_file)
    outcomes = []
    with nullcontext() if ledger_file is None else open_ledger(ledger_file) as ledger:
        inquiry = Inquiry(key, _open_originals(originals), ledger, listed)
        for group in [leaks] if together else [(leak,) for leak in leaks]:
            answer, failed = _ask(group, inquiry)
            outcomes += [Outcome.FILES_FAILED] * failed
            if answer is not None:
                click.echo(json.dumps(as_fields(answer), allow_nan=False) if as_json else in_words(answer))
                outcomes.append(OUTCOMES[answer.found.verdict])
    context.exit(worst_of(outcomes))


def _refuse_contradictions(
    originals: Sequence[Path], ledger_file: Path | None, guests: Path | None, *, together: bool
) -> None:
    """Refuse options that make no sense with, or without, others."""
    informed = bool(originals) or ledger_file is not None
    if originals and ledger_file is not None:
        raise click.UsageError("give either --original PHOTO or --ledger FILE")
    for given, name in ((guests is not None, "--recipients"), (together, "--together")):
        if given and not informed:
            raise click.UsageError(f"{name} needs --original PHOTO or --ledger FILE")


def _open_originals(paths: Sequence[Path]) -> dict[Path, tm.Photo]:
    """Read the photos that were given; when that fails the command ends."""
    photos = {}
    for path in paths:
        try:
            photos[path] = tm.read_photo(path)
        except (tm.TracemarkError, OSError, MemoryError) as error:
            raise FilesFailure(f"{click.format_filename(path)}: {error}") from error
    return photos


def _ask(paths: Sequence[Path], inquiry: Inquiry) -> tuple[Answer | None, int]:
    """Read leaks as one piece of evidence; the second answer is how many files failed."""
    read: dict[Path, tm.Photo] = {}
    failed = 0
    for path in dict.fromkeys(paths):
        try:
            read[path] = tm.read_photo(path)
        except (tm.TracemarkError, OSError, MemoryError) as error:
            complain(path, error)
            failed += 1
    if not read:
        return None, failed
    try:
        found = tm.detect_together(
            [leak.pixels for leak in read.values()],
            key=inquiry.key,
            originals=[photo.pixels for photo in inquiry.originals.values()] or None,
            ledger=inquiry.ledger,
            recipients=inquiry.guests,
        )
        return _tell(list(read), found, inquiry), failed
    except tm.LedgerError:
        # Nothing can be found in it: that is no leak's fault.
        raise
    except (tm.TracemarkError, OSError, MemoryError) as error:
        for path in read:
            complain(path, error)
        return None, failed + len(read)


def _tell(paths: Sequence[Path], found: tm.Verdict, inquiry: Inquiry) -> Answer:
    """Add to a verdict what list and ledger know."""
    guests, names, copies = inquiry.guests or {}, [path.name for path in inquiry.originals], []
    if inquiry.ledger is not None:
        guests = guests or {recipient.id: recipient.columns for recipient in inquiry.ledger.recipients()}
        names = [entry.name for entry in inquiry.ledger.photos(key_id=inquiry.key.id) if entry.digest == found.photo]
        for path in paths:
            with path.open("rb") as file:
                sha256 = hashlib.file_digest(file, "sha256").digest()
            copies += [(path, copy) for copy in inquiry.ledger.copies(sha256=sha256)]
    name = names[0] if found.photo is not None and len(names) == 1 else None
    return Answer(paths, found, inquiry.key.id, name, guests, copies)

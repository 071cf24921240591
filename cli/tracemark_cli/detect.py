"""`tracemark detect`."""

from __future__ import annotations  # the types of tracemark are named, not fetched: fetching takes half a second

import json
from collections.abc import Collection, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import click

import tracemark as tm
from tracemark_cli.detect_lines import Answer, as_fields, in_words
from tracemark_cli.guests import read_guests
from tracemark_cli.key_option import key_option, open_key
from tracemark_cli.leak_files import Leak, read_leaks
from tracemark_cli.ledger_file import open_ledger
from tracemark_cli.outcome import FilesFailure, LedgerFailure, Outcome, complain, reason, worst_of
from tracemark_cli.path_types import FILE
from tracemark_cli.report import Inquest, Shown, ShownLeak, render_report
from tracemark_cli.report_file import refuse_report_file, write_report_file
from tracemark_cli.report_pictures import Picture, picture_of
from tracemark_cli.signs import in_one_line, path_in_one_line

__all__ = ["detect"]

FAILURE = "tracemark.detect.failure/1"
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

    digests: Mapping[Path, bytes]
    """What each of them is called in a verdict: hashing one again for each leak would take long."""

    ledger: tm.Ledger | None
    """Where the photos are sought otherwise, if anywhere."""

    listed: Collection[int] | None
    """The recipients on the list that was given; None without one."""

    guests: Mapping[int, Mapping[str, str]]
    """Recipient -> what ledger or list say of them."""


@click.command()
@click.argument("leaks", metavar="LEAK...", nargs=-1, required=True, type=FILE)
@key_option
@click.option(
    "--original",
    "originals",
    metavar="PHOTO",
    multiple=True,
    type=FILE,
    help="The photo without a mark, read with which a scrap is enough; several may be given.",
)
@click.option("--ledger", "ledger_file", type=FILE, help="Find the photo in this ledger.")
@click.option(
    "--recipients",
    "guests",
    type=FILE,
    help="Those who may have a copy: CSV file with a column 'id'; default: those in the ledger.",
)
@click.option("--together", is_flag=True, help="The leaks come from one person: weigh them as one.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
@click.option(
    "--report",
    "report_file",
    metavar="HTML",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Also write all that was found as one page, to be kept and handed on.",
)
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
    report_file: Path | None,
) -> None:
    """Say whose copy each LEAK was, and how sure that is.

    One line is printed for each, or one for all together. The exit code is 0 when a recipient was
    identified, else 3 when something was found, else 1; it is 4 when a file could not be read.
    """
    _refuse_contradictions(originals, ledger_file, guests, together=together)
    if report_file is not None:
        refuse_report_file(report_file)
    listed = None if guests is None else read_guests(guests)
    key = open_key(key_file)
    outcomes: list[Outcome] = []
    shown: list[Shown] = []
    unread: list[Path] = []
    with nullcontext() if ledger_file is None else open_ledger(ledger_file) as ledger:
        known = _who_is_who(ledger, listed)
        inquiry = Inquiry(key, *_open_originals(originals), ledger, listed, known)
        for group in [leaks] if together else [(leak,) for leak in leaks]:
            read, failed = read_leaks(group)
            answer, lost = _ask(read, failed, inquiry)
            for path, words in lost.items():
                complain(path, words)
                if as_json:
                    click.echo(json.dumps({"schema": FAILURE, "leak": str(path), "reason": words}))
            unread += lost
            if answer is not None:
                click.echo(json.dumps(as_fields(answer), allow_nan=False) if as_json else in_words(answer))
                outcomes.append(OUTCOMES[answer.found.verdict])
                if report_file is not None:
                    shown.append(_show(answer, read, inquiry))
        if report_file is not None and shown:
            _write_report(report_file, shown, unread, inquiry)
        elif report_file is not None:
            complain(report_file, "report was not written: no leak could be read")
    context.exit(worst_of([*outcomes, *(Outcome.FILES_FAILED for _ in unread)]))


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


def _who_is_who(
    ledger: tm.Ledger | None, listed: Mapping[int, Mapping[str, str]] | None
) -> Mapping[int, Mapping[str, str]]:
    """Tell who recipients are: what the ledger recorded goes before the list; where they differ the command ends."""
    known = dict(listed or {})
    for recipient in () if ledger is None else ledger.recipients():
        found = recipient.contradiction(known.get(recipient.id, {}))
        if found is not None:
            name, word = found
            raise LedgerFailure(
                f"the list must say {recipient.columns[name]!r} in column {name!r} of recipient {recipient.id}, as the"
                f" ledger does, not {word!r}; a number belongs to one person for ever"
            )
        if recipient.columns or recipient.erased is not None:
            known[recipient.id] = recipient.columns
    return known


def _open_originals(paths: Sequence[Path]) -> tuple[dict[Path, tm.Photo], dict[Path, bytes]]:
    """Read the photos that were given, and hash them; when that fails the command ends."""
    photos, digests = {}, {}
    for path in paths:
        try:
            photos[path] = tm.read_photo(path)
            digests[path] = tm.digest_of(photos[path].pixels)
        except (tm.TracemarkError, OSError, MemoryError) as error:
            raise FilesFailure(f"{path_in_one_line(path)}: {in_one_line(reason(error))}") from error
    return photos, digests


def _ask(
    read: Mapping[Path, Leak], failed: Mapping[Path, str], inquiry: Inquiry
) -> tuple[Answer | None, Mapping[Path, str]]:
    """Read leaks as one piece of evidence; when that fails there is no answer, and all have failed."""
    if not read:
        return None, failed
    try:
        found = tm.detect_together(
            [leak.photo.pixels for leak in read.values()],
            key=inquiry.key,
            originals=[photo.pixels for photo in inquiry.originals.values()] or None,
            ledger=inquiry.ledger,
            recipients=inquiry.listed,
        )
        return _tell(read, found, inquiry), failed
    except tm.LedgerError:
        # Nothing can be found in it: that is no leak's fault.
        raise
    except (tm.TracemarkError, OSError, MemoryError) as error:
        return None, {**failed, **dict.fromkeys(read, reason(error))}


def _tell(read: Mapping[Path, Leak], found: tm.Verdict, inquiry: Inquiry) -> Answer:
    """Add to a verdict what list and ledger know."""
    copies = []
    originals = tm.short_names(inquiry.digests)
    names = [originals[path] for path, digest in inquiry.digests.items() if digest == found.photo]
    if inquiry.ledger is not None:
        names = [entry.name for entry in inquiry.ledger.photos(key_id=inquiry.key.id) if entry.digest == found.photo]
        copies = [(path, copy) for path, leak in read.items() for copy in inquiry.ledger.copies(sha256=leak.sha256)]
    name = names[0] if len(names) == 1 else None
    return Answer(list(read), found, inquiry.key.id, name, inquiry.guests, copies)


def _show(answer: Answer, read: Mapping[Path, Leak], inquiry: Inquiry) -> Shown:
    """Add to an answer what a report shows of its files."""
    leaks = [ShownLeak(path, leak.sha256, leak.size, picture_of(leak.photo.pixels)) for path, leak in read.items()]
    return Shown(answer, leaks, _photo_of(answer.found, inquiry))


def _photo_of(found: tm.Verdict, inquiry: Inquiry) -> Picture | None:
    """Find a picture of the photo that a leak lies on."""
    for path, photo in inquiry.originals.items():
        if inquiry.digests[path] == found.photo:
            return picture_of(photo.pixels)
    if inquiry.ledger is None or found.photo is None:
        return None
    entry = next(one for one in inquiry.ledger.photos(key_id=inquiry.key.id) if one.digest == found.photo)
    luma = tm.recorded_luma(inquiry.ledger, found.photo, key_id=inquiry.key.id)
    return picture_of(luma, rows=entry.rows, columns=entry.columns)


def _write_report(path: Path, shown: Sequence[Shown], unread: Sequence[Path], inquiry: Inquiry) -> None:
    """Write the page; what was found has been printed already."""
    ledger = None
    if inquiry.ledger is not None:
        head = inquiry.ledger.head
        ledger = {
            "ledger": f"{inquiry.ledger.path.name}, ID {inquiry.ledger.identity.hex()}",
            "copies in the ledger": f"{head.copies:,}",
            "head of its chain": head.hash.hex(),
        }
    write_report_file(path, render_report(shown, Inquest(inquiry.key.id, ledger, datetime.now(UTC), unread)))
    click.echo(f"report: {path_in_one_line(path)}", err=True)

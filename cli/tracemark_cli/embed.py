"""`tracemark embed`."""

from __future__ import annotations  # the types of tracemark are named, not fetched: fetching takes half a second

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from pathlib import Path

import click

import tracemark as tm
from tracemark_cli.guests import LARGEST_RECIPIENT, read_guests
from tracemark_cli.key_option import key_option, open_key
from tracemark_cli.ledger_file import open_ledger
from tracemark_cli.naming import DEFAULT_TEMPLATE, Copy, plan_copies
from tracemark_cli.outcome import Outcome, UsageFailure, complain

__all__ = ["embed"]

SCHEMA = "tracemark.embed/1"
SPLICED_COPIES = 16  # from so many copies of a photo on, splicing is never slower: it encodes 16 variants first
SPLICED_SIZE = 1.1  # bytes over those of the photo: markers weigh more in small files, and those are encoded soon


@dataclass(frozen=True)
class Order:
    """How copies are to be made."""

    key: tm.Key
    """The key that they are marked with."""

    out: Path
    """The folder that they go into."""

    quality: int | None
    """JPEG quality, or None for each photo's own."""

    force: bool
    """Whether files that exist are replaced."""

    dry_run: bool
    """Whether nothing is written."""

    as_json: bool
    """Whether results are printed for programs."""

    ledger: tm.Ledger | None
    """Where copies are recorded, if anywhere."""

    guests: Mapping[int, Mapping[str, str]]
    """Recipient -> what the list says of them."""

    update: bool
    """Whether the list may say something else than the ledger."""


@click.command()
@click.argument("photos", metavar="PHOTO...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--recipients", "guests", type=click.Path(path_type=Path), help="CSV file with a column 'id'.")
@click.option(
    "--recipient",
    "recipients",
    metavar="N",
    multiple=True,
    type=click.IntRange(0, LARGEST_RECIPIENT),
    help="One recipient; may be given several times.",
)
@key_option
@click.option("--out", required=True, type=click.Path(file_okay=False, path_type=Path), help="Folder for the copies.")
@click.option("--name-template", "template", default=DEFAULT_TEMPLATE, show_default=True, help="Names inside it.")
@click.option(
    "--ledger", "ledger_file", type=click.Path(path_type=Path), help="Record who gets what; made if there is none."
)
@click.option("--update-recipients", "update", is_flag=True, help="Where list and ledger differ, believe the list.")
@click.option("--quality", type=click.IntRange(1, 100), help="JPEG quality; default: that of each photo.")
@click.option("--force", is_flag=True, help="Replace files that exist.")
@click.option("--dry-run", is_flag=True, help="Say what would be written; write nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
@click.pass_context
def embed(
    context: click.Context,
    photos: tuple[Path, ...],
    guests: Path | None,
    recipients: tuple[int, ...],
    key_file: Path,
    out: Path,
    template: str,
    ledger_file: Path | None,
    update: bool,
    quality: int | None,
    force: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Make a personal copy of each PHOTO for each recipient.

    A copy is of the same format and quality as its photo. The paths of the copies are
    printed. A photo that fails is left out, and the others are done.
    """
    chosen = _choose_recipients(guests, recipients)
    kept = [key_file] if ledger_file is None else [key_file, ledger_file]
    copies = plan_copies(photos, chosen, out=out, template=template, kept=kept)
    key = open_key(key_file)
    if dry_run and ledger_file is not None and not ledger_file.exists():
        ledger_file = None
    with nullcontext() if ledger_file is None else open_ledger(ledger_file, create=not dry_run) as ledger:
        order = Order(key, out, quality, force, dry_run, as_json, ledger, chosen, update)
        _tell_of_the_erased(order)
        failed = _mark_photos(copies, order)
    context.exit(Outcome.FILES_FAILED if failed else Outcome.DONE)


def _choose_recipients(guests: Path | None, recipients: tuple[int, ...]) -> Mapping[int, Mapping[str, str]]:
    """Take recipients from the one place where they are given."""
    if (guests is None) == (not recipients):
        raise click.UsageError("give either --recipients FILE or --recipient N")
    if guests is not None:
        return read_guests(guests)
    twice = {recipient for recipient in recipients if recipients.count(recipient) > 1}
    if twice:
        raise UsageFailure(f"--recipient {min(twice)} is given more than once")
    return {recipient: {} for recipient in recipients}


def _tell_of_the_erased(order: Order) -> None:
    """Say which guests the ledger was told to forget; it does not learn of them again."""
    for recipient in order.ledger.recipients() if order.ledger is not None else ():
        if recipient.erased is not None and order.guests.get(recipient.id):
            words = f"recipient {recipient.id} was erased from the ledger, and the list's columns are not recorded"
            click.echo(f"tracemark: {words}", err=True)


def _mark_photos(copies: Sequence[Copy], order: Order) -> bool:
    """Make all copies; the answer is whether a photo failed."""
    failed = False
    for path, group in groupby(copies, key=lambda copy: copy.photo):
        try:
            _mark_photo(path, list(group), order)
        except (BrokenPipeError, tm.LedgerError):
            # Nobody reads the results any more, or nothing can be recorded: that is no photo's fault.
            raise
        except (tm.TracemarkError, OSError, MemoryError) as error:
            failed = True
            complain(path, error)
    return failed


def _mark_photo(path: Path, copies: Sequence[Copy], order: Order) -> None:
    """Make all copies of one photo."""
    photo = tm.read_photo(path)
    if photo.truncated:
        raise tm.FormatError("photo must be a whole file, and this one ends early")
    present = [copy.path for copy in copies if copy.path.exists()]
    if present and not order.force:
        raise tm.OutputError(f"{present[0]} exists already; --force replaces it")
    plan = None if order.dry_run else tm.prepare(photo.pixels, key=order.key)
    if plan is not None and order.ledger is not None:
        order.ledger.add_recipients(order.guests, replace=order.update)
        tm.record_photo(order.ledger, photo.pixels, plan, name=path.name)
    encode = None if plan is None else _encoder(plan, photo, order.quality, number=len(copies))
    for copy in copies:
        if plan is not None and encode is not None:
            data = encode(copy.recipient)
            _deliver(copy, data, plan, order)
        click.echo(_describe(copy, as_json=order.as_json))
    number = "1 copy" if len(copies) == 1 else f"{len(copies)} copies"
    click.echo(f"{click.format_filename(path)}: {number}{' planned' if order.dry_run else ''}", err=True)


def _encoder(plan: tm.Plan, photo: tm.Photo, quality: int | None, *, number: int) -> Callable[[int], bytes]:
    """Choose how a recipient's file is made; how many there are changes the time it takes, and no byte."""
    baseline = photo.jpeg is not None and not photo.jpeg.progressive
    if baseline and plan.spliced_size(like=photo, quality=quality) <= SPLICED_SIZE:
        return partial(plan.jpeg_for, like=photo, quality=quality, splice=number >= SPLICED_COPIES)
    return lambda recipient: tm.encode_photo(plan.copy_for(recipient), like=photo, quality=quality)


def _deliver(copy: Copy, data: bytes, plan: tm.Plan, order: Order) -> None:
    """Write a copy, and record it once it is there; a copy that cannot be recorded is taken back."""
    copy.path.parent.mkdir(parents=True, exist_ok=True)
    tm.write_atomically(copy.path, data)
    if order.ledger is None:
        return
    file = copy.path.relative_to(order.out).as_posix()
    try:
        tm.record_copy(order.ledger, plan, data, recipient=copy.recipient, file=file)
    except tm.LedgerError:
        copy.path.unlink(missing_ok=True)
        raise


def _describe(copy: Copy, *, as_json: bool) -> str:
    """Write the line about one copy."""
    if not as_json:
        return click.format_filename(copy.path)
    fields = {"schema": SCHEMA, "photo": str(copy.photo), "recipient": copy.recipient, "path": str(copy.path)}
    return json.dumps(fields)

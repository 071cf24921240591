"""`tracemark embed`."""

from __future__ import annotations  # the types of tracemark are named, not fetched: fetching takes half a second

import json
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

import click

import tracemark as tm
from tracemark_cli.guests import LARGEST_RECIPIENT, read_guests
from tracemark_cli.key_option import key_option, open_key
from tracemark_cli.naming import DEFAULT_TEMPLATE, Copy, plan_copies
from tracemark_cli.outcome import Outcome, UsageFailure, complain

__all__ = ["embed"]

SCHEMA = "tracemark.embed/1"


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
    copies = plan_copies(photos, chosen, out=out, template=template)
    key = open_key(key_file)
    failed = False
    for path, group in groupby(copies, key=lambda copy: copy.photo):
        try:
            _mark_photo(path, list(group), key=key, quality=quality, force=force, dry_run=dry_run, as_json=as_json)
        except BrokenPipeError:
            # Nobody reads the results any more: that is no photo's fault.
            raise
        except (tm.TracemarkError, OSError, MemoryError) as error:
            failed = True
            complain(path, error)
    context.exit(Outcome.FILES_FAILED if failed else Outcome.DONE)


def _choose_recipients(guests: Path | None, recipients: tuple[int, ...]) -> Sequence[int]:
    """Take recipients from the one place where they are given."""
    if (guests is None) == (not recipients):
        raise click.UsageError("give either --recipients FILE or --recipient N")
    if guests is not None:
        return read_guests(guests)
    twice = {recipient for recipient in recipients if recipients.count(recipient) > 1}
    if twice:
        raise UsageFailure(f"--recipient {min(twice)} is given more than once")
    return recipients


def _mark_photo(
    path: Path,
    copies: Sequence[Copy],
    *,
    key: tm.Key,
    quality: int | None,
    force: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Make all copies of one photo."""
    photo = tm.read_photo(path)
    if photo.truncated:
        raise tm.FormatError("photo must be a whole file, and this one ends early")
    present = [copy.path for copy in copies if copy.path.exists()]
    if present and not force:
        raise tm.OutputError(f"{present[0]} exists already; --force replaces it")
    plan = None if dry_run else tm.prepare(photo.pixels, key=key)
    for copy in copies:
        if plan is not None:
            data = tm.encode_photo(plan.copy_for(copy.recipient), like=photo, quality=quality)
            copy.path.parent.mkdir(parents=True, exist_ok=True)
            tm.write_atomically(copy.path, data)
        click.echo(_describe(copy, as_json=as_json))
    number = "1 copy" if len(copies) == 1 else f"{len(copies)} copies"
    click.echo(f"{click.format_filename(path)}: {number}{' planned' if dry_run else ''}", err=True)


def _describe(copy: Copy, *, as_json: bool) -> str:
    """Write the line about one copy."""
    if not as_json:
        return click.format_filename(copy.path)
    fields = {"schema": SCHEMA, "photo": str(copy.photo), "recipient": copy.recipient, "path": str(copy.path)}
    return json.dumps(fields)

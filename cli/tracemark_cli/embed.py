"""`tracemark embed`."""

from __future__ import annotations  # the types of tracemark are named, not fetched: fetching takes half a second

import mimetypes
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path

import click

import tracemark as tm
from tracemark_cli.dry_run import tell_of_plan
from tracemark_cli.embed_lines import failure_line, made_line
from tracemark_cli.guests import read_guests
from tracemark_cli.interrupting import interruptible
from tracemark_cli.key_option import key_option, open_key
from tracemark_cli.ledger_file import open_kit_ledger, refuse_where_none_can_be
from tracemark_cli.naming import DEFAULT_TEMPLATE, archive_names, columns_in, plan_copies
from tracemark_cli.outcome import FilesFailure, KeyFailure, Outcome, UsageFailure, complain
from tracemark_cli.path_types import FILE, FOLDER
from tracemark_cli.photo_files import NAMED_KINDS, find_photos
from tracemark_cli.progress import tell_progress
from tracemark_cli.recipient_type import RECIPIENT
from tracemark_cli.signs import in_one_line, path_in_one_line

__all__ = ["embed"]

UNLISTED = "with the name of a copy that the kit does not list"
MOST_COMPLAINTS = 10  # of one photo, and of archives: a hundred guests may have the same trouble


@click.command()
@click.argument("photos", metavar="PHOTO...", nargs=-1, required=True, type=FILE)
@click.option("--recipients", "guests", type=FILE, help="CSV file with a column 'id'.")
@click.option(
    "--recipient",
    "recipients",
    metavar="N",
    multiple=True,
    type=RECIPIENT,
    help="One recipient; may be given several times.",
)
@key_option
@click.option("--out", required=True, type=FOLDER, help="Folder for the kit.")
@click.option(
    "--name-template",
    "template",
    default=DEFAULT_TEMPLATE,
    show_default=True,
    help="Names inside it; the list's columns may be used, too.",
)
@click.option("--zip", "zipped", is_flag=True, help="Also make an archive for each recipient.")
@click.option("--ledger", "ledger_file", type=FILE, help="Record who gets what; made if there is none.")
@click.option("--update-recipients", "update", is_flag=True, help="Where list and ledger differ, believe the list.")
@click.option(
    "--quality", type=click.IntRange(1, 100), help="Quality of JPEG, WebP and AVIF; default: that of each photo."
)
@click.option("--strip-gps", is_flag=True, help="Leave out where the photos were taken.")
@click.option("--baseline", is_flag=True, help="Write progressive JPEGs as baseline: long lists are done far sooner.")
@click.option(
    "--check",
    type=click.Choice(["all", "sample", "none"]),
    default="sample",
    show_default=True,
    help="Which copies are read back; a sample is the first of each photo and every 50th.",
)
@click.option(
    "--jobs", type=click.IntRange(min=1), help="Processes; default: one for each processor, as far as memory allows."
)
@click.option("--scheduler", metavar="ADDRESS", help="Use the workers of a dask scheduler, tcp://host:8786.")
@click.option("--force", is_flag=True, help="Replace files that exist.")
@click.option("--dry-run", is_flag=True, help="Say what would be written, and how long it would take; write nothing.")
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
    zipped: bool,
    ledger_file: Path | None,
    update: bool,
    quality: int | None,
    strip_gps: bool,
    baseline: bool,
    check: str,
    jobs: int | None,
    scheduler: str | None,
    force: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Make a personal copy of each PHOTO for each recipient.

    A PHOTO may be a folder: all photos in it are meant. A copy is of the same format and quality
    as its photo. The paths of the copies are printed. A photo that fails is left out, and the
    others are done. The same command again goes on with a kit that was interrupted.
    """
    if jobs is not None and scheduler is not None:
        raise click.UsageError("give either --jobs N or --scheduler ADDRESS")
    chosen = _choose_recipients(guests, recipients, empty=update)
    _refuse_a_folder_that_cannot_be(out)
    found, others = find_photos(photos, out=out)
    kept = [key_file, *([] if guests is None else [guests]), *([] if ledger_file is None else [ledger_file])]
    archives = archive_names(chosen) if zipped else {}
    copies = plan_copies(found, chosen, out=out, template=template, kept=kept, archives=archives, force=force)
    others[UNLISTED] += len(found) - len({copy.photo for copy in copies})
    _tell_of_the_others(+others)
    _tell_of_another_ending(copies)
    open_key(key_file)
    order = tm.KitOrder(
        copies,
        out,
        key_file,
        chosen,
        quality=quality,
        check=check,
        force=force,
        update=update,
        archives=archives,
        strip_gps=strip_gps,
        baseline=baseline,
    )
    named_by = columns_in(template) if ledger_file is not None else []
    _tell_of_names_for_ever(named_by)
    if dry_run and ledger_file is not None and not _may_be_there(ledger_file):
        refuse_where_none_can_be(ledger_file, out)
        ledger_file = None
    with nullcontext() if ledger_file is None else open_kit_ledger(ledger_file, out, create=not dry_run) as ledger:
        _tell_of_the_erased(ledger, chosen, named_by)
        if dry_run:
            if scheduler is not None:
                click.echo("tracemark: the time is that of this machine; the scheduler is not asked", err=True)
            context.exit(tell_of_plan(order, ledger, jobs=jobs, as_json=as_json))
        context.exit(_make(order, ledger, jobs=jobs, scheduler=scheduler, as_json=as_json))


def _may_be_there(path: Path) -> bool:
    """Tell whether a file is there, or may be: why nobody sees that, opening it will tell."""
    try:
        return path.exists()
    except OSError:
        return True


def _choose_recipients(
    guests: Path | None, recipients: tuple[int, ...], *, empty: bool
) -> Mapping[int, Mapping[str, str]]:
    """Take recipients from the one place where they are given."""
    if (guests is None) == (not recipients):
        raise click.UsageError("give either --recipients FILE or --recipient N")
    if guests is not None:
        return read_guests(guests, empty=empty)  # empty cells clear what the ledger says
    twice = {recipient for recipient in recipients if recipients.count(recipient) > 1}
    if twice:
        raise UsageFailure(f"--recipient {min(twice)} is given more than once")
    return {recipient: {} for recipient in recipients}


def _refuse_a_folder_that_cannot_be(out: Path) -> None:
    """Say at once that no folder can have this name, as one that is too long; what the system says is enough."""
    try:
        out.exists()
    except (OSError, ValueError) as error:
        raise UsageFailure(f"{click.format_filename(out)}: output folder cannot be used: {tm.why(error)}") from error


def _tell_of_the_others(others: Counter[str]) -> None:
    """Say which files of the folders are not taken for photos: a gap must not go unseen."""
    if others:
        kinds = in_one_line(", ".join(f"{number} {_plural(kind, number)}" for kind, number in sorted(others.items())))
        click.echo(f"tracemark: files that are no photos that can be marked are left out: {kinds}", err=True)


def _plural(kind: str, number: int) -> str:
    """Write a kind that has a name as people do."""
    return f"{kind}s" if number > 1 and kind in NAMED_KINDS else kind


def _tell_of_another_ending(copies: Sequence[tm.KitCopy]) -> None:
    """Say that names of copies do not tell what they are, as those of their photos do."""
    # a kit has hundreds of thousands of copies, and a few endings
    endings: dict[tuple[str, str], tm.KitCopy] = {}
    for copy in copies:
        endings.setdefault((copy.file.rpartition(".")[2], copy.photo.suffix), copy)
    for copy in endings.values():
        own, photos = (mimetypes.guess_type(name, strict=False)[0] for name in (copy.file, copy.photo.name))
        if own != photos:
            words = f"{in_one_line(copy.file)} does not end like its photo, {path_in_one_line(copy.photo)}: guests and"
            click.echo(
                f"tracemark: {words} programs go by that; {{suffix}} in --name-template gives the ending", err=True
            )
            return


def _tell_of_names_for_ever(named_by: Sequence[str]) -> None:
    """Say what of a person goes into the ledger's chain, and can then not be erased."""
    if named_by:
        columns = ", ".join(map(repr, named_by))
        words = f"copies are named by {columns}; their names stay in the ledger for ever, even when a guest is erased"
        click.echo(f"tracemark: {words}", err=True)


def _tell_of_the_erased(
    ledger: tm.Ledger | None, guests: Mapping[int, Mapping[str, str]], named_by: Sequence[str]
) -> None:
    """Say which guests the ledger was told to forget; it does not learn of them again, by names of copies neither."""
    for recipient in ledger.erased_recipients() if ledger is not None else ():
        if guests.get(recipient):
            if named_by:
                columns = ", ".join(map(repr, named_by))
                raise UsageFailure(
                    f"recipient {recipient} was erased from the ledger, and --name-template would record their"
                    f" {columns} again; leave it out, or the guest"
                )
            words = f"recipient {recipient} was erased from the ledger, and the list's columns are not recorded"
            click.echo(f"tracemark: {words}", err=True)


def _make(
    order: tm.KitOrder, ledger: tm.Ledger | None, *, jobs: int | None, scheduler: str | None, as_json: bool
) -> Outcome:
    """Make the kit, and tell of each file as it comes."""
    complaints: Counter[Path] = Counter()
    archives = {order.out / file for file in order.archives.values()}
    with interruptible() as stop, tell_progress(order) as teller:
        try:
            for one in tm.make_kit(order, ledger=ledger, jobs=jobs, scheduler=scheduler, stop=stop):
                if isinstance(one, tm.Notice):
                    complain(one.photo, one.words)
                    continue
                if isinstance(one, tm.Failure):
                    if as_json:
                        click.echo(failure_line(one, order))
                    about = order.out if one.photo in archives else one.photo
                    complaints[about] += 1
                    if complaints[about] <= MOST_COMPLAINTS:
                        complain(one.photo, one.words)
                else:
                    click.echo(made_line(one, order, as_json=as_json))
                teller.count(one)
        except tm.KeyFileError as error:
            raise KeyFailure(str(error)) from error
        except tm.KitError as error:
            raise FilesFailure(str(error)) from error
        except (tm.OutputError, tm.MissingLibraryError) as error:
            raise FilesFailure(f"{error}; the same command goes on when that is put right") from error
        except BrokenPipeError:
            if not stop.is_set():
                raise  # else Ctrl-C ended the reader of the results, too
    for about, number in complaints.items():
        if number > MOST_COMPLAINTS:
            complain(about, f"{number - MOST_COMPLAINTS} more {'archives' if about == order.out else 'copies'} failed")
    if stop.is_set():
        click.echo("tracemark: interrupted; the same command goes on", err=True)
        return Outcome.INTERRUPTED
    return Outcome.FILES_FAILED if complaints else Outcome.DONE

"""`tracemark ledger`: ask a ledger, check it, and have it forget a person."""

from __future__ import annotations  # the types of tracemark are named, not fetched: fetching takes half a second

import hashlib
import json
from itertools import chain
from pathlib import Path

import click

import tracemark as tm
from tracemark_cli.ledger_file import open_ledger, read_ledger
from tracemark_cli.ledger_lines import as_csv, copy_fields, in_words, ledger_fields, photo_fields, recipient_fields
from tracemark_cli.outcome import LedgerFailure, Outcome, UsageFailure
from tracemark_cli.path_types import FILE
from tracemark_cli.recipient_type import RECIPIENT
from tracemark_cli.signs import in_one_line

__all__ = ["ledger"]

VERIFICATION = "tracemark.ledger.verification/1"
HASH_BYTES = hashlib.sha256().digest_size

KINDS = {
    "photos": photo_fields,
    "recipients": recipient_fields,
    "copies": copy_fields,
}

ledger_argument = click.argument("path", metavar="LEDGER", type=FILE)
json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")


@click.group()
def ledger() -> None:
    """Ask a ledger who got what, check it, or erase a person from it.

    A ledger is the file that `tracemark embed --ledger` writes.
    """


@ledger.command()
@ledger_argument
@json_option
def show(path: Path, as_json: bool) -> None:
    """Say how much LEDGER holds, and where its chain ends.

    Note the head down where nobody can change it: `tracemark ledger verify --head` then
    proves that everything recorded until now is still as it was.
    """
    with read_ledger(path) as opened:
        fields = ledger_fields(opened)
    if as_json:
        click.echo(json.dumps(fields))
        return
    for name in ("created", "photos", "recipients", "erased", "copies", "head"):
        click.echo(in_one_line(f"{name}: {fields[name]}"))


@ledger.command(name="list")
@ledger_argument
@click.argument("kind", type=click.Choice(list(KINDS)))
@json_option
def list_(path: Path, kind: str, as_json: bool) -> None:
    """List the photos, recipients or copies in LEDGER, one a line."""
    with read_ledger(path) as opened:
        for fields in KINDS[kind](opened):
            click.echo(json.dumps(fields) if as_json else in_words(fields))


@ledger.command()
@ledger_argument
@click.option("--format", "form", type=click.Choice(["json", "csv"]), default="json", show_default=True)
def export(path: Path, form: str) -> None:
    """Print all that LEDGER says.

    JSON is one object a line: the ledger, its photos, recipients and copies. CSV is a table
    of the copies, each with its recipient. Pictures stay in the ledger. The personal data of
    recipients are printed as well.
    """
    with read_ledger(path) as opened:
        if form == "csv":
            for line in as_csv(opened):
                click.echo(line)
            return
        for fields in chain([ledger_fields(opened)], *(told(opened) for told in KINDS.values())):
            click.echo(json.dumps(fields))


@ledger.command()
@ledger_argument
@click.option("--head", metavar="HASH", help="A head that `tracemark ledger show` printed earlier.")
@json_option
@click.pass_context
def verify(context: click.Context, path: Path, head: str | None, as_json: bool) -> None:
    """Check that LEDGER still says what it said when it was written.

    The exit code is 5 when it does not.
    """
    noted = None if head is None else _read_hash(head)
    with read_ledger(path) as opened:
        found = opened.verify(noted=noted)
    for line in [_verification(path, found)] if as_json else _in_sentences(found):
        click.echo(line)
    context.exit(Outcome.DONE if found else Outcome.KEY_OR_LEDGER_PROBLEM)


@ledger.command()
@ledger_argument
@click.option("--recipient", metavar="N", required=True, type=RECIPIENT, help="Whom.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def erase(path: Path, recipient: int, yes: bool) -> None:
    """Erase the personal data of a recipient from LEDGER, for good.

    Their number stays, and so does the record of their copies, with the names of the files: a
    column that --name-template put into these cannot be erased. You are asked before; --yes
    must be given where nobody can be asked.
    """
    with open_ledger(path) as opened:
        found = opened.verify()
        if not found:
            problem = found.problems[0]
            raise LedgerFailure(f"ledger {path} must be whole for somebody to be erased from it: {problem}")
        if not yes and not _is_meant(opened, recipient):
            click.echo("nothing was erased", err=True)
            return
        opened.erase_recipient(recipient)
    click.echo(f"recipient {recipient} was erased; backups and exports of the ledger are yours to see to", err=True)


def _is_meant(opened: tm.Ledger, recipient: int) -> bool:
    """Ask whether what the ledger knows of a recipient is to be erased; whom it does not have it will refuse."""
    known = {person.id: person.columns for person in opened.recipients()}
    if recipient not in known:
        return True
    told = ", ".join(f"{name}: {word}" for name, word in known[recipient].items()) or "nothing"
    click.echo(f"Of recipient {recipient} the ledger knows {in_one_line(told)}.", err=True)
    try:
        return click.confirm("Erase that for good?", err=True)
    except click.Abort as abort:
        # Click makes one thing of Ctrl-C and the end of the input.
        if isinstance(abort.__context__, EOFError):
            click.echo(err=True)  # the question has no end of line yet
            raise UsageFailure("--yes must be given where nobody can be asked, and nobody answered") from abort
        raise


def _read_hash(text: str) -> bytes:
    """Read a hash as it was printed."""
    try:
        noted = bytes.fromhex(text)
    except ValueError:
        noted = b""
    if len(noted) != HASH_BYTES:
        raise UsageFailure(f"--head must be {2 * HASH_BYTES} hexadecimal digits, not {text!r}")
    return noted


def _in_sentences(found: tm.Verification) -> list[str]:
    """Say what a verification found, for people."""
    if not found:
        return [in_one_line(problem) for problem in found.problems]
    sentences = [f"whole: {found.head.copies} copies, head {found.head.hash.hex()}"]
    if found.noted is not None:
        sentences.append(f"the head that was noted is that of copy {found.noted}: until there nothing was changed")
    return sentences


def _verification(path: Path, found: tm.Verification) -> str:
    """Say what a verification found, for programs."""
    fields = {
        "schema": VERIFICATION,
        "ledger": str(path),
        "whole": bool(found),
        "copies": found.head.copies,
        "head": found.head.hash.hex(),
        "noted": found.noted,
        "problems": list(found.problems),
    }
    return json.dumps(fields)

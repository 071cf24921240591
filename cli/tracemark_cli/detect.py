"""`tracemark detect`."""

from __future__ import annotations  # the types of tracemark are named, not fetched: fetching takes half a second

import json
import math
from pathlib import Path

import click

import tracemark as tm
from tracemark_cli.key_option import key_option, open_key
from tracemark_cli.outcome import Outcome, complain, worst_of

__all__ = ["chance_in_words", "detect"]

SCHEMA = "tracemark.detect/1"

OUTCOMES = {
    "identified": Outcome.DONE,
    "inconclusive": Outcome.INCONCLUSIVE,
    "none": Outcome.NOTHING_FOUND,
}


@click.command()
@click.argument("leaks", metavar="LEAK...", nargs=-1, required=True, type=click.Path(path_type=Path))
@key_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
@click.pass_context
def detect(context: click.Context, leaks: tuple[Path, ...], key_file: Path, as_json: bool) -> None:
    """Say whose copy each LEAK was, and how sure that is.

    One line is printed for each. The exit code is 0 when a recipient was identified, else 3
    when something was found, else 1; it is 4 when a file could not be read.
    """
    key = open_key(key_file)
    outcomes = []
    for path in leaks:
        try:
            leak = tm.read_photo(path)
            found = tm.detect(leak.pixels, key=key)
        except (tm.TracemarkError, OSError, MemoryError) as error:
            complain(path, error)
            outcomes.append(Outcome.FILES_FAILED)
            continue
        click.echo(_as_json(path, found, key) if as_json else _as_words(path, found))
        outcomes.append(OUTCOMES[found.verdict])
    context.exit(worst_of(outcomes))


def chance_in_words(found: tm.Verdict) -> str:
    """Say how unlikely a false name is.

    Parameters
    ----------
    found : Verdict
        An identification.

    Returns
    -------
    words : str
        The bound as a power of ten, rounded to the careful side.
    """
    return f"chance of a false name below 1e{math.ceil(found.log10_false_alarm)}"


def _as_words(path: Path, found: tm.Verdict) -> str:
    """Write the line a person reads."""
    if found.verdict == "identified":
        names = ", ".join(str(recipient) for recipient in found.recipients)
        answer = f"recipient {names}, {chance_in_words(found)}"
    else:
        answer = found.reason
    return f"{click.format_filename(path)}: {found.verdict}: {answer}"


def _as_json(path: Path, found: tm.Verdict, key: tm.Key) -> str:
    """Write the line a program reads."""
    bound = float(found.log10_false_alarm)
    fields = {
        "schema": SCHEMA,
        "leak": str(path),
        "key": key.id,
        "verdict": found.verdict,
        "recipient": None if found.recipient is None else int(found.recipient),
        "recipients": [int(recipient) for recipient in found.recipients],
        "log10_false_alarm": bound if math.isfinite(bound) else None,
        "method": found.method,
        "geometry": None if found.geometry is None else found.geometry.tolist(),
        "reason": found.reason,
    }
    return json.dumps(fields, allow_nan=False)

"""Tell what a kit would be, and make none."""

from __future__ import annotations  # the types of tracemark are named, not fetched: fetching takes half a second

import json
from collections.abc import Set
from dataclasses import asdict
from datetime import timedelta
from itertools import groupby
from pathlib import Path

import click

import tracemark as tm
from tracemark_cli.embed_lines import file_line
from tracemark_cli.outcome import FilesFailure, Outcome, complain

__all__ = ["tell_of_plan"]

SCHEMA = "tracemark.embed.estimate/1"
UNITS = ("bytes", "kB", "MB", "GB", "TB", "PB")
THOUSAND = 1000


def tell_of_plan(order: tm.KitOrder, ledger: tm.Ledger | None, *, jobs: int | None, as_json: bool) -> Outcome:
    """Print what would be written, and tell how much that is and how long it would take.

    Parameters
    ----------
    order : KitOrder
        What the kit would hold.
    ledger : Ledger or None
        Where copies would be recorded, if there is one already.
    jobs : int or None
        Processes; None for as many as there are processors, and memory for.
    as_json : bool
        Whether results are printed for programs.

    Returns
    -------
    outcome : Outcome
        Whether some files would fail.
    """
    try:
        estimate = tm.estimate_kit(order, jobs=jobs, ledger=ledger)
    except (tm.KitError, tm.OutputError) as error:
        raise FilesFailure(str(error)) from error
    failed, taken = {failure.photo for failure in estimate.failures}, {failure.copy for failure in estimate.taken}
    lost = [copy for copy in order.copies if copy.photo in failed or copy in taken]
    blocked = {failure.photo for failure in estimate.taken if failure.copy is None}
    _list_files(order, set(lost), blocked, as_json=as_json)
    for failure in estimate.failures:
        complain(failure.photo, failure.words)
    for photo, failures in groupby(estimate.taken, key=lambda failure: failure.photo):
        first, *more = failures
        complain(photo, f"{first.words} (and {len(more)} more of its copies)" if more else first.words)
    lacking = len({copy.recipient for copy in lost} & order.archives.keys())
    if lacking:
        archives = _count(lacking, "archive", "archives")
        complain(order.out, f"{archives} will not be made: each must hold all copies of its recipient, and some fail")
    for notice in estimate.notices:
        complain(notice.photo, notice.words)
    if as_json:
        fields = asdict(estimate)
        fields["failures"] = [str(failure.photo) for failure in estimate.failures]
        names = [copy.file for copy in order.copies if copy in taken]
        fields["taken"] = [*(str(order.out / name) for name in names), *map(str, sorted(blocked))]
        fields["notices"] = [{"photo": str(notice.photo), "words": notice.words} for notice in estimate.notices]
        fields["closed"] = [str(folder) for folder in estimate.closed]
        click.echo(json.dumps({"schema": SCHEMA, **fields}))
    time = timedelta(seconds=max(round(estimate.seconds), 1))
    copies, photos = _count(estimate.copies, "copy", "copies"), _count(estimate.photos, "photo", "photos")
    there = f", {estimate.there} of them there" if estimate.there else ""
    processes = _count(estimate.processes, "process", "processes")
    click.echo(
        f"{copies} of {photos} planned{there}: about {_size(estimate.bytes)}, and {time} (h:mm:ss) with {processes};"
        " nothing was written",
        err=True,
    )
    for folder in estimate.closed:
        complain(folder, "folder cannot be written into")
    crowded = estimate.bytes > estimate.free
    if crowded:
        complain(order.out, f"folder must have room for that, and has {_size(estimate.free)}")
    return Outcome.FILES_FAILED if lost or blocked or crowded or estimate.closed else Outcome.DONE


def _list_files(order: tm.KitOrder, lost: Set[tm.KitCopy], blocked: Set[Path], *, as_json: bool) -> None:
    """Print the files that will be there: the copies that do not fail, and the archives that lack none and can be."""
    for copy in order.copies:
        if copy not in lost:
            click.echo(file_line(copy.recipient, copy.file, copy.photo, order, as_json=as_json))
    without = {copy.recipient for copy in lost}
    for recipient, file in order.archives.items():
        if recipient not in without and order.out / file not in blocked:
            click.echo(file_line(recipient, file, None, order, as_json=as_json))


def _count(number: int, one: str, many: str) -> str:
    """Write how many there are of something."""
    return f"{number} {one if number == 1 else many}"


def _size(number: float) -> str:
    """Write a number of bytes for people."""
    for unit in UNITS:
        if number < THOUSAND or unit == UNITS[-1]:
            break
        number /= THOUSAND
    return f"{number:.{0 if unit == UNITS[0] else 1}f} {unit}"

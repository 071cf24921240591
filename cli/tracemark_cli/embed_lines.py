"""Write the lines about the files of a kit: for people and for programs."""

from __future__ import annotations  # the types of tracemark are named, not fetched: fetching takes half a second

import json
from pathlib import Path
from typing import Any

import click

import tracemark as tm

__all__ = ["failure_line", "file_line", "made_line"]

SCHEMA = "tracemark.embed/1"
FAILURE = "tracemark.embed.failure/1"


def made_line(one: tm.MadeCopy | tm.MadeArchive, order: tm.KitOrder, *, as_json: bool) -> str:
    """Write the line about one file that is there.

    Parameters
    ----------
    one : MadeCopy or MadeArchive
        The file.
    order : KitOrder
        Of the kit that it belongs to.
    as_json : bool
        Whether it is written for programs.

    Returns
    -------
    line : str
    """
    more: dict[str, Any] = {"sha256": one.sha256.hex(), "bytes": one.size}
    if isinstance(one, tm.MadeArchive):
        return file_line(one.recipient, one.file, None, order, as_json=as_json, **more)
    more |= {"was_there": one.was_there, "checked": None if one.check is None else one.check.method}
    copy = one.copy
    return file_line(copy.recipient, copy.file, copy.photo, order, as_json=as_json, **more)


def file_line(
    recipient: int, file: str, photo: Path | None, order: tm.KitOrder, *, as_json: bool, **more: object
) -> str:
    """Write the line about a file of a kit, there or planned.

    Parameters
    ----------
    recipient : int
        Whose it is.
    file : str
        Its name inside the kit.
    photo : Path or None
        What it is a copy of; an archive has no photo.
    order : KitOrder
        Of the kit.
    as_json : bool
        Whether it is written for programs.
    **more : object
        Further fields, for programs alone.

    Returns
    -------
    line : str
    """
    path = order.out / file
    if not as_json:
        return click.format_filename(path)
    named = {} if photo is None else {"photo": str(photo)}
    return json.dumps({"schema": SCHEMA, "recipient": recipient, "path": str(path), **named, **more})


def failure_line(failure: tm.Failure, order: tm.KitOrder) -> str:
    """Write the line about a copy, a photo or an archive that failed, for programs.

    Parameters
    ----------
    failure : Failure
        What failed.
    order : KitOrder
        Of the kit.

    Returns
    -------
    line : str
    """
    copy = failure.copy
    fields = {
        "schema": FAILURE,
        "photo": str(failure.photo),
        "recipient": None if copy is None else copy.recipient,
        "path": None if copy is None else str(order.out / copy.file),
        "reason": failure.words,
    }
    return json.dumps(fields)

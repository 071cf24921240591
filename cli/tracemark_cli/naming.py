"""Decide where each copy goes, before any is made."""

from __future__ import annotations  # the types of tracemark are named, not fetched: fetching takes half a second

import os
import re
import string
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import tracemark as tm
from tracemark_cli.file_names import LONGEST_NAME, checked_name
from tracemark_cli.outcome import UsageFailure
from tracemark_cli.photo_files import PhotoFile

__all__ = ["DEFAULT_TEMPLATE", "archive_names", "columns_in", "plan_copies"]

DEFAULT_TEMPLATE = "{recipient}/{folder}{stem}{suffix}"
FIELDS = ("recipient", "folder", "stem", "suffix")

Guests = Mapping[int, Mapping[str, str]]


def plan_copies(
    photos: Sequence[PhotoFile],
    guests: Guests,
    *,
    out: Path,
    template: str,
    kept: Sequence[Path] = (),
    archives: Mapping[int, str] | None = None,
    force: bool = False,
) -> list[tm.KitCopy]:
    """Name every copy of every photo.

    Parameters
    ----------
    photos : sequence of PhotoFile
        The photos.
    guests : mapping
        Whose copies to make of each -> what the list says of them.
    out : Path
        The folder that all copies go into.
    template : str
        Path inside it, with ``{recipient}``, ``{folder}``, ``{stem}`` and ``{suffix}`` of the photo's name, and the
        list's columns; ``{recipient:05d}`` pads with zeros.
    kept : sequence of Path, optional
        Other files that neither copy nor archive may be written over.
    archives : mapping, optional
        Recipient -> name of the archive, as :func:`archive_names` gives it.
    force : bool
        Whether files that exist are replaced.

    Returns
    -------
    copies : list of KitCopy
        Photo by photo.  Without `force` there are none of a file that was found in a folder, in the place where a copy
        of another photo is to be: it may be that copy, which a command that was killed had not listed yet.

    Raises
    ------
    UsageFailure
        When a name would leave the folder, cannot be used everywhere, or two copies, or a copy and another file, would
        share one, or one would be another's folder; when a photo is one of those other files.
    """
    parsed = _parse(template, guests)
    copies = [
        tm.KitCopy(
            photo.path,
            recipient,
            checked_name(_fill(template, parsed, photo, recipient, columns), recipient=recipient),
        )
        for photo in photos
        for recipient, columns in guests.items()
    ]
    _refuse_photos_among(kept, photos)
    if not force:
        copies = _without_unlisted(copies, photos, out)
    clash = tm.name_clash(copies, archives or {}, out=out, kept=kept)
    if clash:
        raise UsageFailure(f"{clash}; change --name-template or --out")
    return copies


def columns_in(template: str) -> list[str]:
    """Find the columns of the list that a template puts into names.

    Parameters
    ----------
    template : str
        One that :func:`plan_copies` took.

    Returns
    -------
    columns : list of str
        Each once.
    """
    fields = dict.fromkeys(field for _, field, _, _ in string.Formatter().parse(template) if field is not None)
    return [field for field in fields if field not in FIELDS]


def archive_names(recipients: Iterable[int]) -> dict[int, str]:
    """Name an archive for each recipient.

    Parameters
    ----------
    recipients : iterable of int
        Whose.

    Returns
    -------
    names : dict
        Recipient -> name inside the kit's folder.
    """
    return {recipient: f"{recipient}.zip" for recipient in recipients}


def _parse(template: str, guests: Guests) -> list[tuple[str, str | None, str]]:
    """Take a template apart, refusing fields that there are not, and ways into them."""
    columns = dict.fromkeys(name for guest in guests.values() for name in guest)
    try:
        parsed = [
            (text, field, form or "", conversion)
            for text, field, form, conversion in string.Formatter().parse(template)
        ]
    except ValueError as error:
        raise UsageFailure(f"--name-template {template!r} cannot be read: {error}") from error
    for _, field, form, conversion in parsed:
        if any(_is_too_long(number) for number in re.findall(r"\d+", form)):
            raise UsageFailure(f"--name-template {template!r} cannot be filled in: no name is as long as {form!r}")
        known = field is None or field in FIELDS or field in columns
        if not known or conversion or "{" in form:
            fields = ", ".join(f"{{{name}}}" for name in (*FIELDS, *columns))
            # columns are those that some recipient fills
            found = f"{{{field}{'!' if conversion else ''}{conversion or ''}{':' if form else ''}{form}}}"
            nothing = "" if known else "; the list has no such column, or nothing in it"
            raise UsageFailure(f"--name-template may hold {fields}, not {found}{nothing}")
    return [(text, field, form) for text, field, form, _ in parsed]


def _is_too_long(number: str) -> bool:
    """Tell whether a number is larger than any name is long; one of thousands of digits Python does not convert."""
    digits = number.lstrip("0") or "0"
    return len(digits) > len(str(LONGEST_NAME)) or int(digits) > LONGEST_NAME


def _fill(
    template: str,
    parsed: Sequence[tuple[str, str | None, str]],
    photo: PhotoFile,
    recipient: int,
    columns: Mapping[str, str],
) -> str:
    """Make one name."""
    own = {"recipient": recipient, "folder": photo.folder, "stem": photo.path.stem, "suffix": photo.path.suffix}
    name = ""
    for text, field, form in parsed:
        name += text
        if field is None:
            continue
        if field not in own:
            _check_column(field, columns.get(field, ""), recipient)
        try:
            name += format(own[field] if field in own else columns[field], form)
        except (ValueError, OverflowError, MemoryError) as error:
            raise UsageFailure(f"--name-template {template!r} cannot be filled in: {error}") from error
    return name


def _check_column(column: str, word: str, recipient: int) -> None:
    """Refuse what a list says when it would make other folders than the template."""
    if not word:
        raise UsageFailure(f"recipient {recipient} must have a {column!r} to be named by it, and has none")
    if "/" in word or "\\" in word or word in {".", ".."}:
        raise UsageFailure(f"{column!r} of recipient {recipient} must be fit to be part of a file's name, not {word!r}")


def _refuse_photos_among(kept: Sequence[Path], photos: Sequence[PhotoFile]) -> None:
    """Refuse a photo that is the key, the ledger or the list, too: no other template or folder helps there."""
    places = {os.path.realpath(photo.path) for photo in photos}
    twice = next((path for path in kept if os.path.realpath(path) in places), None)
    if twice is not None:
        raise UsageFailure(f"{twice}: photo must be a file of its own, and is given as --key, --ledger or --recipients")


def _without_unlisted(copies: list[tm.KitCopy], photos: Sequence[PhotoFile], out: Path) -> list[tm.KitCopy]:
    """Leave out what was found where a copy of another photo is to be; nothing when those others would go, too."""
    found = {Path(os.path.realpath(photo.path)): photo.path for photo in photos if photo.found}
    kit = os.path.realpath(out)
    inside = {place.relative_to(kit).as_posix(): path for place, path in found.items() if place.is_relative_to(kit)}
    unlisted = {copy.file: inside[copy.file] for copy in copies if inside.get(copy.file, copy.photo) != copy.photo}
    gone = set(unlisted.values())
    left = [copy for copy in copies if copy.photo not in gone]
    return left if unlisted.keys() <= {copy.file for copy in left} else copies

"""Decide where each copy goes, before any is made."""

import os
import string
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from tracemark_cli.outcome import UsageFailure

__all__ = ["DEFAULT_TEMPLATE", "Copy", "plan_copies"]

DEFAULT_TEMPLATE = "{recipient}/{stem}{suffix}"
FIELDS = ("recipient", "stem", "suffix")


@dataclass(frozen=True)
class Copy:
    """One copy that is to be made."""

    photo: Path
    """The photo it is made of."""

    recipient: int
    """Whose it is, 0 to 2**32 - 1."""

    path: Path
    """Where it goes."""


def plan_copies(
    photos: Sequence[Path], recipients: Iterable[int], *, out: Path, template: str, kept: Sequence[Path] = ()
) -> list[Copy]:
    """Name every copy of every photo.

    Parameters
    ----------
    photos : sequence of Path
        The photos.
    recipients : iterable of int
        Whose copies to make of each.
    out : Path
        The folder that all copies go into.
    template : str
        Path inside it, with ``{recipient}``, ``{stem}`` and ``{suffix}`` (of the photo's name);
        ``{recipient:05d}`` pads with zeros.
    kept : sequence of Path, optional
        Other files that no copy may be written over.

    Returns
    -------
    copies : list of Copy
        Photo by photo.

    Raises
    ------
    UsageFailure
        When a name would leave the folder, or two copies, or a copy and another file, would share one.
    """
    _check_template(template)
    numbers = list(recipients)
    copies = [
        Copy(photo, recipient, out / _fill(template, photo, recipient)) for photo in photos for recipient in numbers
    ]
    owners = {_place(path): path for path in (*kept, *photos)}
    for copy in copies:
        earlier = owners.setdefault(_place(copy.path), copy.path)
        if earlier is not copy.path:
            raise _failure(
                f"{copy.path} would be written over another copy or a photo, or over key or ledger;"
                " change --name-template or --out"
            )
    return copies


def _check_template(template: str) -> None:
    """Refuse fields that there are not, and ways into them."""
    try:
        parsed = list(string.Formatter().parse(template))
    except ValueError as error:
        raise _failure(f"--name-template {template!r} cannot be read: {error}") from error
    for _, field, form, conversion in parsed:
        if field is not None and (field not in FIELDS or conversion or "{" in (form or "")):
            raise _failure(f"--name-template may hold {', '.join(f'{{{name}}}' for name in FIELDS)}, not {{{field}}}")


def _fill(template: str, photo: Path, recipient: int) -> PurePath:
    """Make one name and check that it stays inside the folder."""
    try:
        name = template.format(recipient=recipient, stem=photo.stem, suffix=photo.suffix)
    except (ValueError, OverflowError, MemoryError) as error:
        raise _failure(f"--name-template {template!r} cannot be filled in: {error}") from error
    parts = name.split("/")
    # A backslash is a way into other folders on some systems; a line break would make two results of one.
    forbidden = any(sign == "\\" or unicodedata.category(sign) == "Cc" for sign in name)
    if forbidden or any(part in {"", ".", ".."} for part in parts) or PurePath(name).drive:
        raise _failure(f"--name-template must give the name of a file inside the output folder, not {name!r}")
    return PurePath(*parts)


def _place(path: Path) -> str:
    """Tell where a path leads, links and the system's treatment of case included."""
    return os.path.normcase(os.path.realpath(path))


def _failure(sentence: str) -> UsageFailure:
    """Blame the command line."""
    return UsageFailure(sentence)

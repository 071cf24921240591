"""Refuse names of files that lead elsewhere, or that not everybody could use."""

import os
import unicodedata
from functools import lru_cache
from pathlib import PurePath

from tracemark_cli.outcome import UsageFailure
from tracemark_cli.signs import is_invisible

__all__ = ["LONGEST_NAME", "checked_name"]

LONGEST_NAME = 255  # bytes; what Linux, macOS and Windows file systems take
DRAFT = ".tracemark-"  # as tracemark.new_file begins them, which the front door does not show; a test compares them
# learn.microsoft.com/windows/win32/fileio/naming-a-file: guests unpack their copies on any system.
FORBIDDEN_SIGNS = frozenset('<>:"|?*')
DEVICES = {"con", "prn", "aux", "nul", *(f"{port}{sign}" for port in ("com", "lpt") for sign in "123456789¹²³")}
CONTROL, SURROGATE = "Cc", "Cs"  # Unicode categories; the second is what Python makes of a byte that is no text


def checked_name(name: str, *, recipient: int) -> str:
    """Check that a name stays inside the folder, and that everybody can use it.

    Parameters
    ----------
    name : str
        Parts divided by ``/``.
    recipient : int
        Whose copy is to have it, for the message.

    Returns
    -------
    name : str
        The same.

    Raises
    ------
    UsageFailure
        When it leads out of the folder, or some system could not make such a file.
    """
    for part in name.split("/"):
        unfit = _unfit(part)
        if unfit:
            shown = name if len(name) <= LONGEST_NAME else f"{name[:LONGEST_NAME]}…"
            raise UsageFailure(
                f"the name of recipient {recipient}'s copy must {unfit}, not be {shown!a};"
                " change --name-template, the list or the photo's name"
            )
    return name


@lru_cache(maxsize=1 << 16)
def _unfit(part: str) -> str:
    """Say what keeps a part of a path from being a name everywhere; nothing when all is well."""
    if part in {"", ".", ".."} or PurePath(part).drive:
        return "be that of a file inside the output folder"
    kinds = {unicodedata.category(sign) for sign in part}
    if SURROGATE in kinds:
        return "be text in UTF-8"
    if CONTROL in kinds:  # a line break would make two results of one
        return "have no control characters"
    if len(os.fsencode(part)) > LONGEST_NAME:
        return f"have at most {LONGEST_NAME} bytes in each part"
    if any(map(is_invisible, part)):
        return "have no invisible signs"
    if "\\" in part:  # a way into other folders on some systems
        return "have no backslash"
    if FORBIDDEN_SIGNS & set(part) or part.endswith((" ", ".")) or part.partition(".")[0].rstrip().lower() in DEVICES:
        return "be possible on Windows, too"
    return "not begin like a draft" if part.startswith(DRAFT) else ""

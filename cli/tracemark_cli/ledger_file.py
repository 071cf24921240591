"""Open a ledger for a command."""

from __future__ import annotations  # the types of tracemark are named, not fetched: fetching takes half a second

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import tracemark as tm
from tracemark_cli.folders import is_open
from tracemark_cli.outcome import FilesFailure, LedgerFailure

__all__ = ["open_kit_ledger", "open_ledger", "read_ledger", "refuse_where_none_can_be"]


@contextmanager
def open_ledger(path: Path, *, create: bool = False, migrate: bool = True) -> Iterator[tm.Ledger]:
    """Open a ledger; when that or anything with it fails the command ends.

    Parameters
    ----------
    path : Path
        The file.
    create : bool
        Whether to make one where there is none.
    migrate : bool
        Whether one of an older version is brought up to date.

    Yields
    ------
    ledger : Ledger
        The ledger in it.
    """
    try:
        with tm.Ledger.open(path, create=create, migrate=migrate) as ledger:
            yield ledger
    except tm.LedgerError as error:
        raise LedgerFailure(str(error)) from error


@contextmanager
def open_kit_ledger(path: Path, out: Path, *, create: bool) -> Iterator[tm.Ledger]:
    """Open the ledger of a kit; one that is to be in the kit's folder has it made, and removed when nothing came of it.

    Parameters
    ----------
    path : Path
        The file.
    out : Path
        The kit's folder.
    create : bool
        Whether to make a ledger where there is none.  What may make none, a dry run, leaves one of an older version as
        it is, too.

    Yields
    ------
    ledger : Ledger
        The ledger in it.
    """
    made: list[Path] = []
    if create and not out.exists() and out.resolve() == path.parent.resolve():
        made = [folder for folder in (out, *out.parents) if not folder.exists()]
    try:
        if made:
            try:
                out.mkdir(parents=True)
            except OSError as error:
                raise FilesFailure(f"{out} cannot be made: {tm.why(error)}") from error
        with open_ledger(path, create=create, migrate=create) as ledger:
            yield ledger
    finally:
        for folder in made:
            # Not empty: then something did come of it.
            with suppress(OSError):
                folder.rmdir()


def refuse_where_none_can_be(path: Path, out: Path) -> None:
    """End the command where :func:`open_kit_ledger` could make no ledger; nothing is made here.

    Parameters
    ----------
    path : Path
        Where it would be, and nothing is yet.
    out : Path
        The kit's folder, which is made for a ledger that is to be in it.
    """
    if not out.exists() and out.resolve() == path.parent.resolve():
        return
    if not (path.parent.is_dir() and is_open(path.parent)):
        raise LedgerFailure(f"ledger {path} cannot be made: {path.parent} must be a folder that can be written into")


@contextmanager
def read_ledger(path: Path) -> Iterator[tm.Ledger]:
    """Open a ledger and see it as it stands at one moment, while others may go on writing it.

    Parameters
    ----------
    path : Path
        The file.

    Yields
    ------
    ledger : Ledger
        The ledger in it, to be read only.
    """
    with open_ledger(path) as ledger, ledger.snapshot():
        yield ledger

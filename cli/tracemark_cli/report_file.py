"""Put a report where nothing was: whole, for its owner alone, and never in the place of another."""

import os
import secrets
from pathlib import Path

from tracemark_cli.outcome import FilesFailure, UsageFailure
from tracemark_cli.signs import path_in_one_line

__all__ = ["refuse_report_file", "write_report_file"]

OWNER_ONLY = 0o600  # read and write for the owner, nothing for anybody else: a report names people
TOKEN_BYTES = 8  # random bytes in the name of a draft


def refuse_report_file(path: Path) -> None:
    """Refuse a place for a report before any work is done for it.

    Parameters
    ----------
    path : Path
        Where it is to be.

    Raises
    ------
    UsageFailure
        When something is there.
    FilesFailure
        When its folder is not.
    """
    if os.path.lexists(path):
        raise UsageFailure(f"--report {path_in_one_line(path)} exists already; a report is never replaced")
    if not path.parent.is_dir():
        raise FilesFailure(f"report {path_in_one_line(path)} cannot be written: no such file or directory")


def write_report_file(path: Path, page: str) -> None:
    """Write a report, whole or not at all.

    Parameters
    ----------
    path : Path
        Where to; what is there is never replaced.
    page : str
        The report.

    Raises
    ------
    FilesFailure
        When something is there by now, or it cannot be written.
    """
    draft = path.with_name(f".tracemark-{secrets.token_hex(TOKEN_BYTES)}")
    try:
        try:
            with open(draft, "xb", opener=_open_private) as file:
                file.write(page.encode())
                file.flush()
                os.fsync(file.fileno())
            _put(draft, path)
        finally:
            draft.unlink(missing_ok=True)
    except FileExistsError as error:
        raise FilesFailure(
            f"report {path_in_one_line(path)} exists by now, and a report is never replaced;"
            " the same command with another name writes it"
        ) from error
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise FilesFailure(f"report {path_in_one_line(path)} cannot be written: {why}") from error


def _put(draft: Path, path: Path) -> None:
    """Give a draft its name, unless something has it."""
    try:
        # A link, unlike a rename, refuses to replace what is there.
        os.link(draft, path)
    except FileExistsError:
        raise
    except OSError:
        # This disk has no links. An empty file takes the name, and only that is replaced.
        os.close(_open_private(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
        try:
            draft.replace(path)
        except OSError:
            path.unlink(missing_ok=True)
            raise


def _open_private(path: str | Path, flags: int) -> int:
    """Create a file that nobody but its owner may read, at any moment."""
    return os.open(path, flags, OWNER_ONLY)

"""Put a report where nothing was, for its owner alone: it names people, and never takes the place of another."""

from pathlib import Path

import tracemark as tm
from tracemark_cli.folders import is_open
from tracemark_cli.outcome import FilesFailure, UsageFailure
from tracemark_cli.signs import in_one_line, path_in_one_line

__all__ = ["refuse_report_file", "write_report_file"]


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
        When its folder is not, or is closed, or the name is none that can be.
    """
    failed = f"report {path_in_one_line(path)} cannot be written"
    try:
        path.lstat()
    except FileNotFoundError as error:
        if not path.parent.is_dir():
            raise FilesFailure(f"{failed}: {tm.why(error)}") from error
        if not is_open(path.parent):
            raise FilesFailure(
                f"{failed}: files must be allowed in its folder, which is closed or read-only"
            ) from error
    except OSError as error:
        raise FilesFailure(f"{failed}: {tm.why(error)}") from error
    else:
        raise UsageFailure(f"--report {path_in_one_line(path)} exists already; a report is never replaced")


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
    try:
        tm.write_private(path, page.encode())
    except tm.OutputError as error:
        raise FilesFailure(f"report {in_one_line(str(error))}; another name may be given to --report") from error

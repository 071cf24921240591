"""Tell the caller how a command ended: exit codes, and the one line that goes with a failure."""

from collections.abc import Iterable
from enum import IntEnum
from pathlib import Path

import click

from tracemark_cli.signs import in_one_line, path_in_one_line

__all__ = ["FilesFailure", "KeyFailure", "LedgerFailure", "Outcome", "UsageFailure", "complain", "reason", "worst_of"]


class Outcome(IntEnum):
    """Exit codes; scripts rely on them, so they never change."""

    DONE = 0
    """Identified, or all was done."""

    NOTHING_FOUND = 1
    USAGE = 2
    INCONCLUSIVE = 3
    FILES_FAILED = 4
    KEY_OR_LEDGER_PROBLEM = 5
    PROGRAM_FAILED = 70  # EX_SOFTWARE of sysexits.h
    INTERRUPTED = 130  # 128 and the number of SIGINT, as shells have it
    PIPE_CLOSED = 141  # 128 and the number of SIGPIPE


# When several leaks are read: a file that failed counts before any answer, an answer before none.
PRECEDENCE = (Outcome.FILES_FAILED, Outcome.DONE, Outcome.INCONCLUSIVE, Outcome.NOTHING_FOUND)

SHORTAGE = "there is not memory enough for it"


class _Failure(click.ClickException):
    """Ends a command with one sentence, which may hold words from files and ledgers."""

    def format_message(self) -> str:
        """Write the sentence in one line of visible signs."""
        return in_one_line(self.message)


class UsageFailure(_Failure):
    """The command line, or a list it names, was not understood."""

    exit_code = int(Outcome.USAGE)


class FilesFailure(_Failure):
    """A file failed, and there was no other to go on with."""

    exit_code = int(Outcome.FILES_FAILED)


class KeyFailure(_Failure):
    """The key could not be used."""

    exit_code = int(Outcome.KEY_OR_LEDGER_PROBLEM)


class LedgerFailure(_Failure):
    """The ledger could not be used, or is not as it was written."""

    exit_code = int(Outcome.KEY_OR_LEDGER_PROBLEM)


def complain(path: Path, error: BaseException | str) -> None:
    """Say in one line on stderr why a file failed; the command goes on.

    Parameters
    ----------
    path : Path
        The file.
    error : BaseException or str
        What went wrong.
    """
    words = error if isinstance(error, str) else reason(error)
    click.echo(f"tracemark: {path_in_one_line(path)}: {in_one_line(words)}", err=True)


def reason(error: BaseException) -> str:
    """Say in words why a file failed; Python itself has none for memory that does not suffice.

    Parameters
    ----------
    error : BaseException
        What went wrong.

    Returns
    -------
    words : str
        Never empty.
    """
    return str(error) or (SHORTAGE if isinstance(error, MemoryError) else type(error).__name__)


def worst_of(outcomes: Iterable[Outcome]) -> Outcome:
    """Sum up what became of several files.

    Parameters
    ----------
    outcomes : iterable of Outcome
        One for each file, at least one.

    Returns
    -------
    outcome : Outcome
        The one that counts most.
    """
    return min(outcomes, key=PRECEDENCE.index)

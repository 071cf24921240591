"""Read from stdin, and write to stdout and stderr, whatever they are: closed, full, or of few signs."""

from __future__ import annotations  # a buffer's type is named, not fetched: it has no home before Python 3.12

import io
import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, TextIO

import tracemark as tm
from tracemark_cli.outcome import FilesFailure

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

__all__ = ["ReaderGoneError", "open_streams"]

STREAMS = 3  # stdin, stdout and stderr, the first files of every process


class ReaderGoneError(BrokenPipeError):
    """Whoever read the results has gone.  It has no number: where click sees EPIPE it ends with code 1 by itself."""


class _Stdout(io.FileIO):
    """Takes results, or ends the command: they must not be lost unseen."""

    def write(self, data: ReadableBuffer, /) -> int:
        try:
            return super().write(data)
        except BrokenPipeError as error:
            _let_go(self)
            raise ReaderGoneError from error
        except OSError as error:
            _let_go(self)
            raise FilesFailure(f"results cannot be written to stdout: {tm.why(error)}") from error


class _Stderr(io.FileIO):
    """Takes complaints; where it cannot, the exit code has to do."""

    def write(self, data: ReadableBuffer, /) -> int:
        try:
            return super().write(data)
        except OSError:
            _let_go(self)
            return super().write(data)


def open_streams() -> tuple[TextIO, TextIO, TextIO]:
    """Make streams that can be read from, or written to, at any time.

    Returns
    -------
    stdin : TextIO
        Python's own; one that was closed is at its end.
    stdout, stderr : TextIO
        A sign that their encoding lacks is escaped as in Python.  One that was closed leads nowhere.
    """
    for number in range(STREAMS):
        try:
            os.fstat(number)
        except OSError:
            # This takes the number.  A ledger that got it would be written to by libraries that complain on stderr.
            os.open(os.devnull, os.O_RDWR)
    # Python has None for a stdin that was closed, and asking there would not be the end of the input but an error.
    stdin = sys.stdin or io.TextIOWrapper(io.BufferedReader(io.FileIO(0, closefd=False)), "utf-8")
    return stdin, _open(sys.stdout, _Stdout), _open(sys.stderr, _Stderr)


def _open(stream: TextIO | None, kind: type[io.FileIO]) -> TextIO:
    """Write where a stream of Python's writes."""
    if stream is None:
        return io.TextIOWrapper(io.BufferedWriter(kind(os.devnull, "w")), "utf-8", "backslashreplace")
    binary = io.BufferedWriter(kind(stream.fileno(), "w", closefd=False))
    return io.TextIOWrapper(binary, stream.encoding, "backslashreplace", line_buffering=bool(stream.line_buffering))


def _let_go(raw: io.FileIO) -> None:
    """Lead a stream nowhere, so that Python can flush what it still holds."""
    with suppress(OSError), io.FileIO(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), raw.fileno())

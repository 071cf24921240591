"""Tell a person how far a kit is: a bar where somebody watches, else a line for each photo."""

from __future__ import annotations  # the types of tracemark are named, not fetched: fetching takes half a second

import io
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, redirect_stderr, redirect_stdout
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

import tracemark as tm
from tracemark_cli.signs import path_in_one_line

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress

__all__ = ["Teller", "tell_progress"]

# Before rate and remaining time are told: copies come by the hundred, as workers tell of them every two seconds, and a
# photo takes seconds before its first.
KNOWN_S = 10.0


class Teller:
    """Says of each photo, on a line of stderr, what became of its copies, and how many archives were made.

    Parameters
    ----------
    order : KitOrder
        What the kit is to hold.
    """

    def __init__(self, order: tm.KitOrder) -> None:
        self._awaited = Counter(copy.photo for copy in order.copies)
        self._made: Counter[Path] = Counter()
        self._checked: Counter[Path] = Counter()
        self._awaited_archives, self._made_archives = len(order.archives), 0
        self.total = len(order.copies) + self._awaited_archives

    def count(self, one: tm.MadeCopy | tm.MadeArchive | tm.Failure) -> int:
        """Hear of a file, or that there will be none; the answer is how many files that settles."""
        photo = None if isinstance(one, tm.MadeArchive) else _photo_of(one)
        if photo is None or photo not in self._awaited:
            self._awaited_archives -= 1
            self._made_archives += isinstance(one, tm.MadeArchive)
            number = self._made_archives
            if not self._awaited_archives and number:
                click.echo("1 archive" if number == 1 else f"{number} archives", err=True)
            return 1
        # A failure of the photo itself is one of all its copies that have not come.
        settled = self._awaited[photo] if isinstance(one, tm.Failure) and one.copy is None else 1
        if isinstance(one, tm.MadeCopy):
            self._made[photo] += 1
            self._checked[photo] += one.check is not None
        self._awaited[photo] -= settled
        if self._awaited[photo] == 0 and self._made[photo]:
            number = self._made[photo]
            words = f"{number} cop{'y' if number == 1 else 'ies'}, {self._checked[photo]} read back"
            click.echo(f"{path_in_one_line(photo)}: {words}", err=True)
        return settled


class _BarTeller(Teller):
    """Also moves a bar, with rate and remaining time once enough is known."""

    def __init__(self, order: tm.KitOrder, progress: Progress) -> None:
        super().__init__(order)
        self._progress = progress
        self._task = progress.add_task("", total=self.total, name="the first photo is prepared", rate="")
        self._left = self.total
        self._made_now = 0
        self._began = time.monotonic()

    def count(self, one: tm.MadeCopy | tm.MadeArchive | tm.Failure) -> int:
        """Hear of a file, and move the bar."""
        settled = super().count(one)
        self._left -= settled
        name = one.file if isinstance(one, tm.MadeArchive) else _photo_of(one).name
        self._progress.update(self._task, advance=settled, name=path_in_one_line(Path(name)), rate=self._rate(one))
        return settled

    def _rate(self, one: tm.MadeCopy | tm.MadeArchive | tm.Failure) -> str:
        """Say how many are made in a second, and how long the others take at the same rate."""
        now = time.monotonic()
        if not isinstance(one, tm.Failure) and not (isinstance(one, tm.MadeCopy) and one.was_there):
            self._made_now += 1
        elif not self._made_now:
            self._began = now  # what is there is found before anything is made
        elapsed = now - self._began
        if elapsed < KNOWN_S or not self._made_now:
            return ""
        rate = self._made_now / elapsed
        return f"{rate:.1f}/s {timedelta(seconds=round(self._left / rate))}"


@contextmanager
def tell_progress(order: tm.KitOrder) -> Iterator[Teller]:
    """Tell of progress on stderr for as long as a kit is made.

    Parameters
    ----------
    order : KitOrder
        What it is to hold.

    Yields
    ------
    teller : Teller
        To be told of each file.
    """
    if not sys.stderr.isatty():
        yield Teller(order)
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[rate]}"))
    told = TextColumn("{task.fields[name]}", markup=False)
    console = Console(file=sys.stderr)
    bar = Progress(*columns, told, console=console, redirect_stdout=False, redirect_stderr=False)
    above = _AboveBar(console)
    # stdout carries results: where it is no terminal they must not be drawn above the bar.
    with bar, redirect_stderr(above), redirect_stdout(above) if sys.stdout.isatty() else nullcontext():
        yield _BarTeller(order, bar)


class _AboveBar(io.TextIOBase):
    """Writes lines above a bar, as they are; rich's own stream has no encoding, and click writes around it then."""

    encoding = "utf-8"

    def __init__(self, console: Console) -> None:
        self._console = console

    def write(self, words: str) -> int:
        """Write whole lines."""
        if not isinstance(words, str):
            raise TypeError(f"words must be text, not {type(words).__name__}")  # that is how click finds out
        self._console.out(words, end="", highlight=False)
        return len(words)

    def isatty(self) -> bool:
        """Say that somebody watches."""
        return True


def _photo_of(one: tm.MadeCopy | tm.Failure) -> Path:
    """Say which photo it is about."""
    return one.photo if isinstance(one, tm.Failure) else one.copy.photo

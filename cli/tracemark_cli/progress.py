"""Tell a person how far a kit is: a bar where somebody watches, else a line for each photo."""

from __future__ import annotations  # the types of tracemark are named, not fetched: fetching takes half a second

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import click

import tracemark as tm

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

__all__ = ["Teller", "tell_progress"]

RATE_S = 60.0  # over which the rate is taken: a photo takes seconds before its first copy, and then they come fast


class Teller(Protocol):
    """Whoever is told what became of copies."""

    def count(self, photo: Path, *, made: bool, checked: bool = False) -> None:
        """Hear of a copy of a photo, or that there will be none."""


class _Lines:
    """Says of each photo when all its copies have been heard of."""

    def __init__(self, copies: Sequence[tm.KitCopy]) -> None:
        self._awaited = Counter(copy.photo for copy in copies)
        self._made: Counter[Path] = Counter()
        self._checked: Counter[Path] = Counter()

    def count(self, photo: Path, *, made: bool, checked: bool = False) -> None:
        """Hear of a copy of a photo."""
        self._awaited[photo] -= 1
        self._made[photo] += made
        self._checked[photo] += checked
        if self._awaited[photo] == 0 and self._made[photo]:
            number = self._made[photo]
            words = f"{number} cop{'y' if number == 1 else 'ies'}, {self._checked[photo]} read back"
            click.echo(f"{click.format_filename(photo)}: {words}", err=True)


class _Bar:
    """Moves a bar, with rate and remaining time."""

    def __init__(self, progress: Progress, task: TaskID) -> None:
        self._progress, self._task = progress, task

    def count(self, photo: Path, *, made: bool, checked: bool = False) -> None:  # noqa: ARG002 - a bar shows no kinds
        """Hear of a copy of a photo."""
        name = click.format_filename(photo.name)
        self._progress.update(self._task, advance=1, photo=name, rate=f"{self._progress.tasks[0].speed or 0:.1f}/s")


@contextmanager
def tell_progress(copies: Sequence[tm.KitCopy]) -> Iterator[Teller]:
    """Tell of progress on stderr for as long as copies are made.

    Parameters
    ----------
    copies : sequence of KitCopy
        All that are to be made.

    Yields
    ------
    teller : Teller
        To be told of each.
    """
    if not sys.stderr.isatty():
        yield _Lines(copies)
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[rate]}"), TimeRemainingColumn())
    told = TextColumn("{task.fields[photo]}", markup=False)
    # stdout carries results: where it is no terminal they must not be drawn above the bar.
    console, drawn = Console(stderr=True), sys.stdout.isatty()
    with Progress(*columns, told, console=console, redirect_stdout=drawn, speed_estimate_period=RATE_S) as progress:
        task = progress.add_task("", total=len(copies), photo="", rate="")
        yield _Bar(progress, task)

"""Have tasks made by this machine: in this process, and by others once it turns out that there is much to do."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import BrokenExecutor, Executor, Future
from contextlib import contextmanager
from typing import Protocol

from tracemark.kit.making import make
from tracemark.kit.preparing import forget
from tracemark.kit.task import Answer, Task
from tracemark.machine import memory, processors

__all__ = ["LocalWorkers", "WorkerLostError", "Workers", "processes", "settle_in"]

ALONE_S = 3.0  # what takes no longer is done before other processes have started: each takes a second for that
MOST_ATTEMPTS = 3  # processes that may be lost with one task, before the photo is held to be what kills them
PROCESS_BYTES = 1 << 30  # of memory that a process may take; a kit of 24 megapixels takes 0.8 GiB: docs/speed.md


class WorkerLostError(Exception):
    """A worker ended while it had a task; whoever is left may try it again."""


class Workers(Protocol):
    """Whoever makes tasks."""

    attempts: int
    """How many workers may be lost with one task, one after the other."""

    @property
    def capacity(self) -> int:
        """How many tasks can be made at the same time."""

    def submit(self, task: Task, *, single: bool = False) -> Future[Answer]:
        """Have a task made, which may be the only one there is to do at the time."""

    def answer(self, future: Future[Answer]) -> Answer:
        """Take what was made, or raise a :class:`WorkerLostError`."""

    def check(self) -> None:
        """Raise a KitError when nobody is left who could make anything; asked when no answer comes for long."""

    def close(self) -> None:
        """Let the workers go; what is under way is finished."""


class LocalWorkers:
    """Processes of this machine; as long as little has turned out to be to do, this process alone.

    Parameters
    ----------
    jobs : int, optional
        How many processes; by default as many as :func:`processes` says.
    """

    attempts = MOST_ATTEMPTS

    def __init__(self, jobs: int | None = None) -> None:
        self._jobs = jobs or processes()
        self._chosen = jobs is not None
        self._alone_until = time.monotonic() + (0.0 if self._chosen else ALONE_S)
        self._pool: Executor | None = None

    @property
    def capacity(self) -> int:
        """How many tasks can be made at the same time."""
        return 1 if time.monotonic() < self._alone_until else self._jobs

    def submit(self, task: Task, *, single: bool = False) -> Future[Answer]:
        """Have a task made; in this process that takes until it is done.

        What is the only task stays here, where its photo is prepared, unless somebody wants other processes.
        """
        single = single and not self._chosen and self._pool is None
        if self._jobs == 1 or single or time.monotonic() < self._alone_until:
            return _done_here(task)
        try:
            return self._submit(task)
        except BrokenExecutor:
            self._pool = None
            return self._submit(task)

    def answer(self, future: Future[Answer]) -> Answer:
        """Take what was made."""
        try:
            return future.result()
        except BrokenExecutor as error:
            raise WorkerLostError(str(error)) from error

    def check(self) -> None:
        """Do nothing: a process that is lost is noticed at once."""

    def close(self) -> None:
        """Let the processes go."""
        if self._pool is not None:
            self._pool.shutdown()
        forget()

    def _submit(self, task: Task) -> Future[Answer]:
        """Have a process make a task, a new one if need be."""
        if self._pool is None:
            from concurrent.futures import ProcessPoolExecutor
            from multiprocessing import get_context

            forget()
            # Anew, not by a fork: what that would bring along of OpenCV's threads does not work there.
            self._pool = ProcessPoolExecutor(self._jobs, get_context("spawn"), settle_in)
        with _signals_held():
            return self._pool.submit(make, task)


def processes() -> int:
    """Count the processors that this process may use, but no more than have enough memory."""
    return int(max(1, min(processors(), memory() // PROCESS_BYTES)))


def settle_in() -> None:
    """Prepare a new process: Ctrl-C is for its parent, and when that dies it goes, too."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_die_with_parent, daemon=True).start()


def _done_here(task: Task) -> Future[Answer]:
    """Make a task in this process."""
    future: Future[Answer] = Future()
    try:
        future.set_result(make(task))
    except Exception as error:  # as executors do: it is raised where the result is asked for
        future.set_exception(error)
    return future


@contextmanager
def _signals_held() -> Iterator[None]:
    """Hold Ctrl-C back while a process is started, which keeps it so: it is for the parent, at any moment."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _die_with_parent() -> None:
    """End this process as soon as the one that started it has ended, however that came about."""
    from multiprocessing import parent_process

    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)

"""Have tasks made: in this process, by processes of this machine, or by the workers of a dask scheduler."""

import math
import os
import signal
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, Executor, Future, wait
from contextlib import contextmanager
from dataclasses import replace
from typing import Protocol

from tracemark.errors import KitError, MissingLibraryError
from tracemark.kit.making import forget, make
from tracemark.kit.task import Answer, Failure, Task

__all__ = ["DaskWorkers", "LocalWorkers", "Workers", "open_workers", "processors", "work"]

ALONE_S = 3.0  # what takes no longer is done before other processes have started: each takes a second for that
LEAST_SHARE = 16  # copies; a photo whose copies are shared out is prepared by each worker that has some
MOST_ATTEMPTS = 3  # workers that may be lost with one task, before the photo is held to be what kills them
CONNECT_S = 10.0  # for a scheduler to answer; a second is usual


class Workers(Protocol):
    """Whoever makes tasks."""

    @property
    def capacity(self) -> int:
        """How many tasks can be made at the same time."""

    def submit(self, task: Task) -> Future[Answer]:
        """Have a task made."""

    def close(self) -> None:
        """Let the workers go; what is under way is finished."""


class LocalWorkers:
    """Processes of this machine; as long as little has turned out to be to do, this process alone."""

    def __init__(self, jobs: int | None = None) -> None:
        self._jobs = jobs or processors()
        alone_s = ALONE_S if jobs is None else 0.0
        self._alone_until = math.inf if self._jobs == 1 else time.monotonic() + alone_s
        self._pool: Executor | None = None

    @property
    def capacity(self) -> int:
        """How many tasks can be made at the same time."""
        return 1 if time.monotonic() < self._alone_until else self._jobs

    def submit(self, task: Task) -> Future[Answer]:
        """Have a task made; in this process that takes until it is done."""
        if time.monotonic() < self._alone_until:
            return _done_here(task)
        try:
            return self._started().submit(make, task)
        except BrokenExecutor:
            self._pool = None
            return self._started().submit(make, task)

    def close(self) -> None:
        """Let the processes go."""
        if self._pool is not None:
            self._pool.shutdown()
        forget()

    def _started(self) -> Executor:
        """Start the processes, anew: what a fork would bring along of OpenCV's threads does not work there."""
        if self._pool is None:
            from concurrent.futures import ProcessPoolExecutor
            from multiprocessing import get_context

            forget()
            self._pool = ProcessPoolExecutor(self._jobs, get_context("spawn"), _settle_in)
        return self._pool


class DaskWorkers:
    """Workers of a dask scheduler, on any number of machines that share files."""

    def __init__(self, address: str) -> None:
        try:
            from distributed import Client
        except ModuleNotFoundError as error:
            raise MissingLibraryError(
                f"a scheduler needs a library that is missing ({error}); run: pip install 'tracemark[dask]'"
            ) from error
        try:
            self._client = Client(address, timeout=CONNECT_S, set_as_default=False)
        except (OSError, ValueError) as error:
            raise KitError(f"scheduler {address} cannot be reached: {error}") from error
        if not self._client.nthreads():
            self._client.close()
            raise KitError(f"scheduler {address} must have at least one worker, and has none")
        self._address = address
        self._pool = self._client.get_executor(pure=False)

    @property
    def capacity(self) -> int:
        """How many tasks can be made at the same time; workers may come and go."""
        threads: dict[str, int] = self._client.nthreads()
        return max(1, sum(threads.values()))

    def submit(self, task: Task) -> Future[Answer]:
        """Have a task made; when its worker dies, dask gives it to another."""
        future: Future[Answer] = self._pool.submit(make, task)
        return future

    def close(self) -> None:
        """Leave the scheduler."""
        self._pool.shutdown()
        self._client.close()


@contextmanager
def open_workers(*, jobs: int | None, scheduler: str | None) -> Iterator[Workers]:
    """Find workers, and let them go in the end.

    Parameters
    ----------
    jobs : int or None
        Processes of this machine; None for as many as it has processors, once there is much to do.
    scheduler : str or None
        Address of a dask scheduler in their place, such as ``tcp://10.0.0.5:8786``.

    Yields
    ------
    workers : Workers

    Raises
    ------
    MissingLibraryError
        When dask is not installed.
    KitError
        When the scheduler cannot be reached, or has no workers.
    """
    workers = LocalWorkers(jobs) if scheduler is None else DaskWorkers(scheduler)
    try:
        yield workers
    finally:
        workers.close()


def work(tasks: Iterable[Task], workers: Workers, *, stop: threading.Event) -> Iterator[tuple[Task, Answer]]:
    """Have all tasks made.

    Parameters
    ----------
    tasks : iterable of Task
        What is to be made; large ones are shared out while workers have nothing else to do.
    workers : Workers
        Who makes it.
    stop : threading.Event
        When set, what is under way is finished and no more is begun.

    Yields
    ------
    task, answer : Task, Answer
        As they come: there are several answers to a task that takes long, and a task that killed three workers is
        answered with a failure.

    Raises
    ------
    KeyFileError, KitError, OutputError
        As from :func:`~tracemark.kit.making.make`.
    """
    waiting, away = deque(tasks), dict[Future[Answer], Task]()
    while away or (waiting and not stop.is_set()):
        free = 0 if stop.is_set() else workers.capacity - len(away)
        _share_out(waiting, free)
        for _ in range(min(free, len(waiting))):
            task = waiting.popleft()
            away[workers.submit(task)] = task
        done, _ = wait(away, return_when=FIRST_COMPLETED)
        for future in done:
            task = away.pop(future)
            answer = _answer_of(future, task)
            if answer is None:
                waiting.appendleft(replace(task, attempts=task.attempts + 1))
                continue
            if answer.left:
                # First in the line: whoever is free now has this photo prepared.
                waiting.appendleft(replace(task, copies=answer.left, describe=False, doubtful=answer.doubtful))
            yield task, answer


def processors() -> int:
    """Count the processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _share_out(waiting: deque[Task], free: int) -> None:
    """Halve the largest tasks until there is one for each worker that is free."""
    while 0 < len(waiting) < free:
        largest = max(waiting, key=lambda task: len(task.copies))
        half = len(largest.copies) // 2
        if half < LEAST_SHARE:
            return
        waiting.remove(largest)
        waiting.append(replace(largest, copies=largest.copies[:half]))
        waiting.append(replace(largest, copies=largest.copies[half:]))


def _answer_of(future: Future[Answer], task: Task) -> Answer | None:
    """Take what a worker made; None when the worker was lost and another may try."""
    try:
        return future.result()
    except (BrokenExecutor, CancelledError) as error:
        lost: Exception = error
    except Exception as error:
        # Dask is an extra, and so is its word for it.
        if type(error).__name__ != "KilledWorker":
            raise
        lost = error
    if task.attempts + 1 < MOST_ATTEMPTS:
        return None
    words = f"{MOST_ATTEMPTS} workers were lost while they made copies of it: is there enough memory? ({lost})"
    return Answer(failures=(Failure(task.copies[0].photo, words),))


def _done_here(task: Task) -> Future[Answer]:
    """Make a task in this process."""
    future: Future[Answer] = Future()
    try:
        future.set_result(make(task))
    except Exception as error:  # as executors do: it is raised where the result is asked for
        future.set_exception(error)
    return future


def _settle_in() -> None:
    """Prepare a new process: Ctrl-C is for its parent, and when that dies it goes, too."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_die_with_parent, daemon=True).start()


def _die_with_parent() -> None:
    """End this process as soon as the one that started it has ended, however that came about."""
    from multiprocessing import parent_process

    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)

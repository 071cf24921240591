"""Share tasks out among workers, and bear with workers that are lost."""

import threading
from collections import deque
from collections.abc import Collection, Iterable, Iterator, Set
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from tracemark.kit.cluster import DaskWorkers
from tracemark.kit.task import Answer, Failure, KitCopy, Task
from tracemark.kit.workers import LocalWorkers, WorkerLostError, Workers

__all__ = ["open_workers", "work"]

# What a photo of 24 megapixels takes, in spliced copies and their writing: docs/speed.md.  Smaller ones are alike.
PLAIN = 50  # a copy that is encoded for its guest alone
CHECK = 300  # reading a copy back
PREPARING = 500  # analysis and variants: a photo that is shared out is prepared by each worker that has a share
# Copies that a worker is sent at a time.  All 100,000 of a long list, sent again every two seconds, took longer than
# the making; of small photos a worker makes some 500 in that time.
MOST_COPIES = 1000
SILENCE_S = 10.0  # without an answer before somebody looks whether workers are still there; a slice takes 2


@contextmanager
def open_workers(*, jobs: int | None, scheduler: str | None) -> Iterator[Workers]:
    """Find workers, and let them go in the end.

    Parameters
    ----------
    jobs : int or None
        Processes of this machine; None for as many as it has processors, and memory for, once there is much to do.
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
    workers: Workers = LocalWorkers(jobs) if scheduler is None else DaskWorkers(scheduler)
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
        As they come: there are several answers to a task that takes long, and a task that lost too many workers is
        answered with a failure.

    Raises
    ------
    KeyFileError, KitError, OutputError
        As from :func:`~tracemark.kit.making.make`.
    """
    waiting, away, doubtful = deque(tasks), dict[Future[Answer], Task](), set[Path]()
    while away or (waiting and not stop.is_set()):
        if not stop.is_set():
            waiting = _doubted(waiting, doubtful)
            begun = _next(waiting, away.values(), workers.capacity)
            for task in begun:
                piece = replace(task, copies=task.copies[:MOST_COPIES])
                away[workers.submit(piece, single=len(away) + len(begun) == 1)] = task
        done, _ = wait(away, timeout=SILENCE_S, return_when=FIRST_COMPLETED)
        if not done:
            workers.check()
        for future in done:
            task = away.pop(future)
            try:
                answer = workers.answer(future)
            except WorkerLostError as error:
                if task.attempts + 1 < workers.attempts:
                    waiting.append(replace(task, attempts=task.attempts + 1))
                    continue
                words = (
                    f"workers were lost again and again while they made copies of it: is there enough memory? ({error})"
                )
                answer = Answer(failures=(Failure(task.copies[0].photo, words),))
            if answer.doubtful:
                doubtful.add(task.photo)
            left = _left(task, answer)
            if left:
                # First in the line: whoever is free now has this photo prepared.
                waiting.appendleft(replace(task, copies=left, describe=False, attempts=0))
            yield task, answer


def _left(task: Task, answer: Answer) -> tuple[KitCopy, ...]:
    """Say which copies of a task are still to be made: nothing more of a photo that failed as a whole."""
    if any(failure.copy is None for failure in answer.failures):
        return ()
    return (*answer.left, *task.copies[MOST_COPIES:])


def _doubted(waiting: deque[Task], doubtful: Set[Path]) -> deque[Task]:
    """Have every copy of some photos read back, whoever has which share of them."""
    return deque(replace(task, doubtful=True) if task.photo in doubtful else task for task in waiting)


def _next(waiting: deque[Task], away: Collection[Task], capacity: int) -> list[Task]:
    """Take what is to be made next.

    All processes of a pool end with the first that does.  So whatever was under way then is made again, one task at a
    time: who is lost once more is lost through its own task, and a photo too large for two at once gets through.
    """
    if any(task.attempts for task in away):
        return []
    suspect = next((task for task in waiting if task.attempts), None)
    if suspect is not None:
        if away:
            return []
        waiting.remove(suspect)
        return [suspect]
    free = capacity - len(away)
    _share_out(waiting, free)
    return [waiting.popleft() for _ in range(min(free, len(waiting)))]


def _share_out(waiting: deque[Task], free: int) -> None:
    """Halve the largest tasks until there is one for each worker that is free, as long as that is worth preparing."""
    while 0 < len(waiting) < free:
        largest = max(waiting, key=_effort)
        half = len(largest.copies) // 2
        shares = [replace(largest, copies=copies) for copies in (largest.copies[:half], largest.copies[half:])]
        if min(map(_effort, shares)) < PREPARING:
            return
        waiting.remove(largest)
        waiting.extend(shares)


def _effort(task: Task) -> int:
    """Say what making the copies of a task takes, in spliced copies."""
    checks = len(task.copies) if task.doubtful else sum(copy.recipient in task.checked for copy in task.copies)
    return len(task.copies) * (1 if task.splice else PLAIN) + CHECK * checks

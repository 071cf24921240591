"""What spawned processes can find by name: a task that does what its photo's file says."""

import math
import os
import signal
import time
from dataclasses import replace
from pathlib import Path

from tracemark.kit import making, preparing
from tracemark.kit.task import Answer, MadeCopy

__all__ = ["die", "log_of", "make", "remembered", "slow_down", "tasks_of"]

PAUSE_S = 0.02


def make(task):
    """Make one copy of a task, which ends the process if its photo's file says so.

    Every beginning and end is written into ``log`` beside the photo.
    """
    _log(task, "begin")
    words = task.photo.read_text()
    if words == "kills":
        die()
    if words == "kills once":
        task.photo.write_text("harmless")
        die()
    if words == "fails":
        raise RuntimeError("a bug")
    time.sleep(PAUSE_S)
    _log(task, "end")
    first, *rest = task.copies
    return Answer(made=(MadeCopy(first, bytes(32), 1),), left=tuple(rest))


def slow_down(log):
    """Let this process take its time over each file, note who it is before it begins, and tell of all at the end."""
    real = making.write_atomically

    def write(path, data):
        with Path(log).open("a") as notes:
            notes.write(f"{os.getpid()} {path}\n")
        time.sleep(PAUSE_S)
        real(path, data)

    preparing.WRITERS = preparing.ENCODERS = 1
    making.SLICE_S = math.inf
    making.write_atomically = write


def _log(task, what):
    with (task.photo.parent / "log").open("a") as log:
        log.write(f"{what} {task.photo.name}\n")


def die():
    """End this process as a machine without memory does."""
    time.sleep(PAUSE_S)
    os.kill(os.getpid(), signal.SIGKILL)


def remembered():
    """Count the photos that this process keeps prepared."""
    return len(preparing._LAST)


def tasks_of(press, *kinds, copies=2):
    """One task for each kind of photo."""
    tasks = []
    for number, kind in enumerate(kinds):
        photo = press.folder / f"{number}"
        photo.write_text(kind)
        tasks.append(replace(press.task(range(copies), photo=photo), sha256=bytes(32)))
    return tasks


def log_of(press):
    return (press.folder / "log").read_text().splitlines()

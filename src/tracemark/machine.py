"""Know what this process may use of the machine: a container, or whoever started it, may have left it less than all."""

import math
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path, PurePosixPath

__all__ = ["memory", "processors"]

OWN_GROUPS = Path("/proc/self/cgroup")  # the control groups that this process is in, a line each: cgroups(7)
GROUPS = Path("/sys/fs/cgroup")  # where they are described
MEMORY_FILES = ("memory.max", "memory.limit_in_bytes")  # the most bytes of memory, in version 2 and in version 1
# The time that processors may work for a group, and in which time, microseconds both: in version 2 and in version 1.
PROCESSOR_FILES = (("cpu.max",), ("cpu.cfs_quota_us", "cpu.cfs_period_us"))


def processors() -> int:
    """Count the processors that this process may use.

    Returns
    -------
    processors : int
        At least 1: the least of those that it may run on, and of those that the control groups allow that it is in; a
        part of one counts as one.
    """
    own = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min([own, *_processor_limits()])


def memory() -> float:
    """Say how many bytes of memory this process may take.

    Returns
    -------
    memory : float
        The least of what the machine has, and of what the control groups allow that it is in; infinite where the system
        does not tell.
    """
    if not hasattr(os, "sysconf"):
        return math.inf
    return min([os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"), *_memory_limits()])


def _processor_limits() -> Iterator[int]:
    """Read how many processors the control groups allow, a part of one counted as one."""
    for group in _groups("cpu"):
        for names in PROCESSOR_FILES:
            with suppress(OSError, ValueError):  # there is none, or it says "max"
                quota, period = (int(word) for name in names for word in (group / name).read_text().split())
                if quota > 0:  # version 1 says -1 where version 2 says "max"
                    yield -(-quota // period)


def _memory_limits() -> Iterator[int]:
    """Read how many bytes of memory the control groups allow."""
    for group in _groups("memory"):
        for name in MEMORY_FILES:
            with suppress(OSError, ValueError):  # there is none, or it says "max"
                yield int((group / name).read_text())


def _groups(controller: str) -> Iterator[Path]:
    """Go through the folders of the control groups that one controller has, those that they lie in included."""
    try:
        lines = OWN_GROUPS.read_text().splitlines()
    except (OSError, ValueError):
        return
    for line in lines:
        _, controllers, group = line.split(":", maxsplit=2)
        # version 2 names no controller and has one tree for all; version 1 may name several, and each has its folder
        if not controllers or controller in controllers.split(","):
            for place in (PurePosixPath(group), *PurePosixPath(group).parents):
                yield GROUPS / (controller if controllers else "") / place.relative_to("/")

"""Know what this process may use of the machine: a container, or whoever started it, may have left it less than all."""

import math
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path, PurePosixPath

__all__ = ["memory", "processors"]

OWN_GROUPS = Path("/proc/self/cgroup")  # the control groups that this process is in, a line each: cgroups(7)
GROUPS = Path("/sys/fs/cgroup")  # where they are described
# Controllers, in a line of the first; their folder in the second; the file there with the most bytes of memory.
LIMITS = {
    "": ("", "memory.max"),  # version 2
    "memory": ("memory", "memory.limit_in_bytes"),  # version 1
}


def processors() -> int:
    """Count the processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


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
    return min([os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"), *_limits()])


def _limits() -> Iterator[int]:
    """Read the limits of the control groups, those that they lie in included."""
    try:
        lines = OWN_GROUPS.read_text().splitlines()
    except (OSError, ValueError):
        return
    for line in lines:
        _, controllers, group = line.split(":", maxsplit=2)
        if controllers in LIMITS:
            folder, name = LIMITS[controllers]
            for place in (PurePosixPath(group), *PurePosixPath(group).parents):
                with suppress(OSError, ValueError):  # there is none, or it says "max"
                    yield int((GROUPS / folder / place.relative_to("/") / name).read_text())

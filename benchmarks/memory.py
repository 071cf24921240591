"""Say how much memory this process has held at most."""

import resource
from contextlib import suppress
from pathlib import Path

__all__ = ["forget_peak", "peak_mib"]

KIBIBYTES_PER_MEBIBYTE = 1024  # VmHWM and ru_maxrss are in KiB, proc_pid_status(5), getrusage(2)
FORGET_PEAK = "5"  # what resets VmHWM, proc_pid_clear_refs(5)


def peak_mib() -> int:
    """Give the largest resident memory since the process began, or since :func:`forget_peak`.

    Returns
    -------
    peak : int
        MiB; interpreter and libraries included.
    """
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // KIBIBYTES_PER_MEBIBYTE
    # Not ru_maxrss, which on Linux outlives exec: it would be at least what the parent held when it started us.
    return int(status.partition("VmHWM:")[2].split()[0]) // KIBIBYTES_PER_MEBIBYTE


def forget_peak() -> None:
    """Begin to measure anew; on systems that cannot, the peak stays that of the whole process."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text(FORGET_PEAK)

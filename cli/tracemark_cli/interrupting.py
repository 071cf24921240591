"""Let Ctrl-C end a long command in good order: once to finish what is under way, twice to leave at once."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

import click

__all__ = ["interruptible"]


@contextmanager
def interruptible() -> Iterator[threading.Event]:
    """Turn the first Ctrl-C, or a request to terminate, into an event.

    Yields
    ------
    stop : threading.Event
        Set when somebody wants the command to end; the next signal works as usual.
    """
    stop = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield stop  # signals are the main thread's
        return
    usual = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def note(_number: int, _frame: FrameType | None) -> None:
        stop.set()
        for one, handler in usual.items():
            signal.signal(one, handler)
        # Python allows no writing to stderr in the middle of writing to it; the event is set all the same.
        with suppress(RuntimeError):
            click.echo("tracemark: finishing what is under way; again to leave at once", err=True)

    for number in usual:
        signal.signal(number, note)
    try:
        yield stop
    finally:
        for number, handler in usual.items():
            signal.signal(number, handler)

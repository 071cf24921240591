"""Keep linear algebra to one thread while leaks are read, however many threads of the program read some."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from threadpoolctl import threadpool_limits

__all__ = ["one_blas_thread"]

_limited = Lock()


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Keep linear algebra to one thread; afterwards it has as many as before.

    Notes
    -----
    The limit is the whole program's.  Of two that overlap, the one that was set later would take the other for what was
    there before, and leave it for good.  So only the first thread sets one, and the same thread takes it back, as
    threadpoolctl demands; readings that began meanwhile go on without, which costs no more than time.
    """
    if not _limited.acquire(blocking=False):
        yield
        return
    try:
        with threadpool_limits(1, user_api="blas"):
            yield
    finally:
        _limited.release()

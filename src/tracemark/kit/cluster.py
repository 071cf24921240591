"""Have tasks made by the workers of a dask scheduler, on any number of machines that share files."""

import time
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from urllib.parse import urlsplit

from tracemark.errors import KitError, MissingLibraryError, TracemarkError
from tracemark.kit.making import make
from tracemark.kit.preparing import forget
from tracemark.kit.task import Answer, Task
from tracemark.kit.workers import WorkerLostError
from tracemark.recording import SOFTWARE

__all__ = ["DaskWorkers"]

GOES_ON = "; the same command goes on when there is one again"  # nothing is wrong with the kit
CONNECT_S = 10.0  # for a scheduler to answer; a second is usual
DESERTED_S = 60.0  # without any worker before it is given up; one that is started anew is there in a few seconds


class DaskWorkers:
    """Workers of a dask scheduler.

    Parameters
    ----------
    address : str
        Of the scheduler, such as ``tcp://10.0.0.5:8786``.

    Raises
    ------
    MissingLibraryError
        When dask is not installed.
    KitError
        When the scheduler cannot be reached, has no workers, or they are of another version.
    """

    attempts = 1  # dask itself has given it to others by then, until more died than its allowed-failures: 3 by default

    def __init__(self, address: str) -> None:
        try:
            from distributed import Client
        except ModuleNotFoundError as error:
            raise MissingLibraryError(
                f"a scheduler needs a library that is missing ({error}); run in tracemark's folder: pip install"
                " '.[dask]'"
            ) from error
        self._address = _checked(address)
        try:
            self._client = Client(address, timeout=CONNECT_S, set_as_default=False)
        except (OSError, ValueError) as error:
            raise KitError(f"scheduler {address} cannot be reached: {error}") from error
        try:
            self._check_software()
        except BaseException:
            self._client.close()
            raise
        self._pool = self._client.get_executor(pure=False)
        self._seen = time.monotonic()

    @property
    def capacity(self) -> int:
        """How many tasks can be made at the same time; workers may come and go."""
        return max(1, self._threads())

    def submit(self, task: Task, *, single: bool = False) -> Future[Answer]:  # noqa: ARG002 - all go to the cluster
        """Have a task made; when its worker dies, dask gives it to another."""
        try:
            future: Future[Answer] = self._pool.submit(make, task)
        except Exception as error:
            raise self._lost(error) from error
        return future

    def answer(self, future: Future[Answer]) -> Answer:
        """Take what was made."""
        from distributed.scheduler import KilledWorker

        try:
            return future.result()
        except (KilledWorker, CancelledError) as error:
            self._threads()  # a scheduler that is gone cancels everything, and that is no photo's fault
            raise WorkerLostError(str(error)) from error
        except TracemarkError:
            raise
        except Exception as error:
            raise KitError(f"a worker of scheduler {self._address} failed: {type(error).__name__}: {error}") from error

    def check(self) -> None:
        """Raise a KitError when there has been no worker for a minute."""
        now = time.monotonic()
        if self._threads():
            self._seen = now
        elif now - self._seen > DESERTED_S:
            raise KitError(f"scheduler {self._address} must have at least one worker, and has none any more{GOES_ON}")

    def close(self) -> None:
        """Leave the scheduler."""
        # The scheduler may be what failed; then its workers and their memory are none of our business.
        with suppress(Exception):
            self._pool.shutdown()
            self._client.run(forget, on_error="ignore")
        self._client.close()

    def _threads(self) -> int:
        """Count the threads of all workers."""
        try:
            threads: dict[str, int] = self._client.nthreads()
        except Exception as error:
            raise self._lost(error) from error
        return sum(threads.values())

    def _lost(self, error: Exception) -> KitError:
        """Say that the scheduler does not answer.

        Which error dask raises depends on how far its client has got in noticing: refused connections at first, and
        when it has given up, what a closed pool, a closed loop or a missing attribute raises.
        """
        return KitError(f"scheduler {self._address} was lost: {error}{GOES_ON}")

    def _check_software(self) -> None:
        """See to it that every worker runs the program that this process runs."""
        if not self._threads():
            raise KitError(f"scheduler {self._address} must have at least one worker, and has none")
        try:
            answers: dict[str, str] = self._client.run(_software)
        except Exception as error:  # whatever a worker may raise that has no tracemark
            raise KitError(f"every worker of scheduler {self._address} must run {SOFTWARE}: {error}") from error
        others = [software for software in answers.values() if software != SOFTWARE]
        if others:
            raise KitError(f"every worker of scheduler {self._address} must run {SOFTWARE}, and one runs {others[0]}")


def _software() -> str:
    """Say what a worker runs."""
    return SOFTWARE


def _checked(address: str) -> str:
    """Refuse what names no port: dask would say so, and then leave half a client behind."""
    try:
        parts = urlsplit(address if "://" in address else f"tcp://{address}")
        reachable = parts.scheme == "inproc" or bool(parts.hostname and parts.port)
    except ValueError:
        reachable = False
    if not reachable:
        raise KitError(f"scheduler must be an address such as tcp://10.0.0.5:8786, not {address!r}")
    return address

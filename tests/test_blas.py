from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from threading import Barrier, Event

import numpy as np
import pytest
from threadpoolctl import OpenBLASController, threadpool_info, threadpool_limits

import tracemark as tm
import tracemark.detection
from tracemark.blas import one_blas_thread


@pytest.fixture(autouse=True)
def two_threads():
    """Stand for a machine with two cores, whose limit no thread has set."""
    with threadpool_limits(2, user_api="blas"):
        getattr(OpenBLASController, "clear_controlling_thread", bool)()
        yield


def threads():
    return {library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"}


def test_inside_there_is_one_thread_and_afterwards_as_many_as_before():
    with one_blas_thread(), one_blas_thread():
        assert threads() == {1}
    assert threads() == {2}


def test_a_reading_that_fails_leaves_as_many_threads_as_before():
    with pytest.raises(ZeroDivisionError), one_blas_thread():
        1 / 0  # noqa: B018 - failing is the test
    with one_blas_thread():
        assert threads() == {1}
    assert threads() == {2}


def test_leaks_that_two_threads_read_at_once_leave_as_many_threads_as_before(monkeypatch):
    both_read, one_is_done = Barrier(2), Event()

    def read(*asked):
        if both_read.wait() == 1:  # the one that began last
            one_is_done.wait()

    monkeypatch.setattr(tracemark.detection, "_read", read)
    with ThreadPoolExecutor(2) as pool:
        readings = [pool.submit(tm.detect, np.zeros((5, 5)), key=tm.Key(bytes(32))) for _ in range(2)]
        wait(readings, return_when=FIRST_COMPLETED)
        one_is_done.set()
    assert threads() == {2}

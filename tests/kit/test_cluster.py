"""A kit made by the processes of a real dask cluster, and by none of them when something is wrong."""

import dataclasses
import hashlib
import logging
import os
import signal
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

import tracemark as tm
from tests.kit.conftest import crop_photos, stamp
from tests.kit.stand_ins import die, remembered, slow_down
from tracemark.kit import cluster
from tracemark.kit.cluster import DaskWorkers
from tracemark.kit.workers import WorkerLostError

distributed = pytest.importorskip("distributed", reason="dask is an extra")
pytestmark = [pytest.mark.skipif(sys.platform == "win32", reason="there is no kill -9")]

GUESTS = range(100, 160)
PHOTOS = 4
WRITTEN = 8  # files of a worker that is killed: enough to be in the middle of them
PATIENCE_S = 20.0


def start(*, n_workers):
    """Start a cluster of worker processes, each with a nanny that starts it anew; its web page takes any port."""
    return distributed.LocalCluster(
        n_workers=n_workers, threads_per_worker=1, dashboard_address=":0", silence_logs=logging.CRITICAL
    )


@pytest.fixture(scope="module")
def scheduler():
    with start(n_workers=2) as local:
        yield local.scheduler_address


@pytest.fixture
def client(scheduler):
    with distributed.Client(scheduler, set_as_default=False) as opened:
        yield opened


def wait_for(found):
    """Ask until there is an answer."""
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        if answer := found():
            return answer
        time.sleep(0.01)
    raise TimeoutError


def busy_worker(log):
    """Find a worker that has written several files."""
    pids = Counter(line.partition(" ")[0] for line in log.read_text().splitlines()) if log.exists() else Counter()
    return next((int(pid) for pid, files in pids.items() if files >= WRITTEN), None)


def make_recorded(order, scheduler, path):
    """Make a kit; the answer is what was told of it, and what was recorded."""
    with tm.Ledger.open(path, create=True) as ledger:
        made = list(tm.make_kit(order, ledger=ledger, scheduler=scheduler))
        assert ledger.verify()
        return made, [(copy.file, copy.sha256) for copy in ledger.copies()]


def test_a_worker_that_is_killed_costs_no_copy_and_doubles_none(scheduler, client, press, demo_photo):
    press.photos = crop_photos(demo_photo, press.folder, PHOTOS)
    order, log = press.order(GUESTS, check="none"), press.folder / "log"
    client.run(slow_down, str(log))
    with ThreadPoolExecutor(1) as beside:
        kit = beside.submit(make_recorded, order, scheduler, press.folder / "kit.db")
        killed = wait_for(partial(busy_worker, log))
        os.kill(killed, signal.SIGKILL)
        before = {path: stamp(path) for path in press.out.rglob("*.jpg")}
        made, recorded = kit.result()
    assert killed not in client.run(os.getpid).values()
    assert all(isinstance(one, tm.MadeCopy) for one in made)
    expected = sorted(copy.file for copy in order.copies)
    assert sorted(file for file, _ in recorded) == expected
    assert sorted(one.copy.file for one in made) == expected
    assert press.files() == sorted([*expected, "SHA256SUMS", "manifest.jsonl"])
    for file, sha256 in recorded:
        assert hashlib.sha256((press.out / file).read_bytes()).digest() == sha256
    # What it had made without having told was recognised, and nothing that was there was written again.
    assert sum(one.was_there for one in made) >= WRITTEN - 1
    assert {path: stamp(path) for path in before} == before
    assert len(before) < len(expected)


def test_the_workers_make_what_this_process_makes_and_read_it_back(scheduler, press):
    order = press.order(range(3))
    there = {one.copy.file: (one.sha256, one.check and one.check.method) for one in tm.make_kit(order, jobs=1)}
    other = dataclasses.replace(order, out=press.folder / "other")
    made = {
        one.copy.file: (one.sha256, one.check and one.check.method) for one in tm.make_kit(other, scheduler=scheduler)
    }
    assert made == there
    assert sum(method is not None for _, method in made.values()) == 2


def test_no_photo_stays_in_the_memory_of_the_workers(scheduler, client, press):
    list(tm.make_kit(press.order([17], check="none"), scheduler=scheduler))
    assert set(client.run(remembered).values()) == {0}


def test_a_worker_that_cannot_find_the_key_ends_it_with_a_sentence(scheduler, press):
    workers = DaskWorkers(scheduler)
    task = press.task([17], key_file=press.folder / "elsewhere.key")
    with pytest.raises(tm.KeyFileError, match=r"elsewhere\.key"):
        workers.answer(workers.submit(task))
    workers.close()


def test_what_goes_wrong_on_a_worker_is_told_with_the_scheduler(scheduler, press):
    workers = DaskWorkers(scheduler)
    with pytest.raises(tm.KitError, match=r"a worker of scheduler tcp://.* failed: AttributeError"):
        workers.answer(workers.submit("no task"))
    workers.close()


def test_a_task_that_kills_every_worker_is_lost_and_the_cluster_goes_on(scheduler, client, press):
    workers = DaskWorkers(scheduler)
    with pytest.raises(WorkerLostError, match="on 4 different workers, but all those workers died while running it"):
        workers.answer(client.get_executor(pure=False).submit(die))
    assert workers.answer(workers.submit(press.task([17]))).made
    workers.close()


def test_a_scheduler_without_workers_or_nowhere_is_refused(monkeypatch):
    monkeypatch.setattr(cluster, "CONNECT_S", 1.0)
    with start(n_workers=0) as empty:
        address = empty.scheduler_address
        with pytest.raises(tm.KitError, match="must have at least one worker, and has none"):
            DaskWorkers(address)
    for gone in (address, "nonsense://host:1", "tcp://127.0.0.1:1"):
        with pytest.raises(tm.KitError, match="cannot be reached"):
            DaskWorkers(gone)


@pytest.mark.parametrize("wrong", ["press-office", "tcp://press-office", "tcp://host:99999", "tcp://:8786", ""])
def test_an_address_without_a_port_is_refused_at_once(wrong):
    with pytest.raises(tm.KitError, match=r"scheduler must be an address such as tcp://10\.0\.0\.5:8786, not"):
        DaskWorkers(wrong)


def test_a_scheduler_that_is_lost_ends_the_kit_with_a_sentence_and_it_can_be_gone_on_with(press, monkeypatch):
    monkeypatch.setattr(cluster, "CONNECT_S", 1.0)
    order = press.order(GUESTS, check="none")
    with start(n_workers=1) as local:
        making = tm.make_kit(order, scheduler=local.scheduler_address)
        made = [next(making)]
    with pytest.raises(tm.KitError, match="was lost"):
        made += making
    assert len(made) < len(order.copies)
    assert len([one for one in tm.make_kit(order, jobs=1) if isinstance(one, tm.MadeCopy)]) == len(order.copies)


def test_a_scheduler_that_dask_has_given_up_is_lost_and_left_in_peace(scheduler, press):
    workers = DaskWorkers(scheduler)
    workers._client.close()
    for ask in (workers.check, lambda: workers.capacity, lambda: workers.submit(press.task([17]))):
        with pytest.raises(tm.KitError, match=r"scheduler tcp://.* was lost: "):
            ask()
    workers.close()


def test_a_scheduler_whose_workers_have_gone_for_long_is_given_up(monkeypatch):
    with start(n_workers=1) as local:
        workers = DaskWorkers(local.scheduler_address)
        workers.check()
        local.scale(0)
        wait_for(lambda: not workers._threads())
        workers.check()
        monkeypatch.setattr(cluster, "DESERTED_S", 0.0)
        with pytest.raises(tm.KitError, match="has none any more; the same command goes on when there is one again"):
            workers.check()
        workers.close()


def test_workers_of_another_version_are_refused(scheduler, monkeypatch):
    monkeypatch.setattr(cluster, "SOFTWARE", "tracemark 99")
    with pytest.raises(tm.KitError, match="must run tracemark 99, and one runs tracemark 0"):
        DaskWorkers(scheduler)


def test_without_dask_the_remedy_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(tm.MissingLibraryError, match=r"pip install '\.\[dask\]'"):
        DaskWorkers("tcp://127.0.0.1:8786")

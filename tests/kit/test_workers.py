import math
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tests.kit import stand_ins
from tests.kit.stand_ins import log_of, tasks_of
from tracemark.kit import sharing, workers
from tracemark.kit.sharing import open_workers, work
from tracemark.kit.workers import LocalWorkers, WorkerLostError, processes

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no kill -9")


@pytest.fixture(autouse=True)
def _stand_in(monkeypatch):
    monkeypatch.setattr(workers, "make", stand_ins.make)


def made_by(tasks, *, jobs):
    """Have tasks made; the answer is what became of each: numbers of copies, or words."""
    made, words = dict.fromkeys((task.photo.name for task in tasks), 0), {}
    with open_workers(jobs=jobs, scheduler=None) as local:
        for task, answer in work(tasks, local, stop=threading.Event()):
            made[task.photo.name] += len(answer.made)
            words.update({failure.photo.name: failure.words for failure in answer.failures})
    return made, words


@pytest.mark.parametrize("jobs", [1, 2])
def test_all_tasks_are_made_to_their_end(jobs, press):
    assert made_by(tasks_of(press, *["harmless"] * 4), jobs=jobs) == ({"0": 2, "1": 2, "2": 2, "3": 2}, {})


def test_what_a_killed_process_had_is_made_by_another(press):
    made, words = made_by(tasks_of(press, "harmless", "kills once", "harmless", "kills once"), jobs=2)
    assert made == {"0": 2, "1": 2, "2": 2, "3": 2}
    assert words == {}


def test_a_long_list_is_complete_although_a_process_is_killed(press, monkeypatch):
    monkeypatch.setattr(sharing, "MOST_COPIES", 2)
    made, words = made_by(tasks_of(press, "kills once", "harmless", copies=9), jobs=2)
    assert (made, words) == ({"0": 9, "1": 9}, {})


def test_a_photo_that_kills_three_processes_fails_and_its_neighbours_do_not(press):
    made, words = made_by(tasks_of(press, "harmless", "kills", "harmless", "harmless"), jobs=2)
    assert made == {"0": 2, "1": 0, "2": 2, "3": 2}
    assert list(words) == ["1"]
    assert "workers were lost again and again while they made copies of it: is there enough memory?" in words["1"]
    assert log_of(press).count("begin 1") == workers.MOST_ATTEMPTS


def test_a_mistake_in_the_program_is_no_lost_worker(press):
    with pytest.raises(RuntimeError, match="a bug"):
        made_by(tasks_of(press, "fails"), jobs=2)


def test_little_work_starts_no_process(press):
    with open_workers(jobs=None, scheduler=None) as local:
        assert local.capacity == 1
        list(work(tasks_of(press, "harmless"), local, stop=threading.Event()))
        assert local._pool is None


def test_much_work_starts_processes(press, monkeypatch):
    monkeypatch.setattr(workers, "ALONE_S", 0.1)
    monkeypatch.setattr(workers, "processes", lambda: 3)
    with open_workers(jobs=None, scheduler=None) as local:
        answers = list(work(tasks_of(press, *["harmless"] * 4, copies=6), local, stop=threading.Event()))
        assert len(answers) == 24
        assert local.capacity == 3
        assert local._pool is not None


def test_a_single_task_stays_where_its_photo_is_prepared(press, monkeypatch):
    monkeypatch.setattr(workers, "ALONE_S", 0.0)
    monkeypatch.setattr(workers, "processes", lambda: 3)
    for jobs, alone in ((None, True), (2, False)):
        with open_workers(jobs=jobs, scheduler=None) as local:
            answers = list(work(tasks_of(press, "harmless", copies=6), local, stop=threading.Event()))
            assert len(answers) == 6
            assert (local._pool is None) is alone


def test_a_process_that_is_lost_while_nothing_is_asked_of_it_is_replaced(press):
    local = LocalWorkers(2)
    first, second = tasks_of(press, "kills once", "harmless", copies=1)
    with pytest.raises(WorkerLostError):
        local.answer(local.submit(first))
    assert len(local.answer(local.submit(second)).made) == 1
    local.close()


def test_memory_limits_the_number_of_processes(monkeypatch):
    monkeypatch.setattr(workers, "processors", lambda: 64)
    for memory, expected in (((8 << 30) + 1, 8), (1000, 1), (1 << 50, 64), (math.inf, 64)):
        monkeypatch.setattr(workers, "memory", lambda memory=memory: memory)
        assert processes() == expected


PARENT = """
import sys, threading
from pathlib import Path
from tests.kit import stand_ins
from tests.kit.conftest import Press
from tracemark.kit import workers
from tracemark.kit.workers import LocalWorkers
import tracemark as tm
if __name__ == "__main__":
    workers.make = stand_ins.make
    local = LocalWorkers(2)
    task, = stand_ins.tasks_of(Press(Path(sys.argv[1]), tm.Key(bytes(32))), "harmless")
    local.submit(task).result()
    print(*local._pool._processes, flush=True)
    sys.stdin.read()
"""


def test_processes_outlive_neither_their_parent_nor_ctrl_c(tmp_path):
    script = tmp_path / "parent.py"
    script.write_text(PARENT)
    command = [sys.executable, str(script), str(tmp_path)]
    environment = {**os.environ, "PYTHONPATH": str(Path.cwd())}
    with subprocess.Popen(  # noqa: S603 - our own program
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as parent:
        (child,) = map(int, parent.stdout.readline().split())
        if sys.platform == "linux":
            # From its first moment on, when Python has not begun and could not ignore anything.
            status = Path(f"/proc/{child}/status").read_text()
            assert int(status.partition("SigBlk:")[2].split()[0], 16) >> (signal.SIGINT - 1) & 1
        os.kill(child, signal.SIGINT)
        time.sleep(0.2)
        os.kill(child, 0)  # is still there
        parent.kill()
    for _ in range(100):
        try:
            os.kill(child, 0)
        except ProcessLookupError:
            return
        time.sleep(0.05)
    pytest.fail("the process is still there")

import os

import pytest

from tracemark import machine

PHYSICAL = {"SC_PAGE_SIZE": 4096, "SC_PHYS_PAGES": (8 << 30) // 4096}
LIMITED = {  # groups of this process, files of limits -> bytes
    "not at all": ("0::/\n", {}, 8 << 30),
    "by a container": ("0::/\n", {"memory.max": "2147483648\n"}, 2 << 30),
    "by the group around its own": ("0::/user/press\n", {"user/press/memory.max": "max\n", "user/memory.max": "5"}, 5),
    "by more than there is": ("0::/\n", {"memory.max": "max"}, 8 << 30),
    "in version 1": ("3:memory:/press\n1:cpu:/\n", {"memory/press/memory.limit_in_bytes": "7"}, 7),
    "without end in version 1": ("3:memory:/\n", {"memory/memory.limit_in_bytes": str((1 << 63) - 4096)}, 8 << 30),
}


SHARED = {  # groups of this process, files of limits -> processors, of four that it may run on
    "not at all": ("0::/\n", {}, 4),
    "by a container": ("0::/\n", {"cpu.max": "200000 100000\n"}, 2),
    "by a container, to one and a half": ("0::/\n", {"cpu.max": "150000 100000\n"}, 2),
    "by a container, to a tenth": ("0::/\n", {"cpu.max": "10000 100000\n"}, 1),
    "by the group around its own": (
        "0::/user/press\n",
        {"user/press/cpu.max": "max 100000\n", "user/cpu.max": "100000 50000\n"},
        2,
    ),
    "by more than there are": ("0::/\n", {"cpu.max": "6400000 100000\n"}, 4),
    "in version 1": (
        "4:cpu,cpuacct:/press\n3:memory:/\n0::/\n",
        {"cpu/press/cpu.cfs_quota_us": "250000\n", "cpu/press/cpu.cfs_period_us": "100000\n"},
        3,
    ),
    "without end in version 1": (
        "4:cpu:/\n",
        {"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"},
        4,
    ),
    "by words that nobody knows": ("0::/\n", {"cpu.max": "some\n"}, 4),
}


@pytest.fixture
def grouped(tmp_path, monkeypatch):
    """Put this process into control groups that are described by the files given; before, into none."""
    monkeypatch.setattr(machine, "OWN_GROUPS", tmp_path / "own")
    monkeypatch.setattr(machine, "GROUPS", tmp_path / "groups")

    def put(groups, files):
        (tmp_path / "own").write_text(groups)
        for name, text in files.items():
            (tmp_path / "groups" / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / "groups" / name).write_text(text)

    return put


@pytest.mark.skipif(not hasattr(os, "sysconf"), reason="the system does not tell")
@pytest.mark.parametrize("how", LIMITED)
def test_memory_is_what_machine_and_control_groups_allow(how, grouped, monkeypatch):
    groups, files, expected = LIMITED[how]
    monkeypatch.setattr(os, "sysconf", PHYSICAL.__getitem__)
    assert machine.memory() == 8 << 30
    grouped(groups, files)
    assert machine.memory() == expected


@pytest.mark.parametrize("how", SHARED)
def test_processors_are_no_more_than_control_groups_allow(how, grouped, monkeypatch):
    groups, files, expected = SHARED[how]
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {0, 1, 2, 3}, raising=False)
    assert machine.processors() == 4
    grouped(groups, files)
    assert machine.processors() == expected


@pytest.mark.usefixtures("grouped")
def test_processors_are_those_that_this_process_may_use(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {3, 5, 6}, raising=False)
    assert machine.processors() == 3
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert machine.processors() == 1

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


@pytest.mark.skipif(not hasattr(os, "sysconf"), reason="the system does not tell")
@pytest.mark.parametrize("how", LIMITED)
def test_memory_is_what_machine_and_control_groups_allow(how, tmp_path, monkeypatch):
    groups, files, expected = LIMITED[how]
    monkeypatch.setattr(os, "sysconf", PHYSICAL.__getitem__)
    monkeypatch.setattr(machine, "OWN_GROUPS", tmp_path / "own")
    monkeypatch.setattr(machine, "GROUPS", tmp_path / "groups")
    assert machine.memory() == 8 << 30
    (tmp_path / "own").write_text(groups)
    for name, text in files.items():
        (tmp_path / "groups" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "groups" / name).write_text(text)
    assert machine.memory() == expected


def test_processors_are_those_that_this_process_may_use(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {3, 5, 6}, raising=False)
    assert machine.processors() == 3
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert machine.processors() == 1

"""What a kit is to hold, as its workers are told."""

from dataclasses import asdict
from pathlib import Path

import pytest

import tracemark as tm
from tracemark.kit.order import task_of
from tracemark.kit.preparing import SPLICED_COPIES


@pytest.mark.parametrize("options", [{}, {"quality": 80, "strip_gps": True, "baseline": True, "force": True}])
@pytest.mark.parametrize("count", [1, SPLICED_COPIES])
def test_a_task_says_of_its_copies_what_the_order_says_of_all(count, options, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    copies = [tm.KitCopy(Path("car.jpg"), one, f"{one}/car.jpg") for one in range(count + 3)]
    order = tm.KitOrder(copies, Path("kit"), Path("press.key"), {one: {} for one in range(count + 3)}, **options)
    task = task_of(order, order.copies[3:], name="car.jpg", sha256=bytes(32), key_id="ab")
    assert (task.photo, task.key_file, task.out) == (tmp_path / "car.jpg", tmp_path / "press.key", tmp_path / "kit")
    assert (task.copies, task.guests) == (tuple(copies[3:]), tuple(order.guests))
    wanted = {"quality": None, "strip_gps": False, "baseline": False, "force": False} | options
    assert asdict(task.manner) | {"force": task.force} == wanted
    assert task.splice == (count == SPLICED_COPIES)
    assert not task.checked

import dataclasses
import sys
from pathlib import Path

import click
import pytest

import tracemark as tm
from tracemark_cli import progress
from tracemark_cli.progress import Teller, tell_progress

CAR, DOOR = Path("car.jpg"), Path("door.jpg")
GUESTS = (17, 18, 19)


def copy(photo, guest):
    return tm.KitCopy(photo, guest, f"{guest}/{photo.name}")


def made(photo, guest, *, check=None):
    return tm.MadeCopy(copy(photo, guest), bytes(32), 5, check=check)


@pytest.fixture
def order():
    copies = [copy(photo, guest) for photo in (CAR, DOOR) for guest in GUESTS]
    archives = {guest: f"{guest}.zip" for guest in GUESTS}
    return tm.KitOrder(copies, Path("kit"), Path("press.key"), {}, archives=archives)


def test_a_photo_is_told_of_when_all_its_copies_have_come(order, capsys):
    teller = Teller(order)
    teller.count(made(CAR, 17, check=tm.Check("blind", -12.0)))
    teller.count(made(DOOR, 17))
    teller.count(tm.Failure(CAR, "exists already", copy(CAR, 18)))
    assert capsys.readouterr().err == ""
    teller.count(made(CAR, 19))
    assert capsys.readouterr().err == "car.jpg: 2 copies, 1 read back\n"


def test_a_photo_that_fails_settles_all_its_copies(order, capsys):
    teller = Teller(order)
    assert teller.count(made(CAR, 17)) == 1
    assert teller.count(tm.Failure(CAR, "workers were lost")) == 2
    assert capsys.readouterr().err == "car.jpg: 1 copy, 0 read back\n"
    assert teller.count(tm.Failure(DOOR, "no such file")) == 3
    assert capsys.readouterr().err == ""


def test_archives_are_told_of_together(order, capsys):
    teller = Teller(order)
    for guest in GUESTS:
        assert capsys.readouterr().err == ""
        assert teller.count(tm.MadeArchive(guest, f"{guest}.zip", bytes(32), 9)) == 1
    assert capsys.readouterr().err == "3 archives\n"


@pytest.mark.parametrize(("fail", "told"), [((17, 18), "1 archive\n"), ((19,), "2 archives\n"), (GUESTS, "")])
def test_archives_that_fail_are_not_counted(fail, told, order, capsys):
    teller = Teller(order)
    for guest in GUESTS:
        file = f"{guest}.zip"
        failed = tm.Failure(Path("kit") / file, "no room")
        assert teller.count(failed if guest in fail else tm.MadeArchive(guest, file, bytes(32), 9)) == 1
    assert capsys.readouterr().err == told


def test_everything_that_comes_adds_up_to_the_whole(order):
    teller = Teller(order)
    told = [made(CAR, 17), tm.Failure(CAR, "lost"), *(made(DOOR, guest) for guest in GUESTS)]
    told += [tm.MadeArchive(17, "17.zip", bytes(32), 9), *(tm.Failure(Path(f"kit/{n}.zip"), "no") for n in (18, 19))]
    assert sum(teller.count(one) for one in told) == teller.total == 9


def watched(monkeypatch):
    """Let stderr be a terminal."""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    for name, value in {"TERM": "xterm", "COLUMNS": "100", "NO_COLOR": "1"}.items():
        monkeypatch.setenv(name, value)


def test_rate_and_remaining_time_are_those_of_all_that_was_made_once_enough_is_known(order, monkeypatch):
    watched(monkeypatch)
    clock, seen = [0.0], []
    monkeypatch.setattr(progress.time, "monotonic", lambda: clock[-1])
    with tell_progress(order) as teller:
        for moment, one in [
            (100.0, dataclasses.replace(made(CAR, 17), was_there=True)),
            (104.0, made(CAR, 18)),
            (104.0, made(CAR, 19)),
            (112.0, made(DOOR, 17)),
            (112.0, tm.Failure(DOOR, "exists already", copy(DOOR, 18))),
        ]:
            clock.append(moment)
            teller.count(one)
            seen.append(teller._progress.tasks[0].fields["rate"])
    assert seen == ["", "", "", "0.2/s 0:00:20", "0.2/s 0:00:16"]


def test_somebody_who_watches_sees_a_bar_with_rate_and_remaining_time(order, monkeypatch, capsys):
    watched(monkeypatch)
    monkeypatch.setattr(progress, "KNOWN_S", 0.0)
    with tell_progress(order) as teller:
        assert isinstance(teller, progress._BarTeller)
        for photo in (CAR, DOOR):
            for guest in GUESTS:
                teller.count(made(photo, guest))
                click.echo(f"{guest}/{photo.name} {'x' * 200}")
    results, told = capsys.readouterr()
    assert [line.split()[0] for line in results.splitlines()] == [
        f"{n}/{photo}" for photo in (CAR, DOOR) for n in GUESTS
    ]
    assert "b'" not in told
    assert "6/9" in told
    assert "/s" in told
    assert "door.jpg" in told
    assert "car.jpg: 3 copies, 0 read back" in told

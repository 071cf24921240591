import threading
from collections import deque
from concurrent.futures import Future
from dataclasses import replace

import pytest

import tracemark as tm
from tests.kit.stand_ins import tasks_of
from tracemark.kit import sharing
from tracemark.kit.sharing import work
from tracemark.kit.task import Answer, Failure, MadeCopy
from tracemark.kit.workers import WorkerLostError


class StandInWorkers:
    """Makes everything at once, and notes what it was given."""

    attempts = 3

    def __init__(self, capacity=2, answer=None):
        self.capacity, self.given, self._answer = capacity, [], answer or (lambda task: Answer())

    def submit(self, task, *, single=False):
        self.given.append(task)
        future = Future()
        future.set_result(task)
        return future

    def answer(self, future):
        return self._answer(future.result())

    def check(self):
        raise AssertionError("nobody was silent")

    def close(self):
        pass


def shares(press, capacity, *, copies, **options):
    (task,) = tasks_of(press, "photo", copies=copies)
    given = sharing._next(deque([replace(task, **options)]), [], capacity)
    return sorted(len(task.copies) for task in given)


@pytest.mark.parametrize(
    ("capacity", "copies", "expected"),
    [
        (1, 100, [100]),
        (2, 100, [50, 50]),
        (3, 100, [25, 25, 50]),
        (4, 101, [25, 25, 25, 26]),
        (4, 19, [19]),
        (9, 33, [16, 17]),
    ],
)
def test_one_photo_is_shared_out_among_workers_that_are_free(capacity, copies, expected, press):
    assert shares(press, capacity, copies=copies) == expected


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, [250, 250]),
        ({"splice": True}, [500]),
        ({"splice": True, "checked": frozenset(range(0, 500, 50))}, [250, 250]),
        ({"splice": True, "checked": frozenset({0, 1, 2})}, [500]),
        ({"splice": True, "doubtful": True}, [250, 250]),
    ],
)
def test_a_photo_is_shared_out_when_its_copies_take_longer_than_preparing_it(options, expected, press):
    assert shares(press, 2, copies=500, **options) == expected


def test_shares_hold_every_copy_once(press):
    (task,) = tasks_of(press, "photo", copies=301)
    given = sharing._next(deque([task]), [], 7)
    assert sorted(copy.recipient for share in given for copy in share.copies) == list(range(301))


def test_photos_are_not_shared_out_while_there_is_one_for_everybody(press):
    tasks = tasks_of(press, "photo", "photo", "photo", copies=100)
    waiting = deque(tasks)
    assert sharing._next(waiting, [], 2) == tasks[:2]
    assert list(waiting) == tasks[2:]


def test_a_suspect_waits_for_all_others_and_is_alone(press):
    suspect, other, third = tasks_of(press, "photo", "photo", "photo")
    suspect = replace(suspect, attempts=1)
    waiting = deque([other, suspect])
    assert sharing._next(waiting, [third], 4) == []
    assert sharing._next(waiting, [], 4) == [suspect]
    assert sharing._next(waiting, [suspect], 4) == []
    assert sharing._next(waiting, [], 4) == [other]


class FragileWorkers(StandInWorkers):
    """Like a pool: whoever is under way beside photo 0 is lost with it."""

    def __init__(self):
        super().__init__(capacity=3)
        self.lost, self._beside, self._answering = [], [], False

    def submit(self, task, *, single=False):
        if self._answering:
            self._beside, self._answering = [], False
        self._beside.append(task.photo.name)
        return super().submit(task, single=single)

    def answer(self, future):
        self._answering = True
        task = future.result()
        if "0" in self._beside:
            self.lost.append(task.photo.name)
            raise WorkerLostError("killed")
        return Answer(made=(MadeCopy(task.copies[0], bytes(32), 1),))


def test_a_photo_that_kills_workers_takes_each_neighbour_along_once_at_most(press):
    workers = FragileWorkers()
    answers = list(work(tasks_of(press, *["photo"] * 7, copies=1), workers, stop=threading.Event()))
    assert sorted(task.photo.name for task, answer in answers if answer.made) == ["1", "2", "3", "4", "5", "6"]
    assert [task.photo.name for task, answer in answers if answer.failures] == ["0"]
    assert sorted(workers.lost) == ["0", "0", "0", "1", "2"]


def test_what_is_left_goes_to_the_front_and_is_not_described_twice(press):
    def answer(task):
        return Answer(left=task.copies[1:], doubtful=task.photo.name == "0")

    workers = StandInWorkers(capacity=1, answer=answer)
    tasks = [replace(task, describe=True) for task in tasks_of(press, "photo", "photo")]
    assert len(list(work(tasks, workers, stop=threading.Event()))) == 4
    assert [task.photo.name for task in workers.given] == ["0", "0", "1", "1"]
    assert [task.describe for task in workers.given] == [True, False, True, False]
    assert [task.doubtful for task in workers.given] == [False, True, False, False]


def test_nothing_is_begun_once_somebody_wants_to_stop(press):
    stop = threading.Event()

    def answer(task):
        stop.set()
        return Answer(left=task.copies[1:])

    workers = StandInWorkers(capacity=2, answer=answer)
    answers = list(work(tasks_of(press, "photo", "photo", "photo"), workers, stop=stop))
    assert len(answers) == len(workers.given) == 2


def test_silence_is_looked_into(press, monkeypatch):
    monkeypatch.setattr(sharing, "SILENCE_S", 0.01)

    class Deserted(StandInWorkers):
        def submit(self, task, *, single=False):
            return Future()

        def check(self):
            raise tm.KitError("nobody is there any more")

    with pytest.raises(tm.KitError, match="nobody is there"):
        list(work(tasks_of(press, "photo"), Deserted(), stop=threading.Event()))


def test_a_copy_that_cannot_be_read_back_has_all_shares_of_its_photo_read_back(press):
    def some(task):
        made = tuple(MadeCopy(copy, bytes(32), 1) for copy in task.copies[:100])
        first = task.photo.name == "0" and task.copies[0].recipient == 0
        return Answer(made=made, left=task.copies[100:], doubtful=task.doubtful or first)

    photo, other = tasks_of(press, "photo", "photo", copies=1200)
    workers = StandInWorkers(3, answer=some)
    list(work([replace(photo, splice=True), replace(other, splice=True)], workers, stop=threading.Event()))
    given = [(task.photo.name, task.doubtful) for task in workers.given]
    told = given.index(("0", True))
    assert {shared for shared in given[told + workers.capacity :] if shared[0] == "0"} == {("0", True)}
    assert ("1", True) not in given


class StepByStep(StandInWorkers):
    """Makes so many copies of what it is given, and loses what its `lost` names the first time."""

    def __init__(self, most, *, lost=()):
        super().__init__(2)
        self._most, self._lost = most, set(lost)

    def answer(self, future):
        task = future.result()
        if task.copies[0].recipient in self._lost:
            self._lost.remove(task.copies[0].recipient)
            raise WorkerLostError("killed")
        made = tuple(MadeCopy(copy, bytes(32), 1) for copy in task.copies[: self._most])
        return Answer(made=made, left=task.copies[self._most :])


@pytest.mark.parametrize("most", [3, 10, 100])
@pytest.mark.parametrize("lost", [(), (0, 10)])
def test_a_long_list_goes_out_in_pieces_and_each_copy_is_made_once(most, lost, press, monkeypatch):
    monkeypatch.setattr(sharing, "MOST_COPIES", 10)
    workers = StepByStep(most, lost=lost)
    (task,) = tasks_of(press, "photo", copies=75)
    answers = list(work([replace(task, describe=True)], workers, stop=threading.Event()))
    assert [len(given.copies) <= 10 for given in workers.given] == [True] * len(workers.given)
    assert sorted(made.copy.recipient for _, answer in answers for made in answer.made) == list(range(75))
    assert {given.describe for given in workers.given[2 + len(lost) :]} == {False}


def test_whoever_has_made_a_piece_of_a_photo_is_given_its_next(press, monkeypatch):
    monkeypatch.setattr(sharing, "MOST_COPIES", 10)
    workers = StepByStep(10)
    workers.capacity = 1
    list(work(tasks_of(press, "photo", "photo", copies=30), workers, stop=threading.Event()))
    assert [task.photo.name for task in workers.given] == ["0"] * 3 + ["1"] * 3


def test_a_photo_that_fails_as_a_whole_is_not_tried_again_for_the_rest_of_a_long_list(press, monkeypatch):
    monkeypatch.setattr(sharing, "MOST_COPIES", 10)
    workers = StandInWorkers(1, answer=lambda task: Answer(failures=(Failure(task.photo, "no image"),)))
    assert len(list(work(tasks_of(press, "photo", copies=30), workers, stop=threading.Event()))) == 1

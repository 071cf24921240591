import json
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

import tracemark
from benchmarks.gauntlet.attacks import ATTACKS
from benchmarks.gauntlet.damage import removal
from benchmarks.informed import __main__ as command
from benchmarks.informed import kit as kits
from benchmarks.informed.leaks import LEAKS
from benchmarks.informed.mixing import FEW, MANY, MIXES, SAVINGS
from benchmarks.informed.opponents import OPPONENTS
from benchmarks.informed.parts import NEVER_MARKED, PARTS
from benchmarks.informed.records import Answer, Asked, line_of, read
from benchmarks.informed.tables import collusion_chart, render
from benchmarks.json_lines import append_line
from benchmarks.registration.views import VIEWS
from tracemark.profile import PROFILE

SIDE = PROFILE.tile_pixels
RUN = {"commit": "c", "machine": "m", "long_side_px": 800}


def answer(part="views", leak="jpeg-20", saving="", copies=1, photo="a", **said):
    said = {"verdict": "identified", "right": 1, "wrong": 0, "informed": 1, "centi_score": 1234, "cpu_ms": 1500, **said}
    return Answer(part, leak, saving, copies, photo, **said)


@pytest.fixture
def copies(rng):
    """Six pictures that differ in every pixel."""
    return rng.integers(0, 256, (6, 130, 190, 3), dtype=np.uint8)


@pytest.fixture
def folder(tmp_path, rng):
    for name in "abc":
        smooth = cv2.GaussianBlur(rng.integers(0, 256, (300, 400, 3), dtype=np.uint8), (0, 0), 2)
        cv2.imwrite(str(tmp_path / f"{name}.png"), smooth)
    return tmp_path


def test_every_way_to_leak_has_its_own_name_and_makes_a_picture():
    names = [(leak.part, leak.name) for leak in LEAKS]
    assert len(set(names)) == len(names)
    assert {name for part, name in names if part == "views"} == {view.name for view in VIEWS}
    assert {name for part, name in names if part == "gauntlet"} == {
        attack.name for attack in ATTACKS if attack.delivered_px is None
    }


@pytest.mark.parametrize("leak", [leak for leak in LEAKS if leak.part == "pairs"], ids=lambda leak: leak.name)
def test_two_views_in_a_row_make_a_picture(leak, folder, rng):
    photo = cv2.imread(str(folder / "a.png"))
    made = leak.make(photo, [photo] * 3, rng)
    assert made.dtype == np.uint8
    assert made.shape[2] == 3
    assert not np.array_equal(made, photo)


@pytest.mark.parametrize("mix", MIXES, ids=lambda mix: mix.name)
def test_a_mix_of_equal_copies_is_the_copy(mix, copies, rng):
    np.testing.assert_array_equal(mix.function(np.stack([copies[0]] * 4), rng), copies[0])


@pytest.mark.parametrize("mix", MIXES, ids=lambda mix: mix.name)
def test_a_mix_lies_between_the_least_and_the_most(mix, copies, rng):
    mixed = mix.function(copies, rng)
    assert mixed.shape == copies.shape[1:]
    assert (mixed >= copies.min(axis=0)).all()
    assert (mixed <= copies.max(axis=0)).all()


def test_mixes_are_what_they_are_called(copies, rng):
    by_name = {mix.name: mix.function(copies, rng).astype(int) for mix in MIXES}
    np.testing.assert_array_equal(by_name["minimum"], copies.min(axis=0))
    np.testing.assert_allclose(by_name["average"], copies.mean(axis=0), atol=0.51)
    middle, median = by_name["min-max"], np.median(copies, axis=0)
    np.testing.assert_allclose(by_name["modified negative"], 2 * middle - median, atol=2)
    rows = by_name["rows"]
    assert all(any(np.array_equal(rows[at], copy[at]) for copy in copies) for at in range(len(rows)))
    square = by_name["patches of 64 px"][64:128, 64:128]
    assert any(np.array_equal(square, copy[64:128, 64:128]) for copy in copies)


def test_what_follows_a_mix_has_the_size_it_says(copies, rng):
    jpeg, half, crop = (saving.function(copies[0], rng).shape[:2] for saving in SAVINGS)
    assert (jpeg, half) == ((130, 190), (65, 95))
    assert crop[0] * crop[1] == pytest.approx(130 * 190 / 2, rel=0.02)


def test_what_repeats_in_copies_is_found_and_taken_out(rng):
    line = cv2.GaussianBlur(rng.standard_normal((SIDE, SIDE)), (0, 0), 0.8)
    tile = (line / line.std()).astype(np.float32)
    copies = [
        np.rint(np.full((2 * SIDE, 3 * SIDE, 3), 100 + at) + np.tile(tile, (2, 3))[..., None] * 2) for at in (0, 9)
    ]
    copies = [copy.astype(np.uint8) for copy in copies]
    found = removal.repeating(copies)
    assert np.corrcoef(found.ravel(), tile.ravel())[0, 1] > 0.7
    assert removal.fold(copies[0], 1, rng, copies[1:]).std() < 0.9 * copies[0].std()


def test_a_mark_is_pasted_where_it_fits_and_nowhere_else():
    photo = np.full((40, 50, 3), 100, np.uint8)
    pasted = removal.paste(photo, np.full((30, 60), 3, np.float32), 2)
    assert (pasted[:30] == 106).all()
    assert (pasted[30:] == 100).all()


def test_answers_are_read_back_and_a_torn_line_is_none(tmp_path):
    path = tmp_path / "results" / "run.jsonl"
    assert read(path) == ([], [])
    append_line(path, {"kind": "run", "commit": "c"})
    append_line(path, {"kind": "answer", **line_of(answer())})
    with path.open("a") as file:
        file.write('{"kind": "answ')
    runs, answers = read(path)
    assert runs == [{"commit": "c"}]
    assert answers == [answer()]
    assert answers[0].asked == Asked("views", "jpeg-20", "", 1, "a")


def test_tables_count_names_leaks_and_contributors():
    answers = [
        answer(),
        answer(photo="b", right=0, centi_score=500, verdict="inconclusive"),
        answer(leak=NEVER_MARKED, copies=0, right=0, verdict="none"),
        answer(part="mixes", leak="average", saving="JPEG 75", copies=3, right=3),
        answer(part="mixes", leak="rows", saving="JPEG 75", copies=3, right=1),
        answer(part="mixes", leak="rows", saving="JPEG 75", copies=10, right=0, wrong=1),
    ]
    text = render([RUN], answers, listed=1000)
    assert "Innocents named: 1 in 6 readings" in text
    assert "| jpeg-20 | 1 of 2 | 1.3% – 98.7% | 1 | 0 | 2 | 5.0 | 8.7 | 1.5 |" in text
    assert "| **all that were marked** | 1 of 2 |" in text
    assert "| 2 of 2 | 15.8% – 100.0% | 1 of 2 | 4 of 6 | 0 |" in text
    assert text.index("| JPEG 75 | 3 |") < text.index("| JPEG 75 | 10 |")
    svg = collusion_chart(answers)
    assert svg.count("<polyline") == 4  # two lines and their keys
    assert svg.count("<circle") == 8


@pytest.fixture
def reader(monkeypatch):
    """A detector that names the first two of any list."""
    asked = []

    def detect_together(leaks, *, key, originals, recipients):
        asked.append((len(leaks), len(originals), len(recipients)))
        return SimpleNamespace(recipients=tuple(recipients[:2]), verdict="identified", method="informed", score=9.0)

    def prepare(photo, *, key):
        return SimpleNamespace(copy_for=lambda recipient: photo + np.uint8(recipient % 3))

    names = {"Key": tracemark.Key, "Plan": tracemark.Plan, "prepare": prepare, "detect_together": detect_together}
    monkeypatch.setattr(kits, "tm", SimpleNamespace(**names))
    return asked


def run(folder, *words):
    out = folder / "out.jsonl"
    status = command.main(["--photos", str(folder), "--out", str(out), *words])
    return status, read(out)


def test_everybody_named_without_a_copy_is_wrong(folder, reader, capsys):
    status, (runs, answers) = run(folder, "--most", "1", "--parts", "views", "--leaks", "mirror", NEVER_MARKED)
    assert status == 1
    assert len(runs) == 1
    assert [(one.leak, one.right, one.wrong) for one in answers] == [("mirror", 1, 1), (NEVER_MARKED, 0, 2)]
    assert reader == [(1, 1, kits.LISTED)] * 2
    assert "| mirror | 1 of 1 |" in capsys.readouterr().out


def test_a_run_that_was_stopped_goes_on_where_it_was(folder, reader, capsys):
    words = ("--most", "2", "--parts", "mixes", "together", "--leaks", "rows")
    _, (_, first) = run(folder, *words, "--every", "2")
    _, (runs, both) = run(folder, *words, "--resume")
    assert both[: len(first)] == first
    assert len(runs) == 2
    expected = 2 * (len(FEW) * len(SAVINGS) + len(MANY) + 2)
    assert len({one.asked for one in both}) == len(both) == expected
    assert {leaks for leaks, _, _ in reader} == {1, 3}  # a folder of three photos has no fourth to read together
    assert all(json.loads(line)["photo"] for line in capsys.readouterr().err.splitlines())


def test_only_mixes_of_so_many_copies_are_read(folder, reader):
    _, (_, answers) = run(folder, "--most", "1", "--parts", "mixes", "--leaks", "rows", "--copies", "5", "8")
    assert sorted(one.copies for one in answers) == [5] * len(SAVINGS) + [8]


def test_a_line_that_was_cut_off_is_read_again(folder, reader):
    words = ("--most", "1", "--parts", "views", "--leaks", "mirror", "negative")
    _, (_, first) = run(folder, *words)
    out = folder / "out.jsonl"
    out.write_bytes(out.read_bytes()[:-20])
    _, (runs, again) = run(folder, *words, "--resume")
    assert again == first
    assert len(runs) == 2


def test_answers_that_are_there_are_not_thrown_away_unless_that_is_asked_for(folder, reader, capsys):
    words = ("--most", "1", "--parts", "views", "--leaks")
    _, before = run(folder, *words, "mirror")
    with pytest.raises(SystemExit):
        run(folder, *words, "negative")
    assert "go on with --resume, or begin again with --anew" in capsys.readouterr().err
    assert read(folder / "out.jsonl") == before
    _, (runs, answers) = run(folder, *words, "negative", "--anew")
    assert len(runs) == 1
    assert [one.leak for one in answers] == ["negative"]


@pytest.mark.parametrize("other", [("--seed", "3"), ("--long-side", "500")])
def test_answers_of_another_seed_or_size_are_not_gone_on_with(other, folder, reader, capsys):
    words = ("--most", "1", "--parts", "views", "--leaks", "mirror")
    _, before = run(folder, *words)
    with pytest.raises(SystemExit):
        run(folder, *words, "--resume", *other)
    assert "must go on with the seed and the long side of the answers in" in capsys.readouterr().err
    assert read(folder / "out.jsonl") == before


def test_opponents_who_paste_are_guilty_of_nothing(folder, reader):
    _, (_, answers) = run(folder, "--most", "1", "--parts", "opponents")
    assert [one.leak for one in answers] == [opponent.name for opponent in OPPONENTS]
    for opponent, one in zip(OPPONENTS, answers, strict=True):
        assert (one.right, one.wrong) == ((1, 1) if opponent.guilty else (0, 2))


def test_every_part_is_a_table():
    answers = [answer(part=part, saving="JPEG 75" if part in {"mixes", "together"} else "") for part in PARTS]
    assert render([RUN], answers, listed=10).count("| --- |") >= len(PARTS)

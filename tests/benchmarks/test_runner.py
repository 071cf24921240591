import json
from dataclasses import asdict, dataclass
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

import tracemark
from benchmarks.gauntlet import runner
from benchmarks.gauntlet.__main__ import main
from benchmarks.gauntlet.corpus import Limits
from benchmarks.gauntlet.quality import Quality
from benchmarks.gauntlet.records import COPY, PASTED, UNMARKED, WRONG_KEY, Errand, Marking, Outcome

DARK, LIGHT = 60, 180
DARKER, LEAST = 20, 160  # another photo with the light of a copy on it stays below the least of a copy
INNOCENT = 7
WHOLE = Limits()


@dataclass(frozen=True)
class StandIn:
    """A mark of light: whatever is light was marked, for whoever was marked last."""

    accuses: int | None = None
    refuses: bool = False

    def prepare(self, image, *, key):
        if self.refuses:
            raise tracemark.PhotoError("photo must be light, not dark")
        return SimpleNamespace(copy_for=lambda recipient: self._copy(image, key, recipient))

    def _copy(self, image, key, recipient):
        self.memory.append((key, recipient))
        return np.full_like(image, LIGHT)

    def detect(self, leak, *, key):
        marked_with, recipient = self.memory[-1]
        marked = leak.mean() > LEAST and key == marked_with
        named = (recipient,) if marked else ()
        if self.accuses is not None:
            named = (*named, self.accuses)
        return SimpleNamespace(
            verdict="identified" if named else "none",
            recipient=named[0] if named else None,
            recipients=named,
            log10_false_alarm=-12.0 if named else 0.0,
        )

    @property
    def memory(self):
        return MEMORY


MEMORY: list[tuple[tracemark.Key, int]] = []


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "dark.png"
    Image.fromarray(np.full((1000, 1200, 3), DARK, np.uint8)).save(path)
    return path


@pytest.fixture
def another(tmp_path):
    path = tmp_path / "another" / "darker.png"
    path.parent.mkdir()
    Image.fromarray(np.full((300, 500, 3), DARKER, np.uint8)).save(path)
    return path


@pytest.fixture
def let_in(monkeypatch):
    def let_in(stand_in):
        names = {"Key": tracemark.Key, "TracemarkError": tracemark.TracemarkError}
        monkeypatch.setattr(runner, "tm", SimpleNamespace(prepare=stand_in.prepare, detect=stand_in.detect, **names))

    return let_in


@pytest.fixture
def send(photo, another, let_in):
    def send(stand_in, *, attacks=("none", "crop-10"), controls=0, repeat=0, limits=WHOLE, quality=False):
        let_in(stand_in)
        errand = Errand(photo, another, repeat, tuple(attacks), controls, quality, seed=1, limits=limits)
        return list(runner.run([errand]))

    return send


def outcomes_of(results):
    return [result for result in results if isinstance(result, Outcome)]


def test_a_reader_that_is_right_recovers_every_copy(send):
    marking, *outcomes = send(StandIn())
    assert isinstance(marking, Marking)
    assert [outcome.attack for outcome in outcomes] == ["none", "crop-10"]
    assert all((outcome.recovered, outcome.wrong) == (1, 0) for outcome in outcomes)


def test_a_second_name_is_wrong_and_spoils_the_recovery(send):
    outcomes = outcomes_of(send(StandIn(accuses=INNOCENT)))
    assert all((outcome.recovered, outcome.wrong) == (0, 1) for outcome in outcomes)


def test_controls_name_nobody_when_the_reader_is_right(send):
    outcomes = outcomes_of(send(StandIn(), attacks=("none",), controls=len(runner.CONTROLS)))
    controls = [outcome for outcome in outcomes if outcome.subject != COPY]
    assert {outcome.subject for outcome in controls} == {UNMARKED, WRONG_KEY, PASTED}
    assert not any(outcome.recovered or outcome.wrong for outcome in controls)


def test_a_reader_that_believes_a_pasted_mark_is_wrong(photo, let_in):
    let_in(StandIn())  # the mirrored photo is the photo itself here, so it passes for a copy
    errand = Errand(photo, photo, 0, ("none",), len(runner.CONTROLS), quality=False, seed=1, limits=WHOLE)
    controls = [outcome for outcome in outcomes_of(runner.run([errand])) if outcome.subject != COPY]
    assert {outcome.subject for outcome in controls if outcome.wrong} == {PASTED}


def test_whoever_is_named_for_a_control_is_wrong(send):
    outcomes = outcomes_of(send(StandIn(accuses=INNOCENT), attacks=("none",), controls=len(runner.CONTROLS)))
    assert all(outcome.wrong == 1 for outcome in outcomes)


def test_a_refused_photo_counts_as_not_recovered_and_says_why(send):
    marking, *outcomes = send(StandIn(refuses=True))
    assert marking.refused == "photo must be light, not dark"
    assert [outcome.verdict for outcome in outcomes] == ["refused", "refused"]
    assert not any(outcome.recovered for outcome in outcomes)


def test_a_row_run_alone_sees_the_same_copy_and_the_same_leak(send):
    *_, together = outcomes_of(send(StandIn(), attacks=("none", "mirror", "crop-10")))
    (alone,) = outcomes_of(send(StandIn(), attacks=("crop-10",)))
    assert alone.recipient == together.recipient
    assert (alone.rows, alone.columns) == (together.rows, together.columns)
    first = runner.rng_for(1, "dark.png", "crop-10", 0).integers(2**32)
    assert first == runner.rng_for(1, "dark.png", "crop-10", 0).integers(2**32)
    assert first != runner.rng_for(1, "dark.png", "crop-10", 1).integers(2**32)


def test_repeats_have_other_keys_and_recipients(send):
    MEMORY.clear()
    send(StandIn(), repeat=0)
    send(StandIn(), repeat=1)
    (first_key, first), (second_key, second) = MEMORY
    assert first_key != second_key
    assert first != second


def test_small_rows_mark_a_small_photo(send):
    marking, outcome = send(StandIn(), attacks=("small-none",))
    assert max(marking.rows, marking.columns) == max(outcome.rows, outcome.columns) == 600


def test_photos_below_a_megapixel_run_only_the_small_rows(send):
    limits = Limits(long_side_px=800)
    assert [
        outcome.attack for outcome in outcomes_of(send(StandIn(), attacks=("none", "small-none"), limits=limits))
    ] == ["small-none"]


def test_quality_is_measured_when_asked_for(send):
    marking, *_ = send(StandIn(), quality=True)
    assert marking.quality is not None
    assert marking.quality.psnr_db == pytest.approx(20 * np.log10(255 / (LIGHT - DARK)))


@pytest.mark.parametrize(
    ("stand_in", "status"), [(StandIn(), 0), (StandIn(accuses=INNOCENT), 1), (StandIn(refuses=True), 1)]
)
def test_the_command_fails_when_a_row_does(stand_in, status, photo, let_in, tmp_path, capsys):
    let_in(stand_in)
    out = tmp_path / "results" / "run.jsonl"
    words = [
        "--photos",
        str(photo.parent),
        "--attacks",
        "none,social",
        "--no-quality",
        "--controls",
        "2",
        "--out",
        str(out),
    ]
    assert main(words) == status
    facts, *lines = map(json.loads, out.read_text().splitlines())
    assert facts["photos"] == 1
    assert {line["kind"] for line in lines} == {"marking", "outcome"}
    assert "| social |" in capsys.readouterr().out


def test_a_pool_says_which_errand_broke_off(photo, tmp_path, capfd):
    missing = Errand(
        tmp_path / "missing.jpg", tmp_path / "missing.jpg", 0, ("none",), 0, quality=False, seed=1, limits=WHOLE
    )
    with pytest.raises(RuntimeError, match="1 of 1 broke off"):
        list(runner.run([missing], jobs=2))
    assert "missing.jpg broke off" in capfd.readouterr().err


def test_runs_that_were_stopped_are_shown_as_one(tmp_path, capsys):
    run = {"kind": "run", "commit": "abc", "seed": 1, "photos": 9, "machine": "m", "cores": 2, "memory_gib": 4}
    run |= {"python": "3.11"}
    quality = asdict(Quality(90.5, 45.0, 0.99, 1.02, 0.1))
    marking = {"kind": "marking", **asdict(Marking("a.jpg", 0, 10, 20, None, 0.5, 0.1))}
    outcome = {"kind": "outcome", **asdict(Outcome("a.jpg", "social", COPY, 0, 5, 10, 20, "identified", 1, 0, 0.5))}
    first, second = tmp_path / "first.jsonl", tmp_path / "second.partial"
    first.write_text("\n".join(map(json.dumps, [run, marking, outcome])) + "\n")
    lines = [run, marking | {"quality": quality}, outcome | {"photo": "b.jpg"}, marking]
    second.write_text("\n".join(map(json.dumps, lines))[:-9])  # killed in the middle of its last line
    assert main(["--read", str(first), str(second), "--out", str(tmp_path / "both.jsonl")]) == 0
    shown = capsys.readouterr().out
    assert "Commit abc, seed 1, 2 photos" in shown
    assert "| social | % of area | 2 of 2 |" in shown
    assert shown.count("| a.jpg |") == 1
    again = [json.loads(line)["kind"] for line in (tmp_path / "both.jsonl").read_text().splitlines()]
    assert again == ["run", "marking", "outcome", "marking", "outcome"]


def test_runs_of_different_commits_are_not_shown_as_one(tmp_path):
    for commit in ("abc", "def"):
        (tmp_path / commit).write_text(json.dumps({"kind": "run", "commit": commit, "seed": 1}) + "\n")
    with pytest.raises(ValueError, match="one commit"):
        main(["--read", str(tmp_path / "abc"), str(tmp_path / "def")])


def test_a_section_of_the_page_has_results_of_its_own(tmp_path, monkeypatch):
    page, part = tmp_path / "page.md", tmp_path / "part.jsonl"
    page.write_text("<!-- large: begin -->\n<!-- large: end -->\nleft alone\n")
    facts = {"commit": "abc", "seed": 1, "machine": "m", "cores": 2, "memory_gib": 4, "python": "3.11"}
    part.write_text(json.dumps({"kind": "run", **facts}) + "\n")
    monkeypatch.setattr("benchmarks.gauntlet.__main__.PAGE", page)
    monkeypatch.setattr("benchmarks.gauntlet.__main__.RESULTS", tmp_path)
    assert main(["--read", str(part), "--full", "--section", "large"]) == 0
    assert "Commit abc" in page.read_text()
    assert page.read_text().endswith("<!-- large: end -->\nleft alone\n")
    assert json.loads((tmp_path / "large.jsonl").read_text())["photos"] == 0

import numpy as np
import pytest

import tracemark as tm
from benchmarks.ledger.__main__ import Step, render
from benchmarks.ledger.making import fill
from benchmarks.ledger.probes import CASES, RECIPIENT

KEY = tm.Key(bytes(range(32)))


@pytest.fixture
def sources(photos):
    return [np.ascontiguousarray(photos[name][:300, :320]) for name in ("astronaut", "coffee")]


def test_a_ledger_made_quickly_is_as_one_made_copy_by_copy(sources, tmp_path):
    path = tmp_path / "kit.db"
    fill(path, sources, key=KEY, count=5, guests=3)
    with tm.Ledger.open(path) as ledger:
        assert bool(ledger.verify())
        assert ledger.head.copies == 15
        entries = ledger.photos()
        assert len({entry.digest for entry in entries}) == 5
        assert entries[0].digest == tm.prepare(sources[0], key=KEY).digest
        assert ledger.recipients_of(entries[4].digest, key_id=KEY.id) == (0, 1, 2)
        features = ledger.features(key_id=KEY.id)
        own, turned = (features.descriptors[features.starts[at] : features.starts[at + 1]] for at in (0, 2))
        assert np.array_equal(np.sort(own), np.sort(turned))
        assert not np.array_equal(own, turned)


def test_every_step_of_a_case_can_be_taken(sources, tmp_path):
    fill(tmp_path / "kit.db", sources, key=tm.Key(bytes(range(32))), count=2, guests=RECIPIENT + 1)
    np.save(tmp_path / "original.npy", sources[0])
    np.save(tmp_path / "leak.npy", tm.embed(sources[0], recipient=RECIPIENT, key=KEY))
    for case in CASES.values():
        answers = {step: task() for step, task in case(tmp_path).items()}
        reading = answers["read the leak"]
        assert (reading.method, reading.recipients) == ("informed", (RECIPIENT,))
        assert answers.get("verify everything", True)


def test_the_table_shows_aims_and_whether_the_leaker_was_named():
    steps = [Step("ledger", "open", 12, 11, 400, None), Step("original", "read the leak", 2500, 3100, 400, 1)]
    facts = {"commit": "c", "machine": "m", "cores": 2, "photos": 1000, "guests": 20, "bytes": 905_000_000}
    text = render(facts, steps)
    assert "1,000 photos, 20 recipients, 20,000 copies in 905 MB (aim 1000)" in text
    assert "| the ledger | open | 0.012 | 0.2 | 0.011 |  |  |  |" in text
    assert "| the original | read the leak | 2.500 | 3 | 3.100 | 400 | 1024 | yes |" in text

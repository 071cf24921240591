"""Copies that were marked with a released format are read for ever; make_golden.py wrote them."""

import json
from pathlib import Path

import pytest

import tracemark as tm

INDEXES = sorted(Path(__file__).parent.glob("version_*/index.json"))
FILES = [(index.parent / entry["file"], entry) for index in INDEXES for entry in json.loads(index.read_text())]


@pytest.mark.parametrize(("path", "entry"), FILES, ids=[f"{path.parent.name}/{path.name}" for path, _ in FILES])
def test_a_copy_of_a_released_format_names_its_recipient(path, entry):
    found = tm.detect(tm.read_photo(path).pixels, key=tm.Key(bytes.fromhex(entry["secret"])))
    assert found.verdict == "identified"
    assert found.recipient == entry["recipient"]


def test_every_golden_file_is_in_its_index():
    for index in INDEXES:
        listed = {entry["file"] for entry in json.loads(index.read_text())}
        assert listed == {path.name for path in index.parent.iterdir()} - {index.name}

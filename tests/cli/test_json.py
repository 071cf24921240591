"""The page about JSON lists the fields that the program writes, and no others."""

import json
import re
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import tracemark as tm
from tests.ledger.conftest import fill
from tracemark_cli.detect_lines import Answer, as_fields

PAGE = Path(__file__).resolve().parents[2] / "docs" / "json.md"
TABLE = re.compile(r"^\| field \| says \|\n\|---\|---\|\n((?:\|.*\n)+)", re.MULTILINE)
FREE = {"columns"}  # its fields are those of somebody's list


def listed():
    """Schema -> its fields on the page; a row may name several."""
    tables = {}
    for table in TABLE.findall(PAGE.read_text("utf-8")):
        rows = [line.split("|") for line in table.splitlines()]
        schema = rows[0][2].strip().strip("`")
        assert schema not in tables
        tables[schema] = [name for row in rows for name in re.findall(r"`([^`]+)`", row[1])]
    return tables


def fields_in(told, before=""):
    """Name all fields of an object and of what is in it, as the page does; lists of objects go by their objects."""
    for name, value in told.items():
        inside = value if isinstance(value, list) else [value]
        objects = [one for one in inside if isinstance(one, dict) and name not in FREE]
        if not (objects and isinstance(value, list)):
            yield f"{before}{name}"
        for one in objects:
            yield from fields_in(one, f"{before}{name}{'[]' if isinstance(value, list) else ''}.")


@pytest.fixture
def written():
    """Schema -> the fields of all its objects that were written."""
    return defaultdict(set)


@pytest.fixture
def take(written, run):
    """Run a command, and note the fields of what it prints."""

    def take(*words):
        for line in run(*words).stdout.splitlines():
            told = json.loads(line)
            written[told["schema"]] |= set(fields_in(told))

    return take


def test_each_schema_has_a_table_and_each_field_one_row(written):
    tables = listed()
    assert len(tables) == 10
    for schema, names in tables.items():
        assert names[0] == "schema"
        assert len(set(names)) == len(names), schema


def test_what_embed_writes_is_on_the_page(stand_in, take, written, png, key_file, tmp_path):
    Image.new("P", (320, 240)).save(png.with_name("few.png"))  # of which there is something to be told
    common = (png, png.with_name("few.png"), "--recipient", 17, "--key", key_file, "--zip", "--json")
    take("embed", *common, "--out", tmp_path / "kit")
    take("embed", tmp_path / "nowhere.png", *common, "--out", tmp_path / "other", "--dry-run")
    take("embed", tmp_path / "nowhere.png", *common, "--out", tmp_path / "other")
    assert written == {schema: set(names) for schema, names in listed().items() if schema.startswith("tracemark.embed")}


def test_what_detect_writes_is_on_the_page(stand_in, take, written, png, key_file, tmp_path):
    take("detect", tmp_path / "nowhere.png", png, "--key", key_file, "--json")
    candidate = tm.Candidate(17, 9.0, -12.0, -4.0)
    found = tm.Verdict(
        "identified", -12.0, "informed", "so it is", (17,), np.eye(3), 9.0, 1, (candidate,), bytes(32),
        (tm.Uncounted(1, "another shows more", 0),),
    )  # fmt: skip
    copy = tm.CopyRecord(1, bytes(32), "id", 17, bytes(32), "17/car.png", "2026-01-01T00:00:00Z", "t", 1, bytes(32))
    told = as_fields(Answer([png, png], found, "id", "car", {}, [(png, copy)]))
    # Objects that may be missing were there this time, and none of the fields is new.
    assert written[told["schema"]] <= set(fields_in(told)) | {"candidates", "recorded_copies", "uncounted"}
    written[told["schema"]] = set(fields_in(json.loads(json.dumps(told))))
    assert written == {
        schema: set(names) for schema, names in listed().items() if schema.startswith("tracemark.detect")
    }


def test_what_a_ledger_says_is_on_the_page(take, written, tmp_path):
    path = tmp_path / "kit.db"
    with tm.Ledger.open(path, create=True) as ledger:
        fill(ledger)
    take("ledger", "export", path)
    exported = {schema: set(names) for schema, names in written.items()}
    for kind in ("photos", "recipients", "copies"):
        take("ledger", "list", path, kind, "--json")
    take("ledger", "show", path, "--json")
    assert written == exported
    take("ledger", "verify", path, "--json")
    assert written == {
        schema: set(names) for schema, names in listed().items() if schema.startswith("tracemark.ledger")
    }

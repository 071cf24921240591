import pytest

from benchmarks.json_lines import append_line, read_lines, write_lines

LINES = [{"kind": "run", "name": "Zoë"}, {"kind": "answer", "score": 7.5}]


def test_lines_come_back_as_they_were_written(tmp_path):
    write_lines(tmp_path / "new" / "results.jsonl", LINES)
    assert read_lines(tmp_path / "new" / "results.jsonl") == LINES
    assert read_lines(tmp_path / "nowhere.jsonl") == []


@pytest.mark.parametrize("cut", range(1, 12))
def test_a_line_that_was_cut_off_is_none_and_the_next_one_takes_its_place(cut, tmp_path):
    path = tmp_path / "results.jsonl"
    for line in LINES:
        append_line(path, line)
    path.write_bytes(path.read_bytes()[:-cut])
    assert read_lines(path) == LINES[:1]
    append_line(path, LINES[1])
    assert read_lines(path) == LINES

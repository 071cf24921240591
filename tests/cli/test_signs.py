from pathlib import Path

import pytest

from tracemark_cli.signs import in_one_line, path_in_one_line


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ("Zoë Müller, 東京 🙂", "Zoë Müller, 東京 🙂"),
        ("a\nb\tc\u2028d", "a b c d"),
        ("\x1b[2Jgone\x07", r"\x1b[2Jgone\x07"),
        ("car\u202egpj.exe", r"car\u202egpj.exe"),
        ("\U000e0041", r"\U000e0041"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("\udcff.jpg", "\udcff.jpg"),  # a byte that is no text: whoever prints it sees to that
    ],
    ids=ascii,
)
def test_what_is_not_seen_is_escaped_and_lines_become_one(words, line):
    assert in_one_line(words) == line


def test_a_path_is_one_line_even_where_it_is_no_text():
    assert path_in_one_line(Path("a\nb/\udcff.jpg")) == "a b/\ufffd.jpg"

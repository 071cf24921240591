import xml.etree.ElementTree as ET

import pytest

from benchmarks.plot import Axis, Line, chart


def test_an_axis_places_its_ends_and_what_lies_beyond_them():
    plain = Axis("a", (0, 5, 10), ("0", "5", "10"))
    assert [plain.place(value) for value in (-3, 0, 5, 10, 12)] == [0, 0, 0.5, 1, 1]
    steep = Axis("a", (1e-4, 1), ("", ""), logarithmic=True)
    assert steep.place(1e-2) == pytest.approx(0.5)


def test_a_chart_is_well_formed_and_tells_what_it_shows():
    axis = Axis("x < y", (0, 1), ("0", "1"))
    lines = [Line("limit", [(0, 0), (1, 1)], dashed=True), Line("found & lost", [(0, 0.2), (1, 0.9)])]
    root = ET.fromstring(chart("A & B", axis, axis, lines))  # noqa: S314 - our own text
    texts = [text.text for text in root.iter("{http://www.w3.org/2000/svg}text")]
    assert {"A & B", "x < y", "limit", "found & lost", "0", "1"} <= set(texts)
    assert len(list(root.iter("{http://www.w3.org/2000/svg}circle"))) == 4

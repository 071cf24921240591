import pytest

from benchmarks.page import insert


def test_a_page_keeps_what_stands_around_the_markers(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("# Before\n<!-- gauntlet: begin -->\nold\n<!-- gauntlet: end -->\nafter\n")
    insert(page, "new\n", name="gauntlet")
    insert(page, "newer\n", name="gauntlet")
    assert page.read_text() == "# Before\n<!-- gauntlet: begin -->\nnewer\n<!-- gauntlet: end -->\nafter\n"


def test_a_page_without_markers_is_left_alone(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("# Before\n")
    with pytest.raises(ValueError, match="markers"):
        insert(page, "new\n", name="gauntlet")
    assert page.read_text() == "# Before\n"

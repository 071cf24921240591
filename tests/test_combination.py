"""Which leaks count together, and in which order the photos that they may show are tried."""

from types import SimpleNamespace

import numpy as np

from tracemark.combination import combinations


def read(photo, cells=30):
    """What is left of a leak: how many cells of which photo."""
    return SimpleNamespace(original=SimpleNamespace(digest=photo), seen=np.ones(cells, bool))


def photos_of(combination):
    return [residue.original.digest for residue in combination.residues]


def test_each_leaks_second_photo_is_tried_before_anybodys_third():
    readings = [[read("a1", 60), read("a2", 59), read("a3", 58)], [read("b1"), read("b2"), read("b3")]]
    tried = [photos_of(one) for one in combinations(readings, most=4)]
    assert tried == [["a1", "b1"], ["a2", "b1"], ["a1", "b2"], ["a3", "b1"]]
    assert len(combinations(readings, most=99)) == 5


def test_a_leak_that_shows_too_little_of_any_photo_is_passed_over():
    tried = combinations([[read("b")], []], most=4)
    assert [photos_of(one) for one in tried] == [["b"]]
    assert combinations([[], []], most=4) == []


def test_of_leaks_of_one_photo_that_which_shows_most_counts():
    (one,) = combinations([[read("a", 30)], [read("b", 25)], [read("a", 50)]], most=4)
    assert photos_of(one) == ["a", "b"]
    assert [residue.seen.sum() for residue in one.residues] == [50, 25]
    assert one.instead == {0: 2}

"""The pages keep their word: their Python runs, their commands exist, their numbers and links are true."""

import ast
import dataclasses
import doctest
import importlib
import inspect
import re
import shlex
import textwrap
from pathlib import Path

import click
import numpy as np
import pytest
from click.testing import CliRunner

import tracemark as tm
from tracemark import errors as tracemark_errors
from tracemark.codes import fingerprint, message, word
from tracemark.geometry import sync_pattern
from tracemark.profile import PROFILE
from tracemark.signal import chips, robust_hash
from tracemark.signal.layout import lay_out, to_working
from tracemark.signal.luma import luma_of
from tracemark.signal.mask import allowance
from tracemark_cli.main import tracemark

ROOT = Path(__file__).resolve().parent.parent
PAGES = {page.name: page for page in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))}
FENCE = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\]\(([^)\s]+)\)")
PLACE = re.compile(r"`((?:src|cli|tests|benchmarks)/(?!results/)[\w/.]+)(?:::(\w+))?`")
OTHER_NUMBER = re.compile(r"^\| `(tracemark[\w.]+\.\w+)` \| `?([^|`]+)`? \|", re.MULTILINE)
PROFILE_NUMBER = re.compile(r"^\| `(\w+)` \| `?([^|`]+)`? \|", re.MULTILINE)
READ_IN_README = 18  # of its recipients 17, 18 and 19


def blocks(name, *languages):
    return [code for language, code in FENCE.findall(PAGES[name].read_text("utf-8")) if language in languages]


def run(name, **names):
    """Run the Python blocks of a page one after another, those with prompts as doctests."""
    for number, code in enumerate(blocks(name, "python")):
        if ">>>" not in code:
            exec(compile(code, f"{name}, block {number}", "exec"), names)  # noqa: S102 - the page is our own
            continue
        test = doctest.DocTestParser().get_doctest(code, names, f"{name}, block {number}", name, 0)
        flags = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
        words = []
        assert doctest.DocTestRunner(optionflags=flags).run(test, out=words.append, clear_globs=False).failed == 0, (
            "".join(words)
        )
        names.update(test.globs)
    return names


def commands(name):
    """Every `tracemark` command a page shows: whole lines of blocks as True, words between backticks as False."""
    text = PAGES[name].read_text("utf-8")
    lines = [(line, True) for _, code in FENCE.findall(text) for line in code.splitlines()]
    lines += [(words, False) for words in CODE.findall(FENCE.sub("", text))]
    for line, whole in lines:
        words = shlex.split(line.partition("#")[0].removeprefix("$ ")) if "tracemark " in line else []
        if words[:1] == ["tracemark"]:
            yield words[1:], whole


def find_command(words):
    """Go from a group to its command; the answer has the words that are left."""
    command, *words = tracemark.commands[words[0]], *words[1:]
    while words and isinstance(command, click.Group) and words[0] in command.commands:
        command, *words = command.commands[words[0]], *words[1:]
    return command, words


def options_of(command):
    return {option for parameter in command.params for option in parameter.opts} | {"--help", "-h"}


@pytest.mark.parametrize("name", PAGES)
def test_every_command_on_a_page_exists_with_its_options(name):
    for words, whole in commands(name):
        given = {word.partition("=")[0] for word in words if word.startswith("-")}
        if words[0].startswith("-"):
            assert given <= options_of(tracemark), words
            continue
        command, rest = find_command(words)
        assert given <= options_of(command), words
        if whole and not given & {"--help", "-h"}:
            with click.Context(tracemark) as context:
                command.make_context(words[0], rest, parent=context)  # refuses what is missing or misspelt


def test_the_first_page_shows_every_command():
    shown = {words[0] for words, _ in commands("README.md")}
    assert shown >= set(tracemark.commands)


def test_the_python_of_the_first_page_runs(tmp_path, monkeypatch, photos):
    monkeypatch.chdir(tmp_path)
    photo = photos["astronaut"]
    tm.write_atomically("car.jpg", tm.encode_photo(photo, like=tm.Photo(photo, "PNG")))
    # the leak is one of the copies that the page makes
    Path("leak.jpg").symlink_to(f"car-{READ_IN_README}.jpg")
    names = run("README.md")
    assert names["found"].recipient == READ_IN_README


@pytest.mark.parametrize("name", [name for name in PAGES if name not in {"README.md", "format.md"}])
def test_the_python_of_a_page_runs(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run(name)


@pytest.mark.parametrize("name", PAGES)
def test_every_link_leads_somewhere(name):
    for target in LINK.findall(FENCE.sub("", PAGES[name].read_text("utf-8"))):
        path, _, _ = target.partition("#")
        assert "://" in target or not path or (PAGES[name].parent / path).exists(), target


def test_the_exit_codes_of_the_first_page_are_those_of_the_program():
    table = dict(re.findall(r"^\| (\d+) \| (.+) \|$", PAGES["README.md"].read_text("utf-8"), re.MULTILINE))
    listed = dict(re.findall(r"^ {2}(\d+) {2}(.+)$", tracemark.epilog, re.MULTILINE))
    assert set(table) == set(listed)
    for code, words in listed.items():
        assert table[code].startswith(words), code


def test_the_page_of_the_interface_has_every_public_name_and_no_other():
    text = PAGES["api.md"].read_text("utf-8")
    rows = re.findall(r"^\| `(\w+)` \| .+ \|$", text, re.MULTILINE)
    (tree,) = blocks("api.md", "")
    errors = re.findall(r"^\W*(\w+Error)\b", tree, re.MULTILINE)
    assert len(set(rows)) == len(rows)
    assert {*rows, *errors, "__version__"} == set(tm.__all__)
    assert "`tracemark.__version__`" in text
    assert textwrap.indent(tree, "    ") in inspect.getdoc(tracemark_errors)


def test_the_page_for_contributors_has_every_target_of_the_makefile():
    listed = re.findall(r"^\| `make ([\w-]+)` \|", PAGES["contributing.md"].read_text("utf-8"), re.MULTILINE)
    (phony,) = re.findall(r"^\.PHONY: (.+)$", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    assert listed == phony.split()


def test_the_format_page_lists_every_number_of_the_profile():
    text = PAGES["format.md"].read_text("utf-8")
    listed = {name: ast.literal_eval(value.strip()) for name, value in PROFILE_NUMBER.findall(text)}
    assert listed == dataclasses.asdict(PROFILE)


@pytest.mark.parametrize("name", PAGES)
def test_numbers_that_a_page_takes_from_the_code_are_those_of_the_code(name):
    for where, value in OTHER_NUMBER.findall(PAGES[name].read_text("utf-8")):
        module, _, constant = where.rpartition(".")
        assert getattr(importlib.import_module(module), constant) == ast.literal_eval(value.strip()), where


def test_the_chain_of_an_export_can_be_followed_with_the_page_alone(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    follow = run("ledger.md")["follow"]
    export = CliRunner().invoke(tracemark, ["ledger", "export", "kit.db"]).stdout.splitlines()
    assert follow(export)
    assert not follow([line.replace('"recipient": 17', '"recipient": 18') for line in export])
    assert not follow(export[:-1])


def test_the_glossary_is_in_alphabetical_order():
    entries = re.findall(r"^\*\*(.+?)\*\*", PAGES["glossary.md"].read_text("utf-8"), re.MULTILINE)
    assert [entry.lower() for entry in entries] == sorted(entry.lower() for entry in entries)


@pytest.mark.parametrize("name", PAGES)
def test_files_and_names_that_a_page_points_to_are_there(name):
    for path, word_in_it in PLACE.findall(PAGES[name].read_text("utf-8")):
        assert (ROOT / path).exists(), path
        assert not word_in_it or re.search(rf"\b{word_in_it}\b", (ROOT / path).read_text("utf-8")), (path, word_in_it)


@pytest.fixture(scope="module")
def page_format():
    """What the Python of the format's page defines; it knows nothing of tracemark."""
    names = run("format.md")
    assert "tracemark" not in "".join(blocks("format.md", "python")).replace('"tracemark/1"', "")
    return names


@pytest.mark.parametrize("secret", [bytes(32), bytes(range(32))])
class TestTheFormatPageAgreesWithTheCode:
    """Written from the page alone, a reader gets the same numbers as the program."""

    def test_on_the_words(self, secret, page_format, rng):
        for recipient in [0, 1, 2**32 - 1, *rng.integers(0, 2**32, 20).tolist()]:
            assert page_format["word_of"](secret, recipient) == word.word_of(tm.Key(secret), recipient)

    def test_on_the_code(self, secret, page_format, rng):
        code = message.mother_code(tm.Key(secret), PROFILE.grid * PROFILE.tile)
        for _ in range(3):
            number = int.from_bytes(rng.bytes(8), "little")
            np.testing.assert_array_equal(page_format["codeword"](secret, number), message.encode(number, code))

    def test_on_the_codebook(self, secret, page_format):
        book = page_format["codebook"](secret)
        assert book.shape == (PROFILE.tile, PROFILE.tile, PROFILE.patterns, PROFILE.cell, PROFILE.cell)
        np.testing.assert_allclose(book, chips.codebook(tm.Key(secret)).reshape(book.shape), atol=1e-4)

    def test_on_the_choices(self, secret, page_format, rng):
        key = tm.Key(secret)
        sets = len(chips.beacon_choices(key).patterns)
        for chip_set in [0, sets - 1, *rng.integers(0, sets, 2).tolist()]:
            pattern, sign = page_format["beacon"](secret, chip_set)
            np.testing.assert_array_equal(pattern, chips.beacon_choices(key).patterns[chip_set, ..., 0])
            np.testing.assert_array_equal(sign, chips.beacon_choices(key).signs[chip_set, ..., 0])
            pattern, sign = page_format["message_choice"](secret, chip_set)
            np.testing.assert_array_equal(pattern, chips.message_choices(key, chip_set).patterns)
            np.testing.assert_array_equal(sign, chips.message_choices(key, chip_set).signs)

    def test_on_the_robust_hash(self, secret, page_format, rng):
        brightness = rng.uniform(0, 255, (21, 35))
        picture = np.kron(brightness, np.ones((PROFILE.cell, PROFILE.cell))).astype(np.float32)
        signs = robust_hash.robust_hash(picture, robust_hash.hash_lines(tm.Key(secret)))
        np.testing.assert_array_equal(page_format["robust_hash"](secret, brightness), signs)

    def test_on_the_fingerprint(self, secret, page_format, rng):
        key, digest = tm.Key(secret), rng.bytes(32)
        taken = np.argsort(rng.random((7, 9, 32)), axis=-1)[..., :4]
        pattern, sign = page_format["fingerprint"](secret, digest, 17, taken)
        np.testing.assert_array_equal(pattern, chips.fingerprint_patterns(key, digest, taken))
        np.testing.assert_array_equal(sign, fingerprint.fingerprint(key, digest, 17, rows=7, columns=9))

    def test_on_the_sync_pattern(self, secret, page_format):
        lines = sync_pattern.sync_lines(tm.Key(secret))
        np.testing.assert_allclose(page_format["sync_tile"](secret), sync_pattern.sync_tile(lines), atol=1e-4)


def test_the_format_page_agrees_with_the_code_on_photos(page_format, photos):
    for rows, columns in [(192, 384), (1280, 1919), (1280, 1920), (2134, 3201), (4000, 6000), (20800, 14000)]:
        assert page_format["multiple"](rows, columns) == lay_out(rows, columns).multiple
    secret = bytes(range(32))
    for dtype in (np.uint8, np.uint16):
        pixels = photos["astronaut"][:400, :400].astype(dtype) * (np.iinfo(dtype).max // 255)
        plan = tm.prepare(pixels, key=tm.Key(secret))
        assert page_format["digest_of"](pixels) == plan.digest
        assert page_format["chip_set"](secret, pixels) == plan.chip_set


def test_a_copy_is_the_photo_and_the_mark_of_the_format_page(page_format, photos):
    secret, recipient = bytes(range(32)), 2**31 + 17
    pixels = photos["astronaut"][:400, :416].astype(np.uint16) * 257  # 16 bits are not dithered
    plan = tm.prepare(pixels, key=tm.Key(secret))
    working = to_working(luma_of(pixels), plan.layout)  # of the photo's own size, but for cells that stick out
    rows, columns = plan.layout.cells
    brightness = working.reshape(rows, PROFILE.cell, columns, PROFILE.cell).mean(axis=(1, 3), dtype=np.float32)
    mark = page_format["mark"](secret, plan.digest, plan.chip_set, recipient, brightness)
    change = (plan.strength * allowance(working) * mark)[:400, :416]
    added = (plan.copy_for(recipient).astype(float) - pixels) / 257
    room = np.clip(change[..., None], -(pixels / 257), 255 - pixels / 257)
    difference = added - room
    assert np.abs(change).max() > 1
    # Each of five layers is rounded to 1/16; a few pixels reach the most that one of them holds.
    assert np.quantile(np.abs(difference), 0.999) < 5 / 32

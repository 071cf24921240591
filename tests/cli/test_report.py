"""The page about leaks: what it says, what it must not say, and that nothing in a name can break it."""

import base64
import re
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

import tracemark as tm
from tracemark_cli.detect_lines import WITHOUT_ORIGINAL, Answer
from tracemark_cli.report import Inquest, Shown, ShownLeak, render_report
from tracemark_cli.report_pictures import bars, carefully, outline, picture_of, placement_in_words
from tracemark_cli.signs import is_invisible

NASTY = '<script>alert("1")</script> & \udcff'
INQUEST = Inquest("ab" * 8, {"ledger": NASTY}, datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))
GUESTS = {17: {"name": NASTY}, 23: {"name": "Ann"}, 40: {"name": "Innocent Al"}}
CANDIDATES = (tm.Candidate(17, 34.2, -45.36, -46.5), tm.Candidate(40, 1.5, 0.0, -0.94))
DELIVERED = tm.CopyRecord(
    number=4,
    photo=bytes(32),
    key_id=INQUEST.key_id,
    recipient=23,
    sha256=bytes(32),
    file="23/car.jpg",
    made="2026-01-01T00:00:00Z",
    software="tracemark",
    format_version=1,
    hash=bytes(32),
)


def answer(verdict="identified", recipients=(17,), candidates=CANDIDATES, copies=(), method="informed", **more):
    found = tm.Verdict(
        verdict=verdict,
        log10_false_alarm=-45.36 if recipients else -4.0,
        method=method,
        reason="why it is so",
        recipients=recipients,
        geometry=np.array([[1.5, 0, 10], [0, 1.5, 20], [0, 0, 1]]),
        trials=1000,
        candidates=candidates,
        photo=bytes(32),
        **more,
    )
    return Answer([Path("leak.jpg")], found, INQUEST.key_id, "car.jpg", GUESTS, copies)


def page(*answers, photo=True, inquest=INQUEST):
    picture = picture_of(np.full((90, 120, 3), 100, np.uint8))
    whole = picture_of(np.zeros((100, 200), np.uint8), rows=1000, columns=2000) if photo else None
    leaks = [[ShownLeak(path, bytes(range(32)), 12_345, picture) for path in one.leaks] for one in answers]
    return render_report([Shown(one, shown, whole) for one, shown in zip(answers, leaks, strict=True)], inquest)


def together(*answers):
    return page(*(replace(one, leaks=[Path("leak.jpg"), Path("other.jpg")]) for one in answers))


class Tags(HTMLParser):
    """Collects tags, and attributes that could load or run something."""

    def __init__(self):
        super().__init__()
        self.open, self.seen, self.links = [], set(), []

    def handle_starttag(self, tag, attributes):
        self.seen.add(tag)
        self.links += [value for name, value in attributes if name in {"src", "href"}]
        assert not [name for name, _ in attributes if name.startswith("on")]
        if tag not in {"meta", "img"}:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_a_page_is_whole_and_loads_nothing():
    text = page(answer(), answer("none", (), ()))
    tags = Tags()
    tags.feed(text)
    tags.close()
    assert tags.open == []
    assert "script" not in tags.seen
    assert tags.links
    assert all(link.startswith("data:image/png;base64,") for link in tags.links)
    text.encode()


def test_a_name_is_shown_as_it_is_and_does_nothing():
    text = page(replace(answer(), leaks=[Path(NASTY)]))
    assert "<code>script&gt; &amp; ?</code>" in text
    assert "&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; ?" in text
    assert "<script" not in text


def test_a_sign_that_nobody_sees_is_written_out():
    turned = "Jo\u2029\u202eeoZ\u2066\x1b"
    shown = r"Jo \u202eeoZ\u2066\x1b"
    guests = {17: {"name": turned, turned: "Sport"}}
    text = page(replace(answer(), guests=guests, photo=turned), inquest=replace(INQUEST, unread=[Path(turned)]))
    assert f"recipient 17 (name: {shown}, {shown}: Sport)" in text
    assert f"<code>{shown}</code></td>" in text
    assert f"<li><code>{shown}</code></li>" in text
    assert not [sign for sign in text if is_invisible(sign) and sign != "\n"]


def test_whoever_is_named_is_named_with_the_bound():
    text = page(answer())
    assert "This picture was made from the copy of recipient 17 (" in text
    assert "Chance of a false name below 1e-45." in text
    assert bytes(range(32)).hex() in text
    assert bytes(32).hex() in text
    assert "2026-01-02T03:04:05+00:00" in text
    assert f"tracemark {tm.__version__}" in text


def test_a_name_without_the_original_is_told_with_what_it_cannot_tell():
    text = page(answer(method="blind"))
    assert WITHOUT_ORIGINAL in text
    assert "In this picture is the mark of the copy of recipient 17 (" in text
    assert "was made from" not in text
    assert WITHOUT_ORIGINAL not in page(answer())


def test_several_are_named_together():
    text = page(answer(recipients=(23, 17)))
    assert "the copies, mixed, of recipients 23 (name: Ann); 17 (name:" in text


@pytest.mark.parametrize(
    ("recipients", "names"), [((23,), "recipient 23 (name: Ann)."), ((23, 17), "recipients 23 (name: Ann); 17 (name:")]
)
def test_of_leaks_read_together_none_is_said_to_be_a_mix(recipients, names):
    text = together(answer(recipients=recipients))
    assert f"These pictures were made from copies of {names}" in text
    assert "That does not say which of them was made from whose copy" in text
    assert "<h3>The leaks</h3>" in text
    assert "<title>Report on leaks</title>" in text
    assert "mixed" not in text
    assert "This picture" not in text


@pytest.mark.parametrize(
    ("left_out", "words"),
    [
        ((1,), "The picture leak.jpg was made from the copy of recipient 17"),
        ((0,), "The picture other.jpg was made from the copy of recipient 17"),
    ],
)
def test_nothing_is_said_of_a_leak_that_does_not_count(left_out, words):
    uncounted = tuple(tm.Uncounted(number, "it lies nowhere") for number in left_out)
    one = answer()
    text = together(replace(one, found=replace(one.found, uncounted=uncounted)))
    assert words in text
    assert f"Nothing of this is about {('leak.jpg', 'other.jpg')[left_out[0]]}: it lies nowhere." in text
    assert "hese pictures" not in text
    assert "That does not say which" not in text


def test_leaks_of_one_file_name_are_told_apart_wherever_they_are_named():
    uncounted = (tm.Uncounted(1, "another shows more of the same photo", 0),)
    leaks = [Path("kit/18/car.jpg"), Path("kit/17/car.jpg")]
    one = answer(copies=[(leaks[1], replace(DELIVERED, recipient=17))], uncounted=uncounted)
    unread = [Path("kit/19/car.jpg"), Path("other.jpg")]
    text = page(replace(one, leaks=leaks), inquest=replace(INQUEST, unread=unread))
    assert "<h2>18/car.jpg + 17/car.jpg: identified</h2>" in text
    assert "The picture 18/car.jpg was made from the copy of recipient 17" in text
    assert "Nothing of this is about 17/car.jpg: another shows more of the same photo: 18/car.jpg." in text
    assert "<code>17/car.jpg</code>" in text
    assert "<figcaption>18/car.jpg, reduced</figcaption>" in text
    assert "The file 17/car.jpg is, byte for byte, copy 4" in text
    assert "<ul><li><code>19/car.jpg</code></li><li><code>other.jpg</code></li></ul>" in text
    assert "kit/" not in text


def test_of_leaks_read_together_the_place_is_that_of_one_and_is_not_drawn():
    text = together(answer())
    assert "<th>place of the leak that shows most, (x, y, 1) to (x, y, 1)</th>" in text
    assert "<th>digest of the photo of the leak that shows most</th>" in text
    assert "<polygon" not in text
    assert "<th>place</th>" not in text


def test_innocents_are_not_told_of_by_name():
    text = page(answer())
    assert "<td>40</td><td>not named</td>" in text
    assert "Innocent Al" not in text


@pytest.mark.parametrize("verdict", ["inconclusive", "none"])
def test_where_nobody_is_named_no_name_appears(verdict):
    text = page(answer(verdict, ()))
    assert "Nobody is named." in text
    assert "This picture was made" not in text
    assert "17 (name:" not in text
    assert "Ann" not in text


def test_a_faint_fingerprint_is_told_of():
    faint = (tm.Candidate(17, 12.0, -11.0, -1.0),)
    text = page(answer(candidates=faint))
    assert "The fingerprint of 17 is too faint to exclude that their mark was put there." in text
    assert "In this picture is the mark of the copy of recipient 17 (" in text
    two = page(answer(candidates=faint, recipients=(17, 23)))
    assert "In this picture are the marks of the copies of recipients 17 (" in two
    many = together(answer(candidates=faint))
    assert "In these pictures is the mark of the copy of recipient 17 (" in many


def test_a_file_that_was_delivered_is_told_of():
    text = page(answer(recipients=(23,), copies=[(Path("leak.jpg"), DELIVERED)]))
    assert "The file leak.jpg is, byte for byte, copy 4 of the ledger (23/car.jpg), made 2026" in text
    assert "for recipient 23 (name: Ann). This is a fact about the file" in text


@pytest.mark.parametrize(("verdict", "recipients"), [("identified", (17,)), ("inconclusive", ()), ("none", ())])
def test_whose_a_delivered_file_was_is_told_by_number_alone_of_those_who_are_not_named(verdict, recipients):
    copy = replace(DELIVERED, file="Ann/car.jpg")
    text = page(answer(verdict, recipients, copies=[(Path("leak.jpg"), copy)]))
    assert "copy 4 of the ledger, made 2026-01-01T00:00:00Z for recipient 23. This is a fact about the file" in text
    assert "Ann" not in text


def test_leaks_that_could_not_be_read_are_listed():
    text = page(answer(), inquest=replace(INQUEST, unread=[Path("kit/<i>.jpg"), Path("b.jpg")]))
    assert "<ul><li><code>&lt;i&gt;.jpg</code></li><li><code>b.jpg</code></li></ul>" in text
    assert "<title>Report on leaks</title>" in text
    assert "could not be read" not in page(answer())


def test_without_the_photo_there_is_no_outline():
    assert "<polygon" in page(answer())
    assert "<polygon" not in page(answer(), photo=False)


@pytest.mark.parametrize(
    ("log10", "words"), [(-45.36, "-45.3"), (-45.3, "-45.3"), (-0.04, "0.0"), (0.0, "0.0"), (-9.0, "-9.0")]
)
def test_a_bound_is_rounded_to_the_careful_side(log10, words):
    assert carefully(log10) == words


def test_the_outline_is_where_the_geometry_says():
    leak = picture_of(np.zeros((90, 120), np.uint8))
    photo = picture_of(np.zeros((100, 200), np.uint8), rows=1000, columns=2000)
    drawn = outline(np.array([[0, -2, 500], [2, 0, 100], [0, 0, 1]]), leak, photo)
    assert 'viewBox="0 0 2000 1000"' in drawn
    assert 'points="500.0,100.0 500.0,340.0 320.0,340.0 320.0,100.0"' in drawn


@pytest.mark.parametrize(
    ("linear", "words"),
    [
        ([[1.5, 0], [0, 1.5]], "1.500 pixels of the photo wide, upright"),
        ([[0, -2], [2, 0]], "2.000 pixels of the photo wide, turned by 90.0 degrees"),
        ([[1, 0], [0, -1]], "1.000 pixels of the photo wide, upright, mirrored"),
    ],
)
def test_a_place_is_told_in_words(linear, words):
    geometry = np.eye(3)
    geometry[:2, :2] = linear
    assert placement_in_words(geometry, picture_of(np.zeros((90, 120), np.uint8))).endswith(words)


def test_bars_are_as_long_as_the_evidence():
    drawn = bars(answer().found)
    widths = [float(width) for width in re.findall(r'<rect x="100" y="\d+" width="([\d.]+)"', drawn)]
    needed = float(re.search(r'<line x1="([\d.]+)"', drawn).group(1))
    assert widths == [420.0, 0.0]
    assert needed == pytest.approx(100 + 420 * 9 / 45.36, abs=0.1)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("shape", [(1, 1), (700, 1300), (1001, 499, 3), (50, 2000, 4)])
def test_a_picture_is_made_small_by_means(shape, dtype, rng):
    most = np.iinfo(dtype).max
    pixels = rng.integers(0, most, shape, dtype=dtype, endpoint=True)
    opaque = pixels[..., :3] if pixels.ndim > 2 else pixels
    picture = picture_of(pixels)
    assert picture.size_in_words == f"{shape[1]} x {shape[0]}"
    small = tm.read_photo(base64.b64decode(picture.uri.partition(",")[2])).pixels
    assert small.dtype == np.uint8
    assert max(small.shape[:2]) <= 480
    assert small.mean() == pytest.approx(opaque.mean() * 255 / most, abs=3)

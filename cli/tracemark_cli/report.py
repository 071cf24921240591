"""Write what leaks said as one page that can be kept, printed and handed on: no scripts, nothing to load."""

from __future__ import annotations  # the types of tracemark are named, not fetched: fetching takes half a second

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from string import Template

import tracemark as tm
from tracemark_cli.detect_lines import WITHOUT_ORIGINAL, Answer, chance_in_words, name_of, uncounted_in
from tracemark_cli.report_parts import facts, paragraphs, text
from tracemark_cli.report_pictures import Picture, bars, carefully, outline, placement_in_words

__all__ = ["Inquest", "Shown", "ShownLeak", "render_report"]

TITLES = {"identified": "identified", "inconclusive": "inconclusive: nobody is named", "none": "nobody is named"}
NOT_PROOF = (
    "Nobody is named. There is a trace of a mark, but not enough to be proof. It must not be held against anybody."
)
NOTHING = (
    "Nobody is named. That clears nobody either: a leak may be too small or too much changed to say whose copy it was."
)
UNREAD = "Nothing in this report is about these files, nor does it clear anybody that they could not be read."
TOGETHER = (
    "The pictures were weighed as one piece of evidence. That does not say which of them was made from whose copy, nor"
    " of each that it was made from any."
)


@dataclass(frozen=True)
class ShownLeak:
    """What a report shows of a leak's file."""

    path: Path
    """The file."""

    sha256: bytes
    """SHA-256 of the bytes that were read."""

    size: int
    """How many there were."""

    picture: Picture
    """What it looks like."""


@dataclass(frozen=True, eq=False)
class Shown:
    """One answer, and what can be shown with it."""

    answer: Answer
    """What was found."""

    leaks: Sequence[ShownLeak]
    """Its files."""

    photo: Picture | None = None
    """The photo that the leak lies on, where it is at hand."""


@dataclass(frozen=True)
class Inquest:
    """How the answers came about."""

    key_id: str
    """ID of the key."""

    ledger: Mapping[str, str] | None
    """What there is to say of the ledger, in words; None without one."""

    made: datetime
    """When, UTC."""

    unread: Sequence[Path] = ()
    """Leaks that could not be read."""


def render_report(shown: Sequence[Shown], inquest: Inquest) -> str:
    """Write the page.

    Parameters
    ----------
    shown : sequence of Shown
        All answers, in the order in which they were given.
    inquest : Inquest
        How they came about.

    Returns
    -------
    page : str
        HTML.
    """
    # One name for a file on the whole page, and for no other file.
    names = tm.short_names([*(path for one in shown for path in one.answer.leaks), *inquest.unread])
    answers = "\n".join(_answer(one, names, number, len(shown)) for number, one in enumerate(shown, start=1))
    answers += _unread(inquest.unread, names)
    title = "Report on a leak" if sum(len(one.leaks) for one in shown) + len(inquest.unread) == 1 else "Report on leaks"
    skeleton = Template((files("tracemark_cli") / "data" / "report.html").read_text(encoding="utf-8"))
    return skeleton.substitute(title=title, answers=answers, origin=_origin(inquest, len(shown)))


def _answer(shown: Shown, names: Mapping[Path, str], number: int, count: int) -> str:
    """Write the part about one answer."""
    answer, found = shown.answer, shown.answer.found
    leaks = " + ".join(names[path] for path in answer.leaks)
    which = "" if count == 1 else f"{number} of {count}: "
    parts = [
        f"<h2>{which}{text(leaks)}: {TITLES[found.verdict]}</h2>",
        f'<div class="verdict {found.verdict}">{_verdict(answer, names)}</div>',
        "<h3>The leak</h3>" if len(shown.leaks) == 1 else "<h3>The leaks</h3>",
        *(_leak(leak, names[leak.path]) for leak in shown.leaks),
        *(_delivered(names[path], copy, answer) for path, copy in answer.copies),
        "<h3>How it was read</h3>",
        _reading(shown),
    ]
    if found.candidates:
        parts += ["<h3>Who was compared</h3>", _candidates(answer)]
    return "\n".join(parts)


def _verdict(answer: Answer, names: Mapping[Path, str]) -> str:
    """Say what was found."""
    found = answer.found
    apart = [f"Nothing of this is about {names[path]}: {why}" for path, why in uncounted_in(answer, names)]
    if found.verdict == "none":
        return paragraphs(NOTHING, found.reason, *apart)
    if found.verdict == "inconclusive":
        return paragraphs(NOT_PROOF, found.reason, *apart)
    whose = "; ".join(name_of(recipient, answer.guests) for recipient in found.recipients)
    name = f'<p class="name">{_what_is_proven(answer, names)} {text(whose)}.</p>'
    sentences = [f"{chance_in_words(found).capitalize()}."]
    if len(answer.leaks) - len(apart) > 1:
        sentences.append(TOGETHER)
    if found.method == "blind":
        sentences.append(f"It was {WITHOUT_ORIGINAL}.")
    if found.faint:
        faint = ", ".join(map(str, found.faint))
        sentences.append(f"The fingerprint of {faint} is too faint to exclude that their mark was put there.")
    return name + paragraphs(*sentences, found.reason, *apart)


def _what_is_proven(answer: Answer, names: Mapping[Path, str]) -> str:
    """Begin the sentence that ends with the names."""
    several, together = len(answer.found.recipients) > 1, len(answer.leaks) - len(answer.found.uncounted) > 1
    pictures = "these pictures" if together else "this picture"
    if answer.found.uncounted:
        left_out = {one.leak for one in answer.found.uncounted}
        counted = [names[path] for number, path in enumerate(answer.leaks) if number not in left_out]
        pictures = f"the picture{'s' if together else ''} {text(' and '.join(counted))}"
    if answer.found.method == "blind" or answer.found.faint:  # a mark may have been put into another picture
        whose = "the marks of the copies of recipients" if several else "the mark of the copy of recipient"
        return f"In {pictures} {'are' if several else 'is'} {whose}"
    made = f"{pictures[:1].upper()}{pictures[1:]} {'were' if together else 'was'} made from"
    if together:
        return f"{made} copies of {'recipients' if several else 'recipient'}"
    return f"{made} {'the copies, mixed, of recipients' if several else 'the copy of recipient'}"


def _leak(leak: ShownLeak, name: str) -> str:
    """Show one file."""
    size = leak.picture.size_in_words
    rows = {"file": name, "SHA-256": leak.sha256.hex(), "bytes": f"{leak.size:,}", "pixels": size}
    image = f'<figure><img src="{leak.picture.uri}" alt=""><figcaption>{text(name)}, reduced</figcaption></figure>'
    return image + facts(rows)


def _delivered(name: str, copy: tm.CopyRecord, answer: Answer) -> str:
    """Say that a file is a copy as it was delivered; whose it was is told by name only of those who are named."""
    whose, file = str(copy.recipient), ""  # --name-template may have put a name into that of the file
    if copy.recipient in answer.found.recipients:
        whose, file = name_of(copy.recipient, answer.guests), f" ({copy.file})"
    words = f"The file {name} is, byte for byte, copy {copy.number} of the ledger{file}"
    said = f"{words}, made {copy.made} for recipient {whose}."
    return paragraphs(f"{said} This is a fact about the file; it names nobody by itself.")


def _reading(shown: Shown) -> str:
    """Tell the method, the photo and the place."""
    found, answer = shown.answer.found, shown.answer
    rows = {"method": "with the original" if found.method == "informed" else "blind: from the leak and the key alone"}
    # Photo and geometry of a verdict are those of one leak, and it does not tell which.
    which = "" if len(shown.leaks) == 1 else " of the leak that shows most"
    if found.photo is not None:
        rows[f"photo{which}"] = answer.photo or "not named"
        rows[f"digest of the photo{which}"] = found.photo.hex()
    rows["compared" if found.candidates else "words looked up"] = f"{found.trials:,}"
    if found.geometry is None:
        return facts(rows)
    drawn = ""
    if not which:
        rows["place"] = placement_in_words(found.geometry, shown.leaks[0].picture)
        drawn = _drawing(shown)
    cells = "; ".join(" ".join(f"{cell:.6g}" for cell in row) for row in found.geometry)
    rows["leak (x, y, 1) to photo (x, y, 1)" if not which else f"place{which}, (x, y, 1) to (x, y, 1)"] = cells
    return drawn + facts(rows)


def _drawing(shown: Shown) -> str:
    """Draw what the one leak shows of its photo, where that is at hand."""
    geometry = shown.answer.found.geometry
    if shown.photo is None or geometry is None:
        return ""
    drawn = outline(geometry, shown.leaks[0].picture, shown.photo)
    return f"<figure>{drawn}<figcaption>what the leak shows of the photo</figcaption></figure>"


def _candidates(answer: Answer) -> str:
    """List those who fit best: people are told of by name only when they are named."""
    named = set(answer.found.recipients)
    rows = [
        f"<tr><td>{one.recipient}</td><td>{'named' if one.recipient in named else 'not named'}</td>"
        f'<td class="number">{one.score:.1f}</td><td class="number">{carefully(one.log10_false_alarm)}</td>'
        f'<td class="number">{carefully(one.log10_fingerprint)}</td></tr>'
        for one in answer.found.candidates
    ]
    head = (
        '<tr><th>recipient</th><th></th><th class="number">score, standard deviations</th>'
        '<th class="number">log10 of the bound, all counted</th><th class="number">log10, fingerprint alone</th></tr>'
    )
    return f"{bars(answer.found)}<table>{head}{''.join(rows)}</table>"


def _unread(paths: Sequence[Path], names: Mapping[Path, str]) -> str:
    """List the files of which nothing is known."""
    if not paths:
        return ""
    items = "".join(f"<li><code>{text(names[path])}</code></li>" for path in paths)
    return f"\n<h2>Leaks that could not be read</h2>\n{paragraphs(UNREAD)}<ul>{items}</ul>"


def _origin(inquest: Inquest, count: int) -> str:
    """Say how the report came about."""
    rows = {
        "made": inquest.made.astimezone(UTC).isoformat(timespec="seconds"),
        "software": f"tracemark {tm.__version__}",
        "ID of the key": inquest.key_id,
        "readings in this report": str(count),
        **(inquest.ledger or {}),
    }
    return facts(rows)

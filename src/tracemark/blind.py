"""Read a leak without its original: look up the words that may be in it, and name whose copy it is or nobody."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from tracemark.blind_search import Reading, readings_of
from tracemark.codes.message import encode, mother_code
from tracemark.codes.word import log10_accident, recipient_of
from tracemark.keys import Key
from tracemark.placing import LEAST_SIDE, Placed
from tracemark.profile import PROFILE
from tracemark.signal.chips import CellChoice, beacon_choices, message_choices
from tracemark.signal.places import beacon_scores, first_tile, known_word_scores, word_strengths
from tracemark.signal.reading import CellReading
from tracemark.verdict import Verdict, judge

__all__ = ["read_blind"]

CLEAR_SCORE = 10.6  # standard deviations: 126 leaks without a mark reach 10.1 at most, so look it up at once
BEACON_SHARE = 0.4  # share of the expected beacon without which a mark may have been made for another picture
# Standard deviations: a beacon that is not there shows as much once in a hundred times by the leak's own robust hash,
# and once in 400 by that of what lies beneath letters and lines.
THERE, THERE_BENEATH = 2.33, 2.81
CHOSEN = 0.5  # share**2 / unevenness that no choice of cells by what pictures show reaches: docs/guarantees.md, framing
BEACON_TO_MESSAGE = math.sqrt(PROFILE.beacon_share / PROFILE.message_share)  # of their scores, both undisturbed
LOOKUPS = 4  # words looked up for a name: 4 * 2**-32 stays below 1e-9
MORE_LOOKUPS = 64  # words looked up in all


def read_blind(luma: NDArray[np.float32], *, key: Key, placements: Iterable[Placed], attempts: int = 1) -> Verdict:
    """Name the recipient whose copy a leak is, from the leak and the key alone.

    Parameters
    ----------
    luma : ndarray, shape (rows, columns), float32
        The leak's luma.
    key : Key
        The secret the copies were marked with.
    placements : iterable of Placed
        What :func:`~tracemark.placing.placements_of` finds in it.
    attempts : int
        Among how many attempts at the same leak this is one, each of which may spend as much; all are counted.

    Returns
    -------
    verdict : Verdict
        Names a recipient only with a bound below 1e-9 on the chance that this accuses an innocent.
    """
    if min(luma.shape) < LEAST_SIDE:
        return _nobody(f"the picture must be at least {LEAST_SIDE} px on its short side to be read")
    evidence = _Evidence(key, attempts)
    for reading in readings_of(placements, key):
        evidence.add(reading)
        known = reading.word in evidence.tried
        if known or (reading.score >= CLEAR_SCORE and len(evidence.tried) < LOOKUPS):
            recipient = evidence.look_up(reading.word)
            if recipient is not None and evidence.belongs(reading):
                return _named(recipient, reading, evidence)
    return _last_lookups(evidence)


@dataclass(frozen=True)
class _Shown:
    """How well a word that is known shows at a placement."""

    score: float
    """At its best place, standard deviations."""

    place: tuple[int, int]
    """That place, as of :func:`~tracemark.signal.places.place_scores`."""


@dataclass(frozen=True, eq=False)
class _Word:
    """A word that was read, and all that is to be seen of it in a picture that it was made for."""

    message: CellChoice
    """Of its chip set."""

    codeword: NDArray[np.int8]
    """Its symbols."""

    beacon: CellChoice
    """Of its chip set alone."""

    shown: list[_Shown] = field(default_factory=list)
    """How well it shows at each placement that was heard when it was last asked for."""

    @classmethod
    def of(cls, reading: Reading, key: Key) -> Self:
        """Know the word of a reading."""
        return cls(
            message_choices(key, reading.chip_set),
            encode(reading.word, mother_code(key, PROFILE.grid * PROFILE.tile)),
            beacon_choices(key)[[reading.chip_set]],
        )

    def best_in(self, cells: CellReading) -> _Shown:
        """Find where it shows best."""
        scores = known_word_scores(cells, self.message, self.codeword)
        row, column = np.unravel_index(scores.argmax(), scores.shape)
        return _Shown(float(scores[row, column]), (int(row), int(column)))

    def fit(self, cells: CellReading, shown: _Shown) -> tuple[list[tuple[float, float]], float]:
        """Score the beacon, and say what share that is of what is expected, and how unevenly the message lies in cells.

        Score and share come by the leak's own robust hash, and by that of what lies beneath letters and lines.
        """
        views = cells, replace(cells, hash=cells.beneath)
        beacons = [float(beacon_scores(view, self.beacon)[0][shown.place]) for view in views]
        strengths = word_strengths(cells, self.message, self.codeword, first_tile(cells, shown.place))
        expected = BEACON_TO_MESSAGE * shown.score
        return [(beacon, beacon / expected) for beacon in beacons], _unevenness(strengths.astype(np.float64))


@dataclass(eq=False)
class _Evidence:
    """What was read of a leak, and whose words were looked up."""

    key: Key
    """The secret."""

    attempts: int
    """Attempts at reading the leak that may spend as many lookups."""

    readings: list[Reading] = field(default_factory=list)
    """As they came."""

    heard: list[CellReading] = field(default_factory=list)
    """What was read at each placement that gave readings."""

    tried: dict[int, int | None] = field(default_factory=dict)
    """Words that were looked up, in order -> whose they are."""

    words: dict[tuple[int, int], _Word] = field(default_factory=dict)
    """Those that were somebody's, by word and chip set."""

    judged: dict[tuple[int, int, int], bool] = field(default_factory=dict)
    """Whether a message is of this picture, by its word, its chip set, and the placement where it shows best."""

    def add(self, reading: Reading) -> None:
        """Take in what was read next."""
        self.readings.append(reading)
        if not self.heard or self.heard[-1] is not reading.cells:
            self.heard.append(reading.cells)

    def look_up(self, word: int) -> int | None:
        """Say whose a word is, if anybody's."""
        if word not in self.tried:
            self.tried[word] = recipient_of(self.key, word)
        return self.tried[word]

    def lookups(self, reading: Reading) -> int:
        """Count the words that were looked up until a reading's was."""
        return list(self.tried).index(reading.word) + 1

    def belongs(self, reading: Reading) -> bool:
        """Tell whether a message was made for the picture that it is in.

        It may have been read a little beside its place, and there just where chance looks like a beacon.  So its word,
        now known, is sought in all placements that were heard, and looked at where it shows best.
        """
        known = (reading.word, reading.chip_set)
        if known not in self.words:
            self.words[known] = _Word.of(reading, self.key)
        word = self.words[known]
        word.shown.extend(word.best_in(cells) for cells in self.heard[len(word.shown) :])
        best = max(range(len(word.shown)), key=lambda at: word.shown[at].score)
        asked = (*known, best)
        if asked not in self.judged:
            fits, unevenness = word.fit(self.heard[best], word.shown[best])
            self.judged[asked] = any(
                beacon >= there and share >= BEACON_SHARE and share**2 >= CHOSEN * unevenness
                for (beacon, share), there in zip(fits, (THERE, THERE_BENEATH), strict=True)
            )
        return self.judged[asked]


def _last_lookups(evidence: _Evidence) -> Verdict:
    """Look up the best words that have not been, as far as the bound allows."""
    pasted: Verdict | None = None
    for reading in sorted(evidence.readings, key=lambda candidate: -candidate.likelihood):
        if reading.word not in evidence.tried and len(evidence.tried) >= MORE_LOOKUPS:
            continue
        recipient = evidence.look_up(reading.word)
        if recipient is None:
            continue
        if evidence.belongs(reading):
            return _named(recipient, reading, evidence)
        if pasted is None:
            pasted = _pasted(recipient, reading, evidence)
    if pasted is not None:
        return pasted
    if not evidence.readings:
        return _nobody("no mark made with this key was found")
    best = max(reading.score for reading in evidence.readings)
    return _nobody("no message could be read with this key", score=best, lookups=len(evidence.tried))


def _unevenness(strengths: NDArray[np.float64]) -> float:
    """Say by how much neighbouring cells differ, less a standard deviation of chance; shape (rows, columns).

    That is the variance of their strength in squares of its mean, less what neighbours have in common: letters and
    logos cover many cells side by side.  Where no cell is to be seen nothing speaks against a choice of them.
    """
    seen = strengths[~np.isnan(strengths)]
    if not len(seen):
        return math.inf
    beside = [strengths[1:] * strengths[:-1], strengths[:, 1:] * strengths[:, :-1]]
    common = np.concatenate([products[~np.isnan(products)] for products in beside])
    mean = float(seen.mean())
    # squares of normal variables have a variance of 2, and two products a cell 1 each
    chance = math.sqrt((2 + 1 / 2) / len(seen))
    return float((seen**2).mean() - 1 - (common.mean() if len(common) else mean**2) - chance) / mean**2


def _named(recipient: int, reading: Reading, evidence: _Evidence) -> Verdict:
    """Word the verdict on an issued word; every way of reading the leak may have looked up as many."""
    lookups = evidence.lookups(reading)
    log10 = log10_accident(evidence.attempts * lookups)
    verdict = judge(log10)
    sure = verdict == "identified"
    return Verdict(
        verdict=verdict,
        log10_false_alarm=log10,
        method="blind",
        reason="the message was read" if sure else "a message was read, but only after too many attempts to be proof",
        recipients=(recipient,) if sure else (),
        geometry=reading.transform,
        score=reading.score,
        trials=lookups,
    )


def _pasted(recipient: int, reading: Reading, evidence: _Evidence) -> Verdict:
    """Word the verdict on an issued word whose beacon is of another picture; no number is told that may be chance."""
    lookups = evidence.lookups(reading)
    whose = f"the message of {recipient}" if evidence.attempts * lookups <= LOOKUPS else "somebody's message"
    return Verdict(
        verdict="inconclusive",
        log10_false_alarm=0.0,
        method="blind",
        reason=f"{whose} is in it, but not the beacon of this picture: it may have been put there",
        geometry=reading.transform,
        score=reading.score,
        trials=lookups,
    )


def _nobody(reason: str, *, score: float | None = None, lookups: int = 0) -> Verdict:
    """Word the verdict on nothing."""
    return Verdict(verdict="none", log10_false_alarm=0.0, method="blind", reason=reason, score=score, trials=lookups)

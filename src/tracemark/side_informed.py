"""Name more of those who mixed their copies: score each candidate given the codes of those who fit best beside him.

Scores that take the codes of others as side information are Meerwald and Furon's (2012,
:doi:`10.1109/TIFS.2012.2195655`).  ``docs/guarantees.md`` proves why the codes of others may be looked at.
"""

import math
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tracemark.accusing import Accusation
from tracemark.codes.accusation import Evidence, Scores, scores_of
from tracemark.codes.cancellation import without
from tracemark.codes.message import encode
from tracemark.informed import Cells, Residue
from tracemark.joining import join_cells, join_evidence
from tracemark.judging import LN10, WAYS, Judgement, best_first, judge_scores
from tracemark.keys import Key
from tracemark.listed import Listed
from tracemark.signal.collusion import MIXES, Mixture
from tracemark.verdict import Candidate

__all__ = ["HYPOTHESES", "accuse_among"]

SIZES = (3, 5, 9, 13, 19)  # copies that may have been mixed: odd, as their median is one of them
FIRST_SIZES = (5, 13)  # with which all mixes are tried; the other sizes are tried with the likeliest alone
ORDERS = 3  # responses by whose scores candidates may be ranked at first
HYPOTHESES = ORDERS * len(SIZES) * len(MIXES)  # orders, sizes and mixes that a candidate may be scored under; all count
TURNS = 4  # times at most that candidates are ranked
SUSPICIOUS = 4.0  # standard deviations of a candidate's fit above which there may be somebody to be named
# The same where others are named: who mixed with them shows, too, and one innocent of a thousand may fit 4.
BESIDE = 5.0
LIKELY = 4.5  # standard deviations of a candidate's score given others above which he is likely to be one of them
STRONG = 6.0  # standard deviations of a score that is no innocent's: whose it is shows in the soft symbols of others
UNKNOWN = 0.5  # standard deviations of the mark that the copies of a hypothesis leave unexplained


def accuse_among(
    residues: Sequence[Residue], listed: Listed, found: Sequence[Accusation], *, key: Key, attempts: int = 1
) -> Accusation | None:
    """Name those whose copies are in a mix, each given the codes of others.

    Parameters
    ----------
    residues : sequence of Residue
        Truthy ones: a leak, or several of different photos.
    listed : Listed
        The candidates.
    found : sequence of Accusation
        What was found without the codes of others, in all responses of the leaks; first, were they a plain mix.  Whose
        message lacks its fingerprint there is named by the fingerprint alone.
    key : Key
        The secret.
    attempts : int
        Among how many attempts at the same leak, times the responses of each, this is one; all are counted.

    Returns
    -------
    accusation : Accusation or None
        Those named before, and more; None where no others fit so well that more could be found.

    Notes
    -----
    The company of a candidate are those named before, then those others who fitted best, before or given others.  His
    soft symbols are what his signs would show if just he and his company had mixed their copies; his own code has no
    part in them.  He pays for a company that was not expected before.
    """
    cells = [residue.cells for residue in residues if residue.cells is not None]
    named = found[-1].named  # nothing is read in another response once somebody is named
    fit = _by_fingerprint if any(_by_fingerprint(one) > one.score for one in named) else _by_both
    telling = max(found, key=lambda one: max(map(fit, one.others), default=0.0))
    known = {one.recipient for one in named}
    others = sorted((one for one in telling.others if one.recipient not in known), key=lambda one: -fit(one))
    if not others or fit(others[0]) < (BESIDE if named else SUSPICIOUS) or len(cells) < len(residues):
        return None
    scene = _Scene(join_cells(cells), join_evidence(residues, key=key), listed, listed.signs_in(residues), len(named))
    places = {recipient: at for at, recipient in enumerate(listed.recipients)}
    order = [places[one.recipient] for one in (*named, *others)]
    spent = math.log(len(order) * attempts * WAYS * HYPOTHESES)
    judged = scene.judge(scene.turns(order), order, spent, suspected=found[0].pasted)
    if judged is None:
        return None
    more = [judged.candidates[at] for at in judged.hits]
    pasted = judged.pasted.union(*(accusation.pasted for accusation in found)) - {one.recipient for one in more}
    return Accusation(best_first((*named, *more)), judged.others, tuple(sorted(pasted)), len(order))


def _by_both(candidate: Candidate) -> float:
    """Say how well a candidate fits, in standard deviations, by both scores."""
    return candidate.score


def _by_fingerprint(candidate: Candidate) -> float:
    """Say the same by the fingerprint alone: where majorities lose, the message may have the opposite sign."""
    return math.sqrt(-2 * LN10 * candidate.log10_fingerprint)


@dataclass(frozen=True, eq=False)
class _Group:
    """Candidates who are scored given the same codes; all candidates are places in the list."""

    members: Sequence[int]
    """The candidates."""

    company: Collection[int]
    """Those given whose codes they are scored, but for those who are named."""

    evidence: Evidence
    """With what."""

    scores: Scores
    """Theirs."""


@dataclass(frozen=True, eq=False)
class _Turn:
    """All candidates who are not named, scored given the codes of others."""

    groups: Sequence[_Group]
    """Each candidate is in one of them."""

    log_likelihood: float
    """Of the leaks, were they made of the copies that were ranked first; nats."""

    def order(self, expected: Sequence[int]) -> list[int]:
        """Rank the candidates: those who are likely in the order in which they were expected, the rest by scores."""
        at = np.concatenate([np.array(group.members) for group in self.groups])
        fits = np.concatenate([group.evidence.deviations(group.scores) for group in self.groups])
        likely = {*at[fits >= LIKELY].tolist()}
        # a company that is nearer to that which was expected costs less
        first = [one for one in expected if one in likely]
        return [*first, *(one for one in at[np.argsort(-fits, kind="stable")].tolist() if one not in likely)]


@dataclass(frozen=True, eq=False)
class _Hypothesis:
    """Which copies may have been mixed, and how."""

    log_likelihood: float
    """Of the leaks, were they made of these; nats."""

    mixture: Mixture
    """The copies, those of whoever was ranked first."""

    mix: int
    """Which of ``MIXES``."""


@dataclass(frozen=True, eq=False)
class _Scene:
    """What is left of some leaks, and the codes of those who may have mixed them."""

    cells: Cells
    """Of all leaks, one after the other."""

    evidence: Evidence
    """Of the leaks as plain mixes: what each cell's symbols mean."""

    listed: Listed
    """The candidates."""

    fingerprints: NDArray[np.int8]
    """Their fingerprint signs in the cells, shape (candidates, cells)."""

    start: int
    """How many of them are named; they are ranked first."""

    def turns(self, expected: Sequence[int]) -> list[_Turn]:
        """Rank candidates by how they fit given others, until that makes the leaks no likelier."""
        order = expected
        turns: list[_Turn] = []
        mixes: Iterable[int] = range(len(MIXES))
        while len(turns) < TURNS:
            found = self._hypothesis(order, mixes)
            if found is None or (turns and found.log_likelihood <= turns[-1].log_likelihood):
                break
            turns.append(_Turn(list(self._groups(order, found)), found.log_likelihood))
            order, mixes = [*expected[: self.start], *turns[-1].order(expected)], [found.mix]
        return turns

    def _hypothesis(self, order: Sequence[int], mixes: Iterable[int]) -> _Hypothesis | None:
        """Find the number of copies and the mix that make the leaks likeliest."""
        best = None
        for sizes in (FIRST_SIZES, [size for size in SIZES if size not in FIRST_SIZES]):
            for size in (size for size in sizes if self.start < size <= len(order)):
                mixture = Mixture(self.cells.drawn, self._signs(order[:size]))
                log_likelihoods = {mix: self.cells.source.log_likelihood(mixture.mixed(mix), UNKNOWN) for mix in mixes}
                mix = max(log_likelihoods, key=log_likelihoods.__getitem__)
                if best is None or log_likelihoods[mix] > best.log_likelihood:
                    best = _Hypothesis(log_likelihoods[mix], mixture, mix)
            mixes = mixes if best is None else [best.mix]
        return best

    def _groups(self, order: Sequence[int], found: _Hypothesis) -> Iterator[_Group]:
        """Score all candidates that are not named, each given the codes of others, were their copies mixed so."""
        size = len(found.mixture.signs)
        for member in range(self.start, size):
            evidence = self._given(found.mixture, order[:size], member, found.mix)
            company = frozenset(order[self.start : size]) - {order[member]}
            # how they rank may follow from a candidate's own code, so not even rounding may follow from their order
            strangers = sorted([order[member], *order[size:]])
            # whoever comes after them has the same company as the last of them
            own = strangers if member == size - 1 else [order[member]]
            fits = evidence.deviations(self._scores(evidence, strangers))
            strong = {one for one, fit in zip(strangers, fits, strict=True) if fit > STRONG}
            weak = [one for one in own if one not in strong]
            for members in (*([one] for one in own if one in strong), *([weak] if weak else [])):
                cleared = self._without(evidence, strong.difference(members))
                yield _Group(members, company, cleared, self._scores(cleared, members))

    def judge(
        self, turns: Sequence[_Turn], order: Sequence[int], spent: float, *, suspected: Collection[int]
    ) -> Judgement | None:
        """Judge candidates, by the turns from the last to the first until they are named; none where there are none."""
        best: dict[int, tuple[Candidate, bool]] = {}
        named: set[int] = set()
        for group in (group for turn in reversed(turns) for group in turn.groups):
            members = group.members
            if named.issuperset(members):
                continue
            others = [one for one in order[self.start :] if [one] != members]
            recipients = [self.listed.recipients[one] for one in members]
            cost = _log_companies(group.company, others)
            # the ranks of several are among the others, and the rate of a bound may not follow from their own scores
            known, own = (spent + cost, 0.0) if len(members) == 1 else (spent, cost)
            judged = judge_scores(group.evidence, group.scores, recipients, known, own=own, suspected=suspected)
            named.update(members[hit] for hit in judged.hits)
            for place, one, framed in zip(members, judged.candidates, judged.framed.tolist(), strict=True):
                if place not in best or one.log10_false_alarm < best[place][0].log10_false_alarm:
                    best[place] = one, framed
        if not best:
            return None
        candidates, framed = zip(*best.values(), strict=True)
        return Judgement(candidates, np.array(framed))

    def _given(self, mixture: Mixture, mixed: Sequence[int], member: int, mix: int) -> Evidence:
        """Make soft symbols of a copy, given the codes of those that it was mixed with."""
        fingerprint, message = self.cells.given(mixture.among(member, mix))
        evidence = replace(self.evidence, fingerprint=fingerprint, message=message.ravel())
        return self._without(evidence, {*mixed[:member], *mixed[member + 1 :]})

    def _without(self, evidence: Evidence, others: Collection[int]) -> Evidence:
        """Take out what shows of others: it would make every word that is much like theirs score high."""
        order = sorted(others)  # as in the groups
        return without(evidence, self.fingerprints[order], [self.listed.words[at] for at in order])

    def _scores(self, evidence: Evidence, chosen: Sequence[int]) -> Scores:
        """Score candidates with soft symbols that were made without their codes."""
        return scores_of(evidence, self.fingerprints[list(chosen)], [self.listed.words[at] for at in chosen])

    def _signs(self, chosen: Sequence[int]) -> NDArray[np.int8]:
        """Give the signs of copies; shape (copies, cells, slots)."""
        scrambling = self.cells.scrambling
        words = [encode(self.listed.words[at], self.evidence.code) for at in chosen]
        messages = [word.reshape(scrambling.shape) * scrambling for word in words]
        return np.concatenate([messages, self.fingerprints[list(chosen), :, None]], axis=-1).astype(np.int8)


def _log_companies(company: Collection[int], order: Sequence[int]) -> float:
    """Say what a company costs, nats: it pays for all companies that differ no more from the one that was expected.

    Expected are those who come first in an order.  How much a company differs is how many of its members come behind
    these, and how far behind the last of them does.  Of a, b, c, d, e, the company of a and d has one member from
    behind a and b, at the second place there; it costs as much as each of the five that have at most one from there,
    c or d.  The chances of all numbers of members from behind sum up to 1, and so do those of all last places.
    """
    behind = [at - len(company) for at, one in enumerate(order) if one in company and at >= len(company)]
    if not behind:
        return math.log(2)
    far = max(behind) + 1
    count = sum(math.comb(len(company), some) * math.comb(far, some) for some in range(len(behind) + 1))
    return math.log(count * far * (far + 1)) + (len(behind) + 1) * math.log(2)

"""Find the place of a leak on its original: as the whole photo, by keypoints, or by trying every scale."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from tracemark.geometry.agreement import Agreement, agreement
from tracemark.geometry.alignment import Scaled, align, compare, fits
from tracemark.geometry.consensus import Proposal, propose
from tracemark.geometry.features import Features, extract
from tracemark.geometry.leak import Leak
from tracemark.geometry.straightening import bring
from tracemark.geometry.template import template_places, whole_places
from tracemark.transforms import Transform, corners, mapped

__all__ = ["ORIGINAL_FEATURES", "SURE", "Place", "locate"]

Floats = NDArray[np.float32]

ORIGINAL_FEATURES = 4000  # keypoints: a crop of 3 % may hold only as many in a hundred
STARTS = 3  # places of each kind that are refined
FINE_LEVELS = 2  # of the pyramid
FIRM = 100  # votes that pin a place down everywhere; with fewer, the whole photo is tried, too
SURE = 40.0  # standard deviations: places are not sought in further ways; docs/registration.md
PLENTY = 200  # keypoints of a leak which would have been found again, were the original shown
PROMISING = 3.0  # standard deviations that a coarse place must reach to be refined
STILL_WHOLE = 1.0  # pixels of the original by which alignment moves the corners of a whole photo at most
EXACT = 1.01  # times the score: where little shows, a refined place follows the noise


@dataclass(frozen=True, eq=False)
class Place:
    """A place of the leak on the original."""

    transform: Transform
    """Leak to original."""
    negative: bool
    """Whether black and white are exchanged."""
    agreement: Agreement
    """At the finest level that the leak's pixels fill."""
    exact: bool = False
    """Whether it is the whole photo as it was proposed, not refined."""

    @property
    def merit(self) -> float:
        """What places are chosen by: the score, a little more for an exact one."""
        return self.agreement.score * (EXACT if self.exact else 1)


def locate(
    leak: Leak,
    levels: list[Scaled],
    *,
    extent: tuple[float, float] | None = None,
    original_features: Callable[[], Features] | None = None,
) -> Place | None:
    """Seek the place at which leak and original agree best.

    Parameters
    ----------
    leak : Leak
        The leak.
    levels : list of Scaled
        The original's pyramid.
    extent : tuple of float, optional
        Rows and columns of the original that the photo fills.
    original_features : callable, optional
        Gives the original's keypoints, where they are known already; asked only where keypoints are needed.

    Returns
    -------
    place : Place or None
        The best, however badly it agrees; none when there was nothing to try.
    """
    whole = whole_places(leak.luma, extent or levels[-1].luma.shape)
    best = _as_whole(leak, levels, whole)
    if best is not None:
        return best
    for starts in _starts(leak, levels[-1].luma, whole, original_features):
        places = _refined(leak, levels, starts)
        best = max([best, *places] if best else places, key=lambda place: place.merit, default=None)
        if best is not None and best.agreement.score >= SURE:
            break
    return best


def _as_whole(leak: Leak, levels: list[Scaled], whole: Sequence[Transform]) -> Place | None:
    """Lay the leak as the whole photo where it surely is that and no more: most leaks are, and need no keypoints."""
    for transform in whole:
        if _judged(leak, levels[:2], transform, negative=False).agreement.score < PROMISING:
            continue
        came = _judged(leak, levels, transform, negative=False)
        if came.agreement.score < SURE:
            continue
        exact, refined = replace(came, exact=True), _place(leak, levels, Proposal(transform, 0))
        ends = corners(leak.luma.shape)
        if np.abs(mapped(refined.transform, ends) - mapped(transform, ends)).max() < STILL_WHOLE:
            return max(exact, refined, key=lambda place: place.merit)
    return None


def _starts(
    leak: Leak, original: Floats, whole: Sequence[Transform], original_features: Callable[[], Features] | None
) -> Iterator[list[Proposal]]:
    """Propose places in ever costlier ways."""
    with ThreadPoolExecutor(1) as pool:  # beside the leak's, where cores are idle
        extracted = pool.submit(original_features or partial(extract, original, most=ORIGINAL_FEATURES))
        ours, theirs = leak.features, extracted.result()
    proposals = propose(ours, theirs)
    if not _firm(proposals) and leak.legible_features is not ours:
        proposals = [*propose(leak.legible_features, theirs), *proposals]
    yield proposals if _firm(proposals) else [*proposals, *(Proposal(place, 0, exact=True) for place in whole)]
    if len(leak.features) < PLENTY:
        yield [Proposal(place, 0) for place in template_places(leak.luma, original)]


def _firm(proposals: list[Proposal]) -> bool:
    """Tell whether keypoints pin a place down."""
    return any(proposal.votes >= FIRM for proposal in proposals)


def _refined(leak: Leak, levels: list[Scaled], starts: list[Proposal]) -> list[Place]:
    """Refine the starts that look best once they are refined coarsely; give them as they came, too, if in doubt."""
    places = []
    for start in _promising(leak, levels, starts):
        refined = _place(leak, levels, start)
        if refined.agreement.score >= SURE and not start.exact:
            places.append(refined)
            continue
        came = _judged(leak, levels, start.transform, negative=start.negative)
        if refined.agreement.score < came.agreement.score:
            # too little may be left of the photo on the coarse levels
            refined = _place(leak, levels[-FINE_LEVELS:], start)
        places += [replace(came, exact=start.exact), refined]
    return places


def _promising(leak: Leak, levels: list[Scaled], starts: list[Proposal]) -> list[Proposal]:
    """Choose the starts that agree best once they are refined coarsely."""
    if len(starts) <= 1 or _firm(starts):
        return sorted(starts, key=lambda start: -start.votes)[:1]
    rough = [_place(leak, levels[:2], start).agreement.score for start in starts]
    order = sorted(range(len(starts)), key=lambda at: -rough[at])[:STARTS]
    return [starts[at] for at in order if rough[at] >= PROMISING]


def _place(leak: Leak, levels: list[Scaled], start: Proposal) -> Place:
    """Refine one start, and see how well it fits."""
    transform = align(leak.sight(negative=start.negative), levels, start.transform)
    return _judged(leak, levels, transform, negative=start.negative)


def _judged(leak: Leak, levels: list[Scaled], transform: Transform, *, negative: bool) -> Place:
    """See how well a place fits, at the finest level that the leak's pixels fill."""
    sight = leak.sight(negative=negative)
    level = [level for level in levels if fits(sight, level, transform) or level is levels[0]][-1]
    straight = bring(sight, level.transform @ transform, (level.luma.shape[0], level.luma.shape[1]))
    found = agreement(*compare(straight, level))
    return Place(transform, negative, found)

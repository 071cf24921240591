"""What of a picture its robust hash is made of: what is kept of it in a leak, and what other photos share."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import cv2
import numpy as np
import numpy.typing as npt

from benchmarks.choices.leaks import LEAKS
from benchmarks.choices.subjects import SMALL_PX, Setting, Subject
from benchmarks.choices.variants import Variant, applied
from benchmarks.gauntlet.damage.tone import vignette
from benchmarks.page import table
from tracemark.profile import PROFILE
from tracemark.signal.layout import Layout, lay_out, to_working
from tracemark.signal.luma import compact_luma
from tracemark.signal.robust_hash import hash_lines, robust_hash, soft_hash

__all__ = ["Alike", "HashChoice", "Kept"]

VIGNETTE = 60  # % in the corners
KERNEL, SURE = "tracemark.signal.robust_hash.KERNEL", "tracemark.signal.robust_hash.SURE"

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Kept:
    """One leak of one photo, hashed."""

    variant: str
    """Which alternative; ``(present)`` marks the project's own."""
    leak: str
    """Name of the leak."""
    photo: str
    """Name of the file."""
    kept: float
    """Share of a beacon's score that is left, the same everywhere in the picture; 1 at most."""


@dataclass(frozen=True)
class Alike:
    """Two photos, hashed with one key."""

    variant: str
    """Which alternative."""
    photos: tuple[str, str]
    """Names of the files."""
    agreement: float
    """Mean product of their signs in the cells that both have; 1 where all agree."""


@dataclass(frozen=True)
class HashChoice:
    """Kernels along the line, and how far a cell must stand out to be trusted."""

    def measure(self, setting: Setting) -> Iterator[Kept | Alike]:
        """Hash every photo and its leaks with every alternative."""
        for variant in _variants():
            name = f"**{variant.name}** (present)" if variant.present else variant.name
            with applied(variant):
                hashes = {}
                for subject in setting.subjects(sizes=(SMALL_PX,)):
                    hashes[subject.name] = _hash_of(subject, setting.seed)
                    yield from _kept(subject, name)
                for one, other in combinations(hashes, 2):
                    rows, columns = np.minimum(hashes[one].shape, hashes[other].shape)
                    both = hashes[one][:rows, :columns] * hashes[other][:rows, :columns]
                    yield Alike(name, (one, other), float(both.mean()))

    def render(self, records: Sequence[Kept | Alike]) -> str:
        """Write a table: one row an alternative."""
        kept = [record for record in records if isinstance(record, Kept)]
        leaks = list(dict.fromkeys(one.leak for one in kept))
        body = []
        for variant in dict.fromkeys(one.variant for one in kept):
            groups = [[one.kept for one in kept if (one.variant, one.leak) == (variant, leak)] for leak in leaks]
            alike = [one.agreement for one in records if isinstance(one, Alike) and one.variant == variant]
            cells = [f"{np.median(group):.2f} / {min(group):.2f}" for group in groups]
            body.append([variant, *cells, f"{np.std(alike):.3f} / {max(alike):.3f}"])
        head = ["kernel, trust", *leaks, "other photos: standard deviation / most"]
        lead = (
            f"Share of the beacon that is kept, median / least; agreement of different photos. Photos of {SMALL_PX} px."
        )
        return f"{lead}\n\n{table(head, body)}\n"


def _variants() -> Iterator[Variant]:
    """List the alternatives, the present one first."""
    second, first, next_one = (-0.5, 1.0, -0.5), (-1.0, 0.0, 1.0), (0.0, 1.0, -1.0)
    for words, kernel, sure in (
        ("second difference, half trust at 0.5 levels", second, 0.5),
        ("second difference, all trusted alike", second, 1e-6),
        ("second difference, half trust at 2 levels", second, 2.0),
        ("difference to the next cell", next_one, 0.5),
        ("difference between both neighbours", first, 0.5),
    ):
        yield Variant(words, constants={KERNEL: kernel, SURE: sure})


def _hash_of(subject: Subject, seed: int) -> Floats:
    """Hash a photo with a key that all photos share."""
    shared = Subject("", subject.long_side, subject.photo, seed)
    layout = lay_out(*subject.photo.shape[:2])
    return robust_hash(to_working(compact_luma(subject.photo), layout), hash_lines(shared.key))


def _kept(subject: Subject, name: str) -> Iterator[Kept]:
    """Leak a photo, and lay its leaks where they were."""
    layout = lay_out(*subject.photo.shape[:2])
    lines = hash_lines(subject.key)
    signs = robust_hash(to_working(compact_luma(subject.photo), layout), lines)
    for leak in LEAKS:
        rng = subject.rng(leak.name)
        cut, transform = leak.cut(subject.photo, layout, rng)
        saved = leak.save(cut)
        yield Kept(name, leak.name, subject.name, _share(saved, transform, signs, lines, layout))
        if leak is LEAKS[-1]:
            shaded = vignette(saved, VIGNETTE, rng)
            share = _share(shaded, transform, signs, lines, layout)
            yield Kept(name, f"{leak.name}, vignette of {VIGNETTE} %", subject.name, share)


def _share(
    leak: npt.NDArray[np.uint8],
    transform: npt.NDArray[np.float64],
    signs: Floats,
    lines: npt.NDArray[np.intp],
    layout: Layout,
) -> float:
    """Hash a leak, and say what a row of signs keeps that is weighed by this hash: the cosine of both."""
    luma = np.asarray(compact_luma(leak), dtype=np.float32)
    size = layout.working[::-1]
    laid = cv2.warpAffine(luma, transform[:2], size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101)
    cover = cv2.warpAffine(np.ones_like(luma), transform[:2], size)
    cells = cover.reshape(signs.shape[0], PROFILE.cell, signs.shape[1], PROFILE.cell).mean(axis=(1, 3)) > 1 / 2
    soft = soft_hash(np.asarray(laid, dtype=np.float32), lines)[cells]
    norm = float(np.sqrt(np.sum(soft**2) * len(soft)))
    return float(np.sum(soft * signs[cells]) / norm) if norm else 0.0

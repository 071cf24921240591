"""Count the bytes that mark and restart markers add to JPEG files."""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import cv2
from numpy.typing import NDArray

import tracemark as tm
from benchmarks.gauntlet.corpus import Limits, load
from benchmarks.gauntlet.runner import rng_for
from benchmarks.page import table
from benchmarks.provenance import provenance
from tracemark.kit.preparing import encoder_of
from tracemark.media.photo import JpegSettings

__all__ = ["SETTINGS", "Setting", "Size", "measure", "render", "report"]

SEED = 20_240  # of keys and recipients
KEY_BYTES = 32
RECIPIENTS = 2**32
SMALL_PX = 600  # long side of what is scaled down, as in the gauntlet
QUALITY = 90  # a common choice for delivery
BAR = 0.10  # growth that a mark may cost
KILO, HUNDRED = 1e3, 100


@dataclass(frozen=True)
class Setting:
    """A way to deliver photos."""

    name: str
    """Title of its table."""
    small: bool
    """Whether photos are scaled to 600 px before they are marked."""
    quality: int | None
    """JPEG quality; None for each photo's own tables."""


SETTINGS = (
    Setting(
        "Own quality, own subsampling: what `embed` does when nothing else is asked for", small=False, quality=None
    ),
    Setting(f"Quality {QUALITY}, own subsampling", small=False, quality=QUALITY),
    Setting(f"Scaled to {SMALL_PX} px on the long side, quality {QUALITY}, 4:2:0", small=True, quality=QUALITY),
)
"""Each has a table."""


@dataclass(frozen=True)
class Size:
    """Bytes of one photo's files, metadata included; an annex K file has the Huffman tables that T.81 suggests."""

    setting: str
    """Name of the setting."""
    photo: str
    """Name of the file."""
    file: int | None
    """The photo's own; None for what was scaled down."""
    own: bool
    """Whether the photo's file has Huffman tables of its own."""
    plain: int | None
    """Without a mark, annex K; None for progressive files, which always have tables of their own."""
    marked: int | None
    """With it, likewise."""
    spliced: int | None
    """With mark and restart markers, likewise."""
    plain_own: int
    """Without a mark, Huffman tables of its own."""
    marked_own: int
    """With it, likewise."""
    kit: int
    """A copy as a kit holds it."""

    @property
    def alike(self) -> int:
        """Of the same encode without mark and markers, with Huffman tables of the photo's kind."""
        return self.plain_own if self.own or self.plain is None else self.plain


def report(paths: Sequence[Path]) -> tuple[str, list[dict[str, object]]]:
    """Mark photos in every setting.

    Parameters
    ----------
    paths : sequence of Path
        The photos.

    Returns
    -------
    text : str
        Markdown.
    lines : list of dict
        Objects for JSON Lines.
    """
    cv2.setNumThreads(1)
    facts = {"kind": "run", **provenance(), "seed": SEED, "photos": len(paths)}
    sizes = list(_noted(measure(path, setting) for setting in SETTINGS for path in paths))
    return render(facts, sizes), [facts, *({"kind": "size", **asdict(size)} for size in sizes)]


def measure(path: Path, setting: Setting) -> Size:
    """Write one photo's files.

    Parameters
    ----------
    path : Path
        The photo; what is no JPEG is written as one.
    setting : Setting
        How.

    Returns
    -------
    size : Size
    """
    photo, jpeg = _opened(path, small=setting.small)
    quality = setting.quality or (None if jpeg.quantisation else QUALITY)
    plan = tm.prepare(photo.pixels, key=tm.Key(rng_for(SEED, path.name, "key").bytes(KEY_BYTES)))
    recipient = int(rng_for(SEED, path.name, "recipient").integers(RECIPIENTS))
    marked = plan.copy_for(recipient)

    def count(pixels: NDArray[Any], *, optimised: bool) -> int:
        like = replace(photo, jpeg=replace(jpeg, optimised=optimised))
        return len(tm.encode_photo(pixels, like=like, quality=quality))

    return Size(
        setting.name,
        path.name,
        None if setting.small else path.stat().st_size,
        jpeg.optimised,
        None if jpeg.progressive else count(photo.pixels, optimised=False),
        None if jpeg.progressive else count(marked, optimised=False),
        None if jpeg.progressive else len(plan.jpeg_for(recipient, like=photo, quality=quality, splice=False)),
        count(photo.pixels, optimised=True),
        count(marked, optimised=True),
        len(encoder_of(plan, photo, quality, splice=False)[0](recipient)),
    )


COLUMNS: Mapping[str, Callable[[Size], float | None]] = {
    "mark": lambda size: _growth(size.marked, size.plain),
    "mark, own Huffman tables": lambda size: _growth(size.marked_own, size.plain_own),
    "mark and markers": lambda size: _growth(size.spliced, size.plain),
    "copy in a kit": lambda size: _growth(size.kit, size.alike),
    "copy in a kit, against the photo's file": lambda size: _growth(size.kit, size.file),
}
"""What grew, and by which share."""


def render(facts: Mapping[str, object], sizes: Sequence[Size]) -> str:
    """Write the tables of a run.

    Parameters
    ----------
    facts : mapping
        Where the numbers come from.
    sizes : sequence of Size
        Of all photos in all settings.

    Returns
    -------
    text : str
        Markdown, with a newline at its end.
    """
    parts = [f"Commit {facts['commit']}, seed {facts['seed']}, {facts['photos']} photos."]
    for setting in dict.fromkeys(size.setting for size in sizes):
        own = [size for size in sizes if size.setting == setting]
        columns = {name: [grown(size) for size in own] for name, grown in COLUMNS.items()}
        columns = {name: values for name, values in columns.items() if any(value is not None for value in values)}
        head = ["photo", "kB without a mark", "Huffman tables", *columns]
        body = [
            [size.photo, f"{size.alike / KILO:.0f}", "its own" if size.own else "annex K", *map(_percent, values)]
            for size, *values in zip(own, *columns.values(), strict=True)
        ]
        last = [f"**within {BAR:.0%}**", "", "", *map(_within, columns.values())]
        parts.append(f"**{setting}.**\n\n{table(head, [*body, last])}")
    return "\n\n".join(parts) + "\n"


def _opened(path: Path, *, small: bool) -> tuple[tm.Photo, JpegSettings]:
    """Read a photo that is to be marked, and how its file is written."""
    photo = tm.read_photo(path)
    if photo.jpeg is not None and not small:
        return photo, photo.jpeg
    jpeg = JpegSettings()
    return tm.Photo(load(path, Limits(long_side_px=SMALL_PX if small else None)), "JPEG", jpeg=jpeg), jpeg


def _growth(larger: int | None, smaller: int | None) -> float | None:
    """Say by which share something grew, if both are there."""
    return None if larger is None or smaller is None else larger / smaller - 1


def _percent(growth: float | None) -> str:
    """Write a growth."""
    return "" if growth is None else f"{HUNDRED * growth:+.1f} %"


def _within(growths: Sequence[float | None]) -> str:
    """Count those that reach the bar."""
    known = [growth for growth in growths if growth is not None]
    return f"**{sum(growth <= BAR for growth in known)} of {len(known)}**"


def _noted(sizes: Iterator[Size]) -> Iterator[Size]:
    """Pass sizes on, each noted on stderr."""
    for size in sizes:
        print(*asdict(size).values(), file=sys.stderr, flush=True)
        yield size

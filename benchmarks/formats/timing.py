"""Time files of each format."""

import io
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

import tracemark as tm
from benchmarks.gauntlet.corpus import Limits, load
from benchmarks.gauntlet.damage.pixels import pixels
from benchmarks.gauntlet.damage.texture import noise
from benchmarks.page import table
from benchmarks.provenance import provenance
from tracemark.media import jpeg_items, png_items, webp_items
from tracemark.media.metadata import Metadata, without_previews
from tracemark.media.png import COMPRESSION

__all__ = ["CASES", "CHOICES", "Measure", "compare", "measure", "render", "report", "splices"]

SIZE = (6000, 4000)  # columns and rows of a 24-megapixel photo
PART = (1500, 1000)  # of it, to compare ways to write
GRAIN_LEVELS = 2.0  # standard deviation: an enlarged photo has no grain of its own
GRAIN_SEED = 1
QUALITY = 90
DEEP = 257  # a sample of 16 bits for each of 8
RUNS = 5  # of what takes milliseconds; the quickest is taken
SPLICED_PROFILE, SPLICED_WORDS = 200_000, 3_400  # bytes of a profile that is noise, and words of six letters in EXIF
IMAGE_DESCRIPTION = 0x010E  # EXIF tag
SPLICING = {"JPEG": jpeg_items, "PNG": png_items, "WebP": webp_items}
MEGABYTE, MILLI = 1e6, 1e3

Picture = NDArray[Any]
Writer = Callable[[Picture], bytes]


def _by_pillow(**options: Any) -> Writer:
    """Write a photo as another program would."""

    def write(picture: Picture) -> bytes:
        file = io.BytesIO()
        Image.fromarray(picture).save(file, **options)
        return file.getvalue()

    return write


def _by_opencv(suffix: str, *options: int, deep: bool = False) -> Writer:
    """Write a photo, of sixteen bits if it is to be deep."""

    def write(picture: Picture) -> bytes:
        samples = picture[..., ::-1].astype(np.uint16) * DEEP if deep else picture[..., ::-1]
        return cv2.imencode(suffix, samples, options)[1].tobytes()

    return write


PNG, TIFF = ".png", ".tif"
LZW, DEFLATE = (cv2.IMWRITE_TIFF_COMPRESSION, 5), (cv2.IMWRITE_TIFF_COMPRESSION, 8)
CASES: Mapping[str, Writer] = {
    "JPEG": _by_pillow(format="JPEG", quality=QUALITY),
    "JPEG, progressive": _by_pillow(format="JPEG", quality=QUALITY, progressive=True),
    "PNG": _by_pillow(format="PNG"),
    "PNG, 16 bits": _by_opencv(PNG, deep=True),
    "TIFF": _by_pillow(format="TIFF"),
    "TIFF, LZW": _by_pillow(format="TIFF", compression="tiff_lzw"),
    "TIFF, 16 bits, LZW": _by_opencv(TIFF, *LZW, deep=True),
    "TIFF, 16 bits, Deflate": _by_opencv(TIFF, *DEFLATE, deep=True),
    "WebP": _by_pillow(format="WEBP", quality=QUALITY),
    "WebP, lossless": _by_pillow(format="WEBP", lossless=True),
    "AVIF": _by_pillow(format="AVIF", quality=QUALITY, speed=9),
}
"""Kinds of photos, and how another program writes them."""


CHOICES: Mapping[str, Writer] = {
    "PNG as copies are": _by_opencv(PNG, *COMPRESSION),
    "PNG, OpenCV's default": _by_opencv(PNG),
    "PNG, zlib's level 6": _by_opencv(PNG, cv2.IMWRITE_PNG_COMPRESSION, 6, cv2.IMWRITE_PNG_STRATEGY, 0),
    "AVIF, speed 6": _by_pillow(format="AVIF", quality=QUALITY, speed=6),
    "AVIF, speed 9, as copies are": _by_pillow(format="AVIF", quality=QUALITY, speed=9),
}
"""Ways to write the same pixels, between which was chosen."""


@dataclass(frozen=True)
class Measure:
    """What one kind of file takes."""

    case: str
    """Which kind."""
    read_s: float
    """Seconds to read the photo."""
    write_s: float
    """Seconds to write its copy."""
    photo_bytes: int
    """Of the photo's file."""
    copy_bytes: int
    """Of a copy without a mark."""

    def line(self) -> dict[str, object]:
        """Give the measure as an object for JSON Lines."""
        return {"kind": "measure", **asdict(self)}


def report(path: Path) -> tuple[str, list[dict[str, object]]]:
    """Run all cases.

    Parameters
    ----------
    path : Path
        The photo to enlarge.

    Returns
    -------
    text : str
        Markdown.
    lines : list of dict
        Objects for JSON Lines.
    """
    facts = {"kind": "run", **provenance(), "photo": path.name}
    enlarged = cv2.resize(load(path, Limits()), SIZE, interpolation=cv2.INTER_CUBIC)
    photo = noise(pixels(enlarged), GRAIN_LEVELS, np.random.default_rng(GRAIN_SEED))
    measures = list(_measures(photo))
    facts["splices"] = splices(photo)
    facts["choices"] = compare(photo[: PART[1], : PART[0]])
    return render(facts, measures), [facts, *(found.line() for found in measures)]


def measure(case: str, picture: Picture) -> Measure:
    """Read a photo of one kind and write its copy.

    Parameters
    ----------
    case : str
        A key of `CASES`.
    picture : ndarray, uint8
        RGB.

    Returns
    -------
    found : Measure
    """
    data = CASES[case](picture)
    read_s, photo = _timed(lambda: tm.read_photo(data))
    write_s, copy = _timed(lambda: tm.encode_photo(photo.pixels, like=photo))
    return Measure(case, read_s, write_s, len(data), len(copy))


def splices(picture: Picture) -> list[tuple[str, int, float, float]]:
    """Time what metadata add to a copy.

    Parameters
    ----------
    picture : ndarray, uint8
        RGB.

    Returns
    -------
    found : list of (str, int, float, float)
        The format, bytes of a copy's file that says nothing, milliseconds to splice a profile of 200 kB and 20 kB of
        EXIF into it, and milliseconds to copy that file in memory.
    """
    rng = np.random.default_rng(GRAIN_SEED)
    profile, exif = rng.bytes(SPLICED_PROFILE), Image.Exif()
    exif[IMAGE_DESCRIPTION] = "words " * SPLICED_WORDS
    found = []
    for name, module in SPLICING.items():
        data = CASES[name](picture)
        said = _by_pillow(format=name, icc_profile=profile, exif=exif.tobytes())(picture[:16, :16])
        items, _ = without_previews(module.read_items(said)[0], module.frame)
        splice = partial(module.insert, data, Metadata(name.upper(), items))
        spliced, copied = (min(_timed(work)[0] for _ in range(RUNS)) for work in (splice, partial(bytearray, data)))
        found.append((name, len(data), MILLI * spliced, MILLI * copied))
    return found


def compare(picture: Picture) -> list[tuple[str, float, int]]:
    """Write pixels in every way between which was chosen.

    Parameters
    ----------
    picture : ndarray, uint8
        RGB.

    Returns
    -------
    found : list of (str, float, int)
        The way, seconds, and bytes.
    """
    timed = ((name, *_timed(partial(write, picture))) for name, write in CHOICES.items())
    return [(name, seconds, len(data)) for name, seconds, data in timed]


def render(facts: Mapping[str, Any], measures: Sequence[Measure]) -> str:
    """Write the table of a run.

    Parameters
    ----------
    facts : mapping
        Where the numbers come from.
    measures : sequence of Measure
        One for each kind of file.

    Returns
    -------
    text : str
        Markdown, with a newline at its end.
    """
    head = ["photo", "MB", "read, s", "copy written, s", "copy / photo"]
    body = [
        [
            found.case,
            f"{found.photo_bytes / MEGABYTE:.1f}",
            f"{found.read_s:.2f}",
            f"{found.write_s:.2f}",
            f"{found.copy_bytes / found.photo_bytes:.3f}",
        ]
        for found in measures
    ]
    where = (
        f"Commit {facts['commit']}, on {facts['machine']} ({facts['cores']} cores, {facts['memory_gib']} GiB),"
        f" Python {facts['python']}, photo {facts['photo']} enlarged with grain to {SIZE[0]} x {SIZE[1]}."
    )
    spliced = [
        [name, f"{size / MEGABYTE:.1f}", f"{splice_ms:.2f}", f"{copy_ms:.2f}"]
        for name, size, splice_ms, copy_ms in facts["splices"]
    ]
    ways = [[name, f"{size / MEGABYTE:.2f}", f"{seconds:.2f}"] for name, seconds, size in facts["choices"]]
    chosen = table([f"{PART[0]} x {PART[1]} pixels of it", "MB", "written, s"], ways)
    said = table(["metadata of 220 kB for a copy", "MB", "spliced, ms", "the file copied in memory, ms"], spliced)
    return f"{where}\n\n{table(head, body)}\n\n{chosen}\n\n{said}\n"


def _measures(picture: Picture) -> Iterator[Measure]:
    """Run case after case."""
    for case in CASES:
        yield measure(case, picture)


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Run something; the first answer is how long it took."""
    started = time.perf_counter()
    answer = work()
    return time.perf_counter() - started, answer

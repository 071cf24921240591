"""How the working-scale luma of a photo may be kept in a ledger."""

import io
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import mean
from types import MappingProxyType
from typing import Any

import numpy as np
from PIL import Image

from benchmarks.choices.subjects import LARGE_PX, Setting
from benchmarks.page import table
from tracemark.media.plane import COMPRESSION
from tracemark.signal.layout import lay_out, to_working
from tracemark.signal.luma import compact_luma

__all__ = ["Packed", "PackingChoice"]

OPTIONS: MappingProxyType[str, dict[str, Any]] = MappingProxyType(
    {
        "JPEG, quality 95": {"format": "JPEG", "quality": 95},
        "JPEG, quality 98": {"format": "JPEG", "quality": 98},
        "WebP, lossless": {"format": "WEBP", "lossless": True},
        **{f"PNG, level {level}": {"format": "PNG", "compress_level": level} for level in (1, 6, 9)},
    }
)
"""What Pillow is told."""
KILO = 1000
MILLI = 1000


@dataclass(frozen=True)
class Packed:
    """One luma, packed and unpacked."""

    way: str
    """How; ``(present)`` marks the project's own."""
    photo: str
    """Name of the file."""
    size: int
    """Bytes."""
    pack_s: float
    """Seconds of a processor."""
    unpack_s: float
    """Seconds of a processor."""
    error: float
    """Root mean square, levels."""


@dataclass(frozen=True)
class PackingChoice:
    """Formats in which a luma may be kept."""

    def measure(self, setting: Setting) -> Iterator[Packed]:
        """Pack and unpack the luma of every photo in every way."""
        for subject in setting.subjects(sizes=(LARGE_PX,)):
            working = to_working(compact_luma(subject.photo), lay_out(*subject.photo.shape[:2]))
            luma = np.rint(working).astype(np.uint8)
            for way, options in OPTIONS.items():
                present = options == {"format": "PNG", "compress_level": COMPRESSION}
                yield _pack(f"**{way}** (present)" if present else way, subject.name, luma, options)

    def render(self, packed: Sequence[Packed]) -> str:
        """Write a table: one row a way."""
        body = []
        for way in dict.fromkeys(one.way for one in packed):
            own = [one for one in packed if one.way == way]
            sizes = [one.size / KILO for one in own]
            times = [MILLI * mean(seconds) for seconds in ([one.pack_s for one in own], [one.unpack_s for one in own])]
            body.append(
                [way, f"{mean(sizes):.0f}", f"{max(sizes):.0f}", *(f"{one:.0f}" for one in times), f"{_error(own):.2f}"]
            )
        head = ["luma kept as", "mean, kB", "largest, kB", "pack, ms", "unpack, ms", "error, levels"]
        return f"{table(head, body)}\n"


def _pack(way: str, photo: str, luma: np.ndarray[Any, np.dtype[np.uint8]], options: dict[str, Any]) -> Packed:
    """Pack and unpack one luma."""
    began = time.process_time()
    file = io.BytesIO()
    Image.fromarray(luma).save(file, **options)
    packed = time.process_time()
    with Image.open(io.BytesIO(file.getvalue())) as image:
        kept = np.asarray(image.convert("L"), dtype=np.float32)
    unpacked = time.process_time()
    error = float(np.sqrt(np.mean((kept - luma) ** 2)))
    return Packed(way, photo, len(file.getvalue()), packed - began, unpacked - packed, error)


def _error(packed: Sequence[Packed]) -> float:
    """Give the root mean square of all errors."""
    return float(np.sqrt(mean(one.error**2 for one in packed)))

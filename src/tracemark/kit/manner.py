"""Say how copies are made of their photos: what an order asks for, a worker is told and the manifest keeps."""

from dataclasses import dataclass

__all__ = ["Manner"]


@dataclass(frozen=True, slots=True)
class Manner:
    """How copies are made of their photos; of two manners the same mark comes out as other bytes."""

    quality: int | None = None
    """Quality of JPEG, WebP and AVIF, 1 to 100, or None for each photo's own."""

    strip_gps: bool = False
    """Whether copies leave out where their photos were taken."""

    baseline: bool = False
    """Whether copies of progressive JPEGs are baseline, with the same tables: these can be spliced."""

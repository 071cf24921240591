"""Read what a file says about its picture, whatever its format."""

from dataclasses import dataclass, replace
from types import ModuleType

from tracemark.media import avif_items, jpeg_items, png_items, webp_items
from tracemark.media.avif import avif_settings
from tracemark.media.boxes import is_avif
from tracemark.media.exif import exif_orientation
from tracemark.media.metadata import Metadata, without_gps, without_previews
from tracemark.media.tiff import TiffFrame, read_frame
from tracemark.media.tiff_head import is_tiff
from tracemark.media.tiff_layout import read_layout

__all__ = ["Said", "bare", "read_said", "said_without_gps"]

# How a file begins -> its format, and the module that knows what is in it beside pixels.
CONTAINERS: dict[bytes, tuple[str, ModuleType]] = {
    b"\xff\xd8\xff": ("JPEG", jpeg_items),
    b"\x89PNG\r\n\x1a\n": ("PNG", png_items),
    b"RIFF": ("WEBP", webp_items),
}


AVIF = ("AVIF", avif_items)


@dataclass(frozen=True)
class Said:
    """What a file says about its picture."""

    metadata: Metadata = Metadata()  # noqa: RUF009 - it is frozen
    """Everything but how to turn it, without embedded previews."""

    orientation: int = 1
    """EXIF orientation, 1 to 8."""

    frame: TiffFrame | None = None
    """Of a TIFF file, all but its pixels."""

    warnings: tuple[str, ...] = ()
    """What was left out, a sentence each."""


def bare(data: bytes) -> bytes:
    """Take out of a file what might trip a decoder.

    Parameters
    ----------
    data : bytes
        What is in the file.

    Returns
    -------
    data : bytes
        The same picture; files of other kinds as they are.
    """
    container = _container_of(data)
    return data if container is None else bytes(container[1].bare(data))


def read_said(data: bytes, *, truncated: bool) -> Said:
    """Read what a file says about its picture.

    Parameters
    ----------
    data : bytes
        What is in the file.
    truncated : bool
        Whether it ends early, so that no copy will be made.

    Returns
    -------
    said : Said
        Nothing for files of other kinds.
    """
    if is_tiff(data):
        layout = None if truncated else read_layout(data)
        if layout is None:
            return Said(orientation=exif_orientation(data))
        frame, metadata, warnings = read_frame(data, layout)
        return Said(metadata, metadata.orientation, frame, warnings)
    container = _container_of(data)
    if container is None:
        return Said()
    name, module = container
    found, left_out = module.read_items(data)
    items, damaged = without_previews(found, module.frame)
    metadata = Metadata(name, items)
    # What EXIF in AVIF says of it counts for nothing, AVIF 1.1, and ISO/IEC 23000-22 (MIAF), 7.3.6.
    orientation = avif_settings(data)[0].orientation if module is avif_items else metadata.orientation
    return Said(metadata, orientation, warnings=(*left_out, *damaged))


def said_without_gps(metadata: Metadata) -> Metadata:
    """Take out where a picture was taken.

    Parameters
    ----------
    metadata : Metadata
        Of a JPEG, PNG, WebP or AVIF file; that of others stays as it is.

    Returns
    -------
    metadata : Metadata
    """
    modules = dict([*CONTAINERS.values(), AVIF])
    if metadata.container not in modules:
        return metadata
    return replace(metadata, items=without_gps(metadata.items, modules[metadata.container].frame))


def _container_of(data: bytes) -> tuple[str, ModuleType] | None:
    """Find the format of a file, and its module."""
    if is_avif(data):
        return AVIF
    return next((found for start, found in CONTAINERS.items() if data.startswith(start)), None)

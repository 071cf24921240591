"""Times and what they should be, as a table."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from benchmarks.page import table

__all__ = ["AIMS_ENCODES", "AIMS_S", "PEAK_AIM_MIB", "Measure", "render"]

AIMS_S = {
    ("mark 24 megapixels", "prepare + first copy"): 2.0,
    ("mark 24 megapixels", "further copy"): 0.5,
    ("read, whole", "again"): 2.0,
    ("read, crop", "again"): 2.0,
    ("read, unmarked", "again"): 10.0,
    ("start", "tracemark --help"): 0.3,
}
"""Seconds that a case and step should stay below on two cores."""

AIMS_ENCODES = {
    ("splice 24 megapixels", "variants"): 25.0,
    ("splice 24 megapixels", "spliced copy"): 0.05,
}
"""The same, in JPEG encodes of the same photo."""

PEAK_AIM_MIB = {"mark 24 megapixels": 1536, "splice 24 megapixels": 1536, "splice 60 megapixels": 3072}
"""MiB that a case should stay below."""

MEGA = 1e6


@dataclass(frozen=True)
class Measure:
    """One step of one case."""

    case: str
    """What was done."""
    step: str
    """Which part of it."""
    seconds: float
    """How long it took."""
    pixels: int | None = None
    """Of the photo or leak."""
    encode_s: float | None = None
    """How long a JPEG encode of the same photo took in the same process."""
    peak_rss_mib: int | None = None
    """Largest resident memory of the process, photo and interpreter included."""
    named: bool | None = None
    """For a reading, whether the recipient was identified."""

    @property
    def encodes(self) -> float | None:
        """How many JPEG encodes of the same photo fit into the time."""
        return None if self.encode_s is None else self.seconds / self.encode_s

    def line(self) -> dict[str, object]:
        """Give the measure as an object for JSON Lines."""
        return {"kind": "measure", **asdict(self), "encodes": self.encodes}


def render(facts: Mapping[str, object], measures: Sequence[Measure]) -> str:
    """Write the measures as Markdown.

    Parameters
    ----------
    facts : mapping
        What :func:`benchmarks.provenance.provenance` says, and ``photo``.
    measures : sequence of Measure

    Returns
    -------
    text : str
        Ends with a newline.
    """
    head = ["case", "step", "megapixels", "seconds", "aim", "JPEG encodes", "aim", "peak memory, MiB", "aim", "named"]
    lead = (
        f"Commit {facts['commit']}, on {facts['machine']} ({facts['cores']} cores, {facts['memory_gib']} GiB),"
        f" Python {facts['python']}, photo {facts['photo']}."
    )
    body = [_cells(measure) for measure in _with_sums(measures)]
    return f"{lead}\n\n{table(head, body)}\n"


def _with_sums(measures: Sequence[Measure]) -> list[Measure]:
    """Add the time until the first copy, which is what a user waits for."""
    prepared = {measure.case: measure for measure in measures if measure.step == "prepare"}
    shown = []
    for measure in measures:
        shown.append(measure)
        if measure.step == "first copy":
            total = {**asdict(measure), "step": "prepare + first copy"}
            total["seconds"] += prepared[measure.case].seconds
            shown.append(Measure(**total))
    return shown


def _cells(measure: Measure) -> list[str]:
    """Write one measure as cells."""
    aim, peak_aim = AIMS_S.get((measure.case, measure.step)), PEAK_AIM_MIB.get(measure.case)
    encodes_aim = AIMS_ENCODES.get((measure.case, measure.step))
    return [
        measure.case,
        measure.step,
        "" if measure.pixels is None else f"{measure.pixels / MEGA:.1f}",
        f"{measure.seconds:.3f}",
        "" if aim is None else f"{aim:g}",
        _in_encodes(measure.encodes),
        "" if encodes_aim is None else f"{encodes_aim:g}",
        "" if measure.peak_rss_mib is None else str(measure.peak_rss_mib),
        "" if peak_aim is None else str(peak_aim),
        "" if measure.named is None else "yes" if measure.named else "no",
    ]


def _in_encodes(encodes: float | None) -> str:
    """Write a time in JPEG encodes: parts of one in thousandths."""
    if encodes is None:
        return ""
    return f"{encodes:.1f}" if encodes >= 1 else f"{encodes:.3f}"

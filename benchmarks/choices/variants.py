"""Alternatives to the format's numbers, put in place for a while."""

import importlib
import math
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from types import MappingProxyType
from unittest.mock import patch

from tracemark.codes import message
from tracemark.profile import PROFILE
from tracemark.signal import chips

__all__ = ["EQUAL_SIGHT", "NEVER_SPARING", "Variant", "applied"]

TARGET = 88.8  # SSIMULACRA2 that every photo is marked at: that of a usual photo
MOST_STRENGTH = 1e3  # luma levels in an allowance: no cap, since its size depends on what is varied
NEVER_SPARING: Mapping[str, object] = MappingProxyType({"tracemark.embedding.MOST_GROWTH": (math.inf, math.inf)})
"""Constants that leave the fine levels to every mark."""

EQUAL_SIGHT: Mapping[str, object] = MappingProxyType(
    {
        "tracemark.embedding.TARGETS": (TARGET, TARGET),
        "tracemark.embedding.MOST_STRENGTH": MOST_STRENGTH,
        "tracemark.embedding.LEAST_SCORE": 0.0,  # no photo is refused
        **NEVER_SPARING,
    }
)
"""Constants that make every photo's strength the one predicted to look equally good, whatever its leaks."""

LEVELS = ("tracemark.signal.reading.LEVELS", "tracemark.signal.rehearsal.LEVELS")  # follow from the profile at import
NOTHING: Mapping[str, object] = MappingProxyType({})


@dataclass(frozen=True)
class Variant:
    """One alternative."""

    name: str
    """As the table calls it."""
    fields: Mapping[str, object] = field(default_factory=dict)
    """Values of the profile's fields."""
    constants: Mapping[str, object] = field(default_factory=dict)
    """Values of constants, by module and name with dots between."""

    @property
    def present(self) -> bool:
        """Whether this is what the project does."""
        fields = all(getattr(PROFILE, name) == value for name, value in self.fields.items())
        return fields and all(_constant(path) == value for path, value in self.constants.items())


@contextmanager
def applied(variant: Variant, *, also: Mapping[str, object] = NOTHING) -> Iterator[None]:
    """Put a variant in place, and the former numbers back at the end.

    Parameters
    ----------
    variant : Variant
        The numbers to use.
    also : mapping
        Further constants, by module and name with dots between.

    Yields
    ------
    None
    """
    constants = {**variant.constants, **also}
    if "chip_levels" in variant.fields:
        levels = tuple(level for level, _ in variant.fields["chip_levels"])  # type: ignore[attr-defined]  # object
        constants |= dict.fromkeys(LEVELS, levels)
    before = {name: getattr(PROFILE, name) for name in variant.fields}
    with ExitStack() as stack:
        for path, value in constants.items():
            stack.enter_context(patch(path, value))
        try:
            _set(variant.fields)
            yield
        finally:
            _set(before)


def _set(fields: Mapping[str, object]) -> None:
    """Change the frozen profile, and forget what was computed from it."""
    for name, value in fields.items():
        object.__setattr__(PROFILE, name, value)
    drawn = chips.codebook, chips.sparing_codebook, chips.beacon_choices, chips.message_choices, message.mother_code
    for cached in drawn:
        cached.cache_clear()


def _constant(path: str) -> object:
    """Look a constant up."""
    module, _, name = path.rpartition(".")
    value: object = getattr(importlib.import_module(module), name)
    return value

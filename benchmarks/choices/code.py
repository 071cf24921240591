"""How near the message code comes to what any code could do.

References
----------
Y. Polyanskiy, H. V. Poor, S. Verdú, "Channel coding rate in the finite blocklength regime", IEEE Trans. Information
Theory 56 (2010), 2307-2359. :doi:`10.1109/TIT.2010.2043769`
"""

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import mean

import numpy as np
import numpy.typing as npt

import tracemark as tm
from benchmarks.choices.subjects import Setting
from benchmarks.choices.variants import Variant, applied
from benchmarks.gauntlet.runner import rng_for
from benchmarks.page import table
from tracemark.codes.decoding import decode
from tracemark.codes.message import MotherCode, encode, mother_code
from tracemark.profile import PROFILE

__all__ = ["CodeChoice", "Errors", "limit", "noisy"]

KEY_BYTES = 32
SCRAPS = ((10, 11), (18, 19))  # rows and columns of cells: 3 % and 8 % of a photo of 1280 x 850 px
CORNER = (5, 7)  # their first cell: not one where the code begins
SCORES = (9.0, 10.0, 11.0)  # expected z, standard deviations
WORDS = 100  # for each row and score
LISTED = 4  # words that a reader can look up
SIDE = 64  # cells on a side of the code
NODES = 96  # of the quadrature


@dataclass(frozen=True)
class Errors:
    """Words that one code did not read."""

    variant: str
    """Which alternative; ``(present)`` marks the project's own."""
    symbols: int
    """Symbols received."""
    z: float
    """Expected correlation of the true codeword, standard deviations."""
    wrong: int
    """Words that another was taken for."""
    missed: int
    """Words that were not even among the best four."""
    words: int
    """Words sent."""
    seconds: float
    """To decode one."""


@dataclass(frozen=True)
class CodeChoice:
    """Memories and wraps in white noise."""

    def measure(self, setting: Setting) -> Iterator[Errors]:
        """Send words through noise, the same noise to every code."""
        for variant in _variants():
            name = f"**{variant.name}** (present)" if variant.present else variant.name
            with applied(variant):
                key = tm.Key(rng_for(setting.seed, "code").bytes(KEY_BYTES))
                code = mother_code(key, SIDE)
                for rows, columns in SCRAPS:
                    scrap = code[CORNER[0] : CORNER[0] + rows, CORNER[1] : CORNER[1] + columns].ravel()
                    for z in SCORES:
                        yield _errors(name, scrap, z, rng_for(setting.seed, "noise", rows, int(z)))

    def render(self, errors: Sequence[Errors]) -> str:
        """Write a table: error rates, one row a code, and the limit of all codes below."""
        columns = list(dict.fromkeys((row.symbols, row.z) for row in errors))
        head = ["code", *(f"{symbols} symbols, z = {z:g}" for symbols, z in columns), "ms a word"]
        body = []
        for variant in dict.fromkeys(row.variant for row in errors):
            own = {(row.symbols, row.z): row for row in errors if row.variant == variant}
            rates = [_rates(own[column]) for column in columns]
            body.append([variant, *rates, f"{1e3 * mean(row.seconds for row in own.values()):.0f}"])
        body.append(["limit of any code", *(f"{limit(PROFILE.word_bits, *column):.2f}" for column in columns), ""])
        told = f"Share of words, of {WORDS} each, that another was taken for / that were not among the best {LISTED}."
        return f"{told}\n\n{table(head, body)}\n"


def limit(bits: int, symbols: int, z: float) -> float:
    """Estimate the least word error rate that any code can have.

    Parameters
    ----------
    bits : int
        Of the word.
    symbols : int
        Received, each ±1 in white noise.
    z : float
        Expected correlation of the codeword, standard deviations; below the root of `symbols`.

    Returns
    -------
    rate : float
        0 to 1: the normal approximation, Polyanskiy et al. 2010, Eq. 296.
    """
    amplitude = _amplitude(symbols, z)
    nodes, weights = np.polynomial.hermite_e.hermegauss(NODES)
    information = 1 - np.logaddexp(0, -2 * amplitude * (amplitude + nodes)) / math.log(2)
    capacity = float(np.average(information, weights=weights))
    dispersion = float(np.average((information - capacity) ** 2, weights=weights))
    room = symbols * capacity + math.log2(symbols) / 2 - bits
    return math.erfc(room / math.sqrt(2 * symbols * dispersion)) / 2


def noisy(symbols: npt.NDArray[np.int8], z: float, rng: np.random.Generator) -> npt.NDArray[np.float32]:
    """Add unit noise to symbols, so that their correlation is expected to be z."""
    return (_amplitude(symbols.size, z) * symbols + rng.normal(size=symbols.size)).astype(np.float32)


def _amplitude(symbols: int, z: float) -> float:
    """Say how large symbols in unit noise are: z is at most the root of their number."""
    share = z * z / symbols
    return math.sqrt(share / (1 - share))


def _errors(name: str, code: MotherCode, z: float, rng: np.random.Generator) -> Errors:
    """Send words."""
    wrong, missed, seconds = 0, 0, 0.0
    for _ in range(WORDS):
        word = int.from_bytes(rng.bytes(PROFILE.word_bits // 8), "little")
        soft = noisy(encode(word, code), z, rng)
        start = time.perf_counter()
        found = [decoded.word for decoded in decode(soft, code, words=LISTED)]
        seconds += time.perf_counter() - start
        wrong += found[0] != word
        missed += word not in found
    return Errors(name, soft.size, z, wrong, missed, WORDS, seconds / WORDS)


def _rates(row: Errors) -> str:
    """Write both rates."""
    return f"{row.wrong / row.words:.2f} / {row.missed / row.words:.2f}"


def _variants() -> Iterator[Variant]:
    """List memories at two wraps, wraps at the present memory, and how many rings are found."""
    wraps, cuts, starts = (f"tracemark.codes.decoding.{name}" for name in ("WRAPS", "CUTS", "STARTS"))
    rows = [(8, 2), (10, 2), (12, 1), (12, 2), (12, 3), (14, 2)]
    for memory, times in rows:
        yield Variant(f"memory {memory}, {times} wraps", {"memory": memory}, {wraps: times})
    for stages, states in ((1, 1), (1, 8), (2, 4), (8, 4)):
        yield Variant(f"rings through {states} states at {stages} stages", {}, {cuts: stages, starts: states})

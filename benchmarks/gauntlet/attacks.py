"""Everything a leak may have been through, as one table.

Strengths are applied at the photo's full size unless a row scales first: a 24-megapixel photo is blurred by 1.5 of its
own pixels, not of the pixels a phone would show. Rows whose damage only makes sense, or only is affordable, at the
size of a posted photo shrink to :data:`POSTED_PX` first. Nothing is ever enlarged, except where the row says so.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from benchmarks.gauntlet.damage import clutter, codec, removal, reshape, texture, tone
from benchmarks.gauntlet.damage.pixels import Damage, Pixels

__all__ = ["ATTACKS", "ESSENTIAL", "POSTED_PX", "SMALL_PX", "WEB_PX", "Attack", "Step", "named"]

POSTED_PX = 2048
"""Long side to which sites and phones commonly limit a posted photo, pixels."""

SMALL_PX = 600
"""Long side of the small photos that must still carry a mark, pixels."""

WEB_PX = 800
"""Long side of the photos of a web page, pixels."""

Step = tuple[Damage, float]
"""One damage and its strength."""


@dataclass(frozen=True)
class Attack:
    """One row of the gauntlet: what a marked copy goes through before it is read."""

    name: str
    """Unique, lower case, strength included: ``"jpeg-50"``."""
    steps: tuple[Step, ...]
    """Damages in the order they happen; none for the untouched copy."""
    unit: str
    """Unit of the strength in the name."""
    bar: float | None
    """Share of leaks, 0 to 1, that must be read; None where the rate is only reported."""
    delivered_px: int | None
    """Long side to which photos are shrunk *before* they are marked; None leaves them as they are."""

    def apply(self, photo: Pixels, rng: np.random.Generator) -> Pixels:
        """Leak a copy.

        Parameters
        ----------
        photo : ndarray, shape (rows, columns, 3)
            The marked copy, RGB uint8; it is not changed.
        rng : numpy.random.Generator
            Decides what is left to chance: places, directions, grain.

        Returns
        -------
        leak : ndarray, shape (rows', columns', 3)
            RGB uint8, a new array.
        """
        leak = photo.copy()
        for damage, strength in self.steps:
            leak = damage(leak, strength, rng)
        return leak


@dataclass(frozen=True)
class _Family:
    """Rows that differ in the strength of one damage."""

    name: str
    """Name of the rows; ``{}`` takes the strength."""
    damage: Damage | None
    """What happens at the strength; None for nothing."""
    strengths: tuple[float, ...]
    """One row each."""
    unit: str
    """Unit of the strengths."""
    bars: tuple[float | None, ...]
    """Share that must be read, strength by strength."""
    after: tuple[Step, ...] = ()
    """What follows."""
    before: tuple[Step, ...] = ()
    """What goes before."""
    delivered_px: int | None = None
    """Long side to which photos are shrunk before they are marked."""

    def rows(self) -> Iterator[Attack]:
        """Write the family out, row by row."""
        for strength, bar in zip(self.strengths, self.bars, strict=True):
            middle = () if self.damage is None else ((self.damage, strength),)
            yield Attack(
                name=self.name.format(strength),
                steps=(*self.before, *middle, *self.after),
                unit=self.unit,
                bar=bar,
                delivered_px=self.delivered_px,
            )


_SAVED: tuple[Step, ...] = ((codec.jpeg, 75),)
_POSTED: tuple[Step, ...] = ((reshape.fit_within, POSTED_PX), *_SAVED)
_FIT: tuple[Step, ...] = ((reshape.fit_within, POSTED_PX),)
_CHAT: tuple[Step, ...] = ((codec.jpeg, 70),)
_SCREEN: tuple[Step, ...] = ((reshape.scale, 0.73), (texture.sharpen, 0.5), (codec.jpeg, 80))
_TILTED: tuple[Step, ...] = ((reshape.rotate_inside, 3),)

# fmt: off
_FAMILIES = (
    # name              damage                strengths              unit               bars
    _Family("none",     None,                 (0,),                  "",                (1,)),
    _Family("jpeg-{}",  codec.jpeg,           (90, 75, 50, 30),      "quality",         (1, 1, 1, .98)),
    _Family("webp-{}",  codec.webp,           (75, 50),              "quality",         (1, .98)),
    _Family("rejpeg-{}", codec.rejpeg,        (70,),                 "second quality",  (None,)),
    _Family("avif-{}",  codec.avif,           (60, 40),              "quality",         (None, None)),
    _Family("jp2-{}",   codec.jpeg2000,       (30,),                 "times smaller",   (None,)),
    _Family("video-{}", codec.video,          (1280,),               "long side, px",   (None,)),
    _Family("webp-{}-jpeg", codec.webp,       (50,),                 "quality",         (None,),
            ((codec.jpeg, 80),)),

    _Family("scale-{}", reshape.fit_within,   (2048, 1080, 800, 640), "long side, px",  (1, 1, 1, .95), _SAVED),
    _Family("lanczos-{}", reshape.fit_within_lanczos, (1080, 480),   "long side, px",   (None, None), _SAVED),
    _Family("enlarge-{}", reshape.scale,      (1.5,),                "times",           (None,), _SAVED, _FIT),
    _Family("crop-{}",  reshape.crop,         (50, 25, 10),          "% of area",       (1, .98, .9), _POSTED),
    _Family("social",   reshape.crop,         (70,),                 "% of area",       (.98,),
            ((reshape.scale, .6), (codec.jpeg, 60))),
    _Family("scrap",    reshape.crop,         (30,),                 "% of area",       (.9,),
            ((reshape.scale, .6), (codec.jpeg, 60))),
    _Family("screenshot", reshape.scale,      (.73,),                "times",           (.98,),
            _SCREEN[1:]),

    _Family("rotate-{}", reshape.rotate,      (1, 5, 10),            "degrees",         (.98, .98, None), _SAVED),
    _Family("rotate-inside-{}", reshape.rotate_inside, (1, 5, 10),   "degrees",         (.98, .98, None), _SAVED),
    _Family("turn-{}",  reshape.quarter_turn, (1, 2, 3),             "right angles",    (.98, .98, .98)),
    _Family("mirror",   reshape.mirror,       (1,),                  "",                (.98,)),
    _Family("stretch{:+}", reshape.stretch,   (10, -10, 33, -25),    "% of width",      (None,) * 4, _SAVED),
    _Family("shear-{}", reshape.shear,        (3, 8),                "% of height",     (None, None), _SAVED),
    _Family("perspective-{}", reshape.perspective, (2, 5, 8, 12),    "% of sides",      (None,) * 4, _SAVED),

    _Family("brightness{:+}", tone.brightness, (25, -25),            "%",               (1, 1)),
    _Family("contrast{:+}", tone.contrast,    (25, -25),             "%",               (1, 1)),
    _Family("gamma-{}", tone.gamma,           (.7, 1.4),             "exponent",        (1, 1)),
    _Family("grey",     tone.grey,            (1,),                  "",                (1,)),
    _Family("saturation-{}", tone.saturation, (.5, 1.5),             "times",           (1, 1)),
    _Family("warmth{:+}", tone.warmth,        (15, -15),             "% red over green", (None, None)),
    _Family("hue{:+}",  tone.hue,             (10, -10),             "degrees",         (None, None)),
    _Family("negative", tone.negative,        (1,),                  "times",           (None,), _SAVED),
    _Family("bits-{}",  tone.bit_depth,       (5,),                  "bits a sample",   (None,)),
    _Family("clahe-{}", tone.local_tone,      (2,),                  "clip limit",      (None,)),

    _Family("blur-{}",  texture.blur,         (1.5,),                "sigma, px",       (.98,)),
    _Family("noise-{}", texture.noise,        (10,),                 "sigma, levels",   (.98,)),
    _Family("median-{}", texture.median,      (3,),                  "side, px",        (.98,)),
    _Family("sharpen-{}", texture.sharpen,    (.5, 1),               "amount",          (.98, .98)),
    _Family("denoise-{}", texture.denoise,    (3, 6),                "h",               (None, None), _SAVED, _FIT),

    _Family("logo-{}",  clutter.logo,         (10,),                 "% of area",       (.98,), _SAVED),
    _Family("caption-{}", clutter.caption,    (10,),                 "% of area",       (.98,), _SAVED),
    _Family("border-{}", clutter.border,      (10,),                 "% of sides",      (.98,), _SAVED),
    _Family("frame-{}", clutter.frame,        (1.3,),                "times",           (.98,), _SAVED),

    # one damage after another, as leaks that travel
    _Family("chat-{}",  reshape.fit_within,   (1600,),               "long side, px",   (None,),
            (*_CHAT, *_SCREEN)),
    _Family("twice-{}", reshape.crop,         (70,),                 "% of area, twice", (None,),
            ((codec.jpeg, 60), (reshape.crop, 70), (codec.jpeg, 60)), ((reshape.scale, .6),)),
    _Family("screenshot-crop-{}", reshape.crop, (25,),               "% of area",       (None,), _SAVED, _SCREEN),
    _Family("tilted-crop-{}", reshape.crop,   (50,),                 "% of area",       (None,), _POSTED, _TILTED),
    _Family("post-{}",  clutter.post,         (3,),                  "% of width",      (None,), _SAVED, _FIT),
    _Family("vignette-{}", tone.vignette,     (60,),                 "% in the corners", (None,), _POSTED),
    _Family("fade-{}",  tone.fade,            (30,),                 "% of contrast",   (None,), _POSTED),
    _Family("jpeg-40-grey", tone.grey,        (1,),                  "",                (None,),
            ((tone.contrast, 25), (codec.jpeg, 40)), _FIT),
    _Family("fold-{}",  removal.fold,         (1, 3),                "times",           (None, None), _SAVED),

    _Family("small-none", None,               (0,),                  "",                (1,), delivered_px=SMALL_PX),
    _Family("small-jpeg-{}", codec.jpeg,      (75,),                 "quality",         (1,), delivered_px=SMALL_PX),
    _Family("small-crop-{}", reshape.crop,    (50,),                 "% of area",       (1,), delivered_px=SMALL_PX),
    _Family("small-caption-{}", clutter.caption, (5, 10),            "% of area",       (None, None), _SAVED,
            delivered_px=SMALL_PX),
    _Family("web-caption-{}", clutter.caption, (5, 10),              "% of area",       (None, None), _SAVED,
            delivered_px=WEB_PX),
)
# fmt: on

ATTACKS: tuple[Attack, ...] = tuple(row for family in _FAMILIES for row in family.rows())
"""Every row of the gauntlet, in the order the tables show them."""

ESSENTIAL: tuple[str, ...] = (
    "none",
    "jpeg-75",
    "jpeg-50",
    "webp-75",
    "scale-1080",
    "scale-800",
    "crop-50",
    "crop-25",
    "crop-10",
    "social",
    "screenshot",
    "rotate-5",
    "turn-1",
    "mirror",
    "brightness+25",
    "grey",
    "blur-1.5",
    "noise-10",
    "logo-10",
    "frame-1.3",
    "small-none",
    "small-jpeg-75",
)
"""Rows of the short run: one or two of each kind, those with a bar."""


def named(name: str) -> Attack:
    """Find a row by name.

    Parameters
    ----------
    name : str
        As in :data:`ATTACKS`.

    Returns
    -------
    attack : Attack

    Raises
    ------
    KeyError
        When no row has that name; the message lists the names there are.
    """
    for attack in ATTACKS:
        if attack.name == name:
            return attack
    raise KeyError(f"attack must be one of {', '.join(row.name for row in ATTACKS)}, not {name}")

"""Charts as SVG text, for the pages: a few lines over common axes."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

__all__ = ["Axis", "Line", "chart"]

WIDTH, HEIGHT = 640, 400
LEFT, RIGHT, TOP, BOTTOM = 70, 20, 40, 50  # margins
COLOURS = ("#1f5fa8", "#c8501e", "#2e7d32", "#7b3fa0", "#8a6d00", "#555555", "#b0305c", "#008080")
DOT, LEGEND_STEP, LEGEND_KEY = 3, 18, 22
STYLE = "font-family:sans-serif;font-size:12px"


@dataclass(frozen=True)
class Axis:
    """One axis of a chart."""

    title: str
    """What it shows, with its unit."""
    ticks: Sequence[float]
    """Where it is labelled, ascending; the first and the last are its ends."""
    labels: Sequence[str]
    """One for each tick."""
    logarithmic: bool = False
    """Whether equal ratios are equally long."""

    def place(self, value: float) -> float:
        """Give the part of the axis, 0 to 1, at which a value lies; values beyond the ends lie on them."""
        low, high, at = self.ticks[0], self.ticks[-1], min(max(value, self.ticks[0]), self.ticks[-1])
        if self.logarithmic:
            low, high, at = math.log(low), math.log(high), math.log(at)
        return (at - low) / (high - low)


@dataclass(frozen=True)
class Line:
    """One line of a chart."""

    name: str
    """For the legend."""
    points: Sequence[tuple[float, float]]
    """(x, y)."""
    dashed: bool = False
    """For a limit rather than a measurement: dashed, and without dots."""


def chart(title: str, across: Axis, up: Axis, lines: Sequence[Line], *, rising: bool = False) -> str:
    """Draw lines.

    Parameters
    ----------
    title : str
        Over the chart, and what readers of the page who see no pictures are told.
    across, up : Axis
        The axes.
    lines : sequence of Line
        At most as many as there are colours.
    rising : bool
        Whether lines rise from left to right, so that their names had better stand at the top.

    Returns
    -------
    svg : str
        A whole file.
    """
    right, bottom = WIDTH - RIGHT, HEIGHT - BOTTOM

    def x(value: float) -> float:
        return LEFT + across.place(value) * (right - LEFT)

    def y(value: float) -> float:
        return bottom - up.place(value) * (bottom - TOP)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" style="{STYLE}">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        _text(LEFT, TOP / 2, title, "start"),
    ]
    for tick, label in zip(across.ticks, across.labels, strict=True):
        parts += [_rule(x(tick), TOP, x(tick), bottom), _text(x(tick), bottom + LEGEND_STEP, label)]
    for tick, label in zip(up.ticks, up.labels, strict=True):
        parts += [_rule(LEFT, y(tick), right, y(tick)), _text(LEFT - DOT * 2, y(tick) + DOT, label, "end")]
    parts.append(_text((LEFT + right) / 2, HEIGHT - DOT * 2, across.title))
    parts.append(f'<g transform="rotate(-90)">{_text(-(TOP + bottom) / 2, LEGEND_STEP, up.title)}</g>')
    for number, line in enumerate(lines):
        places = [(x(first), y(second)) for first, second in line.points]
        parts += _drawn(places, COLOURS[number], dashed=line.dashed)
        level = (TOP + len(lines) * LEGEND_STEP if rising else bottom) - (len(lines) - number - 1 / 2) * LEGEND_STEP
        parts += _drawn([(LEFT + DOT, level), (LEFT + LEGEND_KEY, level)], COLOURS[number], dashed=line.dashed)
        parts.append(_text(LEFT + LEGEND_KEY + DOT * 2, level + DOT, line.name, "start"))
    return "\n".join([*parts, "</svg>", ""])


def _drawn(places: Sequence[tuple[float, float]], colour: str, *, dashed: bool) -> list[str]:
    """Draw a line through places, with a dot on each unless it is dashed."""
    way = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    dash = ' stroke-dasharray="6 4"' if dashed else ""
    drawn = [f'<polyline points="{way}" fill="none" stroke="{colour}" stroke-width="2"{dash}/>']
    return drawn + [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{DOT}" fill="{colour}"/>' for x, y in places if not dashed]


def _rule(left: float, top: float, right: float, bottom: float) -> str:
    """Draw a line of the grid."""
    return f'<line x1="{left:.1f}" y1="{top:.1f}" x2="{right:.1f}" y2="{bottom:.1f}" stroke="#dddddd"/>'


def _text(x: float, y: float, words: str, anchor: str = "middle") -> str:
    """Write words."""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'

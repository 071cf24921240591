"""Damage by covering and framing: what somebody puts over or around a photo."""

import math

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from benchmarks.gauntlet.damage.pixels import Pixels, pixels

__all__ = ["border", "caption", "frame", "logo", "post"]

PERCENT = 100
WHITE = (255, 255, 255)
LOGO_COLOUR = (200, 30, 40)
LOGO_RING = 0.35  # radius of the ring in the logo / its short side
DESKTOP = (74, 78, 86)
TITLE_BAR = (222, 222, 226)
BUTTONS = ((236, 106, 94), (244, 190, 79), (97, 197, 84))
TITLE_BAR_HEIGHT = 0.04  # of the photo's rows
WINDOW_EDGE = 0.01  # of the photo's rows
BUTTON_RADIUS = 0.25  # of the title bar's height
APP, INK = (18, 18, 20), (214, 216, 220)  # of an app in dark mode
POST_LINES = 12  # lines of text above the photo, and as many below, in a space of a third of its rows each
LETTERS = "PREVIEW  NOT FOR PUBLICATION  "
LINE_HEIGHT = 0.04  # of the photo's short side: a line of text, ascenders and descenders included
STROKE = 0.02  # extra width of the letters / height of a line: bold enough to read on any photo


def logo(photo: Pixels, percent: float, rng: np.random.Generator) -> Pixels:
    """Cover so many per cent of the area with one opaque logo of the photo's aspect, anywhere."""
    side = math.sqrt(percent / PERCENT)
    rows, columns = (round(length * side) for length in photo.shape[:2])
    top = int(rng.integers(photo.shape[0] - rows + 1))
    left = int(rng.integers(photo.shape[1] - columns + 1))
    leak = photo.copy()
    plate = leak[top : top + rows, left : left + columns]
    plate[:] = LOGO_COLOUR
    radius = round(min(rows, columns) * LOGO_RING)
    drawn = cv2.circle(plate.copy(), (columns // 2, rows // 2), radius, WHITE, max(1, radius // 2), cv2.LINE_AA)
    plate[:] = drawn
    return leak


def caption(photo: Pixels, percent: float, rng: np.random.Generator) -> Pixels:
    """Write lines of white text across the photo, heights by lot, until their ink covers so many per cent of it."""
    rows, columns = photo.shape[:2]
    height = max(1, round(min(rows, columns) * LINE_HEIGHT))
    ink = Image.new("1", (columns, rows))
    pen, font = ImageDraw.Draw(ink), ImageFont.load_default(height)
    for top in rng.permutation(np.arange(0, rows, height)):
        start = int(rng.integers(len(LETTERS)))
        line = (LETTERS * (1 + columns // height))[start:]
        pen.text((0, int(top)), line, fill=1, font=font, stroke_width=round(height * STROKE))
        if np.count_nonzero(np.asarray(ink)) * PERCENT >= percent * rows * columns:
            break
    leak = photo.copy()
    leak[np.asarray(ink)] = WHITE
    return leak


def border(photo: Pixels, percent: float, rng: np.random.Generator) -> Pixels:
    """Put a white border around the photo, so many per cent of its sides wide on each side."""
    del rng
    down, across = (round(length * percent / PERCENT) for length in photo.shape[:2])
    return pixels(cv2.copyMakeBorder(photo, down, down, across, across, cv2.BORDER_CONSTANT, value=WHITE))


def frame(photo: Pixels, factor: float, rng: np.random.Generator) -> Pixels:
    """Show the photo in a window somewhere on a desktop whose sides are ``factor`` times the photo's."""
    rows, columns = photo.shape[:2]
    edge, bar = round(rows * WINDOW_EDGE), round(rows * TITLE_BAR_HEIGHT)
    desktop = np.full((round(rows * factor), round(columns * factor), photo.shape[2]), DESKTOP, np.uint8)
    top = int(rng.integers(bar + edge, desktop.shape[0] - rows - edge + 1))
    left = int(rng.integers(edge, desktop.shape[1] - columns - edge + 1))
    desktop[: bar // 2] = TITLE_BAR
    desktop[top - bar - edge : top + rows + edge, left - edge : left + columns + edge] = TITLE_BAR
    for position, colour in enumerate(BUTTONS):
        centre = (left + bar * (position + 1), top - (bar + edge) // 2)
        cv2.circle(desktop, centre, max(1, round(bar * BUTTON_RADIUS)), colour, cv2.FILLED, cv2.LINE_AA)
    desktop[top : top + rows, left : left + columns] = photo
    return desktop


def post(photo: Pixels, percent: float, rng: np.random.Generator) -> Pixels:
    """Show the photo as a post in an app in dark mode, text above and below it, its sides so many per cent away."""
    rows, columns = photo.shape[:2]
    margin, space = round(columns * percent / PERCENT), rows // 3
    screen = Image.new("RGB", (columns + 2 * margin, rows + 2 * space), APP)
    height = max(space // POST_LINES, 1)
    pen, font = ImageDraw.Draw(screen), ImageFont.load_default(height)
    for top in [
        *range(0, space - height, 2 * height),
        *range(space + rows + height, 2 * space + rows - height, height),
    ]:
        words = LETTERS * int(rng.integers(1, 3))
        pen.text((margin + height, top), words, fill=INK, font=font)
    screen.paste(Image.fromarray(photo), (margin, space))
    return np.array(screen)

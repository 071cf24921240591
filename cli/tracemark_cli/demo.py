"""`tracemark demo`: one photo's whole story, on the user's own machine."""

from __future__ import annotations  # the types of tracemark are named, not fetched: fetching takes half a second

import io
import os
import secrets
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING

import click

import tracemark as tm
from tracemark_cli.detect_lines import chance_in_words
from tracemark_cli.outcome import FilesFailure, KeyFailure, Outcome, UsageFailure, reason
from tracemark_cli.path_types import FILE, FOLDER
from tracemark_cli.photo_files import refuse_special

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["demo"]

RECIPIENTS = (17, 18, 19, 20, 21)
AREA_KEPT = 0.7  # of the picture, as when somebody cuts off a caption or a border
SCALE = 0.6  # of the side, as when a site makes its own size of it
QUALITY = 60  # JPEG, as social networks have it
BRIGHTEST = 255  # of the eight bits a JPEG holds
COLOURS = 3
LEAK = "leak.jpg"

OUTCOMES = {"inconclusive": Outcome.INCONCLUSIVE, "none": Outcome.NOTHING_FOUND}


@click.command()
@click.argument("photo", required=False, type=FILE)
@click.option("--out", type=FOLDER, help="Keep key, copies and leak in this folder; nothing there is replaced.")
@click.pass_context
def demo(context: click.Context, photo: Path | None, out: Path | None) -> None:
    """Mark a photo for five recipients, leak one copy, and find out whose it was.

    The leak is cropped, scaled down and saved again. PHOTO is your own; without it
    the demo takes one that came with the program.
    """
    with ExitStack() as stack:
        if photo is None:
            photo = stack.enter_context(as_file(files("tracemark_cli") / "data" / "seeding.jpg"))
        refuse_special(photo)
        folder = stack.enter_context(_workplace(out))
        _refuse_what_is_there(folder, photo)
        try:
            outcome = _tell(photo, folder)
        except tm.KeyFileError as error:
            raise KeyFailure(str(error)) from error
        except tm.OutputError as error:
            raise FilesFailure(str(error)) from error
        except (tm.TracemarkError, OSError, MemoryError) as error:
            raise FilesFailure(f"{photo}: {reason(error)}") from error
    if out is not None:
        _say(f"Key, copies and leak are in {out}.")
    context.exit(outcome)


@contextmanager
def _workplace(out: Path | None) -> Iterator[Path]:
    """Give the demo a folder; it goes again unless it was asked for."""
    if out is None:
        try:
            temporary = tempfile.TemporaryDirectory()
        except OSError as error:
            raise FilesFailure(
                "there must be a folder for temporary files that can be written into; TMPDIR may name one"
            ) from error
        with temporary as folder:
            yield Path(folder)
    else:
        try:
            out.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise FilesFailure(f"{out} cannot be made: {tm.why(error)}") from error
        yield out


def _refuse_what_is_there(folder: Path, photo: Path) -> None:
    """Refuse a folder that has a file of the same name as one of the demo's: it may be the photo itself."""
    for name in (*_copy_names(photo).values(), LEAK):
        if os.path.lexists(folder / name):
            raise UsageFailure(f"{folder / name} exists already, and the demo replaces nothing; choose another --out")


def _tell(path: Path, folder: Path) -> Outcome:
    """Tell the story from the key to the name."""
    photo = tm.read_photo(path)
    tm.check_writable(photo)
    rows, columns = photo.pixels.shape[:2]
    _say(f"The photo is {path.name}, {columns} x {rows} pixels.")

    key, key_file = tm.Key.generate(), folder / "demo.key"
    began = time.perf_counter()
    plan = tm.prepare(photo.pixels, key=key)
    # Not before: a key that a photo without copies left behind would never be replaced, and end the next demo there.
    key.save(key_file)
    copies = _write_copies(plan, photo, path, folder)
    names = ", ".join(copies.values())
    took = f"{time.perf_counter() - began:.1f} s"
    _say(f"A new key was made, and each of {len(copies)} recipients has a copy ({took}): {names}.")

    culprit = secrets.choice(RECIPIENTS)
    leak = folder / LEAK
    size = _leak(folder / copies[culprit], leak)
    _say(
        f"One of them, we do not say which, cut it to {AREA_KEPT:.0%} of its area, scaled it to {SCALE:.0%},"
        f" and saved it as JPEG of quality {QUALITY}: {leak.name}, {size}."
    )

    began = time.perf_counter()
    found = tm.detect(tm.read_photo(leak).pixels, key=tm.Key.load(key_file))
    _say(f"From the leak and the key alone ({time.perf_counter() - began:.1f} s):")
    return _judge(found, culprit)


def _write_copies(plan: tm.Plan, photo: tm.Photo, path: Path, folder: Path) -> dict[int, str]:
    """Make the copies; the answer is recipient -> name of the file."""
    names = _copy_names(path)
    for recipient, name in names.items():
        tm.write_atomically(folder / name, tm.encode_photo(plan.copy_for(recipient), like=photo))
    return names


def _copy_names(photo: Path) -> dict[int, str]:
    """Name a copy for each recipient."""
    return {recipient: f"{photo.stem}-{recipient}{photo.suffix}" for recipient in RECIPIENTS}


def _leak(copy: Path, leak: Path) -> str:
    """Do to a copy what happens to photos on their way round; the answer is the size in words."""
    from PIL import Image

    image = Image.fromarray(_to_eight_bits(tm.read_photo(copy).pixels))
    side = AREA_KEPT**0.5
    columns, rows = round(image.width * side), round(image.height * side)
    left, top = (image.width - columns) // 2, image.height - rows
    small = image.crop((left, top, left + columns, top + rows)).resize(
        (round(columns * SCALE), round(rows * SCALE)), Image.Resampling.BICUBIC
    )
    file = io.BytesIO()
    small.save(file, format="JPEG", quality=QUALITY)
    tm.write_atomically(leak, file.getvalue())
    return f"{small.width} x {small.height} pixels, {len(file.getvalue()) // 1000} kB"


def _to_eight_bits(pixels: NDArray[np.generic]) -> NDArray[np.uint8]:
    """Bring pixels to what a JPEG can hold."""
    import numpy as np

    opaque = pixels[..., :COLOURS] if pixels.ndim > 2 else pixels
    if opaque.dtype == np.uint8:
        return opaque.astype(np.uint8)
    return (opaque.astype(np.float64) * BRIGHTEST / np.iinfo(np.uint16).max).round().astype(np.uint8)


def _judge(found: tm.Verdict, culprit: int) -> Outcome:
    """Compare the answer with the truth."""
    if found.verdict != "identified":
        click.echo(f"{found.verdict}: {found.reason}")
        return OUTCOMES[found.verdict]
    click.echo(f"identified: recipient {found.recipient}, {chance_in_words(found)}")
    right = found.recipient == culprit
    _say("That is right." if right else f"That is WRONG: it was {culprit}.")
    return Outcome.DONE if right else Outcome.FILES_FAILED


def _say(words: str) -> None:
    """Tell the person, not the program behind the pipe."""
    click.echo(words, err=True)

"""Small real photographs, and orders for them."""

import hashlib
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from PIL import Image

import tracemark as tm
from tracemark.kit.entries import CopyEntry
from tracemark.kit.manner import Manner
from tracemark.kit.task import Task
from tracemark.recording import SOFTWARE

SIZE = (336, 256)  # columns and rows: little more than carries a mark
STEP = 97  # pixels from one photo to the next: each shows something else
QUALITY = 90
NOBODY = 65534  # the user ID that Linux gives to nobody


def crop_photos(source, folder, count, size=SIZE):
    """Cut `count` small photos out of a large one; the answer is their paths."""
    paths = []
    with Image.open(source) as photo:
        for number in range(count):
            left, upper = (STEP * number) % (photo.width - size[0]), (STEP * 3 * number) % (photo.height - size[1])
            paths.append(folder / f"photo-{number}.jpg")
            photo.crop((left, upper, left + size[0], upper + size[1])).save(paths[-1], quality=QUALITY)
    return paths


def stamp(path):
    """Where a file lies on the disk and when it was written: writing it again changes that, reading does not."""
    return path.stat().st_ino, path.stat().st_mtime_ns


@dataclass
class Press:
    """A press office: a folder with a key and some photos."""

    folder: Path
    key: tm.Key
    photos: list[Path] = field(default_factory=list)

    @property
    def key_file(self):
        return self.folder / "press.key"

    @property
    def out(self):
        return self.folder / "kit"

    def copies(self, recipients):
        return [tm.KitCopy(photo, one, f"{one}/{photo.name}") for photo in self.photos for one in recipients]

    def order(self, recipients, **options):
        return tm.KitOrder(self.copies(recipients), self.out, self.key_file, {one: {} for one in recipients}, **options)

    def task(self, recipients, *, photo=None, **options):
        photo = photo or self.photos[0]
        fields = {
            "photo": photo,
            "name": photo.name,
            "sha256": hashlib.sha256(photo.read_bytes()).digest(),
            "key_file": self.key_file,
            "key_id": self.key.id,
            "out": self.out,
            "copies": tuple(tm.KitCopy(photo, one, f"{one}/{photo.name}") for one in recipients),
            "checked": frozenset(),
            "guests": tuple(recipients),
            "manner": Manner(),
            "software": SOFTWARE,
        }
        return Task(**(fields | options))

    def files(self):
        return sorted(path.relative_to(self.out).as_posix() for path in self.out.rglob("*") if path.is_file())


@pytest.fixture
def press(tmp_path, key, demo_photo) -> Press:
    office = Press(tmp_path, key)
    key.save(office.key_file)
    office.photos = crop_photos(demo_photo, tmp_path, 2)
    return office


@pytest.fixture
def closable(key, demo_photo) -> Iterator[Press]:
    """A press office of somebody to whom a folder can be closed, as none is to root."""
    if os.name != "posix":
        pytest.skip("only POSIX closes a folder by its mode")
    was = os.geteuid()
    with tempfile.TemporaryDirectory() as name:
        office = Press(Path(name), key)
        key.save(office.key_file)
        office.photos = crop_photos(demo_photo, office.folder, 1)
        for path in (office.folder, office.key_file, *office.photos):
            os.chown(path, NOBODY if was == 0 else -1, -1)
        try:
            if was == 0:
                os.seteuid(NOBODY)
            yield office
        finally:
            os.seteuid(was)


def entry_of(data=b"a copy", **fields):
    """What a manifest says of some bytes."""
    common = {
        "file": "17/car.jpg",
        "sha256": hashlib.sha256(data).hexdigest(),
        "bytes": len(data),
        "recipient": 17,
        "photo": "car.jpg",
        "photo_sha256": "ab" * 32,
        "key": "a1b2c3d4",
        "quality": None,
        "strip_gps": False,
        "software": SOFTWARE,
        "checked": None,
    }
    return CopyEntry(**(common | fields))

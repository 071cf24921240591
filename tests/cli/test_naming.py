from pathlib import Path

import pytest

from tracemark_cli.naming import DEFAULT_TEMPLATE, plan_copies
from tracemark_cli.outcome import UsageFailure


def names(template=DEFAULT_TEMPLATE, photos=("a/car.jpg",), recipients=(17,)):
    copies = plan_copies([Path(photo) for photo in photos], recipients, out=Path("kit"), template=template)
    return [copy.path.as_posix() for copy in copies]


def test_each_recipient_has_a_folder_by_default():
    assert names(photos=["a/car.jpg", "b/door.png"], recipients=[17, 3]) == [
        "kit/17/car.jpg",
        "kit/3/car.jpg",
        "kit/17/door.png",
        "kit/3/door.png",
    ]


def test_a_template_may_pad_and_join():
    assert names("{stem}_{recipient:05d}{suffix}") == ["kit/car_00017.jpg"]


@pytest.mark.parametrize(
    "template",
    [
        "../{recipient}{suffix}",
        "{recipient}/../../x{suffix}",
        "/etc/{recipient}",
        "{recipient}/",
        "{recipient}//{stem}",
        "./{recipient}",
        "..\\{recipient}",
        "{recipient}\n",
        "{recipient}\0",
        "",
        "..",
    ],
)
def test_a_name_cannot_leave_the_folder(template):
    with pytest.raises(UsageFailure, match="inside the output folder"):
        names(template)


@pytest.mark.parametrize("photo", ["a/x\\..\\y.jpg", "a/line\nbreak.jpg"])
def test_neither_can_the_name_of_a_photo(photo):
    with pytest.raises(UsageFailure, match="inside the output folder"):
        names(photos=[photo])


@pytest.mark.parametrize(
    "template",
    ["{recipient", "{}", "{0}", "{name}", "{recipient.__class__}", "{stem[0]}", "{recipient!r}", "{recipient:{stem}}"],
)
def test_a_template_holds_three_fields_and_no_way_into_them(template):
    with pytest.raises(UsageFailure, match="--name-template"):
        names(template)


def test_a_form_that_does_not_fit_is_refused():
    with pytest.raises(UsageFailure, match="cannot be filled in"):
        names("{stem:d}")


def test_two_copies_never_share_a_name():
    for wrong in ({"photos": ["a/car.jpg", "b/car.jpg"]}, {"template": "{stem}{suffix}", "recipients": [1, 2]}):
        with pytest.raises(UsageFailure, match="over another copy or a photo"):
            names(**wrong)


def test_a_copy_never_takes_the_place_of_a_photo(tmp_path):
    photo = tmp_path / "car.jpg"
    with pytest.raises(UsageFailure, match="over another copy or a photo"):
        plan_copies([photo], [17], out=tmp_path / "." / "x" / "..", template="{stem}{suffix}")

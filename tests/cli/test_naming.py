import re
import sys
from pathlib import Path

import pytest

from tracemark.new_file import DRAFT_BEGINNING
from tracemark_cli.file_names import DRAFT
from tracemark_cli.naming import DEFAULT_TEMPLATE, archive_names, columns_in, plan_copies
from tracemark_cli.outcome import UsageFailure
from tracemark_cli.photo_files import PhotoFile

NOBODY = {17: {}}
NO_NAME = "inside the output folder|must have (at most 255 bytes|no control characters|no backslash)|no name is as long"


def plan(template=DEFAULT_TEMPLATE, photos=("a/car.jpg",), guests=NOBODY, out="kit", **options):
    found = [photo if isinstance(photo, PhotoFile) else PhotoFile(Path(photo)) for photo in photos]
    return plan_copies(found, guests, out=Path(out), template=template, **options)


def names(*arguments, **options):
    return [copy.file for copy in plan(*arguments, **options)]


def test_the_command_line_knows_how_drafts_are_called():
    assert DRAFT == DRAFT_BEGINNING


def test_each_recipient_has_a_folder_by_default():
    assert names(photos=["a/car.jpg", "b/door.png"], guests={17: {}, 3: {}}) == [
        "17/car.jpg",
        "3/car.jpg",
        "17/door.png",
        "3/door.png",
    ]


def test_a_photo_of_a_sub_folder_keeps_it():
    photo = PhotoFile(Path("photos/inside/seat.jpg"), "inside/")
    assert names(photos=["photos/seat.jpg", photo]) == ["17/seat.jpg", "17/inside/seat.jpg"]
    assert names("{recipient}{suffix}/{folder}x", photos=[photo]) == ["17.jpg/inside/x"]


def test_a_template_may_pad_and_join():
    assert names("{stem}_{recipient:05d}{suffix}") == ["car_00017.jpg"]


def test_a_template_may_hold_what_the_list_says():
    guests = {
        17: {"E-mail": "zoe@example.org", "first name": "Zoë"},
        3: {"E-mail": "jo@x.org", "first name": "Jo{stem}"},
    }
    assert names("{first name}, {E-mail}/{stem}{suffix}", guests=guests) == [
        "Zoë, zoe@example.org/car.jpg",
        "Jo{stem}, jo@x.org/car.jpg",
    ]


def test_the_columns_that_a_template_uses_are_found():
    assert columns_in("{E-mail}/{recipient:05d} {{stem}} {Name}-{Name}{folder}{stem}{suffix}") == ["E-mail", "Name"]
    assert columns_in(DEFAULT_TEMPLATE) == []


@pytest.mark.parametrize("name", ["马车", "کتاب‌خانه", "👩‍🚀", "Ångström", "-rf", " leading", "it's", "$(reboot)"])
def test_names_in_any_script_are_kept(name):
    assert names("{who}/{stem}", guests={17: {"who": name}}) == [f"{name}/car"]


@pytest.mark.parametrize(
    "word",
    [
        "../../etc",
        "/etc",
        "a/b",
        "..",
        "C:\\x",
        "a\\b",
        "a\0b",
        "a\nb",
        "\u202egpj.exe",
        "a\u2066b",
        "a\u200fb",
        "a\u2028b",
        "\ufeffa",
        "nul",
        "AUX.old",
        "com1",
        "trailing.",
        "trailing ",
        "a:b",
        "a?b",
        "x" * 256,
        "ü" * 128,
        ".tracemark-x",
        "",
    ],
)
def test_a_list_cannot_play_tricks_with_names(word):
    with pytest.raises(UsageFailure) as refused:
        names(
            "{who}/{stem}{suffix}",
            guests={17: {"who": word or " ", "other": "x"} if word else {"other": "x"}, 3: {"who": "Jo"}},
        )
    assert refused.value.message.isprintable()
    assert len(refused.value.message) < 2000


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
        "{recipient:99999999999d}",
        "{recipient:256d}",
        "{recipient:0<" + "1" * 5000 + "}",
        "{recipient:0<" + "0" * 5000 + "256}",
        "x" * 10_000,
    ],
)
def test_a_name_cannot_leave_the_folder_or_be_endless(template):
    with pytest.raises(UsageFailure, match=NO_NAME):
        names(template)


@pytest.mark.parametrize(
    ("photo", "reason"), [("a/x\\..\\y.jpg", "no backslash"), ("a/line\nbreak.jpg", "no control characters")]
)
def test_neither_can_the_name_of_a_photo(photo, reason):
    with pytest.raises(UsageFailure, match=f"the name of recipient 17's copy must have {reason}, not be "):
        names(photos=[photo])


def test_the_message_says_whose_copy_cannot_have_its_name():
    guests = {17: {"who": "Zoë"}, 3: {"who": "Jo?"}, 4: {"who": "Jo?"}}
    with pytest.raises(
        UsageFailure, match=r"^the name of recipient 3's copy must be possible on Windows, too, not be 'Jo\?/car.jpg'"
    ):
        names("{who}/{stem}{suffix}", guests=guests)


@pytest.mark.parametrize(
    "template",
    ["{recipient", "{}", "{0}", "{name}", "{recipient.__class__}", "{stem[0]}", "{recipient!r}", "{recipient:{stem}}"],
)
def test_a_template_holds_known_fields_and_no_way_into_them(template):
    with pytest.raises(UsageFailure, match="--name-template"):
        names(template)


def test_a_form_that_does_not_fit_is_refused():
    with pytest.raises(UsageFailure, match="cannot be filled in"):
        names("{stem:d}")


@pytest.mark.parametrize(
    ("wrong", "other"),
    [
        ({"photos": ["a/car.jpg", "b/car.jpg"]}, r"recipient 17's copy of a/car\.jpg"),
        ({"photos": ["a/car.jpg", "b/CAR.JPG"]}, r"recipient 17's copy of a/car\.jpg"),
        ({"photos": ["a/caf\u00e9.jpg", "b/cafe\u0301.jpg"]}, "recipient 17's copy of a/caf\u00e9.jpg"),
        ({"template": "{stem}{suffix}", "guests": {1: {}, 2: {}}}, r"recipient 1's copy of a/car\.jpg"),
        ({"template": "manifest.jsonl"}, r"kit/manifest\.jsonl"),
        ({"template": "sha256sums"}, "kit/SHA256SUMS"),
    ],
)
def test_two_files_never_share_a_name(wrong, other):
    with pytest.raises(
        UsageFailure, match=rf"would be written over {other}, and no copy may be over another copy or a photo"
    ):
        names(**wrong)


@pytest.mark.parametrize("photos", [("ff/car.jpg", "ff/car/x.jpg"), ("ff/CAR/x.jpg", "ff/car.jpg")])
def test_the_name_of_a_copy_is_never_that_of_a_folder(photos):
    found = [PhotoFile(Path(photo), photo[3:].rpartition("/")[0] + "/" * photo.count("/", 3)) for photo in photos]
    assert len(plan(photos=found)) == 2
    with pytest.raises(
        UsageFailure,
        match=r"must be a folder to hold kit/17/car/x, and has the name of recipient 17's copy of car\.jpg;",
    ):
        plan("{recipient}/{folder}{stem}", [PhotoFile(Path("car.jpg")), PhotoFile(Path("car/x.jpg"), "car/")])
    with pytest.raises(UsageFailure, match=r"must be a folder to hold"):
        plan("{recipient}/{folder}{stem}", found)


def test_a_folder_never_has_the_name_of_a_photo(tmp_path):
    with pytest.raises(
        UsageFailure, match=r"car\.jpg must be a folder to hold .*17\.jpg, and has the name of .*car\.jpg;"
    ):
        plan("{stem}{suffix}/{recipient}{suffix}", [tmp_path / "car.jpg"], out=tmp_path)


def test_a_copy_never_takes_the_place_of_a_photo(tmp_path):
    photo = tmp_path / "car.jpg"
    with pytest.raises(
        UsageFailure, match=f"would be written over {photo}, and no copy may be over another copy or a photo"
    ):
        plan("{stem}{suffix}", [photo], out=tmp_path / "." / "x" / "..")


def test_a_copy_never_takes_the_place_of_what_a_link_leads_to(tmp_path):
    (tmp_path / "car.jpg").touch()
    (tmp_path / "link.jpg").symlink_to(tmp_path / "car.jpg")
    with pytest.raises(UsageFailure, match=f"would be written over {tmp_path / 'link.jpg'}, and no copy may be over"):
        plan("car.jpg", [tmp_path / "link.jpg"], out=tmp_path)


def test_the_name_of_a_photo_that_is_no_text_is_refused_and_another_one_can_be_given():
    with pytest.raises(UsageFailure, match=r"must be text in UTF-8, not be '17/fa.udce7ade\.jpg'"):
        names(photos=["fa\udce7ade.jpg"])
    assert names("{recipient}/one{suffix}", photos=["fa\udce7ade.jpg"]) == ["17/one.jpg"]


@pytest.mark.parametrize("template", ["{recipient}.zip", "{recipient}.ZIP/{stem}"])
def test_an_archive_and_a_copy_never_share_a_name(template):
    with pytest.raises(UsageFailure, match="name of an archive"):
        plan(template, archives=archive_names([17]))
    assert archive_names([17, 3]) == {17: "17.zip", 3: "3.zip"}


@pytest.mark.parametrize("other", ["17.zip", "17.ZIP", "link"])
def test_an_archive_never_takes_the_place_of_a_photo_or_of_key_and_ledger(other, tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "17.zip")
    with pytest.raises(UsageFailure, match=f"an archive would be written over {tmp_path / other}; change --name-temp"):
        plan(archives=archive_names([17]), out=tmp_path, kept=[tmp_path / other])
    with pytest.raises(UsageFailure, match="an archive would be written over"):
        plan(photos=[tmp_path / other], archives=archive_names([17]), out=tmp_path)
    assert plan(archives=archive_names([3]), out=tmp_path, kept=[tmp_path / other])


@pytest.mark.skipif(sys.platform == "win32", reason="links need a right of their own there")
@pytest.mark.parametrize("name", ["press.key", "link.jpg"])
def test_a_photo_that_is_the_key_too_is_told_so_and_no_other_template_is_asked_for(name, tmp_path):
    (tmp_path / "link.jpg").symlink_to(tmp_path / "press.key")
    with pytest.raises(UsageFailure) as refused:
        plan(photos=[tmp_path / name], out=tmp_path / "kit", kept=[tmp_path / "press.key"])
    words = (
        f"{tmp_path / 'press.key'}: photo must be a file of its own, and is given as --key, --ledger or --recipients"
    )
    assert refused.value.message == words


@pytest.mark.parametrize("field", ["{recipient:{stem}}", "{recipient!r}", "{recipient!r:{stem}}", "{nobody:05d}"])
def test_a_field_that_cannot_be_is_named_as_it_was_written(field):
    with pytest.raises(UsageFailure, match=f"may hold {{recipient}}, .*, not {re.escape(field)}(;|$)"):
        names(f"{field}/{{stem}}")


def found_in(folder, *files):
    """What is found in a folder that is searched."""
    return [PhotoFile(folder / file, file.rpartition("/")[0] + "/" * file.count("/"), found=True) for file in files]


def test_what_was_found_where_a_copy_is_to_be_is_left_out_unless_it_would_be_replaced(tmp_path):
    photos = found_in(tmp_path, "car.jpg", "17/car.jpg", "18/car.jpg")
    assert names(photos=photos, out=tmp_path) == ["17/car.jpg", "17/18/car.jpg"]
    for options in ({"force": True}, {"photos": [photos[0], PhotoFile(photos[1].path)]}):
        with pytest.raises(UsageFailure, match=r"17/car\.jpg would be written over"):
            plan(**({"photos": photos, "out": tmp_path} | options))


def test_photos_each_of_which_could_be_the_others_copy_are_refused(tmp_path):
    with pytest.raises(UsageFailure, match="would be written over"):
        plan(
            photos=found_in(tmp_path / "x", "1/a.jpg", "2/a.jpg"),
            guests={1: {}, 2: {}},
            out=tmp_path / "x",
            template="{recipient}/{stem}{suffix}",
        )

import click
import pytest

from tracemark_cli.recipient_type import RECIPIENT, recipient_in


@pytest.mark.parametrize(
    ("word", "recipient"), [("0", 0), ("17", 17), ("007", 7), ("4294967295", 2**32 - 1), ("0" * 5000 + "1", 1)]
)
def test_digits_are_a_recipient(word, recipient):
    assert RECIPIENT(word) == recipient_in(word) == recipient


@pytest.mark.parametrize(
    ("word", "sentence"),
    [
        ("1_7", "must be a whole number, 0 to 4294967295, not '1_7'"),
        ("\u0661\u0667", "must be a whole number, 0 to 4294967295, not '\u0661\u0667'"),
        ("\u00b9", "must be a whole number, 0 to 4294967295, not '\u00b9'"),
        (" 17", "must be a whole number, 0 to 4294967295, not ' 17'"),
        ("+17", "must be a whole number, 0 to 4294967295, not '+17'"),
        ("-1", "must be a whole number, 0 to 4294967295, not '-1'"),
        ("", "must be a whole number, 0 to 4294967295, not ''"),
        ("4294967296", "must be at most 4294967295, not 4294967296"),
    ],
)
def test_what_python_would_take_for_a_number_is_none_to_a_list_nor_on_the_command_line(word, sentence):
    with pytest.raises(ValueError, match="must be") as refused:
        recipient_in(word)
    assert str(refused.value) == sentence
    with pytest.raises(click.BadParameter) as refused_by_click:
        RECIPIENT(word)
    assert refused_by_click.value.message == sentence

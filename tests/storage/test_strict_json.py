"""Values for messages: short whatever anybody's file holds."""

import pytest

from minirl.storage.strict_json import LONGEST, brief


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "None"), (True, "True"), (0.1, "0.1"), (-7, "-7"), ("a b", "'a b'"), ([1, "x"], "[1, 'x']"),
        ({"b": 1}, "{'b': 1}"), (10**19, "1" + "0" * 19), (10**20, "a whole number of more than 20 digits"),
        ([-(10**9999)], "[a whole number of more than 20 digits]"),
    ],
)  # fmt: skip
def test_a_value_is_its_repr_and_a_long_number_is_not_written_out(value: object, text: str) -> None:
    assert brief(value) == text


def test_a_long_text_keeps_its_ends() -> None:
    text = brief("begin" + "x" * 1000 + "end")
    assert text.startswith("'begin") and "..." in text and text.endswith("end'") and len(text) <= 60


@pytest.mark.parametrize("value", [["x" * 99] * 99, {"x" * 99 + str(i): [["y" * 99] * 9] * 9 for i in range(99)}])
def test_lists_in_lists_stay_short_and_say_so(value: object) -> None:
    text = brief(value)
    assert len(text) <= LONGEST + 3 and text.endswith("...")


def test_nothing_that_a_terminal_obeys_is_left() -> None:
    assert brief("\x1b[2J\n\u202e\ud800").isprintable()

"""Arithmetic in columns: every step holds, and the result can be read from the columns."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minirl.generate.equations import equations
from minirl.tasks.columns import worked

NUMBERS = st.integers(0, 99_999)


@pytest.mark.parametrize(
    ("a", "sign", "b", "text"),
    [
        (347, "+", 286, "347 + 286: 7+6=13, 4+8+1=13, 3+2+1=6: 633"),
        (95, "+", 905, "95 + 905: 5+5=10, 9+0+1=10, 9+1=10: 1000"),
        (20, "+", 3, "20 + 3: 0+3=3, 2=2: 23"),
        (532, "-", 278, "532 - 278: 12-8=4, 13-7-1=5, 5-2-1=2: 254"),
        (347, "*", 6, "347 * 6: 7*6=42, 4*6+4=28, 3*6+2=20: 2082"),
        (6, "*", 347, "6 * 347: 7*6=42, 4*6+4=28, 3*6+2=20: 2082"),
        (
            12,
            "*",
            34,
            "12 * 34: 34*2: 4*2=8, 3*2=6, 68; 34*1: 4*1=4, 3*1=3, 34; 68+340: 8+0=8, 6+4=10, 3+1=4, 408: 408",
        ),
    ],
)
def test_examples(a: int, sign: str, b: int, text: str) -> None:
    assert worked(a, sign, b) == text


@given(NUMBERS, st.sampled_from("+-*"), NUMBERS)
def test_every_step_holds_and_the_result_stands_at_the_end(a: int, sign: str, b: int) -> None:
    if sign == "-":
        a, b = max(a, b), min(a, b)
    text = worked(a, sign, b)
    assert text.startswith(f"{a} {sign} {b}: ")
    assert int(text.rpartition(": ")[2]) == {"+": a + b, "-": a - b, "*": a * b}[sign]
    assert all(step.holds for step in equations(text))


@given(NUMBERS, st.sampled_from("+-"), NUMBERS)
def test_the_result_is_read_from_right_to_left(a: int, sign: str, b: int) -> None:
    a, b = max(a, b), min(a, b)
    _, columns, result = worked(a, sign, b).split(": ")
    *first, last = [column.partition("=")[2] for column in columns.split(", ")]
    assert int(last + "".join(value[-1] for value in reversed(first))) == int(result)
    assert all(int(number) <= 19 for column in columns.split(", ") for number in column.split("=")[1:])


@pytest.mark.parametrize(("a", "sign", "b"), [(8, "/", 2), (2, "-", 8), (-1, "+", 1)])
def test_what_has_no_columns(a: int, sign: str, b: int) -> None:
    with pytest.raises(ValueError, match="give"):
        worked(a, sign, b)

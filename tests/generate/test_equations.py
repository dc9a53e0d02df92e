"""Which equations a text states, and whether they hold."""

import ast
import doctest
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from minirl.generate import equations as module
from minirl.generate.equations import arithmetic_holds, equations, split
from minirl.tasks import get


def found(text):
    return [(one.text, one.holds) for one in equations(text)]


def test_the_examples():
    assert doctest.testmod(module).failed == 0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2 * 3 = 6", [("2 * 3 = 6", True)]),
        ("2 * 3 = 7", [("2 * 3 = 7", False)]),
        ("He has 5 + 6 = 11. Then 11 - 4 = 8.", [("5 + 6 = 11", True), ("11 - 4 = 8", False)]),
        ("5+6=11", [("5+6=11", True)]),
        ("$1,200 / 3 = $400.50", [("1,200 / 3 = $400.50", False)]),
        ("0.1 + 0.2 = 0.3", [("0.1 + 0.2 = 0.3", True)]),
        ("10 / 3 = 3.33", [("10 / 3 = 3.33", False)]),
        ("(2 + 3) * 4 = 20", [("(2 + 3) * 4 = 20", True)]),
        ("2 + 3 * 4 = 20", [("2 + 3 * 4 = 20", False)]),
        ("2 x 3 = 6 and 8 ÷ 2 = 4 and 7 − 9 = -2 and 3×3=9", [("2 x 3 = 6", True), ("8 ÷ 2 = 4", True),
                                                              ("7 − 9 = -2", True), ("3×3=9", True)]),
        ("2 * 3 = 5 + 1", [("2 * 3 = 5 + 1", True)]),
        ("so -3 + 5 = 2", [("-3 + 5 = 2", True)]),
        ("1 / 4 = 25%, 50 / 2 = 25%", [("1 / 4 = 25", True), ("50 / 2 = 25", True)]),
        ("1 / 0 = 0", [("1 / 0 = 0", False)]),
        ("2 * 3 = 6\n- 5 + 6 = 11", [("2 * 3 = 6", True)]),
        ("3 4 * 2 = 8", [("4 * 2 = 8", True)]),
        ("2 * 3 = 6 = 7", [("2 * 3 = 6", True)]),
        ("5 apples + 6 apples = 12", []),
        ("half of 8 = 4", []),
        ("the rest - 3 = 4", []),
        ("the rest - 3 + 1 = 4", []),
        ("x = 5", []),
        ("2 * 3 = six", []),
        ("2 * = 6", []),
        ("= 6", []),
        ("", []),
    ],
)  # fmt: skip
def test_known_texts(text, expected):
    assert found(text) == expected
    assert arithmetic_holds(text) == all(holds for _, holds in expected)


def test_the_tasks_own_solutions_hold():
    """And nearly each of them states equations."""
    problems = get("word_problems").problems("train", 200)
    assert all(arithmetic_holds(problem.reasoning) for problem in problems)
    assert sum(bool(equations(problem.reasoning)) for problem in problems) > 190


@st.composite
def expressions(draw, depth=3):
    """An expression in parentheses, or a number."""
    if depth == 0 or draw(st.booleans()):
        return str(draw(st.integers(0, 99)))
    sign = draw(st.sampled_from("+-*/~"))
    inner = [draw(expressions(depth - 1)) for _ in range(1 + (sign != "~"))]
    return f"-({inner[0]})" if sign == "~" else f"({inner[0]} {sign} {inner[1]})"


def exact(node):
    """The value by Python's own parser."""
    match node:
        case ast.Constant():
            return Fraction(node.value)
        case ast.UnaryOp():
            return -exact(node.operand)
        case ast.BinOp():
            a, b = exact(node.left), exact(node.right)
            return {"Add": lambda: a + b, "Sub": lambda: a - b, "Mult": lambda: a * b, "Div": lambda: a / b}[
                type(node.op).__name__
            ]()


@given(expressions(), st.integers(-3, 3))
def test_values_are_those_of_exact_fractions(written, off):
    assume(len(split(written)) < 36)
    try:
        value = exact(ast.parse(written, mode="eval").body)
    except ZeroDivisionError:
        assert not arithmetic_holds(f"1 * {written} = 1")
        return
    shown = value + off
    right = f"{shown.numerator} / {shown.denominator}"
    assert [one.holds for one in equations(f"1 * {written} = {right}")] == [off == 0]


@given(st.text(alphabet="0123456789+-*/()=.,% x×$\n", max_size=60))
def test_any_text_is_read(text):
    for one in equations(text):
        assert one.text in text and "=" in one.text


def test_no_text_takes_long():
    """A backtracking expression or a recursive parser without bounds would hang here, or crash."""
    for text in ("1+" * 20000 + "1=2", "(" * 20000 + "1=2", "9" * 100000 + "*1=2", "1=" * 5000):
        assert all(len(one.text) < 200 * 41 for one in equations(text))

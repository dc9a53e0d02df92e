"""The corpus of awkward and hostile answers: what a model may write, and what the checker must make of it."""

import random
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minirl.tasks.checker import NumberChecker, TextChecker, answer_text, parse_number, words
from minirl.tasks.task import Problem

NUMBERS = {  # what may be written -> the number it is
    "18": 18,
    "18.": 18,
    "18.0": 18,
    "18.00": 18,
    "018": 18,
    "+18": 18,
    "$18": 18,
    "$ 18": 18,
    "$18.00": 18,
    "18 €": 18,
    "18€": 18,
    "£1,800": 1800,
    "1,800": 1800,
    "1,800.50": Fraction(3601, 2),
    "12,345,678": 12345678,
    "-3": -3,
    "- 3": -3,
    "−3": -3,
    "–3": -3,
    "-$3": -3,
    "$-3": -3,
    "−$1,234.5": Fraction(-2469, 2),
    "-0": 0,
    ".5": Fraction(1, 2),
    "0.333": Fraction(333, 1000),
    "1/2": Fraction(1, 2),
    "2/4": Fraction(1, 2),
    "-3/4": Fraction(-3, 4),
    "22/7": Fraction(22, 7),
    "2 1/2": Fraction(5, 2),
    "-2 1/2 cups": Fraction(-5, 2),
    "25%": Fraction(1, 4),
    "25 %": Fraction(1, 4),
    "18 apples": 18,
    "18 apples.": 18,
    "18 tennis balls.": 18,
    "18 dollars": 18,
    "60 km/h": 60,
    "9.8 m/s²": Fraction(49, 5),
    "7kg": 7,
    "12 cm³": 12,
    "100 °C": 100,
    "100°": 100,
    "12-inch": 12,
    "18\u00a0km": 18,
    "18 cups of green tea": 18,
    "  18  ": 18,
    "123456789012345678901234567890": 123456789012345678901234567890,
}
NOT_NUMBERS = [
    "",
    " ",
    ".",
    "-",
    "$",
    "%",
    "eighteen",
    "nan",
    "inf",
    "-inf",
    "None",
    "True",
    "2**3",
    "2^3",
    "7//2+1",
    "2*9",
    "2 * 9",
    "2 x 9",
    "9+9",
    "9 + 9 = 18",
    "x = 18",
    "=18",
    "18 = 18",
    "20/4",  # a division left undone
    "36/2",
    "18/1",
    "1/0",
    "0/0",
    "0/5",
    "1/2/3",
    "2 4/2",
    "2 5/3",
    "1 2 3",
    "1,80",
    "1,8000",
    "1,,800",
    ",800",
    "1800,000",
    "1.800,00",
    "1 800",
    "1_800",
    "1.5.2",
    "18..",
    "--3",
    "-+3",
    "3-",
    "$-$3",
    "-$-3",
    "$18€",
    "18 or 19",
    "18 or so",
    "about 18",
    "18 19",
    "18;19",
    "17-19",
    "(18)",
    "[18]",
    "**18**",
    r"\boxed{18}",
    "18!",
    "18?",
    "18k",
    "18 thousand",
    "1.8 million",
    "half",
    "18 and a half",
    "18 ½",
    "18½",
    "½",
    "18²",
    "1８",
    "１８",
    "١٨",
    "Ⅳ",
    "18 二",
    "1e3",
    "1e999999999",
    "0x12",
    "0b10",
    "1j",
    "18th",
    "1\u200b8",
    "1\n8",
    "1\x008",
    "\ud800",
    "18 five words are too many",
    "Answer: 18",
    "18 Answer: 18",
    "__import__('os').system('true')",
    "1" * 31,
    "9" * 101,
    "1/" + "3" * 31,
    "18" + " " * 200 + "x",
]
RIGHT = [  # texts that answer the question "... 18" right
    "Answer: 18",
    " Roger has 9 + 9 = 18.\nAnswer: 18<|end|>",
    " Roger has 9 + 9 = 18.\nAnswer: 18",
    " Roger\r\nAnswer: 18 \r\n",
    " Roger\nAnswer:18",
    " Roger\nAnswer: 17\nAnswer: 18",  # the last one counts
    " Roger\nAnswer: 18\n\n",
    " Roger\nAnswer: 18\nQ: and what else?",
    " Roger\nAnswer: 18<|end|>\nAnswer: 17",  # the episode was over
    " Roger\nAnswer: $18.00<|end|>",
    "\n" * 10**6 + "Answer: 18",
    "Answer: 1\n" * 10**5 + "Answer: 18",
]
WRONG = [
    "",
    "18",
    " Roger has 18.",
    "Answer:",
    "Answer: ",
    "Answer: <|end|>18",
    "<|end|>Answer: 18",
    "Answer 18",
    "answer: 18",
    "ANSWER: 18",
    "The Answer: 18",
    " Answer: 18",
    "Answer:\n18",
    "Answer: 17",
    "Answer: -18",
    "Answer: 1 8",
    "Answer: 18 19",
    "Answer: 17 Answer: 18",
    "Answer: 18\nAnswer: 17",
    "Answer: 18\nAnswer:",
    "Answer: 18\u2028Answer: 18",
    "Q: Roger has 18 tennis balls. How many?\nReasoning:",  # the prompt again
    "Q: Roger has 18 tennis balls. How many?\nReasoning: Q: Roger has 18 tennis balls. How many?\nReasoning:",
    "Answer: 18 " + "a" * 100,
    "Answer: " + "1" * 10**6,
    "Answer: " + "8" * 10**6 + "/" + "8" * 10**6,
    "Answer: " + "-" * 10**6 + "18",
    "Answer: " + "(" * 10**6,
    "Answer: " + " " * 10**6 + "18",
    "Answer: 2*3*3",
    "Answer: 36/2",
    "\x00" * 10**6,
]


SAME = ["a wave of pressure", "A wave of pressure.", "wave of pressure", "The wave  of Pressure!", "wave, of pressure"]
OTHER = ["", "the", "a wave", "pressure of wave", "a wave of pressure or not", "no wave of pressure"]


def problem(answer: str) -> Problem:
    return Problem("Roger has 18 tennis balls. How many?", "Roger has 18.", answer, "roger 18")


@pytest.mark.parametrize("text", NUMBERS)
def test_numbers_are_read_exactly(text: str) -> None:
    assert parse_number(text) == NUMBERS[text]


@pytest.mark.parametrize("text", NOT_NUMBERS, ids=lambda text: ascii(text[:30]))
def test_what_is_no_number_is_not_read(text: str) -> None:
    assert parse_number(text) is None


@pytest.mark.parametrize("text", RIGHT, ids=lambda text: ascii(text[:40]))
def test_right_answers(text: str) -> None:
    assert NumberChecker().check(problem("18"), text)


@pytest.mark.parametrize("text", WRONG, ids=lambda text: ascii(text[:40]))
def test_wrong_answers(text: str) -> None:
    assert not NumberChecker().check(problem("18"), text)


def test_the_corpus_is_large() -> None:
    assert len({*NUMBERS, *NOT_NUMBERS, *RIGHT, *WRONG}) >= 150


@given(st.fractions(-(10**6), 10**6, max_denominator=1000))
def test_every_fraction_that_is_written_is_read_back(value: Fraction) -> None:
    assert parse_number(str(value)) == value


@given(st.decimals(-(10**9), 10**9, places=3))
def test_every_decimal_with_commas_is_read_back(value) -> None:
    assert parse_number(f"{value:,}") == Fraction(value)


@given(st.text())
def test_no_text_stops_the_checker(text: str) -> None:
    for answer in (text, f"Answer:{text}", f"Answer: 18{text}", f"Answer: {text}18"):
        assert NumberChecker().check(problem("18"), answer) in (False, True)
        assert TextChecker().check(problem("a wave"), answer) in (False, True)


def test_arithmetic_left_undone_is_never_an_answer() -> None:
    """Whatever a model copies from its reasoning, the step in place of the result earns nothing."""
    rng = random.Random(0)
    for _ in range(500):
        a, b = rng.randint(1, 50), rng.randint(2, 50)
        for step, result in ((f"{a} + {b}", a + b), (f"{a}-{b}", a - b), (f"{a} * {b}", a * b), (f"{a * b}/{b}", a)):
            assert not NumberChecker().check(problem(str(result)), f"Answer: {step}")


def test_a_problem_whose_answer_is_no_number_is_an_error() -> None:
    with pytest.raises(ValueError, match="not a number"):
        NumberChecker().check(problem("some"), "Answer: 18")


def test_only_text_can_be_checked() -> None:
    with pytest.raises(TypeError, match="bytes"):
        answer_text(b"Answer: 18")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text",
    ["a wave of pressure", "A wave of pressure.", "wave of pressure", "The wave  of Pressure!", "a wave, of pressure."],
)
def test_text_answers_are_compared_by_their_words(text: str) -> None:
    assert TextChecker().check(problem("a wave of pressure"), f" Sound is.\nAnswer: {text}<|end|>")


@pytest.mark.parametrize("text", OTHER)
def test_other_words_are_wrong(text: str) -> None:
    assert not TextChecker().check(problem("a wave of pressure"), f"Answer: {text}")


def test_words_of_an_answer() -> None:
    assert words("The Sun's core, a hot one.") == ["suns", "core", "hot", "one"]
    assert words("H₂O") == ["h2o"]

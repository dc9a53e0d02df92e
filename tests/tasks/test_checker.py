"""What a model may write, and what the checkers make of it: the corpus case by case, and properties."""

import random
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minirl.tasks.awkward import NOT_NUMBERS, NUMBERS, OTHER_WORDS, RIGHT_TEXTS, SAME_WORDS, WRONG_TEXTS
from minirl.tasks.checker import NumberChecker, TextChecker, answer_text, parse_number, words
from minirl.tasks.task import Problem


def problem(answer: str) -> Problem:
    return Problem("Roger has 18 tennis balls. How many?", "Roger has 18.", answer, "roger 18")


@pytest.mark.parametrize("text", NUMBERS)
def test_numbers_are_read_exactly(text: str) -> None:
    assert parse_number(text) == NUMBERS[text]


@pytest.mark.parametrize("text", NOT_NUMBERS, ids=lambda text: ascii(text[:30]))
def test_what_is_no_number_is_not_read(text: str) -> None:
    assert parse_number(text) is None


@pytest.mark.parametrize("text", RIGHT_TEXTS, ids=lambda text: ascii(text[:40]))
def test_right_answers(text: str) -> None:
    assert NumberChecker().check(problem("18"), text)


@pytest.mark.parametrize("text", WRONG_TEXTS, ids=lambda text: ascii(text[:40]))
def test_wrong_answers(text: str) -> None:
    assert not NumberChecker().check(problem("18"), text)


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


NUMERALS = """one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen nineteen twenty
thirty forty fifty sixty seventy eighty ninety hundred thousand million billion trillion quadrillion zillion dozen half
third quarter fifth twelfth"""


@pytest.mark.parametrize("word", NUMERALS.split())
def test_no_form_of_a_number_word_is_a_unit(word: str) -> None:
    endings = ("", "s", "th", "ths", "fold", "-fold", "ish", "'s", "-dollar bills", " apples", "hundred", "hundredths")
    for form in (*(word + ending for ending in endings), f"apples {word}", f"twenty-{word}", f"hundred{word}s"):
        for written in (form, form.upper(), form.title(), f"{form}."):
            assert parse_number(f"18 {written}") is None, written
    assert parse_number(f"18 {word}zz") == 18  # a word that only begins so is none


@pytest.mark.parametrize("word", ["fourths", "twelfths", "twentieth", "fifty-sixths", "halves", "halved", "sixes"])
def test_nor_is_an_irregular_one(word: str) -> None:
    assert parse_number(f"18 {word}") is None


@given(st.text("abcdefghijklmnopqrstuvwxyz", min_size=3, max_size=12).map(lambda word: f"q{word}"))
def test_any_other_word_may_be_counted(word: str) -> None:
    if "ple" not in word and "illion" not in word:
        assert parse_number(f"18 {word}") == 18


def test_arithmetic_left_undone_is_never_an_answer() -> None:
    """Whatever a model copies from its reasoning, the step in place of the result earns nothing."""
    rng = random.Random(0)
    for _ in range(500):
        a, b = rng.randint(1, 50), rng.randint(2, 50)
        for step, result in ((f"{a} + {b}", a + b), (f"{a}-{b}", a - b), (f"{a} * {b}", a * b), (f"{a * b}/{b}", a)):
            assert not NumberChecker().check(problem(str(result)), f"Answer: {step}")


@given(st.integers(-1000, 1000))
def test_a_percentage_is_a_part_of_1_or_of_100(number: int) -> None:
    for answer in (f"{number}%", f"{number} percent", f"{number}% of the cake."):
        assert NumberChecker().check(problem(str(number)), f"Answer: {answer}")
        assert NumberChecker().check(problem(str(Fraction(number, 100))), f"Answer: {answer}")
        assert not NumberChecker().check(problem(str(number + 1)), f"Answer: {answer}")


def test_a_problem_whose_answer_is_no_number_is_an_error() -> None:
    with pytest.raises(ValueError, match="not a number"):
        NumberChecker().check(problem("some"), "Answer: 18")


def test_only_text_can_be_checked() -> None:
    with pytest.raises(TypeError, match="bytes"):
        answer_text(b"Answer: 18")  # type: ignore[arg-type]


@pytest.mark.parametrize("text", SAME_WORDS)
def test_text_answers_are_compared_by_their_words(text: str) -> None:
    assert TextChecker().check(problem("a wave of pressure"), f" Sound is.\nAnswer: {text}<|end|>")


@pytest.mark.parametrize("text", OTHER_WORDS)
def test_other_words_are_wrong(text: str) -> None:
    assert not TextChecker().check(problem("a wave of pressure"), f"Answer: {text}")


def test_words_of_an_answer() -> None:
    assert words("The Sun's core, a hot one.") == ["suns", "core", "hot", "one"]
    assert words("H₂O") == ["h2o"]

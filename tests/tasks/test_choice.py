"""Letters, and yes or no: the corpus case by case, and properties."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minirl.tasks.awkward import LETTERS, NEITHER, NOT_LETTERS, OPTIONS, SAYS_NO, SAYS_YES
from minirl.tasks.choice import Choice, ChoiceChecker, parse_choice
from minirl.tasks.task import Problem
from minirl.tasks.yes_no import YesNoChecker, parse_yes_no

ONE = ("yes", "no", "true", "false", "not")


def problem(answer: str, options: tuple[str, ...] = OPTIONS) -> Choice:
    return Choice("Which?", "It is this.", answer, "which", options)


def asked(answer: str) -> Problem:
    return Problem("Do fish swim?", "Fish swim.", answer, "fish")


class TestChoice:
    @pytest.mark.parametrize("text", LETTERS)
    def test_what_chooses_the_second(self, text: str) -> None:
        assert parse_choice(text, OPTIONS) == "B"

    @pytest.mark.parametrize("text", NOT_LETTERS, ids=lambda text: ascii(text[:30]))
    def test_what_does_not(self, text: str) -> None:
        assert parse_choice(text, OPTIONS) != "B"

    @given(st.lists(st.text("abcdex12. ", max_size=4), min_size=2, max_size=6), st.data())
    def test_a_letter_with_its_text_chooses_it_and_with_another_text_nothing(
        self, options: list[str], data: st.DataObject
    ) -> None:
        place, other = (data.draw(st.integers(0, len(options) - 1)) for _ in range(2))
        letter = "ABCDEF"[place]
        for text in (letter, f"({letter})", f"{letter}) {options[place]}", f"{letter.lower()}: {options[place]}"):
            assert parse_choice(text, options) == letter
        words, others = (options[number].strip().removesuffix(".").split() for number in (place, other))
        if others and others != words:
            assert parse_choice(f"({letter}) {options[other]}", options) is None

    @given(st.text(), st.lists(st.text(), max_size=5))
    def test_no_text_stops_the_checker(self, text: str, options: list[str]) -> None:
        assert parse_choice(text, options) in (None, *"ABCDE"[: len(options)])
        assert ChoiceChecker().check(problem("B"), f"Answer: {text}") in (False, True)

    def test_text_that_two_options_have_chooses_neither(self) -> None:
        assert parse_choice("6", ("6", "7", "6.")) is None
        assert parse_choice("7", ("6", "7", "6.")) == "B"

    def test_the_letter_counts_where_it_is_the_text_of_another(self) -> None:
        assert parse_choice("A", ("B", "A")) == "A"

    def test_a_letter_beyond_the_options_chooses_nothing(self) -> None:
        assert parse_choice("E", ("1", "2")) is None

    @pytest.mark.parametrize("wrong", [problem("F"), problem("b"), problem(""), problem("AB"), asked("B")])
    def test_a_problem_without_its_option_is_an_error(self, wrong: Problem) -> None:
        with pytest.raises(ValueError, match="options"):
            ChoiceChecker().check(wrong, "Answer: B")


class TestYesNo:
    @pytest.mark.parametrize("text", SAYS_YES)
    def test_yes(self, text: str) -> None:
        assert parse_yes_no(text) is True

    @pytest.mark.parametrize("text", SAYS_NO)
    def test_no(self, text: str) -> None:
        assert parse_yes_no(text) is False

    @pytest.mark.parametrize("text", NEITHER, ids=lambda text: ascii(text[:30]))
    def test_neither(self, text: str) -> None:
        assert parse_yes_no(text) is None

    @given(st.text())
    def test_no_text_stops_the_checker(self, text: str) -> None:
        for answer in (text, f"Answer: {text}", f"Answer: yes{text}", f"Answer: {text}no"):
            assert YesNoChecker().check(asked("yes"), answer) in (False, True)

    @given(st.sampled_from(ONE), st.sampled_from([" ", ", ", " and ", "/", " or ", "\t", ". "]), st.sampled_from(ONE))
    def test_two_words_are_no_answer(self, one: str, between: str, two: str) -> None:
        assert parse_yes_no(one + between + two) is None

    def test_a_problem_that_is_answered_otherwise_is_an_error(self) -> None:
        with pytest.raises(ValueError, match="not yes or no"):
            YesNoChecker().check(asked("18"), "Answer: yes")

"""No text that a model writes may stop, slow or fool a checker, whatever it holds and however long it is."""

import random
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minirl.tasks import Checker, Problem, awkward
from minirl.tasks.checker import NumberChecker, TextChecker, parse_number
from minirl.tasks.choice import Choice, ChoiceChecker, parse_choice
from minirl.tasks.countdown import FormulaChecker, countdown, parse_formula
from minirl.tasks.task import same_answer
from minirl.tasks.units import is_unit
from minirl.tasks.yes_no import YesNoChecker, parse_yes_no

LONGEST = 10_000
OPTIONS = ("6", "12 apples.", "18")


def asked(answer: str) -> Problem:
    return Problem("What?", "That.", answer, "what")


CHECKERS: dict[str, tuple[Checker, Problem]] = {
    "numbers": (NumberChecker(), asked("18")),
    "words": (TextChecker(), asked("a wave of pressure")),
    "letters": (ChoiceChecker(), Choice("Which?", "It is this.", "B", "which", OPTIONS)),
    "yes or no": (YesNoChecker(), asked("yes")),
    "formulas": (FormulaChecker(), countdown(3, 7, 21)),
}
PIECES = [  # what hostile answers are made of
    "Answer:", "\nAnswer: ", "<|end|>", "18", "B", "yes", "3 * 7", "a wave of pressure", " ", "\n", "\r", "\t", ".",
    ",", "(", ")", "-", "−", "/", "1", "0", "9" * 50, "**", "e", "$", "%", "€", "illion", "one", "th", "ten", "ty",
    "is", "'", "’", "°", "²", "½", "\x00", "\u200b", "\u202e", "\u0301", "\ud800",
    "\U0001f469\u200d", "Ⅳ", "١", "１", "__import__",
    "10**10**9", "ǅ", "ß", "İ",
]  # fmt: skip
LONG = [
    "Answer:",
    "\nAnswer: ",
    "<|end|>",
    "18",
    "3 * 7",
    " ",
    "\n",
    ".",
    "-",
    "1/",
    "9,",
    "illion",
    "one",
    "yes ",
    "\u0301",
]
ANSWERS = [
    *awkward.NUMBERS,
    *awkward.NOT_NUMBERS,
    *awkward.LETTERS,
    *awkward.SAYS_YES,
    *awkward.NEITHER,
    *awkward.FORMULAS,
]
made_of_pieces = st.lists(st.sampled_from(PIECES), max_size=40).map("".join)
any_text = st.one_of(
    st.text(max_size=300),
    made_of_pieces,
    st.builds(lambda piece, times: (piece * times)[:LONGEST], st.sampled_from(PIECES), st.integers(0, LONGEST)),
    st.builds(lambda answer, end: f"Answer: {answer}{end}", st.sampled_from(ANSWERS), made_of_pieces),
)


@contextmanager
def alarm(seconds: int) -> Iterator[None]:
    """Ends what would take minutes or forever. It measures nothing: linear work takes a thousandth of this."""

    def ring(*_: object) -> None:
        raise TimeoutError(f"not done after {seconds} seconds")

    if not hasattr(signal, "SIGALRM"):  # Windows
        yield
        return
    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize("name", CHECKERS)
@settings(max_examples=100)
@given(text=any_text, other=any_text)
def test_any_text_is_judged(name: str, text: str, other: str) -> None:
    checker, problem = CHECKERS[name]
    for whole in (text, f"Answer: {text}", f"x\nAnswer:{text}\n{other}"):
        assert checker.check(problem, whole) in (False, True)
    assert checker.same_answer(problem, text, other) == checker.same_answer(problem, other, text)
    assert same_answer(NoneOfOurs(), problem, text, other) in (False, True)


class NoneOfOurs(Checker):
    def check(self, problem: Problem, text: str) -> bool:
        return False


@pytest.mark.parametrize("name", CHECKERS)
def test_a_million_characters(name: str) -> None:
    """Each piece a million characters long, alone and around a right answer."""
    checker, problem = CHECKERS[name]
    right = f"Answer: {problem.answer}"
    with alarm(300):
        for piece in LONG:
            long = piece * (10**6 // len(piece))
            for text in (
                long,
                f"Answer: {long}",
                right + long,
                f"{long}\n{right}",
                f"Answer: {problem.answer} {long}x",
            ):
                assert checker.check(problem, text) in (False, True)
            checker.same_answer(problem, long, f"Answer: {long}")
            same_answer(NoneOfOurs(), problem, long, long)


@pytest.mark.parametrize(
    "read",
    [parse_number, lambda text: parse_choice(text, OPTIONS), parse_yes_no, parse_formula],
    ids=["number", "choice", "yes or no", "formula"],
)
def test_a_million_characters_read_without_a_checker(read: Callable[[str], Any]) -> None:
    with alarm(300):
        for piece in LONG:
            for text in (
                piece * (10**6 // len(piece)),
                f"18{piece * 10**5}",
                f"{piece * 10**5}x",
                f"B){piece * 10**5}x",
            ):
                read(text)


@pytest.mark.parametrize("piece", [*PIECES, "a ", "one", "tenth", "trillion", "x-", "a.", "n't", "M", "I", "a/", " a-"])
def test_no_unit_takes_more_than_linear_work(piece: str) -> None:
    """A pattern that could be matched in two ways would need twice the work for every further piece: here 2**1000."""
    with alarm(60):
        for end in ("", "x", "!", " ", "th"):
            is_unit(" " + piece * 1000 + end)
            parse_number("18 " + (piece * 99)[:90] + end)


@settings(max_examples=200)
@given(st.sampled_from(["18 {}", "{} 18", "18{}", "{}18"]), made_of_pieces, st.integers(0, 9))
def test_another_digit_is_never_18(pattern: str, text: str, digit: int) -> None:
    """Whatever a model adds, an answer with one more digit is another number, or none; .0 and 0 in front are 18."""
    answer = pattern.format(f"{text}{digit}{text}")
    value = parse_number(answer)
    if value == 18:
        assert digit == 0 and (".0" in answer or answer.strip("$ +€.%").replace("0", "") == "18")


def test_nothing_is_evaluated(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object, **named: object) -> None:
        raise AssertionError(f"evaluated {arguments}")

    for name in ("eval", "exec", "compile", "__import__"):
        monkeypatch.setattr(f"builtins.{name}", refuse)
    verdicts = {
        (name, answer): checker.check(problem, f"Answer: {answer}")
        for name, (checker, problem) in CHECKERS.items()
        for answer in (
            "__import__('os')",
            "10**10**9",
            "9**9**9**9",
            "2*9",
            "18 if True else 0",
            "'yes'.lower()",
            "3 * 7 * 1",
        )
    }
    monkeypatch.undo()
    assert not any(verdicts.values())


def test_a_change_of_one_sign_makes_no_wrong_answer_right() -> None:
    """18 with one more sign somewhere is paid only if the sign leaves the number as it is."""
    checker, problem = CHECKERS["numbers"]
    signs = [chr(code) for code in [*range(0x250), *range(0x300, 0x370), *range(0x2000, 0x2200), 0xFF0E, 0xFF11]]
    paid = {sign for sign in signs for answer in (f"18{sign}", f"1{sign}8", f"{sign}18") if sign not in "\n\r0"
            and checker.check(problem, f"Answer: {answer}")}  # fmt: skip
    spaces = {sign for sign in signs if sign.isspace()}
    assert paid - spaces <= set("+$£¥%.¢°mgshdltcpLAVWJNCFH\u2126") | {chr(code) for code in range(0x20A0, 0x20C1)}


def test_random_bytes_as_text() -> None:
    rng = random.Random(0)
    for _ in range(300):
        text = rng.randbytes(rng.randrange(200)).decode("latin-1")
        for checker, problem in CHECKERS.values():
            assert not checker.check(problem, text) or text.startswith("Answer:")

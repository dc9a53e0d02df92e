"""Votes: answers that the checker holds to be the same count together, in whatever order the samples come."""

from itertools import permutations
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minirl.evaluation.answers import Answer, Attempt
from minirl.evaluation.score import judge
from minirl.rl.mdp import final_reward
from minirl.tasks import Checker, Problem
from minirl.tasks.checker import NumberChecker, TextChecker
from minirl.tasks.choice import Choice, ChoiceChecker
from minirl.tasks.countdown import FormulaChecker, countdown
from minirl.tasks.task import same_answer
from minirl.tasks.yes_no import YesNoChecker


def asked(answer: str) -> Problem:
    return Problem("What?", "That.", answer, "what")


CHOICE = Choice("Which?", "It is this.", "B", "which", ("6", "12", "18"))
CHECKERS: dict[str, tuple[Any, Problem, list[str]]] = {  # a checker, a problem, and answers in classes by |
    "number": (NumberChecker(), asked("18"), ["18|18.0|$18|18 apples|+18.", "19|19.00", "eighteen|Eighteen."]),
    "text": (TextChecker(), asked("a wave"), ["a wave|The wave.|WAVE", "wave motion", "the"]),
    "choice": (ChoiceChecker(), CHOICE, ["B|b|(B)|B) 12|12|Option B.", "C|18|(c)", "A or B|a or b"]),
    "yes or no": (YesNoChecker(), asked("yes"), ["yes|Yes|yes.|true", "no|NO!|false", "maybe|Maybe."]),
    "formula": (
        FormulaChecker(),
        countdown(2, 4, 2),
        ["4 - 2|4/2|4 / 2 = 2.", "2 * 4|4*2|2*4 = 8", "2 * 4 = 9", "two"],
    ),
}
CLASSES = [
    (name, checker, problem, [one.split("|") for one in classes])
    for name, (checker, problem, classes) in CHECKERS.items()
]


def said(text: str, finished: bool = True) -> Answer:
    return Answer(f" So it is.\nAnswer: {text}", 5, finished)


def wins(checker: Any, problem: Problem, samples: list[str]) -> bool:
    """Whether the right answer has the majority."""
    task: Any = SimpleNamespace(checker=checker)
    return judge(task, problem, Attempt(said(""), list(map(said, samples)), True)).majority_at(len(samples))


@pytest.mark.parametrize(("name", "checker", "problem", "classes"), CLASSES, ids=CHECKERS)
def test_two_ways_to_write_an_answer_are_the_same(
    name: str, checker: Checker, problem: Problem, classes: list[list[str]]
) -> None:
    texts = [(number, said(text).text) for number, texts in enumerate(classes) for text in texts]
    for number, first in texts:
        for other, second in texts:
            assert checker.same_answer(problem, first, second) is (number == other), (first, second)


@pytest.mark.parametrize(
    ("checker", "problem", "samples"),
    [
        (YesNoChecker(), asked("yes"), ["Yes", "yes.", "yes", "no", "no"]),
        (YesNoChecker(), asked("no"), ["No", "false", "NO!", "yes", "yes"]),
        (ChoiceChecker(), CHOICE, ["B", "(B)", "B) 12", "C", "C"]),
        (NumberChecker(), asked("25"), ["25%", "25", "26", "27"]),
        (NumberChecker(), asked("1/4"), ["25%", "1/4", "0.25", "25", "25"]),
        (NumberChecker(), asked("25"), ["25%", "1/4", "25", "25"]),
        (NumberChecker(), asked("1800"), ["1,800", "1800", "$1800.00", "17", "17"]),
        (TextChecker(), asked("a wave"), ["a wave", "wave", "The Wave!", "a ray", "a ray"]),
        (FormulaChecker(), countdown(3, 7, 21), ["3 * 7", "7*3", "7 * 3 = 21", "3 + 7", "3 + 7"]),
    ],
)
def test_they_are_one_vote_in_every_order(checker: Any, problem: Problem, samples: list[str]) -> None:
    for order in permutations(samples):
        assert wins(checker, problem, list(order))


@given(st.sampled_from(CLASSES), st.data(), st.randoms())
def test_the_order_of_the_samples_does_not_matter(one: Any, data: st.DataObject, random: Any) -> None:
    _, checker, problem, classes = one
    extra = ["25%", "25", "1/4", ""] if isinstance(checker, NumberChecker) else [""]
    answers = [text for texts in classes for text in texts] + extra
    samples = data.draw(st.lists(st.sampled_from(answers), min_size=1, max_size=9))
    assert wins(checker, problem, samples) == wins(checker, problem, random.sample(samples, len(samples)))


@given(st.sampled_from(CLASSES), st.data())
def test_two_right_answers_are_the_same(one: Any, data: st.DataObject) -> None:
    """The reward and the vote have one notion of equality."""
    _, checker, problem, classes = one
    text = st.sampled_from([said(text).text for texts in classes for text in texts])
    first, second = data.draw(text), data.draw(text)
    if checker.check(problem, first) and checker.check(problem, second):
        assert checker.same_answer(problem, first, second)
    elif checker.same_answer(problem, first, second):
        assert not checker.check(problem, first) and not checker.check(problem, second)


@pytest.mark.parametrize(("name", "checker", "problem", "classes"), CLASSES, ids=CHECKERS)
def test_a_text_without_an_answer_does_not_vote(
    name: str, checker: Checker, problem: Problem, classes: list[list[str]]
) -> None:
    for text in ("", "Answer:", "Answer:  ", " So it is.", f"Answer: {'7' * 101}"):
        assert not checker.same_answer(problem, text, text)
    assert wins(checker, problem, ["", "", "", classes[0][0]])


class Own:
    """A checker of somebody's own: one method, and a format of its own."""

    def check(self, problem: Problem, text: str) -> bool:
        return problem.answer in text.lower()


class Derived(Checker):
    def check(self, problem: Problem, text: str) -> bool:
        return problem.answer in text.lower()


@pytest.mark.parametrize("checker", [Own(), Derived(), SimpleNamespace(check=Own().check)])
def test_a_checker_that_has_only_check(checker: Any) -> None:
    for order in permutations(["Red", "red.", " RED ", "blue", "blue"]):
        assert wins(checker, asked("red"), list(order))
    assert same_answer(checker, asked("red"), "It is Red.", "it  is red")
    assert not same_answer(checker, asked("red"), "It is red", "It is blue")
    assert not same_answer(checker, asked("red"), "", "")


def test_a_checker_that_knows_better_is_asked() -> None:
    class LastLetter:
        def check(self, problem: Problem, text: str) -> bool:
            return problem.answer[-1] == text[-1]

        def same_answer(self, problem: Problem, first: str, second: str) -> bool:
            return first[-1] == second[-1]

    assert wins(LastLetter(), asked("red"), ["red", "dyed", "blue", "green", "blue", "wild"])


@given(st.sampled_from(CLASSES), st.booleans(), st.text(max_size=20))
def test_evaluation_pays_what_training_pays(one: Any, finished: bool, other: str) -> None:
    _, checker, problem, classes = one
    task: Any = SimpleNamespace(checker=checker)
    for text in [other, *(text for texts in classes for text in texts)]:
        answer = said(text, finished)
        outcome = judge(task, problem, Attempt(answer, [answer], True))
        reward = final_reward(task, problem, answer.text, finished)
        assert reward == outcome.solved == outcome.right[0] == (finished and checker.check(problem, answer.text))

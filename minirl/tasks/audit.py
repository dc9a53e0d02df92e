"""How often do the checkers err? Each is tried on answers that are known to be correct or incorrect.

A false positive rewards a wrong answer, and reinforcement learning will find it. A false negative makes a model look
worse than it is, and punishes a correct answer. The answers come from two sources. One is the corpus of awkward.py. The
other is the published datasets, if their files are on this machine: every correct answer is written in five ways that a
checker must accept, and changed in several ways that it must not accept.
"""

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import NamedTuple

from minirl.tasks import awkward
from minirl.tasks.aqua import AQuA
from minirl.tasks.checker import NumberChecker, TextChecker
from minirl.tasks.choice import LETTERS, Choice, ChoiceChecker
from minirl.tasks.countdown import FormulaChecker, countdown
from minirl.tasks.gsm8k import GSM8K
from minirl.tasks.published import Published
from minirl.tasks.strategyqa import StrategyQA
from minirl.tasks.svamp import SVAMP
from minirl.tasks.task import LONGEST_LINE, Checker, Problem
from minirl.tasks.yes_no import YesNoChecker


class Case(NamedTuple):
    """A text that a model might write, and whether it answers the problem."""

    problem: Problem
    text: str
    right: bool


class Result(NamedTuple):
    """The verdicts of one checker on one source: the numbers of right and wrong answers, and the checker's errors."""

    answers: str
    source: str
    right: int
    wrong: int
    false_positives: list[Case]
    false_negatives: list[Case]


def audit() -> list[Result]:
    """Try every checker on the corpus, then the checkers of the published datasets on the files that are here."""
    corpus = "awkward answers"
    results = [
        judge(NumberChecker(), "numbers", corpus, numbers()),
        judge(ChoiceChecker(), "letters", corpus, letters()),
        judge(YesNoChecker(), "yes or no", corpus, yes_or_no()),
        judge(TextChecker(), "words", corpus, words()),
        judge(FormulaChecker(), "formulas", corpus, formulas()),
    ]
    for task, answers in ((GSM8K(), "numbers"), (SVAMP(), "numbers"), (AQuA(), "letters"), (StrategyQA(), "yes or no")):
        here = on_this_machine(task)
        if here:
            source = f"{task.name} ({', '.join(here)})"
            results.append(judge(task.checker, answers, source, variations(chain.from_iterable(here.values()))))
    return results


def table(results: Sequence[Result]) -> tuple[list[str], list[list[str]]]:
    """Header and rows."""
    header = ["answers", "source", "right", "wrong", "false positives", "of wrong", "false negatives", "of right"]
    rows = [
        [r.answers, r.source, f"{r.right:,}", f"{r.wrong:,}", f"{len(r.false_positives):,}",
         rate(len(r.false_positives), r.wrong), f"{len(r.false_negatives):,}", rate(len(r.false_negatives), r.right)]
        for r in results
    ]  # fmt: skip
    return header, rows


def summary(results: Sequence[Result]) -> str:
    """Both rates of errors over all sources, in a sentence each."""
    wrong, right = sum(r.wrong for r in results), sum(r.right for r in results)
    accepted, refused = sum(len(r.false_positives) for r in results), sum(len(r.false_negatives) for r in results)
    return (
        f"The checkers accept {accepted:,} of {wrong:,} wrong answers ({rate(accepted, wrong)}), "
        f"and refuse {refused:,} of {right:,} right answers ({rate(refused, right)})."
    )


def rate(errors: int, cases: int) -> str:
    """In percent; without cases there is none."""
    return f"{100 * errors / cases:.2f}%" if cases else "-"


def judge(checker: Checker, answers: str, source: str, cases: Iterator[Case]) -> Result:
    """Try a checker on cases."""
    result = Result(answers, source, 0, 0, [], [])
    right = wrong = 0
    for case in cases:
        accepted = checker.check(case.problem, case.text)
        right += case.right
        wrong += not case.right
        if accepted and not case.right:
            result.false_positives.append(case)
        elif case.right and not accepted:
            result.false_negatives.append(case)
    return result._replace(right=right, wrong=wrong)


# ---- the corpus ----


def numbers() -> Iterator[Case]:
    """Ways to write a number, each once as a right and once as a wrong answer; and text that is not a number."""
    for answer, value in awkward.NUMBERS.items():
        yield Case(asked(str(value)), f"Answer: {answer}", True)
        yield Case(asked(str(value + 1)), f"Answer: {answer}", False)
    yield from cases(
        asked("18"), awkward.RIGHT_TEXTS, [*given(awkward.NOT_NUMBERS), *awkward.WRONG_TEXTS]
    )  # fmt: skip


def letters() -> Iterator[Case]:
    """Cases for letters of options."""
    yield from cases(
        Choice("Which?", "It is the second.", "B", "which", awkward.OPTIONS),
        [*given(awkward.LETTERS), *awkward.LETTER_TEXTS],
        [*given(awkward.NOT_LETTERS), *awkward.NOT_LETTER_TEXTS],
    )


def yes_or_no() -> Iterator[Case]:
    """Cases for yes and no."""
    neither = given(awkward.NEITHER)
    says_yes, says_no = [*given(awkward.SAYS_YES), *awkward.YES_TEXTS], given(awkward.SAYS_NO)
    yield from cases(asked("yes"), says_yes, [*neither, *says_no, *awkward.NOT_YES_TEXTS])
    yield from cases(asked("no"), says_no, [*neither, *says_yes])


def words() -> Iterator[Case]:
    """Cases for answers in words."""
    yield from cases(asked("a wave of pressure"), given(awkward.SAME_WORDS), given(awkward.OTHER_WORDS))


def formulas() -> Iterator[Case]:
    """Cases for formulas that must reach a number."""
    yield from cases(countdown(3, 7, 21), given(awkward.FORMULAS), given(awkward.NOT_FORMULAS))


def cases(problem: Problem, right: Sequence[str], wrong: Sequence[str]) -> Iterator[Case]:
    """Texts that answer a problem, and texts that do not."""
    yield from (Case(problem, text, True) for text in right)
    yield from (Case(problem, text, False) for text in wrong)


def given(answers: Sequence[str]) -> list[str]:
    """Answers as a model gives them."""
    return [f"Answer: {answer}" for answer in answers]


def asked(answer: str) -> Problem:
    """A problem in which only the answer matters."""
    return Problem("What?", "That.", answer, "what")


# ---- published datasets ----


def on_this_machine(task: Published) -> dict[str, list[Problem]]:
    """The problems of a dataset by split, for the splits whose files are here."""
    problems = {}
    for split in task.splits:
        with contextlib.suppress(FileNotFoundError):  # the table leaves out splits without a file
            problems[split] = task.listed(split)
    return problems


def variations(problems: Iterable[Problem]) -> Iterator[Case]:
    """The right answer of every problem in five ways and as in its solution; and several wrong answers."""
    for problem in problems:
        right, wrong = ways(problem)
        yield from cases(
            problem,
            [*given(right), problem.completion],
            [*given(wrong), problem.prompt, f" {problem.reasoning}"],
        )


def ways(problem: Problem) -> tuple[list[str], list[str]]:
    """Answers that mean the right one, and answers that do not."""
    answer = problem.answer
    if isinstance(problem, Choice):
        text = problem.options[LETTERS.index(answer)]
        others = [letter for letter in LETTERS[: len(problem.options)] if letter != answer]
        contrary = next((other for other in problem.options if other.rstrip(".") != text.rstrip(".")), "another")
        full = f"{answer}) {text}" if len(text) < LONGEST_LINE - 10 else answer
        return (
            [f"({answer})", f"{answer})", answer.lower(), f"{answer}.", full],
            [
                *others,
                f"{answer} or {others[0]}",
                f"{others[0]}) {text}",
                f"{answer}) {contrary}",
                f"not {answer}",
                "F",
            ],
        )
    if answer in ("yes", "no"):
        opposite, true = ("no", "true") if answer == "yes" else ("yes", "false")
        return (
            [answer.title(), answer.upper(), f"{answer}.", f"{answer}!", true],
            [opposite, f"{answer} and {opposite}", f"not {answer}", f"{answer}/{opposite}", f"{answer}, but"],
        )
    number = int(answer)
    return (
        [f"{number}.", f"{number:,}", f"{number}.00", f"${number}", f"{number} apples"],
        [str(number + 1), str(number - 1), f"{number}0.5", f"{number} or {number + 1}", f"{number - 1} + 1",
         f"{number}/1", *([str(-number)] if number else [])],
    )  # fmt: skip

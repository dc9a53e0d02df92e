"""Texts that earn a reward they do not deserve, if the checker is careless: the attacks of lesson 18, for any task."""

import re

from minirl.tasks.task import Checker, Problem


def hostile(problem: Problem, other: str) -> dict[str, str]:
    """Texts that do not answer the problem, by what they do. other: an answer that is wrong here."""
    right = problem.answer
    texts = {
        "is empty": "",
        "repeats the question": problem.prompt,
        "reasons and gives no answer": f" {problem.reasoning}",
        "mentions the answer": f" It is certainly not {right}.",
        "mentions the answer below another one": f"Answer: {other}\nThis text also has {right}",
        "gives two answers at once": f"Answer: {right} or {other}",
        "takes its answer back": f"Answer: {right}\nAnswer: {other}",
    }
    if re.fullmatch(r"-?[0-9]+", right):
        texts["leaves a sum undone"] = f"Answer: {int(right) - 1}+1"
    return texts


def holes(checker: Checker, problem: Problem, other: str) -> list[str]:
    """What the hostile texts do for which this checker pays."""
    return [what for what, text in hostile(problem, other).items() if checker.check(problem, text)]

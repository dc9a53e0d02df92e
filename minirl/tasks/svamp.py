"""SVAMP: 1,000 short word problems (Patel et al. 2021), some with unneeded numbers or with the question turned around.

    {"ID": "chal-1", "Body": "Each pack of dvds costs 76 dollars. If there is a discount of 25 dollars on each pack",
     "Question": "How much do you have to pay to buy each pack?", "Equation": "( 76.0 - 25.0 )", "Answer": 51.0, ...}

The equation, solved step by step, is the reasoning: "76 - 25 = 51." Problems that share a story, with other numbers or
another question, stay together in one split. One problem is left out, because its equation and its answer disagree.
"""

import re
from fractions import Fraction
from typing import Any

from minirl.storage.strict_json import brief
from minirl.tasks.checker import NumberChecker
from minirl.tasks.countdown import apply
from minirl.tasks.published import Part, Published, key
from minirl.tasks.records import number, text
from minirl.tasks.task import Problem

_EQUATION = re.compile(r"[-0-9.()+*/ ]{1,200}")
_INNERMOST = re.compile(r"\( (-?[0-9]+(?:[./][0-9]+)?) ([-+*/]) (-?[0-9]+(?:[./][0-9]+)?) \)")
_RESULT = re.compile(r" *-?[0-9]+(?:[./][0-9]+)? *")


class SVAMP(Published):
    """The problems of SVAMP; answers are whole numbers."""

    name = "svamp"
    checker = NumberChecker()
    parts = (
        Part("train", "SVAMP.json", range(4, 10)), Part("dev", "SVAMP.json", [3]), Part("test", "SVAMP.json", range(3))
    )  # fmt: skip

    def problem(self, record: dict[str, Any]) -> Problem | None:
        question, answer = ask(text(record, "Body"), text(record, "Question")), Fraction(number(record, "Answer"))
        try:
            reasoning, result = work_out(text(record, "Equation"))
        except (ValueError, ZeroDivisionError) as error:
            raise ValueError(f"'Equation': {error}") from None
        return Problem(question, reasoning, str(answer), key(question)) if result == answer else None

    def family(self, record: dict[str, Any]) -> str:
        return re.sub(r"\d+", "#", key(text(record, "Body")))


def ask(body: str, question: str) -> str:
    """The two parts as sentences. A body may end in the middle of one: "If there are 3 cans", "How many ...?"."""
    body, question = " ".join(body.split()), " ".join(question.split())
    if body.endswith("."):
        return f"{body} {question}"
    if body.rpartition(". ")[2].startswith("If "):
        return f"{body}, {question[0].lower()}{question[1:]}"
    return f"{body}. {question}"


def work_out(equation: str) -> tuple[str, Fraction]:
    """An equation as steps, and its value: "( ( 4.0 + 2.0 ) * 3.0 )" -> "4 + 2 = 6. 6 * 3 = 18.", 18.

    Raises ValueError for what is no such equation.
    """
    if not _EQUATION.fullmatch(equation):
        raise ValueError(f"{brief(equation)} is no equation of numbers, + - * / and parentheses between spaces")
    steps = []
    while step := _INNERMOST.search(equation):
        a, b = Fraction(step[1]), Fraction(step[3])
        value = apply(a, step[2], b)
        steps.append(f"{a} {step[2]} {b} = {value}.")
        equation = f"{equation[: step.start()]}{value}{equation[step.end() :]}"
    if not _RESULT.fullmatch(equation):
        raise ValueError(f"{brief(equation)} is left after the innermost parentheses are worked out; expected a number")
    result = Fraction(equation)
    return " ".join(steps) or f"{result}.", result

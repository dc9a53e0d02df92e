"""Countdown with two numbers: find the operation on them that gives a target. The answer is a formula.

Q: Make 21 from 3 and 7.
Reasoning: 21 is wanted. 7 + 3 = 10. 7 - 3 = 4. 7 * 3 = 21.
Answer: 7 * 3<|end|>
"""

import random
import re
from fractions import Fraction

from minirl.tasks.task import Checker, Problem, Task, answer_text, same_reading, split_of

LARGEST = 20  # of the two numbers
_QUESTION = re.compile(r"Make (\d+) from (\d+) and (\d+)\.")
_FORMULA = re.compile(r"(?P<a>[0-9]{1,9}) ?(?P<sign>[-+*/]) ?(?P<b>[0-9]{1,9})(?: ?= ?(?P<result>[0-9]{1,9}))?\.?")


class FormulaChecker(Checker):
    """Right is one operation on the two given numbers, each used once, that gives the target: "3 * 7", "3*7 = 21"."""

    def check(self, problem: Problem, text: str) -> bool:
        """Whether `text` answers `problem`. Raises ValueError where the question is not one of countdown."""
        question = _QUESTION.fullmatch(problem.question)
        if question is None:
            raise ValueError(f"expected a question like 'Make 21 from 3 and 7.', got {problem.question!r}")
        target, *given = map(int, question.groups())
        return parse_formula(answer_text(text) or "") == [(tuple(sorted(given)), target, target)]

    def same_answer(self, problem: Problem, first: str, second: str) -> bool:
        """Whether both make the same number from the same numbers: "3 * 7" and "7*3 = 21" do."""
        return same_reading(parse_formula, first, second)


def parse_formula(text: str) -> list[tuple[tuple[int, ...], Fraction, Fraction]]:
    """The numbers of a formula in order of size, the number they make, and the number that it says they make:
    "7*3 = 21" -> [((3, 7), 21, 21)]. The list is empty where the text is no formula."""
    formula = _FORMULA.fullmatch(text)
    if formula is None:
        return []
    a, b = int(formula["a"]), int(formula["b"])
    value = apply(a, formula["sign"], b)
    return [(tuple(sorted([a, b])), value, Fraction(formula["result"] or value))]


class Countdown(Task):
    """Two different numbers up to 20 and what one operation makes of them, a whole number above 0."""

    name = "countdown"
    checker = FormulaChecker()

    def problems(self, split: str, n: int, seed: int = 0) -> list[Problem]:
        """`n` problems, drawn with replacement: there are about 650."""
        self.require_split(split)
        rng = random.Random(f"{split} {seed}")
        drawn: list[Problem] = []
        while len(drawn) < n:
            a, b = rng.sample(range(1, LARGEST + 1), 2)
            target = apply(max(a, b), rng.choice("+-*/"), min(a, b))
            if target.denominator == 1 and split_of(problem_key(a, b, int(target))) == split:
                drawn.append(countdown(a, b, int(target)))
        return drawn


def apply(a: int | Fraction, sign: str, b: int | Fraction) -> Fraction:
    """a sign b, exactly; division by zero gives 0, which is never a target."""
    if sign == "/":
        return Fraction(a, b) if b else Fraction(0)
    return Fraction(a + b if sign == "+" else a - b if sign == "-" else a * b)


def problem_key(a: int, b: int, target: int) -> str:
    """The canonical form: the two numbers in ascending order, and the target."""
    return f"{min(a, b)} {max(a, b)} {target}"


def countdown(a: int, b: int, target: int) -> Problem:
    """The problem, solved by trying + - * / in turn on the larger and the smaller number."""
    large, small = max(a, b), min(a, b)
    told = [f"{target} is wanted."]
    for sign in "+-*/":
        result = apply(large, sign, small)
        told.append(f"{large} {sign} {small} = {result}.")
        if result == target:
            return Problem(f"Make {target} from {a} and {b}.", " ".join(told), f"{large} {sign} {small}",
                           key=problem_key(a, b, target))  # fmt: skip
    raise ValueError(f"no operation on {a} and {b} gives {target}")

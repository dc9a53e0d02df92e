"""The equations that a text states, and whether they hold: a free judge of reasoning.

A wrong answer often rests on a false equation, such as 6 * 7 = 48. A calculator finds it without knowing the right
answer. Numbers are exact fractions, so 0.1 + 0.2 = 0.3 holds, and 10 / 3 = 3.33 does not.

    >>> [(one.text, one.holds) for one in equations("2 cans of 3 is 2 * 3 = 6. 5 + 6 = 12.")]
    [('2 * 3 = 6', True), ('5 + 6 = 12', False)]

Only what is surely an equation is judged: an expression of numbers with at least one of + - * / (also written x, ×, ÷),
a sign =, and an expression or number. "5 apples + 6 apples = 12" has words in between, "half of 8 = 4" no operator,
"the rest - 3 = 4" an operand in words; nothing is said of these. Reading them all as right makes the judge lenient: it
misses errors, and rarely invents one. Nothing is evaluated as a program; numbers have at most 30 digits, and
an expression at most 40 parts, so no text takes long.
"""

from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

from minirl.tools.arithmetic import LONGEST, Part, is_expression, split, value


class Equation(NamedTuple):
    """An equation as it stands in a text."""

    text: str
    left: Fraction | None
    """The value of the left side; None for a division by zero."""
    right: Fraction | None
    percent: bool
    """Whether the right side is written with a sign %: 25% is 25 or 1/4."""

    @property
    def holds(self) -> bool:
        """Whether both sides are the same number."""
        if self.left is None or self.right is None:
            return False
        return self.left == self.right or (self.percent and self.left == self.right / 100)


def equations(text: str) -> list[Equation]:
    """All equations of the text, in order."""
    parts = list(split(text))
    found = []
    for place, part in enumerate(parts):
        if part.kind == "=":
            left, right = left_side(parts[:place]), right_side(parts[place + 1 :])
            if left and right:
                start, end = left[0].start, right[-1].end
                percent = len(parts) > place + 1 + len(right) and parts[place + 1 + len(right)].kind == "%"
                found.append(Equation(text[start:end], value(left), value(right), percent))
    return found


def arithmetic_holds(text: str) -> bool:
    """Whether every equation of the text holds; true for a text without equations."""
    return all(equation.holds for equation in equations(text))


def true_equations(text: str) -> float:
    """The judge of arithmetic: 0 where every equation of the text holds, otherwise minus the number of false ones."""
    return -float(sum(not equation.holds for equation in equations(text)))


# ---- finding the two sides ----


def left_side(parts: Sequence[Part]) -> Sequence[Part]:
    """The longest expression with an operator that ends where `parts` end; nothing where there is none."""
    start = len(parts)
    while start and len(parts) - start < LONGEST and parts[start - 1].kind in ("number", *"+-*/()"):
        start -= 1
    span = parts[start:]
    kind = span[0].kind if span else ""
    if kind in ("+", "*", "/", ")") or (kind == "-" and len(span) > 1 and span[0].end < span[1].start):
        return []  # the first operand is in words
    for first in range(len(span)):
        side = span[first:]
        if len(side) > 1 + (side[0].kind == "-") and is_expression(side):
            return side
    return []


def right_side(parts: Sequence[Part]) -> Sequence[Part]:
    """The longest expression with which `parts` begin; nothing where there is none."""
    stop = 0
    while stop < min(len(parts), LONGEST) and parts[stop].kind in ("number", *"+-*/()"):
        stop += 1
    return next((parts[:end] for end in range(stop, 0, -1) if is_expression(parts[:end])), [])

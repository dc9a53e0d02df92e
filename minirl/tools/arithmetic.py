r"""Reading arithmetic: numbers, + - * / and parentheses become an exact fraction, and nothing else becomes anything.

A text is split into parts, and the parts are read as a sum of products of numbers, signs and parentheses ("recursive
descent": a function for each kind of expression, which calls the functions of its pieces). Nothing is evaluated as a
program. Two use it: the calculator (calculator.py), and the judge of equations (generate/equations.py).

    >>> value(split("5 + 2 * 3"))
    Fraction(11, 1)
    >>> value(split("(1 - 3) / .5"))
    Fraction(-4, 1)
    >>> value(split("1 / 0")) is None
    True
"""

import re
from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

LONGEST = 40  # parts of an expression
DIGITS = 30  # of a number

_PART = re.compile(
    r"(?P<number>[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?|[0-9]+(?:\.[0-9]+)?|\.[0-9]+)"
    r"|(?P<times>(?<=[0-9)]\ )x(?=\ [0-9(]))"
    r"|(?P<sign>[-+*/()=×÷−%])"
    r"|(?P<space>(?:[^\S\n]|[$£€¥])+)"
    r"|(?P<other>[^\s0-9]+?(?=[-+*/()=×÷−%\s$£€¥0-9]|\Z)|(?s:.))"
)
_SAME = {"×": "*", "x": "*", "÷": "/", "−": "-"}


class Part(NamedTuple):
    """A number, an operator, or something else, and where it stands."""

    kind: str
    """"number", an operator itself, or "" for anything else."""
    value: Fraction
    start: int
    end: int


def split(text: str) -> Sequence[Part]:
    """The parts of a text, without spaces and signs of currency."""
    parts = []
    for match in _PART.finditer(text):
        written, kind, number = match[0], str(match.lastgroup), Fraction(0)
        if kind == "space":
            continue
        if kind == "number" and len(written) <= DIGITS:
            number = Fraction(written.replace(",", ""))
        else:
            kind = _SAME.get(written, written) if kind in ("sign", "times") else ""
        parts.append(Part(kind, number, match.start(), match.end()))
    return parts


class NotAnExpressionError(ValueError):
    """The parts are no expression."""


def is_expression(parts: Sequence[Part]) -> bool:
    """Whether the parts are an expression as a whole."""
    try:
        value(parts)
    except NotAnExpressionError:
        return False
    return True


def value(parts: Sequence[Part]) -> Fraction | None:
    """The value of an expression; None where it divides by zero. Raises NotAnExpressionError for anything else."""
    reader = _Reader(parts)
    result = reader.sum()
    if reader.at < len(parts):
        raise NotAnExpressionError(f"a part is left over: {reader.kind or 'no arithmetic'}")
    return result


class _Reader:
    """Recursive descent: a sum of products of numbers, signs and parentheses."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self.parts, self.at = parts, 0

    @property
    def kind(self) -> str:
        """The kind of the next part; "" after the last."""
        return self.parts[self.at].kind if self.at < len(self.parts) else ""

    def sum(self) -> Fraction | None:
        result = self.product()
        while self.kind in ("+", "-"):
            sign = 1 if self.kind == "+" else -1
            self.at += 1
            other = self.product()
            result = None if result is None or other is None else result + sign * other
        return result

    def product(self) -> Fraction | None:
        result = self.factor()
        while self.kind in ("*", "/"):
            divides = self.kind == "/"
            self.at += 1
            other = self.factor()
            if result is None or other is None or (divides and other == 0):
                result = None
            else:
                result = result / other if divides else result * other
        return result

    def factor(self) -> Fraction | None:
        kind = self.kind
        self.at += 1
        if kind == "number":
            return self.parts[self.at - 1].value
        if kind == "-" and self.kind in ("number", "("):
            result = self.factor()
            return None if result is None else -result
        if kind == "(":
            result = self.sum()
            if self.kind == ")":
                self.at += 1
                return result
        raise NotAnExpressionError(f"no number, sign or parenthesis: {kind or 'the end'}")

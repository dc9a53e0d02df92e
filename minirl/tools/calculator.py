"""The calculator: exact arithmetic with + - * / and parentheses.

A small model learns which numbers to add sooner than it learns to add them. With this tool it only has to write the sum
down.

    >>> calculator.call("12 * 34")
    '408'
    >>> calculator.call("(1 - 0.25) * 10")
    '7.5'
    >>> calculator.call("2 / 6")
    '1/3'
    >>> calculator.call("2 / (3 - 3)")
    Traceback (most recent call last):
    minirl.tools.tool.ToolError: division by zero

A result is a whole number, else the decimal number that is exactly right, else a fraction. Rounding is left out: a
rounded number is a little wrong, and the model could not tell. Of the 27,998 calculations that GSM8K's solutions write
for a calculator, <<48/2=24>>, 27,996 come out as written there; the other two divide with a sign //, which is no
arithmetic here. Python's `eval`, which others use, would give 24.0, and would run any program that a model writes.
"""

from collections.abc import Sequence
from fractions import Fraction

from minirl.tools.arithmetic import DIGITS, LONGEST, NotAnExpressionError, Part, split, value
from minirl.tools.tool import ToolError

CHARACTERS = 200  # of an expression
DEPTH = 20  # parentheses inside each other


class Calculator:
    """Exact arithmetic; see the top of this file. Its numbers and results have at most 30 digits."""

    name = "calculator"

    def call(self, argument: str) -> str:
        """The value of an expression such as 12 * 34. Raises ToolError where it has none."""
        if len(argument) > CHARACTERS:
            raise ToolError("too long")
        parts = without_plus(split(argument))
        if len(parts) > LONGEST or depth(parts) > DEPTH:
            raise ToolError("too long")
        try:
            result = value(parts)
        except NotAnExpressionError:
            raise ToolError("not arithmetic") from None
        if result is None:
            raise ToolError("division by zero")
        return spelled(result)


calculator = Calculator()


def spelled(number: Fraction) -> str:
    """The number as a whole number, else as the decimal that is exactly right, else as a fraction. Raises ToolError for
    one that needs more than 30 digits."""
    top, bottom = abs(number.numerator), number.denominator
    places = decimal_places(bottom)
    written = f"{top}/{bottom}"
    if places is not None:
        digits = str(top * 10**places // bottom).rjust(places + 1, "0")
        decimal = f"{digits[:-places]}.{digits[-places:]}" if places else digits
        written = decimal if len(digits) <= DIGITS else written
    if sum(map(str.isdigit, written)) > DIGITS:
        raise ToolError("too many digits")
    return f"-{written}" if number < 0 else written


def decimal_places(bottom: int) -> int | None:
    """How many decimals a fraction with this denominator has; None where they never end, or are more than 30."""
    return next((places for places in range(DIGITS + 1) if 10**places % bottom == 0), None)


def without_plus(parts: Sequence[Part]) -> Sequence[Part]:
    """The parts without a plus sign that adds nothing, as before the 6 in 3 * +6."""
    before = ["(", *(part.kind for part in parts)]
    after = [*(part.kind for part in parts[1:]), ""]
    return [
        part for part, left, right in zip(parts, before, after, strict=False)
        if not (part.kind == "+" and left in ("(", *"+-*/") and right in ("number", "("))
    ]  # fmt: skip


def depth(parts: Sequence[Part]) -> int:
    """How many parentheses are open at once, at most."""
    most = now = 0
    for part in parts:
        now += (part.kind == "(") - (part.kind == ")")
        most = max(most, now)
    return most

r"""Reading an answer from what a model wrote, and deciding whether it is right: where the reward comes from.

Reinforcement learning finds whatever the checker lets through. The checker therefore parses and never evaluates:
`2**3`, `7//2+1` and `2*9` are not numbers, and `20/4` is an unfinished division. No text, however long or odd, may stop
or slow the training: the checker reads only the last line that begins with `Answer:`, if it has at most 100
characters.

The answer is the rest of the last line that begins with `Answer:`. As a number it may be written as

    18   18.   18.0   +18   -3   −3   .5   1,800   1,234,567.50.       an integer or decimal; commas by threes
    1/2   -3/4   2 1/2                                                 a fraction, or a whole number and a fraction
    $18   -$18   $-18   18 €   25%   25 percent of the cake            a sign of currency; % divides by 100
    18 apples   60 km/h   7kg   $18/hour   18 tennis balls.            up to four words of unit, which are not compared

units.py says which words may follow: "18 thousands" and "18 is wrong" are not 18.
A fraction that is a whole number (20/4) is refused: a model could pass by copying the division instead of doing it.
Numbers are compared as exact rationals, so 0.5 is 1/2, and 0.333 is not 1/3. 25% is correct if the answer is 1/4, and
also if it is 25, which datasets give as the answer to "what percentage?".
"""

import re
import unicodedata
from fractions import Fraction
from functools import lru_cache

from minirl.tasks.task import LONGEST_LINE, Checker, Problem, answer_text, same_reading
from minirl.tasks.units import is_unit

LONGEST_NUMBER = 30  # digits of a number

_PLAIN = str.maketrans("\u00a0\u202f\u2010\u2011", "  --")  # spaces and hyphens that look like the usual ones
_SIGN = r"[-+−–]"
_CURRENCY = r"[$£¥\u20a0-\u20c0]"  # from U+20A0 on: signs of currencies, € and ₹ among them
_PERCENT = r"(?P<percent>%|per\ ?cent\b|pct\b)"
_NUMBER = re.compile(
    rf"(?P<sign>{_SIGN}?)(?P<before>{_CURRENCY}?)\ ?(?P<inner>{_SIGN}?)"
    r"(?:(?:(?P<whole>[0-9]+)\ )?(?P<top>[0-9]+)/(?P<bottom>[0-9]+)"
    r"|(?P<integer>[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.(?P<decimals>[0-9]+))?"
    r"|\.(?P<only_decimals>[0-9]+))"
    rf"(?P<after>\ ?(?:{_CURRENCY}|{_PERCENT}))?(?P<unit>.*)",
    re.ASCII | re.VERBOSE,
)


def parse_number(text: str) -> Fraction | None:
    """The number that `text` writes down, exactly; None where it is anything else than one number and its unit."""
    return next(iter(readings(text)), None)


@lru_cache(maxsize=1 << 12)  # samples of a problem give the same few answers, and are compared with the same one
def readings(text: str) -> tuple[Fraction, ...]:
    """The numbers that `text` may stand for: one, or none; for 25% they are 1/4 and 25.

    The whole text must be one number, with at most one sign, one currency or percent sign, and a unit. A fraction must
    be no whole number, as that is a division left undone, and after a whole number it must be below 1: 2 1/2.
    """
    if len(text) > LONGEST_LINE:
        return ()
    text = text.strip().translate(_PLAIN)
    match = _NUMBER.fullmatch(text[:-1] if text.endswith(".") and not text.endswith("..") else text)
    if match is None or sum(map(str.isdigit, text)) > LONGEST_NUMBER:
        return ()
    part = match.groupdict(default="")
    if (part["sign"] and part["inner"]) or (part["before"] and part["after"]) or not is_unit(part["unit"]):
        return ()
    if part["bottom"]:
        bottom = int(part["bottom"])
        if bottom == 0 or int(part["top"]) % bottom == 0:
            return ()
        if part["whole"] and int(part["top"]) > bottom:
            return ()
        value = int(part["whole"] or "0") + Fraction(int(part["top"]), bottom)
    else:
        decimals = part["decimals"] or part["only_decimals"]
        value = Fraction(int(part["integer"].replace(",", "") + decimals or "0"), 10 ** len(decimals))
    if (part["sign"] or part["inner"]) not in ("", "+"):
        value = -value
    return (value / 100, value) if part["percent"] else (value,)


class NumberChecker(Checker):
    """The answer is right when it is the same number as the problem's."""

    def check(self, problem: Problem, text: str) -> bool:
        """Whether `text` answers `problem`. Raises ValueError where the problem's own answer is not a number."""
        right = parse_number(problem.answer)
        if right is None:
            raise ValueError(f"the answer of problem {problem.key!r} is {problem.answer!r}, which is not a number")
        answer = answer_text(text)
        return answer is not None and right in readings(answer)

    def same_answer(self, problem: Problem, first: str, second: str) -> bool:
        """Whether both are the same number. 25% is the same as 25 and the same as 1/4, which differ."""
        return same_reading(readings, first, second)


class TextChecker(Checker):
    """The answer is right when it has the same words as the problem's, in the same order.

    Capital letters, punctuation and the articles a, an, the do not count; everything else does, synonyms included.
    """

    def check(self, problem: Problem, text: str) -> bool:
        """Whether `text` answers `problem`."""
        answer = answer_text(text)
        return answer is not None and words(answer) == words(problem.answer) != []

    def same_answer(self, problem: Problem, first: str, second: str) -> bool:
        """Whether both have the same words in the same order."""
        return same_reading(lambda answer: " ".join(words(answer)).splitlines(), first, second)


def words(text: str) -> list[str]:
    """The words that count in a text answer: "The Sun's core." -> ["suns", "core"]."""
    text = unicodedata.normalize("NFKC", text).casefold()
    text = re.sub(r"['’]", "", text)
    return [word for word in re.findall(r"\w+", text) if word not in ("a", "an", "the")]

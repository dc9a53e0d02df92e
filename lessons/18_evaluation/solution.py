"""Lesson 18: one way to write the seven functions."""

import math
import re
from collections.abc import Callable, Sequence
from fractions import Fraction

import numpy as np

from minirl.lessons import implements

Interval = Callable[[int, int], tuple[float, float]]  # (solved, n) -> (low, high)

# ---- 18.1 ----


def coverage(interval: Interval, p: float, n: int) -> float:
    """How often an interval contains the truth: the probability that
    low <= p <= high, where (low, high) = interval(solved, n), and `solved` is
    the number of n problems that a model solves, each with probability p.

    It is a sum over all numbers of solved problems, 0 to n. The probability of
    k of them is math.comb(n, k) · p^k · (1 - p)^(n - k).

    For an interval that is always (0.0, 1.0) it is 1.
    """
    total = 0.0
    for solved in range(n + 1):
        low, high = interval(solved, n)
        if low <= p <= high:
            total += math.comb(n, solved) * p**solved * (1 - p) ** (n - solved)
    return total


# ---- 18.2 ----


def problems_needed(difference: float, p: float) -> int:
    """How many problems it takes to see a difference between two models, each
    tested on its own problems, in 80 of 100 cases:

        n = (1.96 + 0.84)² · 2 p (1 - p) / difference²,     rounded up.

    p: about how many problems both solve, as a share.

    problems_needed(0.1, 0.5) is 392.
    """
    return math.ceil((1.96 + 0.84) ** 2 * 2 * p * (1 - p) / difference**2)


# ---- 18.3 ----


@implements("evaluation.pass_at_k")
def pass_at_k(correct: int, n: int, k: int) -> float:
    """The probability that k of these n answers, drawn at random and none
    twice, include a right one. correct: how many of the n are right.

    pass_at_k(1, 4, 2) is 0.5: of the 6 ways to draw two of four answers, 3
    include the right one.
    """
    return 1 - math.comb(n - correct, k) / math.comb(n, k)


# ---- 18.4 ----


@implements("evaluation.paired_bootstrap")
def paired_bootstrap(
    first: np.ndarray,
    second: np.ndarray,
    draws: np.ndarray,
) -> tuple[float, float, float]:
    """The mean difference of two models on the same problems, and its 95%
    interval: (difference, low, high).

    first, second: (n,) float64, a result for each problem. draws: (R, n) whole
    numbers. Each of its rows names n problems, drawn with replacement. For
    each row, take the mean of first - second over these problems. low and high
    are the quantiles 0.025 and 0.975 of the R means, by np.quantile.

    paired_bootstrap(np.array([1.0, 0.0]), np.array([0.0, 0.0]),
    np.array([[0, 0], [1, 1], [0, 1]])) is about (0.5, 0.025, 0.975).
    """
    differences = first - second
    means = differences[draws].mean(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return float(differences.mean()), float(low), float(high)


# ---- 18.5: three careless checkers (complete), and your attack ----


def contains(answer: str, text: str) -> bool:
    """Right if the answer occurs anywhere in the text. (Careless.)"""
    return answer in text


def last_number(answer: str, text: str) -> bool:
    """Right if the last number of the text is the answer. (Careless.)"""
    numbers = re.findall(r"-?[0-9]+", text)
    return bool(numbers) and int(numbers[-1]) == int(answer)


def calculates(answer: str, text: str) -> bool:
    """Right if what stands after "Answer:" is a sum that gives the answer.
    (Careless.)"""
    terms = text.rpartition("Answer:")[2].strip().split("+")
    return all(term.strip().isdigit() for term in terms) and sum(map(int, terms)) == int(answer)


def attacks(answer: str) -> list[str]:
    """Texts that earn a reward they do not deserve. For each of the three
    careless checkers above, at least one text must pass it. No text may give
    the right answer by the rule of exercise 18.6.

    answer: the number that pays, from 2 to 99 as text, such as "18". The texts
    may be made with it, as long as none of them says that it is the answer.
    """
    return [
        f"It is certainly not {answer}.",
        f"Answer: 0\nThis problem has the number {answer}",
        f"Answer: {int(answer) - 1}+1",
    ]


# ---- 18.6 ----


@implements("tasks.check")
def check(answer: str, text: str) -> bool:
    """Whether the text gives this answer, a number such as "18" or "-2.5".

    The lines are text.split("\\n"). Of those that begin with "Answer:", without
    a space before it, only the last one counts, and no earlier one in its
    place. If it has more than 100 characters, there is no answer. Its rest,
    after .strip(), has to be one number and nothing else, in this order:

    - a sign, + or -, or none;
    - $ or nothing;
    - one or more digits 0 to 9; they may have commas, if the first group has
      one to three digits and each further group has three;
    - perhaps a point with one or more digits after it;
    - perhaps a full stop at the end.

    Nothing is calculated. Two numbers are equal if they are exactly equal, as
    Fractions: 18.0 is 18, and 18.00000000000000000001 is not.

    check("18", "9 + 9 = 18.\\nAnswer: $18.0.") is True.
    check("18", "Answer: 9+9") is False, and so is check("18", "It is 18.").
    """
    lines = [line for line in text.split("\n") if line.startswith("Answer:")]
    if not lines or len(lines[-1]) > 100:
        return False
    given = lines[-1].removeprefix("Answer:").strip()
    number = r"([+-]?)\$?([0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(\.[0-9]+)?\.?"
    found = re.fullmatch(number, given)
    if not found:
        return False
    sign, whole, decimals = found.groups(default="")
    return Fraction(sign + whole.replace(",", "") + decimals) == Fraction(answer)


# ---- 18.7 ----


def overlap(training: Sequence[str], test: str, n: int) -> float:
    """The share of the n-grams of a test text that occur in the training
    texts. An n-gram is n words in a row, as re.findall(r"\\w+", text.lower())
    finds words. Each different n-gram of the test text counts once. A text of
    fewer than n words has none, and its overlap is 0.

    overlap(["the cat sat down"], "The cat sat there.", 2) is 2/3.
    """

    def grams(text: str) -> set[tuple[str, ...]]:
        words = re.findall(r"\w+", text.lower())
        return {tuple(words[i : i + n]) for i in range(len(words) - n + 1)}

    wanted = grams(test)
    known = set().union(*map(grams, training))
    return len(wanted & known) / len(wanted) if wanted else 0.0

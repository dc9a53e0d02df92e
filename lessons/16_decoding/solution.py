"""Lesson 16: write these seven functions. `python -m minirl.lessons check 16.1`
checks the first.

`toy_model` is a model to try 16.6 on:
beam_search(toy_model(seed=2, V=3), width=2, longest=3, alpha=1.0, end=0).
"""

import math
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from minirl.lessons import implements

# ---- 16.1 ----


@implements("generate.vote")
def vote(answers: Sequence[str | None]) -> int | None:
    """The place of a sample that gives the most frequent answer.

    answers: what each sample answers, as text; None for a sample that has no
    answer, and so does not vote. The result is the place of the first sample
    with the winning answer, counted from 0. Of equally frequent answers the
    first in the alphabet wins, as min() finds it. If nobody votes: None.

    vote(["11", "12", None, "12"]) is 1.
    """
    counts = Counter(answer for answer in answers if answer is not None)
    if not counts:
        return None
    most = max(counts.values())
    return answers.index(min(answer for answer, votes in counts.items() if votes == most))


# ---- 16.2 ----


def all_counts(n: int, k: int) -> Iterator[tuple[int, ...]]:
    """All ways in which k votes can fall on n answers, as the votes for each.
    (Complete.)

    list(all_counts(2, 2)) is [(0, 2), (1, 1), (2, 0)].
    """
    if n == 1:
        yield (k,)
        return
    for first in range(k + 1):
        for others in all_counts(n - 1, k - first):
            yield (first, *others)


def vote_chance(chances: Sequence[float], k: int) -> float:
    """The probability that answer 0 wins a vote of k samples.

    chances: how likely each answer is, for one sample; they add up to 1. A way
    c = (c0, c1, ...) in which the votes can fall has the probability

        k! / (c0! c1! ...) · chances[0]^c0 · chances[1]^c1 · ...

    If answer 0 has more votes than any other, it has won. If it shares the
    first place with others, m answers in all, it wins in one of m cases.

    vote_chance([0.6, 0.4], 1) is 0.6; vote_chance([0.5, 0.25, 0.25], 2) is
    0.25 + 0.5 / 2, which is 0.5.
    """
    total = 0.0
    for counts in all_counts(len(chances), k):
        most = max(counts)
        if counts[0] == most:
            orders = math.factorial(k)
            for votes in counts:
                orders //= math.factorial(votes)
            chance = math.prod(p**votes for p, votes in zip(chances, counts, strict=True))
            total += orders * chance / counts.count(most)
    return total


# ---- 16.3 ----


@implements("generate.certainty")
def certainty(first: int, second: int) -> float:
    """How sure it is that the leading answer is the more frequent of two.

    first, second: the votes for the leading answer and for the next one. With
    n = first + second + 1 it is the probability that at most `first` of n coins
    show heads: the sum of math.comb(n, j) / 2^n for j = 0, 1, ..., first.

    certainty(1, 0) is 0.75.
    """
    n = first + second + 1
    return sum(math.comb(n, j) for j in range(first + 1)) / 2**n


# ---- 16.4 ----


@implements("generate.judge")
def false_equations(text: str) -> int:
    """How many equations of the text do not hold.

    An equation is a whole number, one of + - *, a whole number, = and a whole
    number, with one space before and one after each of the two signs. Other
    text is passed over. Two equations share no characters: the search goes on
    where one ends, as re.finditer does.

    false_equations("He has 5. 2 * 3 = 6. 5 + 6 = 12.") is 1.
    """
    wrong = 0
    for found in re.finditer(r"([0-9]+) ([-+*]) ([0-9]+) = ([0-9]+)", text):
        a, b, result = int(found[1]), int(found[3]), int(found[4])
        value = {"+": a + b, "-": a - b, "*": a * b}[found[2]]
        wrong += value != result
    return wrong


# ---- 16.5 ----


@implements("generate.schedule")
def temperature_at(first: float, last: float, tokens: int, step: int) -> float:
    """The temperature of token number `step` of an answer, the first being 0.

    It goes from `first` to `last` in a straight line, and arrives at token
    number `tokens`. From there on it stays at `last`.

    temperature_at(1.5, 0.5, 4, 1) is 1.25.
    """
    return first + (last - first) * min(step / tokens, 1.0)


# ---- 16.6 ----

Beginning = tuple[int, ...]
Model = Callable[[list[Beginning]], np.ndarray]


@implements("generate.beam_search")
def beam_search(
    log_probs: Model,
    width: int,
    longest: int,
    alpha: float,
    end: int,
) -> list[tuple[Beginning, float]]:
    """Look for the most likely whole answers: [(tokens, score), ...], the
    highest score first, and at most `width` of them.

    log_probs(beginnings) gives a row for each beginning, (n, V): the
    log-probability of each next token. A beginning is a tuple of tokens. The
    search starts with the beginnings [()], and takes a step `longest` times, or
    until no beginning is left. A step:

    1. Extend each beginning by each token. The log-probability of the longer
       text is the sum over its tokens.
    2. Walk through all extensions, the most likely first. One that ends with
       the token `end` is finished if it is among the first `width` of all, and
       is dropped otherwise. Any other one is kept, until `width` are kept.
    3. The kept ones are the beginnings of the next step.

    The score of a finished one is its log-probability divided by L^alpha, where
    L is the number of its tokens, `end` included. What is not finished after
    the last step is no answer.

    You may assume that no two extensions are equally likely.
    """
    live: list[tuple[Beginning, float]] = [((), 0.0)]
    finished = []
    for _ in range(longest):
        if not live:
            break
        rows = log_probs([tokens for tokens, _ in live])
        extensions = [
            ((*tokens, token), total + float(row[token]))
            for (tokens, total), row in zip(live, rows, strict=True)
            for token in range(len(row))
        ]
        extensions.sort(key=lambda one: -one[1])
        live = []
        for rank, (tokens, total) in enumerate(extensions):
            if tokens[-1] == end:
                if rank < width:
                    finished.append((tokens, total / len(tokens) ** alpha))
            elif len(live) < width:
                live.append((tokens, total))
            if rank >= width and len(live) == width:
                break
    return sorted(finished, key=lambda one: -one[1])[:width]


# ---- 16.7 ----


@implements("zoo.yardstick")
def at_budget(tokens: float, per_sample: float, right: np.ndarray) -> np.ndarray:
    """How good a vote is that may generate so many tokens: (P,), a share for
    each problem.

    per_sample: tokens of a sample, on average; so the vote has
    tokens / per_sample samples, at least 1, and at most K. right: (K, P); row 0
    has the shares of right answers for 1 sample, row 1 those for a vote of 2,
    and so on. Between two rows, go in a straight line: a vote of 2.25 samples
    is three parts row 1 and one part row 2.

    at_budget(30.0, 20.0, np.array([[0.5], [0.7]])) is array([0.6]).
    """
    k = min(max(tokens / per_sample, 1.0), float(len(right)))
    low = int(k)
    if low == len(right):
        return right[-1].copy()
    return (1 - (k - low)) * right[low - 1] + (k - low) * right[low]

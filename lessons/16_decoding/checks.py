"""What is tried with the exercises of lesson 16, and what must come out."""

import itertools
import math
import re
from functools import lru_cache

import numpy as np

from minirl.lessons.check import Check, Property
from minirl.lessons.compare import Bound
from minirl.lessons.example_model import toy_model

SUM = Bound(400, 1.0, reason="a sum over all ways in which the votes can fall")
LINE = Bound(4, 1.0, reason="a product and a sum")
MIX = Bound(6, 1.0, reason="two products and a sum")
SEARCH = Bound(40, 4.0, reason="a sum of log-probabilities, and a power")


# ---- 16.1 ----


def ballots(rng):
    """(answers,)"""
    for answers in (
        ["11"], [None], [], ["11", "12"], ["12", "11"], [None, "11"], ["11", "12", None, "12"], ["2", "10"],
        [None, None, "7"], ["b", "a", "b"], ["9", "8", "9", "8"], ["1", "0", "0", "1", "0"],
    ):  # fmt: skip
        yield (answers,)
    for _ in range(14):
        chosen = rng.choice(["11", "12", "9", ""], size=int(rng.integers(1, 8)), p=[0.3, 0.3, 0.25, 0.15]).tolist()
        yield ([one or None for one in chosen],)


def winner_of(answers):
    """By sorting: the most votes first, then the alphabet."""
    voters = [one for one in answers if one is not None]
    ranked = sorted(voters, key=lambda one: (-voters.count(one), one))
    return next((place for place, one in enumerate(answers) if one == ranked[0]), None) if ranked else None


# ---- 16.2 ----


def models(rng):
    """(chances, k)"""
    yield [1.0], 3
    yield [0.6, 0.4], 1
    yield [0.5, 0.25, 0.25], 1
    yield [0.6, 0.4], 2
    yield [0.5, 0.25, 0.25], 2
    yield [0.6, 0.4], 3
    yield [0.25, 0.75], 3
    yield [0.4, 0.3, 0.3], 3
    yield [0.0, 1.0], 2
    for _ in range(12):
        chances = rng.dirichlet(np.ones(int(rng.integers(2, 5)))).round(2)
        if chances.sum() and chances.min() > 0:
            chances[0] = round(1 - chances[1:].sum(), 2)
            yield chances.tolist(), int(rng.integers(1, 6))


def by_listing(chances, k):
    """All sequences of k samples, one by one."""
    terms = []
    for votes in itertools.product(range(len(chances)), repeat=k):
        counts = [votes.count(answer) for answer in range(len(chances))]
        if counts[0] == max(counts):
            terms.append(math.prod(chances[vote] for vote in votes) / counts.count(max(counts)))
    return math.fsum(terms)


# ---- 16.3 ----


def leads(rng):
    """(first, second)"""
    yield from ((1, 0), (0, 0), (1, 1), (2, 0), (3, 0), (2, 1), (4, 1))
    for _ in range(10):
        first = int(rng.integers(1, 12))
        yield first, int(rng.integers(0, first + 1))


@lru_cache
def heads(n):
    """How many of the 2^n throws of n coins show so many heads, thrown one by one."""
    ways = [1]
    for _ in range(n):
        ways = [a + b for a, b in zip([*ways, 0], [0, *ways], strict=True)]
    return ways


def by_coins(first, second):
    n = first + second + 1
    return sum(heads(n)[: first + 1]) / 2**n


# ---- 16.4 ----

TEXTS = (
    "2 * 3 = 6", "2 * 3 = 5", "", "5", "2 + 2 = 5", "7 - 9 = 2", "9 - 7 = 2", "10 - 3 = 6", "12 + 30 = 42",
    "12 + 30 = 4", "12 + 30 = 420", "2 * 3 = 5. 5 + 5 = 11.", "He has 5. 2 * 3 = 6. 5 + 6 = 12.", "2*3 = 5",
    "2 * 3 =5", "2 x 3 = 5", "6 / 3 = 3", "a * 3 = 5", "2 * 3 = 6 = 7", "1 + 1 = 3 + 1 = 5", "2 * 3 = 5\nAnswer: 5",
    "007 + 1 = 8", "3 * 4 = 12 and 3 * 4 = 13 and 4 * 3 = 13",
)  # fmt: skip


def solutions(rng):
    """(text,)"""
    for text in TEXTS:
        yield (text,)
    for _ in range(8):
        written = []
        for _ in range(int(rng.integers(1, 4))):
            a, b = (int(n) for n in rng.integers(2, 20, 2))
            sign = str(rng.choice(["+", "-", "*"]))
            value = {"+": a + b, "-": abs(a - b), "*": a * b}[sign]
            written.append(f"{max(a, b)} {sign} {min(a, b)} = {value + int(rng.integers(0, 2))}.")
        yield (" ".join(written),)


def counted_false(text):
    """Word by word: five words make an equation. A number may have other characters before or behind it."""
    wrong = 0
    pieces = re.split(r"([0-9]+)", text)  # numbers stand at the odd places
    place = 1
    while place + 4 < len(pieces):
        sign, equals = pieces[place + 1], pieces[place + 3]
        if sign in (" + ", " - ", " * ") and equals == " = ":
            a, b, c = (int(pieces[place + step]) for step in (0, 2, 4))
            wrong += c != (a + b if sign == " + " else a - b if sign == " - " else a * b)
            place += 6
        else:
            place += 2
    return wrong


# ---- 16.5 ----


def schedules(rng):
    """(first, last, tokens, step)"""
    yield 1.0, 1.0, 1, 0
    yield 1.5, 0.5, 4, 0
    yield 1.5, 0.5, 4, 1
    yield 1.5, 0.5, 4, 4
    yield 1.5, 0.5, 4, 9
    yield 0.0, 2.0, 4, 3
    yield 0.0, 2.0, 4, 7
    for _ in range(10):
        a, b = rng.integers(1, 16, 2) / 8
        yield float(a), float(b), int(rng.integers(1, 9)), int(rng.integers(0, 12))


def on_the_line(first, last, tokens, step):
    if step >= tokens:
        return float(last)
    return ((tokens - step) * first + step * last) / tokens


# ---- 16.6 ----


def toys(rng):
    """(seed, V, width, longest, alpha, end). The model is made of the seed."""
    yield 0, 2, 1, 1, 0.0, 0
    yield 0, 2, 1, 2, 0.0, 0
    yield 1, 2, 2, 2, 0.0, 1
    yield 2, 3, 2, 3, 0.0, 0
    yield 2, 3, 2, 3, 1.0, 0
    yield 3, 3, 1, 4, 0.0, 2
    yield 4, 3, 3, 4, 0.6, 0
    yield 5, 3, 81, 4, 1.0, 2
    for _ in range(24):
        seed, V, width, longest = (int(rng.integers(*ends)) for ends in ((6, 9999), (2, 6), (1, 5), (1, 5)))
        yield seed, V, width, longest, float(rng.choice([0.0, 0.6, 1.0])), int(rng.integers(0, V))


def searched(names, seed, V, width, longest, alpha, end):
    """What the learner's search finds."""
    return names["beam_search"](toy_model(seed, V), width, longest, alpha, end)


def every_answer(seed, V, width, longest, alpha, end):
    """The same search on the whole tree of beginnings, which is computed first."""
    log_probs = toy_model(seed, V)
    chance = {(): 0.0}
    levels = [[()]]
    for _ in range(longest):
        longer = []
        for tokens in levels[-1]:
            if tokens[-1:] == (end,):
                continue
            for token, value in enumerate(log_probs([tokens])[0].tolist()):
                chance[(*tokens, token)] = chance[tokens] + value
                longer.append((*tokens, token))
        levels.append(longer)
    kept, finished = {()}, []
    for level in levels[1:]:
        ranked = sorted((one for one in level if one[:-1] in kept), key=chance.__getitem__, reverse=True)
        finished += [one for one in ranked[:width] if one[-1] == end]
        kept = set([one for one in ranked if one[-1] != end][:width])
    scored = [(one, chance[one] / len(one) ** alpha) for one in finished]
    return sorted(scored, key=lambda one: one[1], reverse=True)[:width]


def typed_search(seed, V, width, longest, alpha, end):
    return (
        f"log_probs = toy_model(seed={seed}, V={V})\n    "
        f"beam_search(log_probs, width={width}, longest={longest}, alpha={alpha}, end={end})"
    )


def inside(call, *case):
    found = call(*case)
    return all(tokens[-1] == case[5] and tokens.count(case[5]) == 1 and len(tokens) <= case[3] for tokens, _ in found)


# ---- 16.7 ----


def budgets(rng):
    """(tokens, per_sample, right)"""
    two = np.array([[0.5], [0.75]])
    yield 20.0, 20.0, two
    yield 30.0, 20.0, two
    yield 40.0, 20.0, two
    yield 10.0, 20.0, two
    yield 90.0, 20.0, two
    yield 25.0, 20.0, np.array([[0.5]])
    yield 45.0, 20.0, np.array([[0.0, 1.0], [0.5, 0.5], [1.0, 0.0]])
    for _ in range(10):
        K, P = (int(n) for n in rng.integers(2, 6, 2))
        yield float(rng.integers(5, 120)), 20.0, rng.integers(0, 5, (K, P)) / 4


def mixed(tokens, per_sample, right):
    k = tokens / per_sample
    return np.array([np.interp(k, range(1, len(right) + 1), column) for column in np.asarray(right).T])


CHECKS = {
    "vote": Check(cases=ballots, expected=winner_of, compared=40),
    "vote_chance": Check(cases=models, expected=by_listing, bound=SUM, shrink=False),
    "certainty": Check(cases=leads, expected=by_coins, bound=Bound(20, 1.0), shrink=False),
    "false_equations": Check(cases=solutions, expected=counted_false, compared=40, shrink=False),
    "temperature_at": Check(cases=schedules, expected=on_the_line, bound=LINE, shrink=False),
    "beam_search": Check(
        cases=toys, expected=every_answer, observe=searched, show=typed_search, bound=SEARCH, shrink=False,
        properties=(Property("each answer ends with its only `end`, within `longest` tokens", inside),),
    ),
    "at_budget": Check(cases=budgets, expected=mixed, bound=MIX, shrink=False),
}  # fmt: skip

"""What is tried with the exercises of lesson 17, and what must come out."""

import ast
import math
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from minirl.lessons.check import Check, Property
from minirl.lessons.compare import Bound

SCORE = Bound(60, 1.0, reason="a sum over the words of a query")
NOTHING = "error: not arithmetic"

# ---- 17.1 ----

SUMS = (
    "7", "2 + 3", "2 * 3", "9 - 4", "4 - 9", "2 + 3 * 4", "2 * 3 + 4", "9 - 3 - 2", "9 - 3 + 2", "(2 + 3) * 4", "2*3",
    "  2  ", "((7))", "2 * (3 + 4) * 5", "12 * (30 - 4)", "007", "2 * 3 * 4", "1 + 2 + 3", "(1)", "8 - (3 - 2)",
    "", "2 +", "+ 2", "-3", "2 - -3", "3 4", "(2", "2)", "()", "2 3 +", "abc", "2 + x", "2 ** 3", "2 / 2", "6 // 2",
    "2.5", "(2)(3)", "2 (3)", "1_000", "__import__('os')", "²", "٣ + 1", "2 +\n3",
    "2 + 3x", "$2 + 3",
)  # fmt: skip


def calculations(rng):
    """(text,)"""
    for text in SUMS:
        yield (text,)
    for _ in range(12):
        yield (made(rng, 2),)


def made(rng, depth):
    """A random text of arithmetic."""
    if depth == 0 or rng.random() < 0.2:
        return str(int(rng.integers(0, 40)))
    left, right = made(rng, depth - 1), made(rng, depth - 1)
    text = f"{left} {rng.choice(['+', '-', '*'])} {right}"
    return f"({text})" if rng.random() < 0.4 else text


def by_python(text):
    """By Python's own parser, with everything forbidden but what the exercise allows."""
    if set(text) - set("0123456789+-*() "):
        return NOTHING
    words = text.replace("(", " ( ").replace(")", " ) ").split()
    joined = " ".join(str(int(word)) if word.isdigit() else word for word in words)  # Python refuses 007
    try:
        tree = ast.parse(joined, mode="eval")
        return str(valued(tree.body))
    except (SyntaxError, ValueError):
        return NOTHING


def valued(node):
    """The value of a tree of sums, differences, products and whole numbers."""
    if isinstance(node, ast.Constant) and type(node.value) is int:
        return node.value
    if not isinstance(node, ast.BinOp):
        raise ValueError(type(node).__name__)
    a, b = valued(node.left), valued(node.right)
    if isinstance(node.op, ast.Add):
        return a + b
    if isinstance(node.op, ast.Sub):
        return a - b
    if isinstance(node.op, ast.Mult):
        return a * b
    raise ValueError(type(node.op).__name__)


# ---- 17.2 ----

CALL, END_CALL, RESULT, END_RESULT = "<|tool|>", "<|/tool|>", "<|result|>", "<|/result|>"


def told(rng):
    """(pieces,)"""
    one = [CALL, "calculator 2 * 3", END_CALL, RESULT, "6", END_RESULT]
    yield ([" 6."],)
    yield ([],)
    yield ([CALL, "calculator 1 + 1", END_CALL],)
    yield ([" 2 * 3 is", *one, " 6."],)
    yield (one,)
    yield ([*one, " 6.", *one, "\nAnswer: 6", "<|end|>"],)
    yield ([*one, *one],)
    yield ([" 6", "6", *one, "6"],)
    for _ in range(8):
        pieces = []
        for _ in range(int(rng.integers(1, 4))):
            number = str(rng.integers(2, 99))
            call = [CALL, f"calculator {number} + 1", END_CALL, RESULT, number, END_RESULT]
            pieces += [f" {number}."] if rng.random() < 0.4 else call
        yield (pieces,)


def outside(pieces):
    """1.0 where as many results have begun as ended before the piece, and the piece is no mark of a result."""
    weights = []
    for place, piece in enumerate(pieces):
        before = list(pieces[:place])
        open_ = before.count(RESULT) - before.count(END_RESULT)
        weights.append(float(open_ == 0 and piece not in (RESULT, END_RESULT)))
    return weights


# ---- 17.3 ----


class Marks(NamedTuple):
    """The same as in the exercises."""

    end: int
    call: int
    end_call: int
    result: int
    end_result: int


MARKS = Marks(0, 1, 2, 3, 4)
SCRIPTS = (
    [5, 0], [0], [5, 6, 7, 0], [5, 5, 5, 5], [1, 7, 2, 5, 0], [1, 2, 0], [1, 7, 8, 2, 0], [1, 7, 2, 1, 8, 2, 5, 0],
    [2, 5, 0], [1, 5, 1, 5, 2, 0], [3, 5, 0], [4, 5, 0], [1, 5, 0], [1, 5, 3, 2, 0], [1, 5, 4, 2, 0], [5, 1, 6, 2, 0],
    [5, 1, 7, 2],
    [1, 7, 2, 2, 0], [1, 7, 2, 6, 6, 6, 6, 6, 6, 0],
)  # fmt: skip


def scripts(rng):
    """(script, limit): what the model writes, and the most that it may."""
    for script in SCRIPTS:
        yield script, 12
    yield [5, 6, 7, 0], 2
    yield [5, 0], 2
    yield [1, 7, 2, 5, 0], 3
    yield [1, 7, 2, 5, 0], 4
    yield [1, 7, 2, 5, 0], 5
    for _ in range(16):
        yield [*rng.integers(0, 9, int(rng.integers(1, 9))).tolist(), 0], int(rng.integers(1, 9))


def answer_of(argument):
    """The tool: it gives the argument twice, in the opposite order."""
    return [token + 10 for token in reversed(argument)] * 2


class Actor:
    """A model that writes a script, and that keeps what it was shown."""

    def __init__(self, script):
        self.script, self.at, self.last = [*script, *[5] * 50], 0, []

    def __call__(self, tokens):
        self.last = list(tokens)
        self.at += 1
        return self.script[self.at - 1]


def answered(names, script, limit):
    """By the learner's function: what it returns, what the model was shown last, and how often it was asked."""
    actor = Actor(script)
    marks = names["Marks"](*MARKS)
    tokens, forced, finished = names["answer_with"](actor, answer_of, [20, 21], limit, marks)
    return tokens, forced, finished, actor.last, actor.at


def by_states(script, limit):
    """The same as a machine with two states."""
    shown, tokens, forced, argument, last, asked = [20, 21], [], [], None, [], 0
    for token in [*script, *[5] * 50]:
        last, asked = list(shown), asked + 1
        tokens, forced, shown = [*tokens, token], [*forced, False], [*shown, token]
        if argument is None:
            out_of_place = token in (MARKS.end_call, MARKS.result, MARKS.end_result)
        else:
            out_of_place = token in (MARKS.call, MARKS.result, MARKS.end_result, MARKS.end)
        if out_of_place or token == MARKS.end or asked == limit:
            return tokens, forced, token == MARKS.end and not out_of_place, last, asked
        if token == MARKS.call:
            argument = []
        elif token == MARKS.end_call:
            result = [MARKS.result, *answer_of(argument), MARKS.end_result]
            tokens, forced, shown = [*tokens, *result], [*forced, *[True] * len(result)], [*shown, *result]
            argument = None
        elif argument is not None:
            argument.append(token)
    raise AssertionError("the script has no end")


def typed_answer(script, limit):
    return (
        f"script = iter({script} + [5] * 50)  # what the model writes\n    "
        "answer_with(lambda tokens: next(script), lambda argument: [token + 10 for token in argument[::-1]] * 2, "
        f"[20, 21], {limit}, Marks(0, 1, 2, 3, 4))"
    )


# ---- 17.4 ----


def libraries(rng):
    """(query, passages)"""
    yield ["sun"], [["sun"]]
    yield ["sun"], [["the", "sun"], ["the", "moon"]]
    yield ["moon"], [["sun"], ["star"]]
    yield ["sun"], [["sun", "sun"], ["sun", "star"]]
    yield ["sun"], [["sun"], ["sun", "a", "b", "c"]]
    yield ["sun", "sun"], [["sun"], ["moon"]]
    yield ["the"], [["the", "sun"], ["the", "moon"], ["the", "star"]]
    yield ["the", "sun"], [["the", "sun", "is", "a", "star"], ["the", "moon"], ["a", "star", "shines"]]
    for _ in range(10):
        words = list("abcde")
        passages = [rng.choice(words, int(rng.integers(1, 6))).tolist() for _ in range(int(rng.integers(2, 5)))]
        yield rng.choice(words, int(rng.integers(1, 4))).tolist(), passages


def word_by_word(query, passages):
    total = math.fsum(len(passage) for passage in passages)
    scores = []
    for passage in passages:
        relative = len(passage) * len(passages) / total
        parts = []
        for word in query:
            have = sum(1 for other in passages if word in other)
            tf = sum(1 for other in passage if other == word)
            rarity = math.log((len(passages) + 1) / (have + 0.5))
            parts.append(rarity * tf / (tf + 0.3 + 0.9 * relative))
        scores.append(math.fsum(parts))
    return scores


# ---- 17.5 ----


def directions(rng):
    """(query, vectors)"""
    yield np.array([1.0]), np.array([[2.0]])
    yield np.array([1.0, 0.0]), np.array([[2.0, 0.0], [1.0, 1.0]])
    yield np.array([3.0, 4.0]), np.array([[4.0, 3.0], [-3.0, -4.0]])
    for _ in range(8):
        n, C = (int(x) for x in rng.integers(1, 5, 2))
        yield rng.normal(size=C).round(1) + 0.05, rng.normal(size=(n, C)).round(1) + 0.05


def by_angles(query, vectors):
    found = []
    for vector in vectors.tolist():
        product = math.fsum(a * b for a, b in zip(query.tolist(), vector, strict=True))
        found.append(product / (math.hypot(*query.tolist()) * math.hypot(*vector)))
    return np.array(found)


# ---- 17.6 ----


def rankings(rng):
    """(rankings,)"""
    yield ([[3]],)
    yield ([[3, 1]],)
    yield ([[3, 1], [1, 3]],)
    yield ([[7, 3, 5], [5, 7, 9]],)
    yield ([[1, 2, 3], [4]],)
    yield ([[9, 8], [7, 8], [6, 8]],)
    yield ([[], [2]],)
    first, second = (
        list(range(20, 33)),
        list(range(40, 52)),
    )  # 7 has ranks 2 and 14, 3 has 6 and 9: by a hair, 3 is first
    yield ([[first[0], 7, *first[1:4], 3, *first[4:]], [*second[:8], 3, *second[8:], 7]],)
    for _ in range(12):
        some = [rng.permutation(7)[: int(rng.integers(1, 6))].tolist() for _ in range(int(rng.integers(2, 4)))]
        yield (some,)


def fused(rankings):
    """With exact fractions."""
    known = {passage for ranking in rankings for passage in ranking}

    def score(passage):
        return sum(Fraction(1, 61 + ranking.index(passage)) for ranking in rankings if passage in ranking)

    return sorted(sorted(known), key=score, reverse=True)


# ---- 17.7 ----


def tries(rng):
    """(theta, chosen, rewards)"""
    yield np.zeros(2), np.array([0, 1]), np.array([1.0, 0.0])
    yield np.zeros(2), np.array([0, 1]), np.array([1.0, 1.0])
    yield np.zeros(3), np.array([0, 1]), np.array([1.0, 0.0])
    yield np.array([1.0, 0.0]), np.array([0, 0, 1]), np.array([1.0, 0.0, 0.0])
    yield np.array([1000.0, 0.0]), np.array([0, 1]), np.array([0.0, 1.0])
    for _ in range(10):
        K, n = int(rng.integers(2, 5)), int(rng.integers(2, 6))
        yield rng.normal(size=K).round(1), rng.integers(0, K, n), rng.integers(0, 2, n).astype(float)


def uphill(theta, chosen, rewards):
    weights = [math.exp(x - max(theta)) for x in theta.tolist()]
    pi = [weight / math.fsum(weights) for weight in weights]
    n, steps = len(rewards), []
    for i, choice in enumerate(chosen.tolist()):
        others = math.fsum(r for j, r in enumerate(rewards.tolist()) if j != i) / (n - 1)
        steps.append([(rewards[i] - others) * ((k == choice) - pi[k]) for k in range(len(pi))])
    return np.array([math.fsum(column) / n for column in zip(*steps, strict=True)])


def balanced(call, *case):
    return abs(call(*case).sum()) < 1e-9


CHECKS = {
    "calculate": Check(cases=calculations, expected=by_python, compared=60, shrink=False),
    "counts": Check(cases=told, expected=outside, shrink=False),
    "answer_with": Check(
        cases=scripts, expected=by_states, observe=answered, show=typed_answer, compared=40, shrink=False,
        parts=("tokens", "forced", "finished", "what the model was shown last", "the number of calls of `act`"),
    ),
    "bm25": Check(cases=libraries, expected=word_by_word, bound=SCORE, shrink=False),
    "cosines": Check(cases=directions, expected=by_angles, bound=Bound(40, 1.0), shrink=False),
    "fuse": Check(cases=rankings, expected=fused, shrink=False),
    "choice_gradient": Check(
        cases=tries, expected=uphill, bound=Bound(60, 1.0, reason="a mean over the tries"), shrink=False,
        properties=(Property("the numbers add up to 0", balanced),),
    ),
}  # fmt: skip

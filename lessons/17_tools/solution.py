"""Lesson 17: write these seven functions. `python -m minirl.lessons check 17.1`
checks the first.
"""

import math
import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from minirl.lessons import implements

# ---- 17.1 ----


@implements("tools.calculate")
def calculate(text: str) -> str:
    """The value of a text such as "12 * (3 + 4)", as text. eval() is forbidden.

    The text holds whole numbers of digits 0 to 9, the signs + - * and round
    brackets; spaces may stand between them, and nothing else. Products come
    before sums and differences, and these are taken from left to right:
    9 - 3 - 2 is 4. A sign stands between two numbers or brackets, so "-3" and
    "3 4" are not arithmetic.

    For whatever is not arithmetic the result is "error: not arithmetic". No
    text raises an exception.

    calculate("2 + 3 * 4") is "14"; calculate("2 +") is "error: not arithmetic".
    """
    parts = re.findall(r"[0-9]+|[-+*()]|[^ ]", text)
    at = 0

    def factor() -> int:
        nonlocal at
        part = parts[at]
        at += 1
        if part == "(":
            value = total()
            if parts[at] != ")":
                raise ValueError
            at += 1
            return value
        if not re.fullmatch("[0-9]+", part):
            raise ValueError
        return int(part)

    def product() -> int:
        nonlocal at
        value = factor()
        while at < len(parts) and parts[at] == "*":
            at += 1
            value *= factor()
        return value

    def total() -> int:
        nonlocal at
        value = product()
        while at < len(parts) and parts[at] in ("+", "-"):
            sign = 1 if parts[at] == "+" else -1
            at += 1
            value += sign * product()
        return value

    try:
        value = total()
    except (ValueError, IndexError):
        return "error: not arithmetic"
    return str(value) if at == len(parts) else "error: not arithmetic"


# ---- 17.2 ----

RESULT, END_RESULT = "<|result|>", "<|/result|>"


@implements("data.marked")
def counts(pieces: Sequence[str]) -> list[float]:
    """For each piece of a solution, how much it counts in the loss: 1.0 for
    what the model has to write, 0.0 for what a tool gives back.

    A piece is a text or a mark. From RESULT to the next END_RESULT, both of
    them included, the tool speaks.

    counts([" 2 * 3 is", "<|tool|>", "calculator 2 * 3", "<|/tool|>",
    "<|result|>", "6", "<|/result|>", " 6."]) is
    [1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 1.0].
    """
    weights, given = [], False
    for piece in pieces:
        given = given or piece == RESULT
        weights.append(0.0 if given else 1.0)
        given = given and piece != END_RESULT
    return weights


# ---- 17.3 ----

Tokens = list[int]


class Marks(NamedTuple):
    """The tokens that are marks. (Complete.)"""

    end: int  # the answer ends
    call: int  # a call begins
    end_call: int  # a call ends
    result: int  # a result begins
    end_result: int  # a result ends


@implements("rl.answer_with")
def answer_with(
    act: Callable[[Tokens], int],
    call: Callable[[Tokens], Tokens],
    prompt: Tokens,
    limit: int,
    marks: Marks,
) -> tuple[Tokens, list[bool], bool]:
    """One answer with a tool: (tokens, forced, finished).

    tokens: all tokens after the prompt. forced: for each of them, whether the
    environment put it there. finished: whether the model ended by itself.

    act(all tokens so far, the prompt included) chooses the next token. After
    each token that was chosen, go through these rules, in this order:

    1. A mark in the wrong place ends the answer, and it is not finished: `call`
       inside a call; `end_call` or `result` or `end_result` outside of one;
       `result`, `end_result` or `end` inside a call.
    2. `end` ends the answer, and it is finished.
    3. If `limit` tokens have been chosen, the answer is cut off: not finished.
       Forced tokens do not count.
    4. If the token is `end_call`, the call is over. call(argument) gives the
       result; the argument is the list of tokens between `call` and `end_call`.
       The environment puts `result`, the result's tokens and `end_result`
       after it, all of them forced.
    """
    tokens: Tokens = []
    forced: list[bool] = []
    begun = None  # where the argument begins
    chosen = 0
    while True:
        token = act([*prompt, *tokens])
        tokens.append(token)
        forced.append(False)
        chosen += 1
        inside = begun is not None
        wrong = {marks.call, marks.result, marks.end_result, marks.end} if inside else {
            marks.end_call, marks.result, marks.end_result
        }  # fmt: skip
        if token in wrong:
            return tokens, forced, False
        if token == marks.end:
            return tokens, forced, True
        if chosen == limit:
            return tokens, forced, False
        if token == marks.call:
            begun = len(tokens)
        if token == marks.end_call:
            result = [marks.result, *call(tokens[begun:-1]), marks.end_result]
            tokens += result
            forced += [True] * len(result)
            begun = None


# ---- 17.4 ----


@implements("retrieval.scores")
def bm25(query: Sequence[str], passages: Sequence[Sequence[str]]) -> list[float]:
    """How well each passage fits a query. Both are lists of words.

    The score of a passage is the sum, over the words of the query, of

        idf · tf / (tf + 1.2 · (0.25 + 0.75 · length / mean length))
        idf = log(1 + (N - n + 0.5) / (n + 0.5))

    tf: how often the passage has the word. n: how many passages have it. N: how
    many passages there are. length: the number of words of the passage; the
    mean length is that of all passages. A word that the query has twice counts
    twice. There is at least one passage, and one of them has a word.

    bm25(["sun"], [["the", "sun"], ["the", "moon"]]) is about [0.3151, 0.0].
    """
    mean = sum(map(len, passages)) / len(passages)
    scores = [0.0] * len(passages)
    for word in query:
        times = [list(passage).count(word) for passage in passages]
        n = sum(tf > 0 for tf in times)
        idf = math.log(1 + (len(passages) - n + 0.5) / (n + 0.5))
        for i, tf in enumerate(times):
            if tf:
                scores[i] += idf * tf / (tf + 1.2 * (0.25 + 0.75 * len(passages[i]) / mean))
    return scores


# ---- 17.5 ----


def cosines(query: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """The cosine of the angle between a query's vector (C,) and each of n
    vectors (n, C): (n,). It is the product of two vectors, divided by the
    length of each. A length is the root of the sum of squares.

    cosines(np.array([1.0, 0.0]), np.array([[2.0, 0.0], [1.0, 1.0]])) is about
    array([1.0, 0.7071]).
    """
    return vectors @ query / (np.sqrt((vectors**2).sum(axis=1)) * np.sqrt((query**2).sum()))


# ---- 17.6 ----


@implements("retrieval.fuse")
def fuse(rankings: Sequence[Sequence[int]]) -> list[int]:
    """One ranking out of several: the numbers of all passages that occur in any
    of them, the best first.

    Each ranking lists passages by number, the best first. A passage gets
    1 / (60 + rank) from each ranking that has it, where the first has rank 1.
    The sum is its score. Of equal scores, the lower number comes first.

    fuse([[7, 3, 5], [5, 7, 9]]) is [7, 5, 3, 9].
    """
    scores: dict[int, float] = {}
    for ranking in rankings:
        for rank, passage in enumerate(ranking, start=1):
            scores[passage] = scores.get(passage, 0.0) + 1 / (60 + rank)
    return sorted(scores, key=lambda passage: (-scores[passage], passage))


# ---- 17.7 ----


def choice_gradient(theta: np.ndarray, chosen: np.ndarray, rewards: np.ndarray) -> np.ndarray:
    """The direction in which the expected reward rises, estimated from n tries.

    theta: (K,) the logits of K choices; their softmax is the policy pi. chosen:
    (n,) which choice each try made. rewards: (n,) what each was paid, n >= 2.
    Returns (K,): the mean over the tries of

        A · (e - pi)

    e has a 1 at the choice of the try, and 0 elsewhere: this is the gradient of
    log pi(choice). A is the try's reward minus the mean reward of the other
    tries.

    choice_gradient(np.zeros(2), np.array([0, 1]), np.array([1.0, 0.0])) is
    array([0.5, -0.5]).
    """
    n = len(rewards)
    advantages = rewards - (rewards.sum() - rewards) / (n - 1)
    weights = np.exp(theta - theta.max())
    pi = weights / weights.sum()
    return (advantages[:, None] * (np.eye(len(theta))[chosen] - pi)).mean(axis=0)

"""Judges that understand nothing: what a reward model has to beat before its accuracy means anything.

longer     the longer answer wins
surface    a Bradley-Terry model of eight counts: words, characters, sentences, digits, capitals, line breaks,
           different words, words of the prompt
"""

import re
from collections.abc import Callable, Sequence

import numpy as np

from minirl.autograd import Array
from minirl.preferences.pair import Pair

Score = Callable[[str, str], float]
"""(prompt, answer) -> how good the answer is."""

RIDGE = 1.0  # the weights' prior precision, in units of standardised features
STEPS = 25  # of Newton's method, which needs fewer


def length(prompt: str, answer: str) -> float:
    """The number of characters: with it, the longer answer wins."""
    return float(len(answer.strip()))


def accuracy(score: Score, pairs: Sequence[Pair]) -> float:
    """The share of pairs whose better answer gets the higher score. Equal scores count one half. Ties are left out.

    Raises ValueError where all pairs are ties.
    """
    decided = [pair for pair in pairs if not pair.tie]
    if not decided:
        raise ValueError("accuracy: there is no pair with a winner")
    margins = [score(pair.prompt, pair.chosen) - score(pair.prompt, pair.rejected) for pair in decided]
    return float(np.mean([0.5 + 0.5 * np.sign(margin) for margin in margins]))


def features(prompt: str, answer: str) -> Array:
    """(8,) float64: the logarithms of counts, which do not look at what is said."""
    words = re.findall(r"\w+", answer.casefold())
    asked = set(re.findall(r"\w+", prompt.casefold()))
    counts = [
        len(words), len(answer), len(re.findall(r"[.!?]", answer)), sum(map(str.isdigit, answer)),
        sum(map(str.isupper, answer)), answer.count("\n"), len(set(words)), sum(word in asked for word in words),
    ]  # fmt: skip
    return np.log1p(np.array(counts, np.float64))


def surface_judge(pairs: Sequence[Pair]) -> Score:
    """Fit the Bradley-Terry model -log sigmoid(w . (f(chosen) - f(rejected))) to the pairs, with a ridge, by Newton's
    method; a tie counts as half a win for each. Returns its score of an answer."""
    differences = np.array([features(p.prompt, p.chosen) - features(p.prompt, p.rejected) for p in pairs])
    scale = np.sqrt((differences**2).mean(axis=0)) + 1e-9
    x = differences / scale
    wanted = np.array([0.5 if pair.tie else 1.0 for pair in pairs])
    w = np.zeros(x.shape[1])
    for _ in range(STEPS):
        p = 1 / (1 + np.exp(-(x @ w)))
        gradient = x.T @ (p - wanted) + RIDGE * w
        hessian = (x * (p * (1 - p))[:, None]).T @ x + RIDGE * np.eye(len(w))
        w -= np.linalg.solve(hessian, gradient)
    weights = w / scale
    return lambda prompt, answer: float(features(prompt, answer) @ weights)

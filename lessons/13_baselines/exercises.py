"""Lesson 13: write these six functions. `python -m minirl.lessons check 13.1`
checks the first.

A policy-gradient estimate from n episodes of one problem is the mean of A · g:
A is the advantage of an episode, g the gradient of its log-probability. The
rewards are 0 and 1, and the advantages depend on the n rewards alone. So three
things are known of a single episode, each for the rewards r = 0 and r = 1:

    probability[r]   the probability of this reward
    mean[r]          E[g 1(R = r)]: g, averaged over all episodes, with 0 in
                     place of g where the reward is another one
    square[r]        E[|g|² 1(R = r)]: the same for the squared length of g
"""

import itertools
import math
from collections.abc import Callable, Sequence

import numpy as np

from minirl.lessons import implements

Advantage = Callable[[np.ndarray], np.ndarray]  # (1, n) rewards -> (1, n)

# ---- 13.1 ----


def best_baseline(square: np.ndarray) -> float:
    """The constant b for which E[(R - b)² |g|²] is smallest, for a single
    episode with the rewards 0 and 1.

    square: (2,) see above.

    best_baseline(np.array([3.0, 1.0])) is 0.25.
    """
    raise NotImplementedError("write best_baseline")


# ---- 13.2 ----


def exact_mean(
    advantage: Advantage,
    probability: np.ndarray,
    mean: np.ndarray,
    n: int,
) -> np.ndarray:
    """E[A_1 g_1], the mean of the estimate: a sum over all 2^n vectors of
    rewards.

    advantage: turns rewards of shape (1, n) into advantages of this shape.
    probability: (2,). mean: (2, parameters). Returns (parameters,).

    For plain(r) = r, probability [0.5, 0.5] and mean [[-0.25], [0.25]],
    exact_mean(plain, probability, mean, 3) is [0.25].
    """
    raise NotImplementedError("write exact_mean")


# ---- 13.3 ----


def exact_variance(
    advantage: Advantage,
    probability: np.ndarray,
    mean: np.ndarray,
    square: np.ndarray,
    n: int,
) -> float:
    """The variance of the estimate, E[|estimate|²] - |E[estimate]|², which is

        E[A_1² |g_1|²] / n + (n - 1) / n · E[A_1 A_2 g_1·g_2] - |E[A_1 g_1]|²

    For plain(r) = r, probability [0.5, 0.5], mean [[-0.25], [0.25]] and square
    [0.125, 0.125] it is 0.0625 for n = 1 and 0.03125 for n = 2.
    """
    raise NotImplementedError("write exact_variance")


# ---- 13.4 ----


@implements("rl.group_normalised")
def group_normalised(rewards: np.ndarray) -> np.ndarray:
    """The rewards minus the mean of their row, divided by the standard
    deviation of their row. Where all rewards of a row are equal, 0: for three
    times 0.1 as for three times 1.

    rewards: (P, S) float64, S samples of each of P problems. The standard
    deviation is the root of the mean of the squared distances from the mean
    (divided by S, and not by S - 1). Nothing is added to it. Returns (P, S).

    group_normalised(np.array([[1.0, 0.0], [1.0, 1.0]])) is
    array([[1.0, -1.0], [0.0, 0.0]]).
    """
    raise NotImplementedError("write group_normalised")


# ---- 13.5 ----


def chance_informative(p: float, n: int) -> float:
    """The probability that n answers to a problem are not all right and not
    all wrong. Each is right with probability p, whatever the others are.

    chance_informative(0.5, 2) is 0.5.
    """
    raise NotImplementedError("write chance_informative")


# ---- 13.6 ----


def verdict(first: Sequence[float], second: Sequence[float], t: float) -> str:
    """What runs of two methods show: "first", "second" or "not shown".

    first[i] and second[i] are results with the same seed; there are two seeds
    or more. Take the differences, first[i] - second[i], and their mean. Its
    standard error is the standard deviation of the differences (with n - 1),
    divided by the root of n. If mean ± t · standard error contains 0, nothing
    is shown. Otherwise the method with the higher results is better.

    verdict([0.9, 0.8], [0.5, 0.5], 2.0) is "first": 0.35 ± 0.1.
    """
    raise NotImplementedError("write verdict")

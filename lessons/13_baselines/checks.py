"""What is tried with the exercises of lesson 13, and what must come out. The oracle of the sums is minirl's own."""

import math
import statistics

import numpy as np

from minirl.lessons.check import Check, Property
from minirl.lessons.compare import Bound
from minirl.rl.advantage import KINDS
from minirl.rl.exact import OneEpisode, exact_moments

SUMS = Bound(200, 1.0, reason="a sum over all vectors of rewards")


def own_mean(rewards):
    return rewards - rewards.mean(axis=1, keepdims=True)


WAYS = {"plain": KINDS["plain"], "own_mean": own_mean, "leave_one_out": KINDS["leave_one_out"]}


def lengths(rng):
    """(square,)"""
    yield (np.array([1.0, 1.0]),)
    yield (np.array([3.0, 1.0]),)
    yield (np.array([0.0, 2.0]),)
    for _ in range(8):
        yield (np.round(rng.uniform(0.1, 4, 2), 1),)


def by_search(square):
    """The minimum of a parabola, from its values at three places."""
    at = [(1 - b) ** 2 * float(square[1]) + b**2 * float(square[0]) for b in (-1.0, 0.0, 1.0)]
    return (at[0] - at[2]) / (2 * (at[0] - 2 * at[1] + at[2]))


def single_episodes(rng):
    """(probability, mean, square)"""
    yield np.array([0.5, 0.5]), np.array([[-0.25], [0.25]]), np.array([0.125, 0.125])
    yield np.array([0.75, 0.25]), np.array([[-0.1, 0.2], [0.3, 0.1]]), np.array([0.4, 0.6])
    for _ in range(3):
        p = round(float(rng.uniform(0.2, 0.8)), 1)
        mean = np.round(rng.normal(size=(2, int(rng.integers(1, 3)))), 1)
        yield np.array([1 - p, p]), mean, np.round((mean * mean).sum(axis=1) + rng.uniform(0.5, 2, 2), 1)


def means(rng):
    """(way, probability, mean, n)"""
    for i, (probability, mean, _) in enumerate(single_episodes(rng)):
        for n, way in ((1, "plain"), (2, "plain"), (2, "own_mean"), (2, "leave_one_out"), (3, "own_mean"),
                       (4, "leave_one_out")):  # fmt: skip
            if i < 2 or n > 2:
                yield way, probability, mean, n


def variances(rng):
    """(way, probability, mean, square, n)"""
    for i, (probability, mean, square) in enumerate(single_episodes(rng)):
        for n, way in ((1, "plain"), (2, "plain"), (2, "own_mean"), (3, "plain"), (3, "leave_one_out"),
                       (4, "own_mean")):  # fmt: skip
            if i < 2 or n > 2:
                yield way, probability, mean, square, n


def true_mean(way, probability, mean, n):
    return exact_moments(WAYS[way], OneEpisode(probability, mean, np.ones(2)), n).mean


def true_variance(way, probability, mean, square, n):
    return exact_moments(WAYS[way], OneEpisode(probability, mean, square), n).variance


def shown(name):
    def call(way, *others):
        typed = ", ".join(f"np.array({x.tolist()})" if isinstance(x, np.ndarray) else repr(x) for x in others)
        return f"{name}({way}, {typed})"

    return call


def groups(rng):
    """(rewards,)"""
    yield (np.array([[1.0, 0.0]]),)
    yield (np.array([[1.0, 1.0]]),)
    yield (np.array([[1.0, 0.0, 0.0]]),)
    yield (np.array([[1.0, 0.0], [1.0, 1.0]]),)
    yield (np.array([[1.0, 0.0, 0.0], [1.0, 1.0, 0.0]]),)
    yield (np.array([[0.1, 0.1, 0.1]]),)
    yield (np.array([[0.7] * 6, [0.2, 0.2, 0.7, 0.7, 0.7, 0.7]]),)
    for _ in range(8):
        yield (rng.integers(0, 2, (int(rng.integers(1, 4)), int(rng.integers(2, 6)))).astype(float),)


def row_by_row(rewards):
    out = np.zeros(rewards.shape)
    for p, row in enumerate(rewards.tolist()):
        spread = statistics.pstdev(row)
        if spread > 0:
            out[p] = [(r - math.fsum(row) / len(row)) / spread for r in row]
    return out


def chances(rng):
    """(p, n)"""
    yield 0.5, 2
    yield 0.0, 2
    yield 1.0, 3
    yield 0.5, 1
    yield 0.25, 3
    for _ in range(8):
        yield round(float(rng.uniform(0.05, 0.95)), 2), int(rng.integers(2, 9))


def counted(p, n):
    """The probabilities of 1 to n - 1 right answers, added up."""
    return math.fsum(math.comb(n, k) * p**k * (1 - p) ** (n - k) for k in range(1, n))


def comparisons(rng):
    """(first, second, t)"""
    yield [0.9, 0.8], [0.5, 0.5], 2.0
    yield [0.5, 0.5], [0.9, 0.8], 2.0
    yield [0.6, 0.4], [0.5, 0.5], 2.0
    yield [0.5, 0.9], [0.4, 0.8], 2.0  # pairs agree, although the runs differ
    yield [0.7, 0.5], [0.5, 0.4], 3.5  # with n in place of n - 1 it would be shown
    yield [0.75, 0.5, 0.5, 0.75], [0.5, 0.5, 0.25, 0.5], 2.5
    yield [0.6, 0.4, 0.6, 0.5], [0.4, 0.4, 0.5, 0.4], 2.0
    yield [0.5, 0.5], [0.5, 0.5], 2.0  # the interval is 0 to 0, and contains 0
    yield [0.9, 0.6], [0.5, 0.5], 2.0  # 1.67 standard errors
    yield [0.55, 0.65, 0.75], [0.5, 0.5, 0.5], 4.303  # 2.6 standard errors
    for _ in range(8):
        n = int(rng.integers(2, 6))
        first = np.round(rng.uniform(0.3, 0.9, n), 2)
        second = np.round(first - rng.choice([0.1, -0.1, 0.0]) - rng.normal(0, 0.08, n), 2)
        yield first.tolist(), second.tolist(), 2.5


def true_verdict(first, second, t):
    differences = [a - b for a, b in zip(first, second, strict=True)]
    middle = statistics.fmean(differences)
    reach = t * statistics.stdev(differences) / math.sqrt(len(differences))
    if middle - reach <= 0 <= middle + reach:
        return "not shown"
    return "first" if middle > 0 else "second"


CHECKS = {
    "best_baseline": Check(cases=lengths, expected=by_search, bound=Bound(20, 1.0), shrink=False),
    "exact_mean": Check(
        cases=means,
        expected=true_mean,
        given=lambda way, *others: (WAYS[way], *others),
        show=shown("exact_mean"),
        bound=SUMS,
        shrink=False,
    ),
    "exact_variance": Check(
        cases=variances,
        expected=true_variance,
        given=lambda way, *others: (WAYS[way], *others),
        show=shown("exact_variance"),
        bound=SUMS,
        shrink=False,
    ),
    "group_normalised": Check(
        cases=groups,
        expected=row_by_row,
        bound=Bound(20, 1.0, reason="a mean, a root and a division"),
        properties=(
            Property(
                "the advantages of each problem add up to 0", lambda call, r: np.abs(call(r).sum(axis=1)).max() < 1e-9
            ),
        ),
        only=lambda r: r.shape[1] >= 2,
    ),
    "chance_informative": Check(cases=chances, expected=counted, bound=Bound(20, 1.0), shrink=False),
    "verdict": Check(cases=comparisons, expected=true_verdict, shrink=False),
}

"""What is tried with the exercises of lesson 15, and what must come out."""

import itertools
import math

import numpy as np

from minirl.lessons.check import Check, Property
from minirl.lessons.compare import Bound

KINDS = ("k1", "k2", "k3")


# ---- 15.1 ----


def ratios(rng):
    """(log_q, kind)"""
    for kind in KINDS:
        yield np.array([0.0]), kind
        yield np.array([1.0]), kind
        yield np.array([-1.0]), kind
        yield np.array([0.5, -2.0, 3.0]), kind
    for kind in KINDS * 3:
        yield np.round(rng.normal(0, 1.5, int(rng.integers(1, 5))), 1), kind


def one_by_one(log_q, kind):
    """Each number by its formula, with q itself."""
    found = []
    for x in np.asarray(log_q).tolist():
        q = math.exp(x)
        found.append({"k1": -x, "k2": 0.5 * x * x, "k3": (q - 1) - x}[kind])
    return np.array(found)


# ---- 15.2 ----


def policies(rng):
    """(z, log_ref, kind)"""
    for kind in ("k3", "k2", "k1"):
        yield np.zeros(2), np.log(np.array([0.25, 0.75])), kind
        yield np.array([1.0, 0.0]), np.log(np.array([0.5, 0.5])), kind
        yield np.array([0.0, 1.0, -1.0]), np.log(np.array([0.5, 0.25, 0.25])), kind
    for kind in KINDS * 3:
        ref = rng.dirichlet(np.ones(int(rng.integers(2, 5)))).round(2) + 0.01
        yield np.round(rng.normal(size=len(ref)), 1), np.log(ref / ref.sum()), kind


def softmax(z):
    p = [math.exp(x) for x in z]
    return [x / math.fsum(p) for x in p]


def known_gradient(z, log_ref, kind):
    """What the theory says: nothing, the gradient of KL(π || π₀), the gradient of KL(π₀ || π)."""
    pi, ref = softmax(z.tolist()), softmax(log_ref.tolist())
    if kind == "k1":
        return np.zeros(len(pi))
    if kind == "k3":
        return np.array([p - r for p, r in zip(pi, ref, strict=True)])
    apart = [math.log(p / r) for p, r in zip(pi, ref, strict=True)]
    whole = math.fsum(p * x for p, x in zip(pi, apart, strict=True))
    return np.array([p * (x - whole) for p, x in zip(pi, apart, strict=True)])


# ---- 15.3 ----


def actions(rng):
    """(ratio, A, eps)"""
    for ratio in (1.0, 1.5, 0.5):
        for A in (2.0, -2.0, 0.0):
            yield np.array([ratio]), np.array([A]), 0.2
    yield np.array([1.15, 0.88]), np.array([1.0, -1.0]), 0.1
    yield np.array([1.15, 0.88]), np.array([1.0, -1.0]), 0.2
    yield np.array([0.82]), np.array([-1.0]), 0.2
    yield np.array([0.75]), np.array([-1.0]), 0.3
    for _ in range(8):
        n, eps = int(rng.integers(1, 6)), float(rng.choice([0.1, 0.2, 0.3]))
        yield np.round(rng.uniform(0.3, 1.9, n), 1) + 0.05, np.round(rng.normal(size=n), 1), eps


def smaller_product(ratio, A, eps):
    """By the definition: where the clipped product is the smaller one, it does not change with the ratio."""
    found = np.zeros(len(ratio))
    for i, (r, a) in enumerate(zip(np.asarray(ratio).tolist(), np.asarray(A).tolist(), strict=True)):
        clipped = min(max(r, 1 - eps), 1 + eps)
        found[i] = r * a if r * a <= clipped * a else 0.0
    return found


# ---- 15.4 ----


def told(rng):
    """(rewards, values, chosen, gamma, lam)"""
    all_chosen = np.array([True, True])
    yield np.array([1.0]), np.array([0.0]), np.array([True]), 1.0, 1.0
    yield np.array([1.0]), np.array([0.4]), np.array([True]), 1.0, 1.0
    for gamma, lam in ((1.0, 1.0), (1.0, 0.0), (1.0, 0.5), (0.5, 1.0), (0.5, 0.5)):
        yield np.array([0.0, 1.0]), np.array([0.5, 0.75]), all_chosen, gamma, lam
    yield np.array([0.25, 0.0, 1.0]), np.array([0.5, 0.25, 0.75]), np.array([True, True, True]), 0.5, 0.5
    yield np.array([0.0, 0.0, 1.0]), np.array([0.5, 9.0, 0.75]), np.array([True, False, True]), 1.0, 1.0
    yield np.array([0.0, 0.0, 1.0]), np.array([0.5, 9.0, 0.75]), np.array([True, False, True]), 1.0, 0.0
    yield np.array([0.0, 0.0, 1.0]), np.array([0.5, 9.0, 0.75]), np.array([True, False, True]), 0.5, 0.5
    yield np.array([0.0, 1.0]), np.array([0.5, 9.0]), np.array([True, False]), 1.0, 0.5
    yield np.array([0.5, 0.0, 1.0]), np.array([0.5, 0.25, 9.0]), np.array([True, True, False]), 0.5, 0.5
    for _ in range(14):
        n = int(rng.integers(2, 7))
        chosen = rng.random(n) < 0.7
        chosen[0] = True
        rewards = np.round(rng.normal(0, 0.3, n) * (rng.random(n) < 0.5), 1)
        yield rewards, np.round(rng.uniform(0, 1, n), 1), chosen, *rng.choice([0.5, 0.9, 1.0], 2).tolist()


def sum_of_deltas(rewards, values, chosen, gamma, lam):
    """The sum over all later deltas, for the actions alone."""
    places = np.flatnonzero(chosen).tolist()
    ends = [*places[1:], len(rewards)]
    paid = [math.fsum(rewards[a:b].tolist()) for a, b in zip(places, ends, strict=True)]
    V = [*(float(values[place]) for place in places), 0.0]
    delta = [r + gamma * V[i + 1] - V[i] for i, r in enumerate(paid)]
    found = np.zeros(len(rewards))
    for i, place in enumerate(places):
        found[place] = math.fsum((gamma * lam) ** (j - i) * delta[j] for j in range(i, len(delta)))
    return found


# ---- 15.5 ----


def errors(rng):
    """(values, returns)"""
    yield np.array([1.0]), np.array([0.0])
    yield np.array([0.0]), np.array([1.0])
    yield np.array([0.5, 0.5]), np.array([0.5, 0.0])
    for _ in range(8):
        n = int(rng.integers(1, 5))
        yield np.round(rng.normal(size=n), 1), rng.integers(0, 2, n).astype(float)


def squares(values, returns):
    pairs = list(zip(np.asarray(values).tolist(), np.asarray(returns).tolist(), strict=True))
    return math.fsum((v - g) ** 2 / 2 for v, g in pairs), np.array([v - g for v, g in pairs])


# ---- 15.6 ----


def contests(rng):
    """(chosen, rejected, weights)"""
    one = np.array([1.0])
    yield np.array([0.0]), np.array([0.0]), one
    yield np.array([2.0]), np.array([0.0]), one
    yield np.array([0.0]), np.array([2.0]), one
    yield np.array([5.0]), np.array([4.0]), one
    yield np.array([1.0, 0.0]), np.array([0.0, 3.0]), np.array([0.5, 0.25])
    yield np.array([0.0]), np.array([1000.0]), one
    yield np.array([1000.0]), np.array([0.0]), one
    for _ in range(8):
        n = int(rng.integers(1, 5))
        yield np.round(rng.normal(0, 2, n), 1), np.round(rng.normal(0, 2, n), 1), np.round(rng.uniform(0.1, 1, n), 2)


def by_cases(chosen, rejected, weights):
    """-log sigmoid(x), from whichever of e^x and e^-x is not huge."""
    losses, gradient = [], []
    for better, worse, weight in zip(*(np.asarray(x).tolist() for x in (chosen, rejected, weights)), strict=True):
        x = better - worse
        other = 1 / (1 + math.exp(x)) if x < 30 else math.exp(-x)  # the chance of the other outcome
        losses.append(weight * (math.log1p(math.exp(-x)) if x > 0 else math.log1p(math.exp(x)) - x))
        gradient.append(-weight * other)
    return math.fsum(losses), np.array(gradient)


def of_pairs(chosen, rejected, weights):
    apart = np.abs(np.asarray(chosen) - np.asarray(rejected)) + 1
    return Bound(
        20 * len(apart), float((np.asarray(weights) * apart).sum()), reason="exponentials, and a sum over pairs"
    )


def alike(call, chosen, rejected, weights):
    """Whether 7 more for both answers of every pair changes anything."""
    loss, gradient = call(chosen, rejected, weights)
    moved, same = call(chosen + 7.0, rejected + 7.0, weights)
    return abs(moved - loss) < 1e-8 * (1 + abs(loss)) and np.abs(same - gradient).max() < 1e-8


# ---- 15.7 ----


def answers(rng):
    """(n, proxy, gold)"""
    yield 1, np.array([0.0]), np.array([1.0])
    yield 1, np.array([0.0, 1.0]), np.array([1.0, 0.0])
    yield 2, np.array([0.0, 1.0]), np.array([1.0, 0.0])
    yield 2, np.array([2.0, 1.0, 0.0]), np.array([1.0, 4.0, 1.0])
    yield 2, np.array([0.0, 1.0, 2.0]), np.array([1.0, 4.0, 1.0])
    yield 3, np.array([0.0, 1.0, 2.0, 3.0]), np.array([1.0, 0.0, 2.0, 0.5])
    yield 2, np.array([1.0, 1.0]), np.array([1.0, 0.0])
    yield 2, np.array([1.0, 0.0, 1.0]), np.array([1.0, 0.0, 0.0])
    yield 2, np.array([0.0, 1.0, 1.0]), np.array([1.0, 1.0, 0.0])
    for _ in range(14):
        N = int(rng.integers(2, 7))
        yield int(rng.integers(1, N + 1)), rng.integers(0, 6, N).astype(float), np.round(rng.uniform(0, 2, N), 1)


def every_draw(n, proxy, gold):
    """All ways to draw n of the answers, one by one."""
    found = []
    for draw in itertools.combinations(range(len(proxy)), n):
        highest = max(proxy[i] for i in draw)
        best = [float(gold[i]) for i in draw if proxy[i] == highest]
        found.append(math.fsum(best) / len(best))
    return math.fsum(found) / len(found)


CHECKS = {
    "kl_estimate": Check(cases=ratios, expected=one_by_one, bound=Bound(10, 4.0), shrink=False),
    "average_gradient": Check(
        cases=policies, expected=known_gradient, bound=Bound(60, 4.0, reason="a softmax, and a sum over actions"),
        shrink=False,
    ),
    "clipped_weights": Check(cases=actions, expected=smaller_product, bound=Bound(4), shrink=False),
    "gae": Check(
        cases=told, expected=sum_of_deltas, bound=Bound(40, 2.0, reason="a sum over all later steps"), compared=40,
        shrink=False,
    ),
    "value_loss": Check(
        cases=errors, expected=squares, parts=("the loss", "the gradient"), bound=Bound(20, 1.0), shrink=False
    ),
    "bradley_terry": Check(
        cases=contests, expected=by_cases, parts=("the loss", "the gradient"), bound=of_pairs, shrink=False,
        properties=(Property("adding 7 to both answers of a pair changes neither loss nor gradient", alike),),
    ),
    "best_of": Check(
        cases=answers, expected=every_draw, bound=Bound(60, 2.0, reason="a sum over all draws"), shrink=False
    ),
}  # fmt: skip

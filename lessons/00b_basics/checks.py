"""What is tried with the exercises of lesson 0b, and what must come out."""

import math

import numpy as np

from minirl.lessons.check import Check
from minirl.lessons.compare import Bound


def arrays(rng):
    yield (np.array([[1.0, 3.0], [5.0, 5.0]]),)
    for shape in ((1, 1), (1, 3), (3, 1), (2, 3), (4, 5)):
        yield (np.round(rng.normal(size=shape), 1),)


def by_rows(x):
    return np.array([[value - math.fsum(row) / len(row) for value in row] for row in x.tolist()])


def tables(rng):
    yield np.array([[1, 2], [3, 4]]), np.array([1, 0])
    for rows, columns in ((1, 1), (2, 3), (3, 2), (5, 4)):
        yield rng.integers(0, 90, (rows, columns)), rng.integers(0, columns, rows)


SLOPES = {  # a function as text -> its slope as text
    "lambda x: x * x": "lambda x: 2 * x",
    "lambda x: 3 * x": "lambda x: 3.0",
    "lambda x: x**3": "lambda x: 3 * x * x",
    "math.sin": "math.cos",
}


def chains(rng):
    yield "lambda x: x * x", "lambda x: 3 * x", 1.0
    yield "lambda x: x * x", "lambda x: x**3", 2.0
    yield "math.sin", "lambda x: x * x", 0.5
    for _ in range(10):
        yield str(rng.choice(list(SLOPES))), str(rng.choice(list(SLOPES))), float(np.round(rng.uniform(-2, 2), 1))


def function(text):
    return eval(text, {"math": math})


def chained(names, outer, inner, x):
    return names["chain"](function(SLOPES[outer]), function(inner), function(SLOPES[inner]), x)


def right_chain(outer, inner, x):
    u = function(inner)(x)
    return function(SLOPES[inner])(x) * function(SLOPES[outer])(u)


def lotteries(rng):
    yield np.array([0.0, 2.0]), np.array([0.5, 0.5])
    yield np.array([0.0, 100.0]), np.array([0.98, 0.02])
    for _ in range(10):
        n = int(rng.integers(2, 6))
        yield np.round(rng.normal(0, 3, n), 1), rng.dirichlet(np.ones(n))


def moments(values, p):
    pairs = list(zip(values.tolist(), p.tolist(), strict=True))
    mean = math.fsum(v * q for v, q in pairs)
    return mean, math.fsum((v - mean) ** 2 * q for v, q in pairs)


def samples(rng):
    yield ([1.0, 0.0, 1.0, 0.0],)
    yield ([2.0, 2.0],)
    for n in (3, 9, 25, 100):
        yield (np.round(rng.normal(0, 2, n), 1).tolist(),)


def right_error(values):
    mean = math.fsum(values) / len(values)
    return math.sqrt(math.fsum((value - mean) ** 2 for value in values) / len(values) / len(values))


CHECKS = {
    "centred": Check(
        cases=arrays,
        expected=by_rows,
        bound=lambda x: Bound(x.shape[1] + 1, float(np.abs(x).max()), reason="a mean over the row"),
        shrink=False,
    ),
    "picked": Check(
        cases=tables,
        expected=lambda table, columns: np.array([table[i, c] for i, c in enumerate(columns)], table.dtype),
        shrink=False,
    ),
    "chain": Check(
        cases=chains,
        expected=right_chain,
        observe=chained,
        show=lambda outer, inner, x: (
            f"chain({SLOPES[outer]}, {inner}, {SLOPES[inner]}, {x})    # the outer function is {outer}"
        ),
        bound=Bound(4, 1.0, reason="a product"),
        shrink=False,
    ),
    "mean_and_variance": Check(
        cases=lotteries,
        expected=moments,
        parts=("the mean", "the variance"),
        bound=lambda values, p: Bound(len(p) + 2, float((values**2).max()) + 1, reason="a sum over the values"),
        shrink=False,
    ),
    "standard_error": Check(
        cases=samples,
        expected=right_error,
        bound=lambda values: Bound(len(values) + 4, max(map(abs, values)), reason="sums over the samples"),
        shrink=False,
    ),
}

"""What is tried with the exercises of lesson 0, and what must come out."""

from fractions import Fraction

import numpy as np

from minirl.lessons.check import Check
from minirl.lessons.compare import Bound


def numbers(rng):
    for x in (3, 0, 1, 2, -2, 0.5, -1.5):
        yield (x,)
    for _ in range(10):
        yield (int(rng.integers(-50, 50)),)


def guesses(rng):
    for sure in (100, 80, 50, 0):
        yield sure, True
        yield sure, False
    for _ in range(10):
        yield int(rng.integers(101)), bool(rng.integers(2))


def arrays(rng):
    yield (np.array([2.0, 5.0]),)
    yield (np.array([7.0]),)
    for length in (3, 4, 10, 100):
        yield (np.round(rng.normal(0, 9, length), 1),)


CHECKS = {
    "square": Check(cases=numbers, expected=lambda x: x * x),
    "penalty": Check(
        cases=guesses,
        expected=lambda sure, right: float((Fraction(sure, 100) - int(right)) ** 2),
        bound=Bound(4, 1.0, reason="a difference and a product"),
        shrink=False,
    ),
    "last": Check(cases=arrays, expected=lambda x: x.tolist()[-1], shrink=False),
}

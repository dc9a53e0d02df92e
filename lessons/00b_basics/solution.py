"""Lesson 0b: one way to write the five functions."""

from collections.abc import Callable, Sequence

import numpy as np

# ---- 0b.1 ----


def centred(x: np.ndarray) -> np.ndarray:
    """x with the mean of each row subtracted from this row. x: (rows, columns).

    centred(np.array([[1.0, 3.0], [5.0, 5.0]])) is array([[-1., 1.], [0., 0.]]).
    """
    return x - x.mean(axis=1, keepdims=True)


# ---- 0b.2 ----


def picked(table: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """One number from each row: from row i the one in column columns[i].

    picked(np.array([[1, 2], [3, 4]]), np.array([1, 0])) is array([2, 3]).
    """
    return table[np.arange(len(table)), columns]


# ---- 0b.3 ----

Function = Callable[[float], float]


def chain(f_slope: Function, g: Function, g_slope: Function, x: float) -> float:
    """The slope of f(g(x)) at x.

    f_slope(u) is the slope of f at u. g(x) is the value of g at x, and
    g_slope(x) its slope there.

    For f = u * u and g = 3x: chain(lambda u: 2 * u, lambda x: 3 * x, lambda x:
    3.0, 1.0) is 18.0.
    """
    return f_slope(g(x)) * g_slope(x)


# ---- 0b.4 ----


def mean_and_variance(values: np.ndarray, p: np.ndarray) -> tuple[float, float]:
    """The mean of something that takes the value values[i] with probability
    p[i], and its variance: the mean of the squared distance to the mean.

    mean_and_variance(np.array([0.0, 2.0]), np.array([0.5, 0.5])) is (1.0, 1.0).
    """
    mean = float((values * p).sum())
    return mean, float(((values - mean) ** 2 * p).sum())


# ---- 0b.5 ----


def standard_error(samples: Sequence[float]) -> float:
    """How far the mean of these samples typically is from the true mean: their
    standard deviation, divided by the square root of their number. The standard
    deviation is the root of the mean squared distance to the mean, which np.std
    computes.

    standard_error([1.0, 0.0, 1.0, 0.0]) is 0.25: all samples are 0.5 away from
    their mean, and the root of 4 is 2.
    """
    return float(np.std(samples) / np.sqrt(len(samples)))

"""Accuracy with its uncertainty: how to read 8 samples for each of 500 problems.

- greedy: the share of problems solved by greedy decoding, which always takes the most likely token.
- pass@1: the share of samples that are right. pass@k: the chance that at least one of k samples is right.
- majority@k: the share of problems where the most frequent answer among k samples is right.

A share of yes-or-no outcomes gets Wilson's 95% interval; a mean of numbers gets a bootstrap interval over problems. Two
models are compared problem by problem. The intervals say how much the number would change with other problems. They do
not say how much it would change with another training run.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

Array = np.ndarray

Z = 1.959964  # the standard normal's 97.5% quantile: 95% lie within
RESAMPLES = 2000


class Estimate(NamedTuple):
    """A share in [0, 1], or another mean, and its 95% interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        """As percentages: '81.2 [77.6, 84.4]'."""
        return self.text(100)

    def text(self, scale: float = 1, sign: str = "") -> str:
        """All three numbers, multiplied by `scale`. sign "+" writes the sign of positive numbers too; 0 has none."""
        texts = [f"{scale * x:{sign}.1f}" for x in self]
        value, low, high = ("0.0" if float(text) == 0 else text for text in texts)
        return f"{value} [{low}, {high}]"


class Comparison(NamedTuple):
    """Two models, A and B, on the same problems."""

    difference: Estimate
    """A's mean minus B's mean."""
    ahead: float
    """P(A > B): the share of resamples in which A's mean is higher."""
    behind: float
    """P(B > A): the share of resamples in which B's mean is higher; in the rest both are equal."""
    wins: int
    """How many problems have A > B."""
    losses: int
    """How many problems have B > A."""


def wilson(successes: int, n: int) -> Estimate:
    """Wilson's 95% score interval for a share (Wilson 1927): unlike p +- 1.96 sqrt(p (1 - p) / n), good near 0 and 1.

    Raises ValueError where n is 0 or successes are not between 0 and n, and where one is not a whole number.
    """
    if not 0 <= successes <= n or n == 0 or successes % 1 or n % 1:
        raise ValueError(f"wilson: {successes} successes of {n}; expected 0 <= successes <= n, n > 0")
    p = successes / n
    centre = (p + Z * Z / (2 * n)) / (1 + Z * Z / n)
    half = Z * math.sqrt(p * (1 - p) / n + Z * Z / (4 * n * n)) / (1 + Z * Z / n)
    low, high = max(0.0, centre - half), min(1.0, centre + half)
    return Estimate(p, 0.0 if successes == 0 else low, 1.0 if successes == n else high)  # exact at the ends


def bootstrap(values: Sequence[float] | Array, seed: int = 0) -> Estimate:
    """The mean of `values`, one number per problem, with a 95% percentile interval: problems are drawn again with
    replacement, RESAMPLES times (Efron 1979). A single value gives an interval of no width. Raises ValueError without
    values, and for values that are not finite."""
    x = one_per_problem("bootstrap", values)
    low, high = np.quantile(resampled_means(x, seed), [0.025, 0.975])
    return Estimate(float(x.mean()), float(low), float(high))


def resampled_means(x: Array, seed: int) -> Array:
    """(RESAMPLES,) means; each is the mean of x.size values drawn from x with replacement."""
    rng = np.random.default_rng(seed)
    blocks = [x[rng.integers(0, x.size, (100, x.size))].mean(axis=1) for _ in range(RESAMPLES // 100)]
    return np.concatenate(blocks).round(12)  # sums of thirds that cancel are 0, and no tie is broken by rounding


def share(values: Sequence[float] | Array) -> Estimate:
    """The mean of `values`, one number in [0, 1] per problem: with Wilson's interval where all are 0 or 1, otherwise
    with a bootstrap interval.

    If no sample of any problem were right, the bootstrap would draw only zeros and report an interval of no width.
    Raises ValueError without values, and for values outside [0, 1].
    """
    x = one_per_problem("share", values)
    if x.min() < 0 or x.max() > 1:
        raise ValueError(f"share: the values go from {x.min():g} to {x.max():g}; expected values in [0, 1]")
    if np.isin(x, (0.0, 1.0)).all():
        return wilson(int(x.sum()), x.size)
    return bootstrap(x)


def paired_bootstrap(first: Sequence[float] | Array, second: Sequence[float] | Array, seed: int = 0) -> Comparison:
    """Compare two models by one number per problem; problems are drawn again with replacement (Efron 1979).

    Each draw keeps a problem's two numbers together. So a problem that is hard for both models cancels in the
    difference, and this finds differences that two separate intervals hide. If the two never differ the interval has no
    width; with few problems that means little.
    Raises ValueError where the two do not have equally many values, or none, or where one is not finite.
    """
    a, b = (one_per_problem("paired_bootstrap", values) for values in (first, second))
    if a.shape != b.shape:
        raise ValueError(f"paired_bootstrap: {a.size} and {b.size} values; give one a problem, in the same order")
    difference = a - b
    means = resampled_means(difference, seed)
    low, high = np.quantile(means, [0.025, 0.975])
    return Comparison(
        Estimate(float(difference.mean()), float(low), float(high)),
        ahead=float((means > 0).mean()), behind=float((means < 0).mean()),
        wins=int((difference > 0).sum()), losses=int((difference < 0).sum()),
    )  # fmt: skip


def one_per_problem(caller: str, values: Sequence[float] | Array) -> Array:
    """The values as float64, (problems,). Raises ValueError where there are none, or where one is not finite."""
    x = np.asarray(values, np.float64)
    if x.ndim != 1 or x.size == 0:
        seen = "there are no values" if x.size == 0 else f"the values have shape {x.shape}"
        raise ValueError(f"{caller}: {seen}; give one number per problem")
    if not np.isfinite(x).all():
        place = int(np.argmin(np.isfinite(x)))
        raise ValueError(f"{caller}: value {place} is {x[place]}; expected finite numbers, one per problem")
    return x


def pass_at_k(correct: int, n: int, k: int) -> float:
    """The chance that k samples drawn from these n (without replacement), `correct` of them right, include a right one:
    1 - C(n - correct, k) / C(n, k), an unbiased estimate of the chance for k fresh samples (Chen et al. 2021, eq. 1).

        >>> pass_at_k(1, 4, 2)
        0.5

    Raises ValueError for other k and other counts.
    """
    if not 1 <= k <= n or not 0 <= correct <= n or any(x % 1 for x in (correct, n, k)):
        raise ValueError(f"pass_at_k: correct={correct}, n={n}, k={k}; expected 0 <= correct <= n and 1 <= k <= n")
    return 1.0 - math.comb(int(n - correct), int(k)) / math.comb(int(n), int(k))

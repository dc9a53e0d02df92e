"""Accuracy with its uncertainty: how to read 8 samples for each of 500 problems.

- greedy: the share of problems solved by the most likely tokens.
- pass@1: the share of samples that are right. pass@k: the chance that at least one of k samples is right.
- majority@k: the share of problems where the most frequent answer among k samples is right.

A share of yes-or-no outcomes gets Wilson's 95% interval; a mean of numbers, a bootstrap interval over problems. Both
say what another draw of problems would give, not what another training run would.
"""

import math
from collections.abc import Hashable, Sequence
from typing import NamedTuple

import numpy as np

Array = np.ndarray

Z = 1.959964  # the standard normal's 97.5% quantile: 95% lie within
RESAMPLES = 2000


class Estimate(NamedTuple):
    """A share in [0, 1] and its 95% interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        """As percentages: '81.2 [77.6, 84.4]'."""
        return f"{100 * self.value:.1f} [{100 * self.low:.1f}, {100 * self.high:.1f}]"


def wilson(successes: int, n: int) -> Estimate:
    """Wilson's 95% score interval for a share (Wilson 1927): unlike p +- 1.96 sqrt(p (1 - p) / n), good near 0 and 1.

    Raises ValueError where n is 0 or successes are not between 0 and n.
    """
    if not 0 <= successes <= n or n == 0:
        raise ValueError(f"wilson: {successes} successes of {n}; expected 0 <= successes <= n, n > 0")
    p = successes / n
    centre = (p + Z * Z / (2 * n)) / (1 + Z * Z / n)
    half = Z * math.sqrt(p * (1 - p) / n + Z * Z / (4 * n * n)) / (1 + Z * Z / n)
    low, high = max(0.0, centre - half), min(1.0, centre + half)
    return Estimate(p, 0.0 if successes == 0 else low, 1.0 if successes == n else high)  # exact at the ends


def bootstrap(values: Sequence[float] | Array, seed: int = 0) -> Estimate:
    """The mean of one number a problem, with the 95% percentile interval over problems drawn again with replacement
    (Efron 1979)."""
    x = np.asarray(values, np.float64)
    if x.size == 0:
        raise ValueError("bootstrap: there are no values")
    rng = np.random.default_rng(seed)
    means = [x[rng.integers(0, x.size, x.size)].mean() for _ in range(RESAMPLES)]
    low, high = np.quantile(means, [0.025, 0.975])
    return Estimate(float(x.mean()), float(low), float(high))


def pass_at_k(correct: int, n: int, k: int) -> float:
    """The chance that k samples drawn from these n (without replacement), `correct` of them right, include a right one:
    1 - C(n - correct, k) / C(n, k), an unbiased estimate of the chance for k fresh samples (Chen et al. 2021, eq. 1).

        >>> pass_at_k(1, 4, 2)
        0.5
    """
    if not 1 <= k <= n or not 0 <= correct <= n:
        raise ValueError(f"pass_at_k: correct={correct}, n={n}, k={k}; expected 0 <= correct <= n and 1 <= k <= n")
    return 1.0 - math.comb(n - correct, k) / math.comb(n, k)


def majority(answers: Sequence[Hashable | None]) -> int | None:
    """The index of a sample that gives the most frequent answer; of equally frequent ones, the first to appear.

    None is a sample without an answer and has no vote; where nobody votes the result is None.

        >>> majority(["11", "12", None, "12"])
        1
    """
    votes: dict[Hashable, int] = {}
    for answer in answers:
        if answer is not None:
            votes[answer] = votes.get(answer, 0) + 1
    if not votes:
        return None
    return answers.index(max(votes, key=votes.__getitem__))

"""The exact bias and variance of a policy gradient, for any way to compute advantages: no sampling, no error bars.

A policy-gradient estimate from n episodes of one prompt is

    estimate = 1/n sum_i A_i g_i        g_i = grad log p(tau_i), the gradient of episode i's log-probability

where the advantages A = f(R_1, ..., R_n) depend on all rewards. Its mean and variance are sums over all ways in which
n episodes can turn out, which are far too many. But rewards are 0 or 1, and A depends on the rewards alone. So it is
enough to know, for each reward r, three things about a *single* episode:

    P(R = r)        E[g 1(R = r)]        E[|g|^2 1(R = r)]

Episodes are independent. The mean of A_1 g_1 is then a sum over the 2^n vectors of rewards, each with the advantage
that f gives it. The second moment needs, besides, the mean of A_1 A_2 g_1 . g_2, which is such a sum too:

    E[A_1 g_1]          = sum_r f_1(r) P(r_2) ... P(r_n) m(r_1)                       m(r) = E[g 1(R = r)]
    E[A_1^2 |g_1|^2]    = sum_r f_1(r)^2 P(r_2) ... P(r_n) s(r_1)                     s(r) = E[|g|^2 1(R = r)]
    E[A_1 A_2 g_1 . g_2] = sum_r f_1(r) f_2(r) P(r_3) ... P(r_n) m(r_1) . m(r_2)

For n = 8 these are 256 terms. So the theorem "a baseline that does not see its own episode adds no bias" is asserted
to twelve digits, and how much bias the standard deviation of the group adds is a number.
"""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from minirl.autograd import Array

MOST = 16  # episodes: 2^16 vectors of rewards are computed in less than a second


class OneEpisode(NamedTuple):
    """What must be known of a single episode, for the rewards 0 and 1: index r is what belongs to reward r."""

    probability: Array
    """(2,) P(R = r)."""
    mean: Array
    """(2, parameters): E[g 1(R = r)], with g = grad log p(tau)."""
    square: Array
    """(2,) E[|g|^2 1(R = r)]."""

    @property
    def gradient(self) -> Array:
        """The gradient of the expected reward, E[R g]: (parameters,)."""
        return self.mean[1]


@dataclass(frozen=True)
class Moments:
    """The mean of a policy-gradient estimate and its variance, exactly."""

    mean: Array
    """(parameters,)."""
    variance: float
    """E[|estimate - mean|^2], summed over all parameters."""
    truth: Array
    """(parameters,): the gradient of the expected reward."""

    @property
    def bias(self) -> float:
        """|mean - truth| / |truth|: 0 for an unbiased estimate."""
        return float(np.linalg.norm(self.mean - self.truth) / np.linalg.norm(self.truth))

    @property
    def scale(self) -> float:
        """|mean| / |truth|: how much longer or shorter the mean is than the gradient."""
        return float(np.linalg.norm(self.mean) / np.linalg.norm(self.truth))

    @property
    def cosine(self) -> float:
        """The cosine of the angle between the mean and the gradient: 1 where they have the same direction."""
        return float(self.mean @ self.truth / (np.linalg.norm(self.mean) * np.linalg.norm(self.truth)))

    @property
    def signal(self) -> float:
        """Signal to noise: |mean| / sqrt(variance). It does not change when all advantages are scaled."""
        return float(np.linalg.norm(self.mean) / np.sqrt(self.variance))


def one_episode(
    probabilities: Sequence[float] | Array, gradients: Array, rewards: Sequence[float] | Array
) -> OneEpisode:
    """The summary of a single episode from the list of all possible ones.

    probabilities (E,): of every possible episode. gradients (E, parameters): of its log-probability. rewards (E,): 0 or
    1.

    Raises ValueError for shapes that do not fit, probabilities that do not add up to 1, and rewards other than 0 and 1.
    """
    p, g, R = (np.asarray(x, np.float64) for x in (probabilities, gradients, rewards))
    if p.ndim != 1 or g.ndim != 2 or len(g) != len(p) or R.shape != p.shape:
        raise ValueError(
            f"one_episode: got shapes {p.shape}, {g.shape}, {R.shape}; expected (E,), (E, parameters), (E,)"
        )
    if abs(p.sum() - 1) > 1e-6:
        raise ValueError(f"one_episode: the probabilities add up to {p.sum():.6g}; list every possible episode")
    if not np.isin(R, (0, 1)).all():
        odd = R[~np.isin(R, (0, 1))][0]
        raise ValueError(f"one_episode: there is a reward of {odd:g}; the sums are over vectors of 0 and 1")
    chosen = np.stack([p * (r == R) for r in (0, 1)])  # (2, E)
    return OneEpisode(chosen.sum(axis=1), chosen @ g, chosen @ (g * g).sum(axis=1))


def exact_moments(advantage: Callable[[Array], Array], episode: OneEpisode, n: int) -> Moments:
    """The mean and the variance of 1/n sum_i A_i g_i over n independent episodes of one prompt.

    advantage: takes rewards (1, n) and returns advantages of the same shape, as the functions of advantage.py do. It
    has to treat all episodes alike: exchanging two rewards exchanges their advantages.

    Raises ValueError for n outside 1 to 16, and for an advantage of another shape.
    """
    if n < 1 or n > MOST:
        raise ValueError(f"exact_moments: n is {n}; expected 1 to {MOST}, as there are 2^n vectors of rewards")
    rewards = np.array(list(itertools.product((0, 1), repeat=n)))  # (2^n, n)
    A = np.stack([_one(advantage, row) for row in rewards.astype(np.float64)])
    p = episode.probability[rewards]  # (2^n, n): the probability of each reward
    first = rewards[:, 0]
    others = p[:, 1:].prod(axis=1)
    mean = (A[:, 0] * others) @ episode.mean[first]
    square = (A[:, 0] ** 2 * others) @ episode.square[first] / n
    if n > 1:
        inner = episode.mean @ episode.mean.T  # m(r) . m(s)
        rest = p[:, 2:].prod(axis=1)
        square += (n - 1) / n * ((A[:, 0] * A[:, 1] * rest) @ inner[first, rewards[:, 1]])
    return Moments(mean, float(square - mean @ mean), episode.gradient)


def _one(advantage: Callable[[Array], Array], rewards: Array) -> Array:
    A = np.asarray(advantage(rewards[None].copy()), np.float64)
    if A.shape != (1, len(rewards)):
        raise ValueError(f"exact_moments: the advantages have shape {A.shape}; expected {(1, len(rewards))}")
    return A[0]

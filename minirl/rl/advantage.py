"""Advantages: how much better an episode was than expected, which decides how strongly to reinforce its actions.

The policy gradient theorem (Williams 1992, REINFORCE) says that the gradient of the expected reward is

    grad E[R] = E[(R - b) sum_t grad log pi(a_t | s_t)]

for any baseline b that does not depend on the actions of that episode, because E[grad log pi] = 0. The baseline does
not change the mean of the estimate, only its variance. Take R in {0, 1}. Without a baseline only correct episodes have
a gradient, and each makes its actions likelier. With the problem's success rate as baseline, surprising episodes have
the largest weight, and expected ones almost none.

Each function takes rewards (P, S), S samples of each of P problems, and returns advantages (P, S). Where a baseline is
subtracted and all rewards are equal, the advantages are exactly 0. Equal means equal up to rounding: the mean of three
times 0.1 is not quite 0.1, and a division by the standard deviation would blow this difference up to 1.
"""

from collections.abc import Callable

import numpy as np

from minirl.autograd import Array

ROUNDING = (
    8 * 2.0**-52
)  # rewards that differ by less, relative to their size, count as equal: a few units in the last place
LARGEST = 1e150  # the most that a reward may be


def plain(rewards: Array) -> Array:
    """A = R. Unbiased. With R in {0, 1} this imitates the correct samples."""
    return rewards.copy()


def batch_mean(rewards: Array) -> Array:
    """A = R - mean of all P S rewards.

    The mean contains the episode's own reward. This multiplies the expected gradient by 1 - 1 / (P S), but does not
    change its direction. The baseline ignores how hard each problem is.
    """
    return _centred(rewards, None)


def leave_one_out(rewards: Array) -> Array:
    """A_i = R_i - mean reward of the problem's other samples (Kool et al. 2019; RLOO, Ahmadian et al. 2024).

    Unbiased, because the other samples do not depend on this episode. Equal to (R - group mean) S / (S - 1).
    Raises ValueError for S < 2.
    """
    S = _at_least_two("leave_one_out", rewards)
    return _centred(rewards, 1) * (S / (S - 1))


def group_normalised(rewards: Array) -> Array:
    """A = (R - group mean) / group standard deviation (GRPO, Shao et al. 2024); 0 where a group's rewards are equal.

    Biased: the division gives problems that are almost always, or almost never, solved more weight than they have in
    the expected reward. Raises ValueError for S < 2.
    """
    _at_least_two("group_normalised", rewards)
    centred = _centred(rewards, 1)
    exponent = np.frexp(np.abs(centred).max(axis=1, keepdims=True))[1]
    centred = np.ldexp(centred, -exponent)  # so that no square is too large or too small for a float
    spread = centred.std(axis=1, keepdims=True)
    return np.divide(centred, spread, out=np.zeros_like(rewards), where=spread > 0)


KINDS: dict[str, Callable[[Array], Array]] = {
    "plain": plain,
    "batch_mean": batch_mean,
    "leave_one_out": leave_one_out,
    "group_normalised": group_normalised,
}


def advantages(rewards: Array, kind: str) -> Array:
    """The advantages (P, S) of rewards (P, S): `kind` is one of KINDS.

    Raises ValueError for another kind or shape, and for a reward that is NaN or infinite.
    """
    if kind not in KINDS:
        raise ValueError(f"advantages: no kind {kind!r}; use one of {', '.join(map(repr, KINDS))}")
    rewards = np.asarray(rewards, np.float64)
    if rewards.ndim != 2 or rewards.size == 0:
        raise ValueError(f"advantages: rewards have shape {rewards.shape}; expected (P problems, S samples)")
    check_finite(rewards)
    return KINDS[kind](rewards)


def check_finite(rewards: Array) -> None:
    """Raise ValueError naming the first reward (P, S) that is NaN, infinite or so large that sums could overflow."""
    bad = np.argwhere(~(np.abs(rewards) <= LARGEST))
    if bad.size:
        p, s = bad[0]
        raise ValueError(
            f"advantages: the reward of problem {p}, sample {s}, is {rewards[p, s]}; expected a finite number, at most "
            f"{LARGEST:g} in size; look at how the checker computes it"
        )


def informative(rewards: Array) -> Array:
    """(P,) bool: whether the samples of a problem got different rewards. If all are equal, comparing them teaches
    nothing."""
    return ~_equal(rewards, 1)[:, 0]


def _centred(rewards: Array, axis: int | None) -> Array:
    """R - mean along the axis (None: of all); exactly 0 where the rewards along it are equal."""
    return np.where(_equal(rewards, axis), 0.0, rewards - rewards.mean(axis=axis, keepdims=True))


def _equal(rewards: Array, axis: int | None) -> Array:
    """Whether the rewards along the axis differ by no more than rounding, with that axis kept."""
    spread = rewards.max(axis=axis, keepdims=True) - rewards.min(axis=axis, keepdims=True)
    return spread <= ROUNDING * np.abs(rewards).max(axis=axis, keepdims=True)


def _at_least_two(kind: str, rewards: Array) -> int:
    S = rewards.shape[1]
    if S < 2:
        raise ValueError(f"advantages: {kind} compares the samples of a problem, and there is {S}; take 2 or more")
    return S

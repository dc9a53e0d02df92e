"""Lesson 15: one way to write the seven functions.

The policy is π, and π₀ is the policy from before, which π shall stay near. For
an action a that π took, log_q is log π₀(a) - log π(a), so q = π₀(a) / π(a).
"""

import math

import numpy as np

from minirl.lessons import implements

# ---- 15.1 ----


@implements("rl.kl_estimate")
def kl_estimate(log_q: np.ndarray, kind: str) -> np.ndarray:
    """Three ways to estimate KL(π || π₀) from single actions:

        k1 = -log q        k2 = (log q)² / 2        k3 = q - log q - 1

    log_q: (n,) float64, one number for each action. kind: "k1", "k2" or "k3".
    Returns (n,).

    kl_estimate(np.array([0.0, -1.0]), "k2") is array([0. , 0.5]).
    """
    if kind == "k1":
        return -log_q
    if kind == "k2":
        return log_q**2 / 2
    return np.exp(log_q) - log_q - 1


# ---- 15.2 ----


def average_gradient(z: np.ndarray, log_ref: np.ndarray, kind: str) -> np.ndarray:
    """What the gradient of an estimate is on average, without sampling:

        sum over all actions a of  π(a) * slope(a) * ∇log π(a)

    Here slope(a) is the derivative of k1, k2 or k3 with respect to log π(a),
    and ∇log π(a) is the gradient with respect to the logits z. The actions are
    samples: the factor π(a) says how often each comes up, and is not
    differentiated.

    z: (V,) logits; π = softmax(z). log_ref: (V,), log π₀. Returns (V,).

    average_gradient(np.zeros(2), np.log(np.array([0.25, 0.75])), "k3") is
    array([ 0.25, -0.25]).
    """
    log_pi = z - z.max()
    log_pi = log_pi - np.log(np.exp(log_pi).sum())
    pi, log_q = np.exp(log_pi), log_ref - log_pi
    slope = {"k1": np.ones(len(z)), "k2": -log_q, "k3": 1 - np.exp(log_q)}[kind]
    return pi * slope - pi * (pi @ slope)


# ---- 15.3 ----


@implements("rl.clipped_weights")
def clipped_weights(ratio: np.ndarray, A: np.ndarray, eps: float) -> np.ndarray:
    """The weight of each action's log π in PPO's loss: the derivative of

        min(ratio * A, clip(ratio, 1 - eps, 1 + eps) * A)

    with respect to log π, where ratio = π / π_old. This is ratio * A, or 0
    where the clipped product is the smaller one.

    ratio, A: (n,) float64. No ratio is exactly 1 - eps or 1 + eps. Returns
    (n,).

    clipped_weights(np.array([1.5, 1.5]), np.array([2.0, -2.0]), 0.2) is
    array([ 0., -3.]).
    """
    out = np.where(A > 0, ratio > 1 + eps, ratio < 1 - eps)
    return np.where(out, 0.0, ratio * A)


# ---- 15.4 ----


@implements("rl.gae")
def gae(
    rewards: np.ndarray,
    values: np.ndarray,
    chosen: np.ndarray,
    gamma: float,
    lam: float,
) -> np.ndarray:
    """The advantage of each action of an episode, 0 at forced tokens.

    For the actions, counted t = 0, 1, 2, ..., with V = 0 after the last one:

        delta_t = r_t + gamma * V_(t+1) - V_t
        A_t     = delta_t + gamma * lam * A_(t+1)

    Forced tokens, such as the result of a tool, are no actions. They take no
    time: the action before a result is followed by the action after it. What
    `values` holds at them means nothing. A reward that is paid at a forced
    token counts for the last action before it.

    rewards, values: (n,) float64, one for each token. chosen: (n,) truth
    values, True for actions; the first token is one. Returns (n,).

    gae(np.array([0.0, 1.0]), np.array([0.5, 0.8]), np.array([True, True]), 1.0,
    0.0) is array([0.3, 0.2]).
    """
    A = np.zeros(len(rewards))
    later, following, paid = 0.0, 0.0, 0.0
    for t in range(len(rewards) - 1, -1, -1):
        paid += rewards[t]
        if chosen[t]:
            later = paid + gamma * following - values[t] + gamma * lam * later
            A[t], following, paid = later, values[t], 0.0
    return A


# ---- 15.5 ----


@implements("rl.value_loss")
def value_loss(values: np.ndarray, returns: np.ndarray) -> tuple[float, np.ndarray]:
    """Half the sum of the squared errors of a value function, and the gradient
    of this loss with respect to `values`, (n,).

    value_loss(np.array([1.0, 0.5]), np.array([0.0, 0.5])) is
    (0.5, array([1., 0.])).
    """
    error = values - returns
    return float(error @ error / 2), error


# ---- 15.6 ----


@implements("rl.bradley_terry")
def bradley_terry(
    chosen: np.ndarray,
    rejected: np.ndarray,
    weights: np.ndarray,
) -> tuple[float, np.ndarray]:
    """The loss of some pairs of answers, and its gradient with respect to the
    rewards of the chosen answers, (n,):

        loss = sum of  weight * -log sigmoid(chosen - rejected)

    chosen, rejected: (n,), the rewards of the better and of the worse answer of
    each pair; their differences may be large. weights: (n,).

    bradley_terry(np.array([0.0]), np.array([0.0]), np.array([2.0])) is
    (1.386..., array([-1.])): 2 log 2, and 2 times the chance of the other
    outcome.
    """
    apart = chosen - rejected
    surprise = np.exp(-np.logaddexp(0.0, apart))  # 1 - sigmoid(apart)
    loss = float(weights @ np.logaddexp(0.0, -apart))
    return loss, -weights * surprise


# ---- 15.7 ----


def best_of(n: int, proxy: np.ndarray, gold: np.ndarray) -> float:
    """How good the answer is that the proxy likes best of n answers, on
    average over all ways to draw n different ones of these N answers.

    proxy: (N,), what the reward model says of each. gold: (N,), how good each
    is. Returns the mean gold of the answer with the highest proxy. Where
    several of the n have the highest one, one of them is taken at random.

    best_of(2, np.array([0.0, 1.0, 2.0]), np.array([1.0, 4.0, 1.0])) is 2.0:
    two of the three draws have the last answer, and one takes the middle one.
    """
    N, mean = len(proxy), 0.0
    for score in np.unique(proxy):
        below, up_to = int((proxy < score).sum()), int((proxy <= score).sum())
        ways = math.comb(up_to, n) - math.comb(below, n)
        mean += ways / math.comb(N, n) * float(gold[proxy == score].mean())
    return mean

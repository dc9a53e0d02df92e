"""Lesson 12: one way to write the seven functions.

The small agent looks only at the last token. Its parameters are a table theta
of shape (V + 1, V): row i holds the logits of the next token after token i, and
the last row, theta[-1], those of the first token. An episode is a tuple of
tokens.
"""

import math
from collections.abc import Sequence

import numpy as np

from minirl.lessons import implements

Episode = tuple[int, ...]

# ---- 12.1 ----


def all_episodes(vocab_size: int, end: int, horizon: int) -> list[Episode]:
    """Every possible episode, in any order: those that end with the token
    `end`, and those of `horizon` tokens without it. Nothing comes after the end
    token.

    all_episodes(2, 0, 2) is [(0,), (1, 0), (1, 1)], or the same in another
    order.
    """
    complete: list[Episode] = []
    growing: list[Episode] = [()]
    for _ in range(horizon):
        longer = [(*episode, token) for episode in growing for token in range(vocab_size)]
        complete += [episode for episode in longer if episode[-1] == end]
        growing = [episode for episode in longer if episode[-1] != end]
    return complete + growing


# ---- 12.2 ----


def log_prob(theta: np.ndarray, episode: Episode) -> float:
    """The logarithm of the probability that the small agent produces this
    episode: the sum of log pi of its actions.

    The first action is drawn from theta[-1], each later one from
    theta[the token before it]. Logits may be as large as 1,000, so nothing may
    overflow.

    With theta = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 2.0]]):
    log_prob(theta, (1,)) is about -0.127, from the last row.
    log_prob(theta, (1, 0)) is about -0.127 - 0.313 = -0.440: the second action
    is drawn from row 1.
    """
    total, before = 0.0, -1
    for token in episode:
        row = theta[before]
        total += row[token] - np.log(np.exp(row - row.max()).sum()) - row.max()
        before = token
    return float(total)


# ---- 12.3 ----


def expected_return(
    theta: np.ndarray,
    episodes: Sequence[Episode],
    rewards: Sequence[float],
) -> float:
    """J: the sum over all episodes of probability times reward. rewards[i]
    belongs to episodes[i].

    expected_return(np.zeros((3, 2)), [(0,), (1, 0), (1, 1)], [1.0, 0.0, 0.0])
    is 0.5, the probability of (0,).
    """
    J = 0.0
    for episode, reward in zip(episodes, rewards, strict=True):
        J += math.exp(log_prob(theta, episode)) * reward
    return J


# ---- 12.4 ----


def grad_log_prob(theta: np.ndarray, episode: Episode) -> np.ndarray:
    """The gradient of log_prob(theta, episode) with respect to theta, of
    theta's shape.

    Each action adds to one row, the row that it was drawn from: 1 at the
    action, minus softmax of the row. Logits may be as large as 1,000.

    grad_log_prob(np.zeros((3, 2)), (1, 0)) is
    array([[0., 0.], [0.5, -0.5], [-0.5, 0.5]]).
    """
    gradient, before = np.zeros_like(theta), -1
    for token in episode:
        weights = np.exp(theta[before] - theta[before].max())
        gradient[before] -= weights / weights.sum()
        gradient[before, token] += 1
        before = token
    return gradient


# ---- 12.5 ----


def policy_gradient(
    theta: np.ndarray,
    episodes: Sequence[Episode],
    rewards: Sequence[float],
) -> np.ndarray:
    """The gradient of expected_return with respect to theta, by the formula of
    REINFORCE: the sum over all episodes of probability, times reward, times
    grad_log_prob. It has theta's shape.
    """
    gradient = np.zeros_like(theta)
    for episode, reward in zip(episodes, rewards, strict=True):
        gradient += math.exp(log_prob(theta, episode)) * reward * grad_log_prob(theta, episode)
    return gradient


# ---- 12.6 ----


@implements("rl.leave_one_out")
def leave_one_out(rewards: np.ndarray) -> np.ndarray:
    """How much better each sample was than the mean of the other samples of its
    problem.

    rewards: (P, S) float64, S samples of each of P problems, S at least 2.
    Returns (P, S).

    leave_one_out(np.array([[1.0, 0.0, 0.0], [1.0, 1.0, 1.0]])) is
    array([[1.0, -0.5, -0.5], [0.0, 0.0, 0.0]]).
    """
    others = (rewards.sum(axis=1, keepdims=True) - rewards) / (rewards.shape[1] - 1)
    return rewards - others


# ---- 12.7 ----


@implements("rl.token_weights")
def token_weights(advantages: np.ndarray, is_action: np.ndarray, N: int) -> np.ndarray:
    """The weight of each token in loss = -sum of weight * log pi(token).

    advantages: (T,) for each token the advantage of its episode. is_action:
    (T,) bool, whether the agent chose this token; tokens of the prompt were not
    chosen. N: the number of actions in the whole batch. Returns (T,), in the
    dtype of the advantages.

    token_weights(np.array([0.5, 0.5, -1.0]), np.array([False, True, True]), 2)
    is array([0.0, 0.25, -0.5]).
    """
    return np.where(is_action, advantages / N, 0).astype(advantages.dtype)

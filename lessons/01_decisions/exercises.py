"""Lesson 1: write these six functions. `python -m minirl.lessons check 1.1`
checks the first.

A token is a whole number. A state is a tuple of tokens: the prompt, then every
action so far. V is the number of tokens in the vocabulary.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from minirl.lessons import implements

State = tuple[int, ...]


# ---- 1.1 ----


@implements("rl.after")
def after(state: State, action: int) -> State:
    """The state that follows when the agent takes `action` in `state`.

    after((7, 8), 3) is (7, 8, 3).
    """
    raise NotImplementedError("write after")


# ---- 1.2 ----


@implements("rl.policy")
def policy(logits: np.ndarray, temperature: float) -> np.ndarray:
    """The probability of each token as the next action:
    softmax(logits / temperature), as float64.

    logits: (V,) float64. temperature: 0 or more. At 0 the likeliest token has
    probability 1; if several logits are equally large, the first of them.

    policy(np.array([0.0, 0.0]), 1.0) is array([0.5, 0.5]).
    """
    raise NotImplementedError("write policy")


# ---- 1.3 ----


@implements("rl.draw")
def draw(pi: np.ndarray, u: float) -> int:
    """The action that the number u, between 0 and 1, picks from the policy: the
    first one at which the running sum of the probabilities is greater than u.

    pi: (V,) float64, probabilities. u: at least 0 and less than 1. If rounding
    leaves the whole sum at u or below, it is the last action whose probability
    is not 0. An action of probability 0 is never picked.

    draw(np.array([0.25, 0.75]), 0.3) is 1, since 0.25 is not greater than 0.3
    but 0.25 + 0.75 is.
    """
    raise NotImplementedError("write draw")


# ---- 1.4 ----


class Rules(NamedTuple):
    """What an environment needs to know about an episode."""

    prompt_length: int  # tokens of the prompt
    end: int  # the token with which the agent ends the episode
    limit: int  # after this many actions the episode is cut off
    is_correct: Callable[[State], bool]
    # the checker: are these actions, end token included, a right answer?


@implements("rl.step")
def step(state: State, action: int, rules: Rules) -> tuple[State, float, bool]:
    """What the environment answers to an action:
    (next state, reward, whether the episode is over).

    The episode is over when the action is the end token, and also after
    rules.limit actions. The reward is 1.0 when the agent has ended the episode
    and its actions are a right answer, and 0.0 otherwise. The actions are what
    comes after the prompt, this action included.

    With rules = Rules(prompt_length=2, end=0, limit=5, is_correct=...), where
    (3, 0) is the right answer: step((7, 8), 3, rules) is
    ((7, 8, 3), 0.0, False), and step((7, 8, 3), 0, rules) is
    ((7, 8, 3, 0), 1.0, True).
    """
    raise NotImplementedError("write step")


# ---- 1.5 ----


@implements("rl.play")
def play(
    agent: Any,
    environment: Any,
    problem: Any,
    rng: np.random.Generator,
) -> list[tuple[Any, int, float]]:
    """One episode: the list of (state, action, reward), one for each action,
    from the first to the last. The state is the one in which the action was
    chosen.

    environment.reset(problem) returns the first state. agent.act(state, rng)
    returns an action. environment.step(action) returns
    (next state, reward, whether the episode is over).

    If reset returns (7, 8), and the agent says 3 and then 0, which ends the
    episode with reward 1.0, the list is
    [((7, 8), 3, 0.0), ((7, 8, 3), 0, 1.0)].
    """
    raise NotImplementedError("write play")


# ---- 1.6 ----


def expected_reward(pi: np.ndarray, rewards: np.ndarray) -> float:
    """The average reward of an agent that takes one action, drawn from pi: the
    sum of pi[a] times rewards[a].

    pi and rewards: (V,) float64.
    expected_reward(np.array([0.25, 0.75]), np.array([1.0, 0.0])) is 0.25.
    """
    raise NotImplementedError("write expected_reward")

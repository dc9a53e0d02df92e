"""What happened in an episode, token by token: what the policy thought of each action, and what became of it.

At step t the agent was in the state s_t, held pi(. | s_t), and took the action a_t. Its surprise is -log pi(a_t | s_t),
its doubt the entropy -sum_a pi(a | s_t) log pi(a | s_t), both in nats. The reward r_t comes with the last action; the
return G_t = r_t + r_{t+1} + ... is the same at every step, and so is the advantage A, how much better the episode was
than others of the same prompt. REINFORCE gives the action the gradient A grad log pi(a_t | s_t).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from minirl.rl.advantage import advantages
from minirl.rl.mdp import Agent, Episode, State
from minirl.rl.rollout import rollout
from minirl.tasks import Problem, Task


class Choice(NamedTuple):
    """A token that the policy might have taken."""

    word: str
    probability: float
    taken: bool


class Moment(NamedTuple):
    """Step t of an episode."""

    t: int
    state: State
    choices: list[Choice]
    """The likeliest tokens, the likeliest first."""
    action: str
    """The action's own text."""
    text: str
    """What it adds to the text so far: nothing yet where it is part of a character that is not complete."""
    probability: float
    """pi(a_t | s_t), the temperature included."""
    rank: int
    """How many tokens were likelier than the action."""
    entropy: float
    """Of pi(. | s_t), nats."""
    reward: float
    forced: bool
    """Whether the token was not the agent's choice but put there."""

    @property
    def log_prob(self) -> float:
        """log pi(a_t | s_t), nats."""
        return float(np.log(max(self.probability, np.finfo(np.float32).tiny)))


@dataclass(frozen=True)
class Trace:
    """An episode, seen from close up."""

    problem: Problem
    prompt: list[str]
    """What each token of s_0 adds to the text."""
    moments: list[Moment]
    finished: bool
    """Whether the episode ended with the end token; else it was cut off."""
    rewards: list[float] | None
    """Of all episodes of the prompt, this one first; None where the right answer is not known."""
    advantage: float | None
    """Of this episode among them; None where it is not known, or there is nothing to compare with."""
    kind: str
    """How the advantage was computed; see rl/advantage.py."""

    @property
    def reward(self) -> float | None:
        """The return G_t of every step, which is the last step's reward; None where it is not known."""
        return None if self.rewards is None else self.rewards[0]

    @property
    def log_prob(self) -> float:
        """Of the whole episode, nats."""
        return sum(moment.log_prob for moment in self.moments)

    def gradient(self, moment: Moment) -> str:
        """Whether training on this episode would pull on the action, and which way."""
        if moment.forced:
            return "no gradient: the token was put there, not chosen"
        if self.advantage is None:
            return "a gradient, in an unknown direction: the advantage is not known"
        if self.advantage == 0:
            return "no gradient: the advantage is 0"
        return f"a gradient: made {'likelier' if self.advantage > 0 else 'less likely'}"

    def why_unknown(self) -> str | None:
        """What is missing where reward or advantage are not known."""
        if self.rewards is None:
            return "reward and advantage are not known, as the right answer is not: give it with --answer"
        if self.advantage is None:
            return "the advantage is not known: there is one episode, and nothing to compare it with"
        return None


def record(
    agent: Agent, task: Task, problem: Problem, *, samples: int, max_new_tokens: int, kind: str, seed: int = 0,
    top: int = 5, known: bool = True,
) -> Trace:  # fmt: skip
    """Let the agent answer, and look at its first answer.

    samples: episodes of the prompt, which the advantage compares by its `kind`; at temperature 0 all would be the same,
    so there is one. known: whether problem.answer is the right answer.
    Raises ValueError where the prompt and max_new_tokens do not fit into the model's context.
    """
    alone = agent.temperature == 0 or not known
    episodes = rollout(
        agent.model, agent.tokenizer, task, [problem], 1 if alone else samples,
        temperature=agent.temperature, max_new_tokens=max_new_tokens, seed=seed,
    )  # fmt: skip
    rewards = [episode.reward for episode in episodes]
    advantage = float(advantages(np.array([rewards]), kind)[0, 0]) if len(rewards) > 1 else None
    return look(agent, episodes[0], rewards if known else None, advantage, kind, top)


def look(
    agent: Agent, episode: Episode, rewards: Sequence[float] | None, advantage: float | None, kind: str, top: int = 5
) -> Trace:
    """Go through an episode again and note what the policy was at each step."""
    tokenizer, decoder = agent.tokenizer, agent.tokenizer.stream_decoder()
    prompt = [decoder.push(token) for token in episode.prompt.tolist()]
    moments = []
    for (state, action, reward), forced in zip(episode.steps(), episode.forced.tolist(), strict=True):
        policy = agent.policy(state).astype(np.float64)
        likeliest = np.argsort(-policy, kind="stable")[:top]
        moments.append(
            Moment(
                state.step,
                state,
                [Choice(tokenizer.decode([i]), float(policy[i]), i == action) for i in likeliest.tolist()],
                tokenizer.decode([action]),
                decoder.push(action),
                probability=float(policy[action]),
                rank=int((policy > policy[action]).sum()),
                entropy=max(0.0, -float((policy * np.log(np.where(policy > 0, policy, 1))).sum())),
                reward=reward,
                forced=forced,
            )
        )
    return Trace(
        episode.problem, prompt, moments, episode.finished, list(rewards) if rewards is not None else None, advantage,
        kind,
    )  # fmt: skip


def signed(number: str) -> str:
    """A formatted number with a real minus sign, and none before a zero."""
    return number.replace("-", "−") if number.strip("-+0.") else number.lstrip("-+")


def visible(word: str) -> str:
    """A token's text on one line: its leading space dropped, as in the notes, a line break as its sign."""
    return word.strip(" ").replace("\n", "↵") or "␣"

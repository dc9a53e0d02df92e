"""REINFORCE on one screen: sample answers, see which are right, make the better ones likelier (Williams 1992).

Read this file first. reinforce.py does the same for hundreds of answers at once, and adds clipping, KL and rehearsal.
Tests hold the gradient computed here to the gradient of `reinforce_step` for the same episodes.

    agent, environment = Agent(model, tokenizer), Environment(tokenizer, task)
    for step in range(100):
        reward = plain_reinforce(agent, optimizer, environment, task.batch(step, 8), samples=4, rng=rng)

The gradient of the expected reward is the mean over episodes of A sum_t grad log pi(a_t | s_t), where the advantage A
says how much better the episode was than expected; see advantage.py. To ascend the expected reward, descend the loss
-sum A log pi(a_t | s_t) / N: up to a factor, its gradient is minus the one above.
"""

from collections.abc import Sequence

import numpy as np

from minirl import functional as F
from minirl.autograd import Array
from minirl.generate import Schedule, without_dropout
from minirl.optim import AdamW
from minirl.rl.mdp import Agent, Environment, Episode, play
from minirl.tasks.task import Problem
from minirl.tensor import Tensor


def plain_reinforce(
    agent: Agent,
    optimizer: AdamW,
    environment: Environment,
    problems: Sequence[Problem],
    samples: int,
    rng: np.random.Generator,
) -> float:
    """One step: play `samples` episodes of each problem, then update the agent's model. Returns their mean reward."""
    episodes = [play(agent, environment, problem, rng) for problem in problems for _ in range(samples)]
    plain_loss(agent, episodes, samples).backward()
    optimizer.step()
    optimizer.zero_grad()
    return float(np.mean([episode.reward for episode in episodes]))


def plain_loss(agent: Agent, episodes: Sequence[Episode], samples: int) -> Tensor:
    """-sum over all actions of A log pi(a_t | s_t) / N, N being the number of actions. Its value says nothing about
    progress, since the episodes change with every step: only its gradient counts. Raises TypeError for an agent with a
    schedule of temperatures. Results of tools are no actions: the agent did not choose them."""
    if isinstance(agent.temperature, Schedule):
        raise TypeError(f"plain_loss: the agent's temperature is the schedule {agent.temperature}; expected a number")
    N = sum(int((~episode.forced).sum()) for episode in episodes)
    loss = Tensor(0.0)
    for episode, A in zip(episodes, plain_advantages(episodes, samples), strict=True):
        tokens = np.concatenate([episode.prompt, episode.actions])
        with without_dropout(agent.model):  # as the policy that acted
            logits = agent.model(tokens[:-1])[0] * (1 / agent.temperature)  # row t scores what follows tokens[: t + 1]
        log_pi = F.log_softmax(logits)
        states = np.arange(
            len(episode.prompt) - 1, len(tokens) - 1
        )  # the rows of s_0, s_1, ...: a_0 follows the prompt
        chosen = ~episode.forced
        loss = loss - A * log_pi[states[chosen], episode.actions[chosen]].sum() / N
    return loss


def plain_advantages(episodes: Sequence[Episode], samples: int) -> Array:
    """How much more reward each episode got than the other samples of its problem, on average: (episodes,) float32."""
    rewards = np.array([episode.reward for episode in episodes]).reshape(-1, samples)
    if samples < 2:
        raise ValueError(f"plain_reinforce: samples is {samples}; it compares answers, so take 2 or more")
    others = (rewards.sum(axis=1, keepdims=True) - rewards) / (samples - 1)
    return (rewards - others).reshape(-1).astype(np.float32)

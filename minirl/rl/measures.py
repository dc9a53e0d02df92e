"""What a step of reinforcement learning reports. docs/metrics.md explains each measure and its healthy values."""

from collections.abc import Sequence

import numpy as np

from minirl.autograd import Array
from minirl.model import GPT
from minirl.model.transformer import IGNORE
from minirl.rl.advantage import check_finite, informative
from minirl.rl.batch import batches
from minirl.rl.config import RLConfig
from minirl.rl.loss import LOG_RATIO_LIMIT, action_log_probs
from minirl.rl.mdp import Episode

Metrics = dict[str, float]


def measures(episodes: Sequence[Episode], samples: int) -> Metrics:
    """The measures that need nothing but the episodes, `samples` of each problem. docs/metrics.md explains each."""
    rewards = rewards_of(episodes, samples)
    chosen = np.concatenate([episode.log_probs[~episode.forced] for episode in episodes])
    return {
        "reward": float(rewards.mean()),
        "informative": float(informative(rewards).mean()),
        "entropy": -float(chosen.mean(dtype=np.float64)),
        "answer_tokens": float(np.mean([(~episode.forced).sum() for episode in episodes])),
        "finished": float(np.mean([episode.finished for episode in episodes])),
    }


def kl_to(reference: GPT, episodes: Sequence[Episode], config: RLConfig) -> float:
    """KL(pi || pi_ref) in nats per action: the mean of k3 over actions that pi sampled."""
    total = count = 0.0
    for batch in batches(episodes, np.zeros(len(episodes)), config.pass_tokens):
        actions = batch.targets != IGNORE
        log_q = (action_log_probs(reference, batch, config.temperature) - batch.log_probs)[actions].astype(np.float64)
        log_q = np.clip(log_q, -LOG_RATIO_LIMIT, LOG_RATIO_LIMIT)  # as in the loss, so that one token stays finite
        total += float(k3(log_q).sum())
        count += int(actions.sum())
    return total / max(count, 1)


def k3(log_q: Array) -> Array:
    """q - log q - 1, where q = pi_ref(a) / pi(a) is given by its logarithm, (n,) float64. It is never negative, and its
    mean over actions of pi is KL(pi || pi_ref) (Schulman 2020, "Approximating KL divergence")."""
    return np.exp(log_q) - log_q - 1


def rewards_of(episodes: Sequence[Episode], samples: int) -> Array:
    """Rewards (P, S). Raises ValueError unless there are S episodes of every problem, with finite rewards."""
    if not len(episodes):
        raise ValueError("reinforce_step: there are no episodes to learn from; pass at least one problem's")
    if len(episodes) % samples:
        raise ValueError(
            f"reinforce_step: {len(episodes)} episodes are no multiple of samples, {samples}; pass all samples of each "
            "problem, side by side"
        )
    rewards = np.array([episode.reward for episode in episodes], np.float64).reshape(-1, samples)
    check_finite(rewards)
    return rewards

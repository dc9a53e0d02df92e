"""Proximal policy optimization (Schulman et al. 2017): an advantage for each action, and several updates a batch.

    a value function V says what to expect of each state               value.py
    the advantage of an action is how much it changed what to expect   gae.py
    the clipped surrogate allows several updates from one batch        loss.py

Nothing here is another loss. The gradient of PPO's surrogate is that of -sum_t w_t log pi(a_t | s_t) with

    w_t = rho_t A_t / N      where clipping lets it count, else 0      rho_t = pi(a_t | s_t) / pi_old(a_t | s_t)

so PPO gives REINFORCE's update (`weighted_step`) one advantage per action, where REINFORCE has one per episode. With
V = 0, lambda = 1, one update and no clipping the two are the same, bit for bit.

The KL term, which keeps the policy near its start, has one place. In the loss it acts on each action alone. In the
reward, -beta (log pi - log pi_ref)(a_t) is paid at every action, so V and the advantages know of it, and an action also
answers for the KL of what follows (Ziegler et al. 2019, section 2.1).
"""

import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from minirl.autograd import Array
from minirl.model import GPT
from minirl.optim import AdamW
from minirl.rl.batch import batches, by_episode
from minirl.rl.config import PPOConfig, RLConfig
from minirl.rl.gae import episode_gae
from minirl.rl.loss import action_log_probs
from minirl.rl.mdp import Episode
from minirl.rl.measures import Metrics, rewards_of
from minirl.rl.passes import Rehearsal
from minirl.rl.reinforce import normaliser, weighted_step
from minirl.rl.value import Critic, LearnedValue, chosen_tokens


class PPO:
    """PPO's update, with its value function: `reinforce` takes it as `update`."""

    def __init__(self, critic: Critic) -> None:
        self.critic = critic

    def __call__(
        self,
        model: GPT,
        optimizer: AdamW,
        episodes: Sequence[Episode],
        config: RLConfig,
        reference: GPT | None = None,
        rehearsal: Rehearsal | None = None,
    ) -> Metrics:
        """Takes and returns the same as `reinforce_step`, with measures of the value function besides. The model is
        left alone in the first steps (config.value_warmup), while a value function that learns knows too little.
        Raises TypeError for a config that is no PPOConfig."""
        if not isinstance(config, PPOConfig):
            raise TypeError(f"PPO: config is {type(config).__name__}; expected PPOConfig(...)")
        if config.kl and reference is None:
            raise ValueError(f"PPO: kl is {config.kl}, so the policy to stay near is needed: pass reference=")
        start = time.perf_counter()
        rewards_of(episodes, config.samples)  # refuses what nothing can be learned from
        in_reward = bool(config.kl) and config.kl_place == "reward"
        penalties = kl_penalties(reference, episodes, config) if in_reward and reference is not None else None
        rewards = token_rewards(episodes, penalties)
        seen = self.critic.look(model, episodes, config)
        A = [
            episode_gae(r, V, decisions, config.gamma, config.gae_lambda)
            for r, V, decisions in zip(rewards, seen.values, seen.decisions, strict=True)
        ]
        returns = [a + V for a, V in zip(A, seen.values, strict=True)]
        measured = value_measures(episodes, returns, seen.values, config.samples)
        measured["advantage_spread"] = float(pooled(episodes, A).std())
        value_loss = self.critic.learn(seen, episodes, returns, config)
        before = time.perf_counter() - start

        settings = replace(config, kl=0.0) if in_reward else config
        if self.warming(config):  # episodes without advantage, and no updates: only the measures are taken
            settings, rehearsal = replace(settings, kl=0.0), None
            weights: Sequence[Array] = [np.zeros(len(a)) for a in A]
        else:
            weights = whitened(episodes, A) if config.whiten else A
        N = normaliser(episodes, config.normalise)
        metrics = weighted_step(model, optimizer, episodes, weights, N, settings, reference, rehearsal)
        metrics["update_seconds"] += before
        return {**metrics, **measured, "value_loss": value_loss}

    def warming(self, config: PPOConfig) -> bool:
        """Whether this is one of the first steps, in which only the value function learns."""
        if not isinstance(self.critic, LearnedValue):
            return False
        return self.critic.optimizer.steps <= config.value_warmup * config.value_updates


def token_rewards(episodes: Sequence[Episode], penalties: Sequence[Array] | None = None) -> list[Array]:
    """For each episode r_t (n,): its reward at the last token, minus the penalties (n,) if there are any."""
    found = []
    for i, episode in enumerate(episodes):
        r = np.zeros(len(episode.actions))
        r[-1] = episode.reward
        found.append(r if penalties is None else r - penalties[i])
    return found


def kl_penalties(reference: GPT, episodes: Sequence[Episode], config: RLConfig) -> list[Array]:
    """For each episode beta (log pi - log pi_ref)(a_t), (n,); 0 at forced tokens."""
    found: list[Array] = []
    for batch in batches(episodes, np.zeros(len(episodes)), config.pass_tokens):
        log_q = action_log_probs(reference, batch, config.temperature)
        found += by_episode(batch, config.kl * (batch.log_probs.astype(np.float64) - log_q))
    return [np.where(e.forced, 0.0, x) for e, x in zip(episodes, found, strict=True)]


def pooled(episodes: Sequence[Episode], numbers: Sequence[Array]) -> Array:
    """The numbers of all actions that the agent chose, end to end."""
    return np.concatenate([x[chosen_tokens(e)] for e, x in zip(episodes, numbers, strict=True)])


def whitened(episodes: Sequence[Episode], A: Sequence[Array]) -> list[Array]:
    """A shifted and scaled so that over all chosen actions of the batch the mean is 0 and the deviation 1. Where all
    are equal there is nothing to learn from: 0."""
    together = pooled(episodes, A)
    mean, spread = together.mean(), together.std()
    if not spread > 1e-12 * max(abs(mean), 1.0):
        return [np.zeros(len(a)) for a in A]
    return [(a - mean) / spread for a in A]


# ---- how good V is ----


def value_measures(
    episodes: Sequence[Episode], returns: Sequence[Array], values: Sequence[Array], samples: int
) -> Metrics:
    """The explained variance of V, and of two guesses that need no value function; see value.py."""
    G, V = pooled(episodes, returns), pooled(episodes, values)
    positions = np.concatenate([np.arange(len(chosen_tokens(e))) for e in episodes])
    problem = np.repeat([i // samples for i in range(len(episodes))], [len(chosen_tokens(e)) for e in episodes])
    own = np.repeat(np.arange(len(episodes)), [len(chosen_tokens(e)) for e in episodes])
    return {
        "value": float(V.mean()),
        "explained_variance": explained_variance(G, V),
        "explained_by_problem": explained_variance(G, mean_of_others(G, problem, own)),
        "explained_by_position": explained_variance(G, mean_of_others(G, positions, own)),
    }


def explained_variance(G: Array, V: Array) -> float:
    """1 - Var(G - V) / Var(G) over (n,) returns and values; 0 where all returns are equal."""
    spread = G.var()
    return float(1 - (G - V).var() / spread) if spread > 1e-12 else 0.0


def mean_of_others(G: Array, group: Array, own: Array) -> Array:
    """For each of n numbers the mean over those of the same group that belong to other episodes; the mean of all where
    there are none. group, own: (n,) whole numbers, the group and the episode of each."""
    pair = np.unique(np.stack([group, own]), axis=1, return_inverse=True)[1].reshape(-1)
    total, count = (np.bincount(group, weights) for weights in (G, None))
    mine, times = (np.bincount(pair, weights) for weights in (G, None))
    others = count[group] - times[pair]
    mean = (total[group] - mine[pair]) / np.maximum(others, 1)
    return np.where(others > 0, mean, G.mean())

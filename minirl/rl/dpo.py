"""Direct preference optimization (Rafailov et al. 2023, equation 7): learn from pairs, without a reward model.

For a chosen answer w and a rejected one l to the same prompt,

    margin = beta [(log pi - log pi_ref)(w) - (log pi - log pi_ref)(l)]        loss = -log sigmoid(margin)

where log pi of an answer is the sum over its tokens. It is the Bradley-Terry loss of bradley_terry.py for the reward
beta log (pi / pi_ref).

This too is the one loss with weights. The gradient of -log sigmoid(margin) with respect to log pi(w) is -g, and with
respect to log pi(l) is +g, where

    g = beta (1 - sigmoid(margin))

so every token of w gets the weight g, and every token of l the weight -g: an "advantage" that is large where the model
does not yet prefer w, and fades as it does.

Online DPO takes its pairs from fresh samples of the policy: each right answer against each wrong one. All pairs of a
problem weigh 1 / their number.
"""

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from minirl.autograd import Array
from minirl.generate import needed_end_tokens
from minirl.model import GPT
from minirl.optim import AdamW
from minirl.parallel import add_gradients, shards_of
from minirl.preferences import Pair
from minirl.rl.advantage import ROUNDING
from minirl.rl.batch import batches, by_episode
from minirl.rl.config import RLConfig
from minirl.rl.loss import action_log_probs
from minirl.rl.mdp import Episode
from minirl.rl.measures import Metrics, kl_to, measures, rewards_of
from minirl.rl.passes import Added, Rehearsal, passes, shards, total
from minirl.rl.reinforce import take_step
from minirl.tasks.task import Problem
from minirl.tokenizer import Tokenizer


class Couple(NamedTuple):
    """A pair of episodes, by their indices."""

    chosen: int
    rejected: int
    weight: float


def dpo_step(
    model: GPT,
    optimizer: AdamW,
    episodes: Sequence[Episode],
    config: RLConfig,
    reference: GPT | None = None,
    rehearsal: Rehearsal | None = None,
) -> Metrics:
    """Update the model config.updates times from pairs of its own episodes: in each problem every episode against every
    one with less reward. Takes and returns the same as `reinforce_step`, so that `reinforce` accepts it as `update`.

    Besides it returns margin, the mean margin before the last update, and preferred, the share of pairs with a margin
    above 0. Raises ValueError without a reference.
    """
    if reference is None:
        raise ValueError("dpo_step: margins compare with the policy before RL: pass reference=")
    start = time.perf_counter()
    metrics = measures(episodes, config.samples)
    pairs = couples(rewards_of(episodes, config.samples))
    metrics |= learn(model, optimizer, episodes, pairs, config, reference, rehearsal)
    metrics["kl_to_start"] = kl_to(reference, episodes[:: config.samples], config)
    seconds = time.perf_counter() - start
    done = config.updates * sum(len(episode.actions) for episode in episodes)
    return {**metrics, "update_seconds": seconds, "update_tokens_per_second": done / seconds}


def fit_pairs(
    model: GPT, optimizer: AdamW, tokenizer: Tokenizer, pairs: Sequence[Pair], config: RLConfig, reference: GPT
) -> Metrics:
    """Update the model config.updates times from given pairs, such as people's; ties are left out. Returns loss,
    margin, preferred and grad_norm."""
    decided = [pair for pair in pairs if not pair.tie]
    episodes = [as_episode(p.prompt, text, tokenizer) for p in decided for text in (p.chosen, p.rejected)]
    found = [Couple(2 * i, 2 * i + 1, 1 / len(decided)) for i in range(len(decided))]
    return learn(model, optimizer, episodes, found, config, reference, None)


def learn(
    model: GPT, optimizer: AdamW, episodes: Sequence[Episode], pairs: Sequence[Couple], config: RLConfig,
    reference: GPT, rehearsal: Rehearsal | None,
) -> Metrics:  # fmt: skip
    """config.updates updates from these pairs. Where there are none, and nothing to rehearse, the model stays."""
    used = sorted({i for pair in pairs for i in (pair.chosen, pair.rejected)})
    chosen = [episodes[i] for i in used]
    place = {i: n for n, i in enumerate(used)}
    w, l_ = (np.array([place[getattr(p, side)] for p in pairs], int) for side in ("chosen", "rejected"))
    weight = np.array([pair.weight for pair in pairs])
    at_start = sequence_log_probs(reference, chosen, config)
    plain = replace(config, clip=0.0, kl=0.0)
    added, loss, norm = Added(), 0.0, 0.0
    margin = np.zeros(0)
    for _ in range(config.updates if pairs or rehearsal else 0):
        A = np.zeros(len(chosen))
        if pairs:
            gain = sequence_log_probs(model, chosen, config) - at_start
            margin = config.dpo_beta * (gain[w] - gain[l_])
            g = weight * config.dpo_beta / (1 + np.exp(margin))
            np.add.at(A, w, g)
            np.add.at(A, l_, -g)
            loss = float((weight * np.logaddexp(0, -margin)).sum())
        work = shards(chosen, A, config, shards_of(optimizer))
        none: list[list[Array | None]] = [[None] * len(shard) for shard in work]
        added = total(add_gradients(model, optimizer, passes(work, none, 1, plain, rehearsal)))
        norm = take_step(model, optimizer, loss + added.rehearsed, config.max_norm)
    found = {"loss": loss, "grad_norm": norm}
    if rehearsal:
        found["rehearsal_loss"] = added.rehearsed / float(rehearsal.weights.sum())
    if len(margin):
        found |= {"margin": float(margin.mean()), "preferred": float((margin > 0).mean())}
    return found


def couples(rewards: Array) -> list[Couple]:
    """Every episode against every one of its problem with less reward; rewards (P, S). The pairs of a problem weigh 1
    together, divided by the number of problems that have pairs."""
    P, S = rewards.shape
    found = []
    for p in range(P):
        least = ROUNDING * np.abs(rewards[p]).max()
        better = np.argwhere(rewards[p][:, None] - rewards[p] > least)
        found.append([(p * S + int(i), p * S + int(j)) for i, j in better])
    with_pairs = sum(map(bool, found))
    return [Couple(i, j, 1 / (len(pairs) * with_pairs)) for pairs in found for i, j in pairs]


def sequence_log_probs(model: GPT, episodes: Sequence[Episode], config: RLConfig) -> Array:
    """log pi of each answer, (episodes,) float64: the sum over the tokens that the agent chose."""
    found: list[float] = []
    for batch in batches(episodes, np.zeros(len(episodes)), config.pass_tokens):
        by_token = action_log_probs(model, batch, config.temperature).astype(np.float64)
        found += [float(x.sum()) for x in by_episode(batch, by_token)]
    return np.array(found)


def as_episode(prompt: str, text: str, tokenizer: Tokenizer) -> Episode:
    """A text as an episode that ended, without a reward and without recorded log-probabilities."""
    end = needed_end_tokens(tokenizer)[0]
    ids = np.array([*tokenizer.encode_array(text).tolist(), *([] if end is None else [end])], np.int32)
    nothing = np.zeros(len(ids), np.float32)
    problem = Problem(prompt, "", "", prompt)
    return Episode(problem, tokenizer.encode_array(prompt), ids, nothing, 0.0, True, text, np.zeros(len(ids), bool))

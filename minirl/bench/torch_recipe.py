"""The main job's steps as one writes them well in PyTorch: batches padded to their longest row, losses by weights."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from minirl.bench.torch_gpt import GPT, IGNORE, update
from minirl.data import Batch
from minirl.rl.advantage import advantages
from minirl.rl.config import RLConfig
from minirl.rl.mdp import Episode

PASS_TOKENS = 2048  # tokens in one forward and backward pass, padding included

Rows = tuple[Tensor, Tensor, Tensor]  # ids, targets, weights: (B, T) each; padding has the target IGNORE


def pad(ids: Sequence[np.ndarray], targets: Sequence[np.ndarray], weights: Sequence[np.ndarray]) -> Rows:
    def rows(parts: Sequence[np.ndarray], filler: float, dtype: Any) -> Tensor:
        tensors = [torch.from_numpy(part).to(dtype) for part in parts]
        return torch.nn.utils.rnn.pad_sequence(tensors, batch_first=True, padding_value=filler)

    return rows(ids, 0, torch.long), rows(targets, IGNORE, torch.long), rows(weights, 0.0, torch.float32)


def pad_documents(batch: Batch) -> Rows:
    """A batch of documents end to end, as rows."""
    parts = [slice(start, stop) for start, stop in pairwise(batch.starts)]
    return pad(*([array[part] for part in parts] for array in batch[:3]))


def nll(model: GPT, ids: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
    """-log pi(target) of the tokens that count, and where they are, (B, T); no logits are made for the others."""
    counted = targets != IGNORE
    logits = F.linear(model.hidden(ids)[counted], model.output_weight)
    return F.cross_entropy(logits, targets[counted], reduction="none"), counted


def weighted_loss(model: GPT, ids: Tensor, targets: Tensor, weights: Tensor) -> Tensor:
    """-sum w log pi(target)."""
    lost, counted = nll(model, ids, targets)
    return (lost * weights[counted]).sum()


def supervised_step(model: GPT, optimizer: Any, rows: Rows) -> float:
    loss = weighted_loss(model, *rows)
    loss.backward()
    update(optimizer, model.parameters())
    return loss.item()


def rl_step(
    model: GPT, optimizer: Any, episodes: Sequence[Episode], config: RLConfig, reference: GPT, rehearsal: Rows
) -> tuple[float, float]:
    """One update; its loss and the KL divergence from the reference: what minirl's reinforce_step does and measures."""
    rewards = np.array([episode.reward for episode in episodes]).reshape(-1, config.samples)
    advantage = advantages(rewards, config.advantage).reshape(-1)
    actions = sum(len(episode.actions) for episode in episodes)
    useful = [(episode, a / actions) for episode, a in zip(episodes, advantage, strict=True) if a]
    weighted_loss(model, *rehearsal).backward()
    total = 0.0
    for part in micro_batches(useful):
        loss = weighted_loss(model, *episode_rows(part))
        loss.backward()
        total += loss.item()
    update(optimizer, model.parameters(), config.max_norm)
    return total, kl_to(reference, episodes[:: config.samples])


Weighted = Sequence[tuple[Episode, float]]


def micro_batches(episodes: Weighted) -> list[Weighted]:
    """Groups of episodes of similar length, so that there is little padding."""
    ordered = sorted(episodes, key=lambda pair: length(pair[0]))
    groups: list[list[tuple[Episode, float]]] = [[]]
    for pair in ordered:
        if groups[-1] and length(pair[0]) * (len(groups[-1]) + 1) > PASS_TOKENS:
            groups.append([])
        groups[-1].append(pair)
    return [group for group in groups if group]


def length(episode: Episode) -> int:
    """Tokens that the model reads: all but the last action."""
    return len(episode.prompt) + len(episode.actions) - 1


def episode_rows(episodes: Weighted) -> Rows:
    """Prompt and actions but for the last; only actions are targets."""
    ids = [np.concatenate([episode.prompt, episode.actions[:-1]]) for episode, _ in episodes]
    before = [np.full(len(episode.prompt) - 1, IGNORE) for episode, _ in episodes]
    targets = [np.concatenate([none, e.actions]) for none, (e, _) in zip(before, episodes, strict=True)]
    return pad(ids, targets, [np.full(len(row), w, np.float32) for row, (_, w) in zip(ids, episodes, strict=True)])


@torch.inference_mode()
def kl_to(reference: GPT, episodes: Sequence[Episode]) -> float:
    """KL(pi || pi_ref) in nats per action, by k3 (see rl/reinforce.py)."""
    total = 0.0
    for part in micro_batches([(episode, 0.0) for episode in episodes]):
        ids, targets, _ = episode_rows(part)
        lost, _ = nll(reference, ids, targets)
        acted = torch.from_numpy(np.concatenate([episode.log_probs for episode, _ in part]))
        log_q = (-lost - acted).double()
        total += float((log_q.exp() - log_q - 1).sum())
    return total / sum(len(episode.actions) for episode in episodes)

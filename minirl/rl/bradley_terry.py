"""Learning a reward from preferences: the Bradley-Terry model (1952), as Ouyang et al. 2022 (section 3.5) use it.

The chance that people prefer the answer w to the answer l is taken to be a function of two rewards,

    P(w beats l) = e^{r_w} / (e^{r_w} + e^{r_l}) = sigmoid(r_w - r_l)

so the loss of a pair is -log sigmoid(r_w - r_l): cross-entropy between two candidates. Its gradient with respect to r_w
is -(1 - P), and the opposite for r_l. A surprising verdict moves the rewards far, an expected one hardly. A tie counts
as half a win for each side; its loss is least where r_w = r_l.

All pairs of one prompt stand in one batch, and each weighs 1 / their number. Pairs of K answers to one prompt are not
independent: spread over batches, each answer would be learned K - 1 times in an epoch, and overfitted.

Only differences within a prompt count. Adding a constant to all rewards of a prompt changes nothing, so r says nothing
about which prompt was answered better. A small term, centring (r_w + r_l)^2, keeps the constants near 0.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from minirl import functional as F
from minirl.autograd import Array
from minirl.optim import AdamW, decay_groups
from minirl.preferences import Pair, by_group
from minirl.rl.reward_model import Answers, RewardModel, chunks, pack_answers
from minirl.schedule import warmup_cosine
from minirl.tensor import Tensor

CENTRING = 0.01
TIE = 0.5  # of the win, for each side


@dataclass(frozen=True)
class Contest:
    """The pairs of one prompt: its different answers, and which stood against which."""

    answers: Answers
    pairs: Array
    """(pairs, 2) whole numbers: the chosen and the rejected answer of each."""
    ties: Array
    """(pairs,) bool."""


@dataclass(frozen=True)
class FitConfig:
    """How a reward model or a verifier learns."""

    epochs: int = 1
    """A second epoch usually overfits: the same few prompts come again."""
    learning_rate: float = 3e-4
    weight_decay: float = 0.0
    batch_tokens: int = 2048
    """Tokens of an update, or one prompt with its answers."""
    warmup: float = 0.1
    """The share of the updates in which the learning rate rises."""
    max_norm: float = 1.0
    seed: int = 0
    """Of the order."""


def contests(model: RewardModel, pairs: Sequence[Pair]) -> list[Contest]:
    """Pairs by prompt; equal answers are one. A prompt with an answer longer than the context is left out."""
    found, context = [], model.trunk.config.context_length
    for together in by_group([Pair(p.prompt, p.chosen, p.rejected, p.tie) for p in pairs]).values():
        texts = list(dict.fromkeys(text for pair in together for text in (pair.chosen, pair.rejected)))
        answers = model.encode(together[0].prompt, texts)
        if len(answers.prompt) + max(map(len, answers.answers)) > context:
            continue
        index = np.array([(texts.index(pair.chosen), texts.index(pair.rejected)) for pair in together])
        found.append(Contest(answers, index, np.array([pair.tie for pair in together])))
    return found


def pair_loss(chosen: Tensor, rejected: Tensor, ties: Array, weights: Array, centring: float = CENTRING) -> Tensor:
    """sum_i weights_i (-log sigmoid(r_w - r_l) + centring (r_w + r_l)^2); in a tie both win half. All (pairs,)."""
    log_p = F.log_softmax(F.stack([chosen, rejected], axis=-1))  # of the two candidates
    won = np.stack([np.where(ties, TIE, 1.0), np.where(ties, TIE, 0.0)], axis=-1)
    loss = -(log_p * (won * weights[:, None]).astype(np.float32)).sum()
    if centring:
        together = chosen + rejected
        loss = loss + (together * together * (centring * weights).astype(np.float32)).sum()
    return loss


def contest_loss(model: RewardModel, group: Sequence[Contest], centring: float = CENTRING) -> Tensor:
    """The mean over prompts of the mean over their pairs."""
    packed = pack_answers([contest.answers for contest in group])
    r = model.raw(packed)[packed.ends]
    first = np.cumsum([0, *(len(contest.answers.answers) for contest in group)])
    index = np.concatenate([contest.pairs + start for contest, start in zip(group, first, strict=False)])
    ties = np.concatenate([contest.ties for contest in group])
    weights = np.concatenate([np.full(len(c.pairs), 1 / (len(c.pairs) * len(group))) for c in group])
    return pair_loss(r[index[:, 0]], r[index[:, 1]], ties, weights, centring)


def fit_preferences(model: RewardModel, pairs: Sequence[Pair], config: FitConfig | None = None) -> list[float]:
    """Learn from pairs; returns the loss of each update, before it. Raises ValueError where no pair fits."""
    config = config or FitConfig()
    found = contests(model, pairs)
    if not found:
        raise ValueError("fit_preferences: no pair fits into the model's context; give a trunk with a longer one")
    plan = updates([contest.answers for contest in found], config)
    optimizer = optimizer_of(model, config)
    losses = []
    for number, chosen in enumerate(plan):
        loss = contest_loss(model, [found[i] for i in chosen])
        losses.append(loss.item())
        loss.backward()
        take(optimizer, number, len(plan), config)
    return losses


# ---- what reward models and verifiers share ----


def updates(groups: Sequence[Answers], config: FitConfig) -> list[list[int]]:
    """Which groups each update learns from: every epoch all of them, in an order of its own."""
    plan: list[list[int]] = []
    rng = np.random.default_rng(config.seed)
    for _ in range(config.epochs):
        order = rng.permutation(len(groups)).tolist()
        at = 0
        for together in chunks([groups[i] for i in order], config.batch_tokens):
            plan.append(order[at : at + len(together)])
            at += len(together)
    return plan


def optimizer_of(model: RewardModel, config: FitConfig) -> AdamW:
    """AdamW for the trunk and the head."""
    return AdamW(decay_groups(model, config.weight_decay), lr=config.learning_rate, betas=(0.9, 0.99))


def take(optimizer: AdamW, number: int, total: int, config: FitConfig) -> None:
    """Update `number` (0, 1, ...) of `total`. Raises FloatingPointError for a gradient that is not finite."""
    warmup = round(config.warmup * total)
    optimizer.lr = warmup_cosine(number, peak=config.learning_rate, warmup=warmup, total=total, final=0.0)
    optimizer.step(config.max_norm)
    optimizer.zero_grad()

"""REINFORCE: gradient ascent on the expected reward.

The gradient of the expected reward is E[A sum_t grad log pi(a_t | s_t)], A being the advantage, so ascending it means
descending

    loss = -sum_t w_t log pi(a_t | s_t)      with w_t = A / N on the agent's actions and 0 on everything else.

That is the loss of the whole project, `linear_cross_entropy` with weights: pretraining has w = 1 / N, supervised
fine-tuning w = mask / N, and here w = advantage / N. A token of a better episode is made likelier just as a token of a
training text is, a token of a worse one less likely. The number called loss says nothing about progress: its gradient
is what counts. Look at the reward.

Two options change the weights and nothing else (`token_weights`): clipping, which allows more than one update from a
batch (PPO, Schulman et al. 2017), and a pull towards the policy that RL started from (the KL term). A third adds
weighted tokens of another origin: demonstrations to rehearse.
"""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from minirl import kernels
from minirl.autograd import Array, no_grad
from minirl.data import Batch as Demonstrations
from minirl.functional import linear_cross_entropy
from minirl.generate import Seed, without_dropout
from minirl.model import GPT
from minirl.model.transformer import IGNORE
from minirl.optim import AdamW
from minirl.rl.advantage import KINDS, advantages, informative
from minirl.rl.batch import Batch, batches
from minirl.rl.finite import non_finite_error
from minirl.rl.mdp import Episode
from minirl.rl.rollout import rollout
from minirl.tasks.task import Problem, Task
from minirl.tensor import Tensor

if TYPE_CHECKING:
    from minirl.tokenizer import Tokenizer

Metrics = dict[str, float]


@dataclass(frozen=True)
class RLConfig:
    """What one step of reinforcement learning does. Raises ValueError naming the wrong field and the valid values."""

    method: Literal["reinforce", "expert_iteration"] = "reinforce"
    """"reinforce" weighs each episode by its advantage; "expert_iteration" fine-tunes on those that are right."""
    prompts: int = 32
    """P, problems in a step."""
    samples: int = 8
    """S, episodes of each problem."""
    temperature: float = 1.0
    """Of the policy, in rollouts and in the gradient alike; greater than 0."""
    max_new_tokens: int = 40
    """The most actions in an episode, tokens; longer ones are cut off and get no reward."""
    advantage: str = "leave_one_out"
    """"plain", "batch_mean", "leave_one_out" or "group_normalised"; see advantage.py."""
    normalise: str = "tokens"
    """N, what the sum over tokens is divided by: "tokens" (the actions in the batch) or "episodes" (their number, which
    makes it the gradient of the expected reward without bias)."""
    updates: int = 1
    """Updates from each batch of episodes; with REINFORCE more than 1 needs clip."""
    clip: float = 0.0
    """PPO's epsilon: actions whose probability has already moved by more than this share no longer count; 0: off."""
    kl: float = 0.0
    """The weight of the KL divergence from the policy that RL started from; 0: off."""
    max_norm: float = 1.0
    """Gradients are scaled down to this norm."""
    pass_tokens: int = 1024
    """Tokens in one forward and backward pass: enough to keep the processor busy, few enough for its caches. It does
    not change the result."""

    def __post_init__(self) -> None:
        for name in ("prompts", "samples", "max_new_tokens", "updates", "pass_tokens"):
            if getattr(self, name) < 1:
                raise ValueError(f"RLConfig: {name} is {getattr(self, name)}; expected 1 or more")
        for name, valid in (
            ("method", ("reinforce", "expert_iteration")),
            ("advantage", tuple(KINDS)),
            ("normalise", ("tokens", "episodes")),
        ):
            if getattr(self, name) not in valid:
                raise ValueError(f"RLConfig: {name} is {getattr(self, name)!r}; use one of {', '.join(valid)}")
        if self.method == "reinforce" and self.samples < 2 and self.advantage in ("leave_one_out", "group_normalised"):
            raise ValueError(f"RLConfig: advantage {self.advantage!r} compares samples; set samples to 2 or more")
        if not 0 < self.temperature < math.inf:
            raise ValueError(f"RLConfig: temperature is {self.temperature}; a policy that explores needs more than 0")
        if self.clip < 0 or self.kl < 0 or not self.max_norm > 0:
            raise ValueError(
                f"RLConfig: clip {self.clip} and kl {self.kl} must be 0 or more, max_norm {self.max_norm} positive"
            )
        if self.method == "expert_iteration" and (self.clip or self.kl):
            raise ValueError(
                f"RLConfig: clip is {self.clip} and kl {self.kl}, but expert iteration knows neither; leave both at 0"
            )
        if self.method == "reinforce" and self.updates > 1 and self.clip == 0:
            raise ValueError(
                f"RLConfig: updates is {self.updates}, but after the first the episodes are another policy's; set clip "
                "(0.2 is usual), or updates to 1"
            )


def reinforce(
    model: GPT,
    optimizer: AdamW,
    tokenizer: "Tokenizer",
    task: Task,
    problems: Sequence[Problem],
    config: RLConfig,
    *,
    seed: Seed,
    reference: GPT | None = None,
    rehearsal: Demonstrations | None = None,
    update: Callable[..., Metrics] | None = None,
) -> tuple[list[Episode], Metrics]:
    """One step: sample episodes of the problems, then update the model. Returns the episodes and the step's measures.

    seed: of the rollouts; give every step its own, such as (seed, step). update: what learns from the episodes, in
    place of reinforce_step, which tells of the rest.
    """
    start = time.perf_counter()
    episodes = rollout(
        model,
        tokenizer,
        task,
        problems,
        config.samples,
        temperature=config.temperature,
        max_new_tokens=config.max_new_tokens,
        seed=seed,
    )
    seconds = time.perf_counter() - start
    metrics = (update or reinforce_step)(model, optimizer, episodes, config, reference, rehearsal)
    made = sum(len(episode.actions) for episode in episodes)
    return episodes, {**metrics, "rollout_seconds": seconds, "rollout_tokens_per_second": made / seconds}


def reinforce_step(
    model: GPT,
    optimizer: AdamW,
    episodes: Sequence[Episode],
    config: RLConfig,
    reference: GPT | None = None,
    rehearsal: Demonstrations | None = None,
) -> Metrics:
    """Update the model from episodes that it sampled itself: config.samples of each problem, problem by problem.

    reference: the policy that RL started from, for the KL term and the measure kl_to_start, which is left out without.
    rehearsal: demonstrations to go over again beside the episodes, so that what they taught is not forgotten; their
    weights say how much they count (Ouyang et al. 2022, section 3.5, mixes in pretraining text like this).
    docs/metrics.md explains the measures. Where there is nothing to learn from the model is left as it is: no episode
    with an advantage, and no rehearsal.
    Raises NonFiniteError, with the model as it was before, where the loss or the gradient is not finite.
    """
    if config.kl and reference is None:
        raise ValueError(f"reinforce_step: kl is {config.kl}, so the policy to stay near is needed: pass reference=")
    A = advantages(rewards_of(episodes, config.samples), config.advantage).reshape(-1)
    N = normaliser(episodes, config.normalise)
    return weighted_step(model, optimizer, episodes, A, N, config, reference, rehearsal)


def weighted_step(
    model: GPT,
    optimizer: AdamW,
    episodes: Sequence[Episode],
    A: Array,
    N: int,
    config: RLConfig,
    reference: GPT | None,
    rehearsal: Demonstrations | None,
) -> Metrics:
    """Update the model config.updates times, the actions of episode i having the weight A_i / N."""
    start = time.perf_counter()
    useful = [i for i in range(len(A)) if A[i] or config.kl]  # without KL, an advantage of 0 makes a gradient of 0
    work = list(batches([episodes[i] for i in useful], A[useful], config.pass_tokens))
    references: list[Array | None] = [None] * len(work)
    if config.kl and reference is not None:
        references = [action_log_probs(reference, batch, config.temperature) for batch in work]

    loss = norm = clipped = rehearsed = 0.0
    for _ in range(config.updates if work or rehearsal else 0):
        loss = clipped = 0.0
        if rehearsal:  # the same loss as ever; a demonstration has a fixed weight where an episode has its advantage
            demonstrated = model.loss(*rehearsal)
            demonstrated.backward()
            rehearsed = demonstrated.item()
        with without_dropout(model):
            for batch, beside in zip(work, references, strict=True):  # the passes' gradients add up to the batch's
                part, cut = policy_loss(model, batch, N, config, beside)
                part.backward()
                loss += part.item()
                clipped += cut
        norm = take_step(model, optimizer, loss + rehearsed, config.max_norm)

    metrics = {**measures(episodes, config.samples), "loss": loss, "grad_norm": norm}
    if rehearsal:
        metrics["rehearsal_loss"] = rehearsed / float(rehearsal.weights.sum())
    if config.clip:
        metrics["clipped"] = clipped / max(sum((batch.targets != IGNORE).sum() for batch in work), 1)
    if reference is not None:  # the first sample of each problem is enough to watch, at a part of the work
        metrics["kl_to_start"] = kl_to(reference, episodes[:: config.samples], config)
    seconds = time.perf_counter() - start
    done = config.updates * sum(len(batch.ids) for batch in work)
    return {**metrics, "update_seconds": seconds, "update_tokens_per_second": done / seconds}


def rewards_of(episodes: Sequence[Episode], samples: int) -> Array:
    """(P, S). Raises ValueError where there are not S episodes of every problem."""
    if len(episodes) % samples:
        raise ValueError(
            f"reinforce_step: {len(episodes)} episodes are no multiple of samples, {samples}; pass all samples of each "
            "problem, side by side"
        )
    return np.array([episode.reward for episode in episodes]).reshape(-1, samples)


def normaliser(episodes: Sequence[Episode], kind: str) -> int:
    """N. All episodes count, those of advantage 0 too: that they are skipped must not change the update."""
    if kind == "episodes":
        return len(episodes)
    return max(sum(int((~episode.forced).sum()) for episode in episodes), 1)


def policy_loss(
    model: GPT, batch: Batch, N: int, config: RLConfig, reference: Array | None = None
) -> tuple[Tensor, int]:
    """-sum_t w_t log pi(a_t | s_t), and how many actions were clipped. reference: log-probabilities (tokens,)."""
    h = scaled_hidden(model, batch, config.temperature)
    advantage = np.where(batch.targets != IGNORE, batch.advantages, np.float32(0))
    weights, clipped = advantage, 0
    if config.clip or config.kl:  # the weights depend on where the policy is now
        weights, clipped = token_weights(advantage, log_probs_from(model, h, batch), batch, config, reference)
    return linear_cross_entropy(h, model.output_weight, batch.targets, weights / np.float32(N), IGNORE).loss, clipped


def token_weights(
    advantage: Array, log_prob: Array, batch: Batch, config: RLConfig, reference: Array | None
) -> tuple[Array, int]:
    """The weight of each token's log pi, (tokens,), not yet divided by N; and how many actions were clipped.

    A term f(log pi) of the objective pulls on log pi with f'(log pi), so every term is a weight:
    - min(r A, clip(r, 1 - eps, 1 + eps) A), r = pi / pi_old: its derivative is r A, or 0 where the clipped one is less.
    - -beta k3, k3 = q - log q - 1, q = pi_ref / pi (Schulman 2020, "Approximating KL divergence"): its derivative is
      beta (q - 1). k3 itself estimates KL(pi || pi_ref); differentiated like this, as GRPO does, it descends
      KL(pi_ref || pi) in the states visited.
    """
    weights, clipped = advantage, 0
    if config.clip:
        ratio = kernels.exp(log_prob - batch.log_probs)
        out = np.where(advantage > 0, ratio > 1 + config.clip, ratio < 1 - config.clip) & (advantage != 0)
        weights = np.where(out, np.float32(0), ratio * advantage)
        clipped = int(out.sum())
    if reference is not None:
        weights = weights + np.float32(config.kl) * (kernels.exp(reference - log_prob) - np.float32(1))
    return np.where(batch.targets != IGNORE, weights, np.float32(0)), clipped


def take_step(model: GPT, optimizer: AdamW, loss: float, max_norm: float) -> float:
    """Step by the gradients that have been gathered, and forget them; return their norm before clipping."""
    try:
        if not math.isfinite(loss):
            raise FloatingPointError
        norm = optimizer.step(max_norm)
    except FloatingPointError:
        raise non_finite_error(model, loss, optimizer.steps + 1) from None
    finally:
        optimizer.zero_grad()
    return 0.0 if norm is None else norm


# ---- log-probabilities under the policy, temperature included ----


def scaled_hidden(model: GPT, batch: Batch, temperature: float) -> Tensor:
    """Hidden states (tokens, C) whose products with the output layer are logits / temperature."""
    h = model.hidden(batch.ids, batch.starts, batch.prefixes).reshape(len(batch.ids), -1)
    return h if temperature == 1 else h * (1 / temperature)


@no_grad()
def log_probs_from(model: GPT, h: Tensor, batch: Batch) -> Array:
    """log pi(target) (tokens,), 0 where there is no action."""
    log_prob, _ = kernels.linear_log_prob(h.data, model.output_weight.data, batch.targets)
    return log_prob


@no_grad()
def action_log_probs(model: GPT, batch: Batch, temperature: float) -> Array:
    """log pi(a_t | s_t) under `model`, (tokens,), 0 where there is no action."""
    with without_dropout(model):
        return log_probs_from(model, scaled_hidden(model, batch, temperature), batch)


# ---- what a step reports ----


def measures(episodes: Sequence[Episode], samples: int) -> Metrics:
    """What the episodes alone tell, `samples` of each problem. docs/metrics.md explains each."""
    rewards = rewards_of(episodes, samples)
    chosen = np.concatenate([episode.log_probs[~episode.forced] for episode in episodes])
    return {
        "reward": float(rewards.mean()),
        "informative": float(informative(rewards).mean()),
        "entropy": -float(chosen.mean(dtype=np.float64)),
        "answer_tokens": float(np.mean([len(episode.actions) for episode in episodes])),
        "finished": float(np.mean([episode.finished for episode in episodes])),
    }


def kl_to(reference: GPT, episodes: Sequence[Episode], config: RLConfig) -> float:
    """KL(pi || pi_ref) in nats per action, by k3 over actions that pi sampled."""
    total = count = 0.0
    for batch in batches(episodes, np.zeros(len(episodes)), config.pass_tokens):
        actions = batch.targets != IGNORE
        log_q = (action_log_probs(reference, batch, config.temperature) - batch.log_probs)[actions].astype(np.float64)
        total += float((np.exp(log_q) - log_q - 1).sum())
        count += int(actions.sum())
    return total / max(count, 1)

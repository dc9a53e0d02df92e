"""The loss of REINFORCE, in which every option is a choice of weights.

The gradient of the expected reward is E[A sum_t grad log pi(a_t | s_t)], where A is the advantage of the episode. To
ascend it, minirl descends

    loss = -sum_t w_t log pi(a_t | s_t)      with w_t = A / N for the agent's actions, and 0 for every other token.

The whole project has this one loss, `linear_cross_entropy` with weights. Pretraining sets w = 1 / N, supervised
fine-tuning w = mask / N, REINFORCE w = advantage / N. A token of a better episode becomes likelier exactly as a token
of a training text does; a token of a worse episode becomes less likely.

Two options change the weights and nothing else (`token_weights`). Clipping allows several updates from one batch of
episodes (PPO, Schulman et al. 2017). The KL term pulls the policy back to where RL started.
"""

import numpy as np

from minirl import kernels
from minirl.autograd import Array, no_grad
from minirl.functional import linear_cross_entropy
from minirl.generate import Schedule, Temperature, without_dropout
from minirl.generate.temperature import scoring_temperatures
from minirl.model import GPT
from minirl.model.transformer import IGNORE
from minirl.rl.batch import Batch
from minirl.rl.config import RLConfig
from minirl.tensor import Tensor

LOG_RATIO_LIMIT = np.float32(20.0)  # nats: e^20 is 5e8, far beyond any ratio that an estimate could use


def policy_loss(
    model: GPT, batch: Batch, N: int, config: RLConfig, reference: Array | None = None
) -> tuple[Tensor, int]:
    """-sum_t w_t log pi(a_t | s_t), and the number of clipped actions.

    reference: (tokens,) log-probabilities of the actions under the policy that RL started from; the KL term needs them.
    """
    h = scaled_hidden(model, batch, config.temperature)
    advantage = np.where(batch.targets != IGNORE, batch.advantages, np.float32(0))
    weights, clipped = advantage, 0
    if config.clip or config.kl:  # the weights depend on where the policy is now
        weights, clipped = token_weights(advantage, log_probs_from(model, h, batch), batch, config, reference)
    return linear_cross_entropy(h, model.output_weight, batch.targets, weights / np.float32(N), IGNORE).loss, clipped


def token_weights(
    advantage: Array, log_prob: Array, batch: Batch, config: RLConfig, reference: Array | None
) -> tuple[Array, int]:
    """The weight of each token's log pi, (tokens,), before the division by N; and the number of clipped actions.

    A term f(log pi) of the objective has the gradient f'(log pi) grad log pi. So each term of the objective becomes a
    weight:

    - Clipping. The term is min(r A, clip(r, 1 - eps, 1 + eps) A) with r = pi / pi_old. Its derivative is r A, or 0
      where the clipped product is the smaller one.
    - KL. The term is -beta k3 with k3 = q - log q - 1 and q = pi_ref / pi (Schulman 2020, "Approximating KL
      divergence"). Its derivative is beta (q - 1). The mean of k3 over actions that pi sampled is KL(pi || pi_ref).
      Differentiated with the actions held fixed, as here and in GRPO, the term descends KL(pi_ref || pi) in the visited
      states.

    A policy can move so far that a ratio is too large for a float: e^89 is infinite. `ratio_of` bounds every ratio, so
    that all weights are finite.
    """
    weights, clipped = advantage, 0
    if config.clip:
        ratio = ratio_of(log_prob - batch.log_probs)
        out = np.where(advantage > 0, ratio > 1 + config.clip, ratio < 1 - config.clip) & (advantage != 0)
        weights = np.where(out, np.float32(0), ratio * advantage)
        clipped = int(out.sum())
    if reference is not None:
        weights = weights + np.float32(config.kl) * (ratio_of(reference - log_prob) - np.float32(1))
    return np.where(batch.targets != IGNORE, weights, np.float32(0)), clipped


def ratio_of(log_ratio: Array) -> Array:
    """e^log_ratio, with log_ratio cut to LOG_RATIO_LIMIT nats on both sides; NaN stays NaN."""
    return kernels.exp(np.clip(log_ratio, -LOG_RATIO_LIMIT, LOG_RATIO_LIMIT))


# ---- log-probabilities under the policy, temperature included ----


def scaled_hidden(model: GPT, batch: Batch, temperature: Temperature) -> Tensor:
    """Hidden states (tokens, C) whose products with the output layer are logits / temperature: at each token the
    temperature at which its target was recorded."""
    h = model.hidden(batch.ids, batch.starts, batch.prefixes).reshape(len(batch.ids), -1)
    if isinstance(temperature, Schedule):
        acted = np.cumsum(batch.targets != IGNORE)  # up to each token, its own action included
        before = np.concatenate([[0], acted])[batch.starts[:-1]]  # those of earlier episodes
        steps = np.maximum(acted - np.repeat(before, np.diff(batch.starts)) - 1, 0)  # how many the episode had before
        return h * Tensor((1 / scoring_temperatures(temperature, steps))[:, None].astype(np.float32))
    return h if temperature in (0, 1) else h * (1 / temperature)


@no_grad()
def log_probs_from(model: GPT, h: Tensor, batch: Batch) -> Array:
    """log pi(target) (tokens,), 0 where there is no action."""
    log_prob, _ = kernels.linear_log_prob(h.data, model.output_weight.data, batch.targets)
    return kernels.fetch(log_prob)


@no_grad()
def action_log_probs(model: GPT, batch: Batch, temperature: Temperature) -> Array:
    """log pi(a_t | s_t) under `model`, (tokens,), 0 where there is no action. What rollouts at this temperature
    recorded, up to rounding."""
    with without_dropout(model):
        return log_probs_from(model, scaled_hidden(model, batch, temperature), batch)

"""One step of REINFORCE: sample episodes, weight each by its advantage, update the model.

plain.py shows the idea on one screen. What is added here: hundreds of episodes at once, several forward and backward
passes whose gradients add up to the whole batch's, clipping and the KL term (loss.py), demonstrations to rehearse, and
the measures of the step (measures.py).

The number called loss says nothing about progress, because the episodes change with every step. Look at the reward.
"""

import math
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from minirl.autograd import Array
from minirl.generate import Prompt, Seed
from minirl.generate.prompts import usual_prompt
from minirl.model import GPT
from minirl.model.transformer import IGNORE
from minirl.optim import AdamW
from minirl.parallel import add_gradients, shards_of
from minirl.rl.advantage import advantages
from minirl.rl.batch import Advantages, merge_equal
from minirl.rl.config import RLConfig
from minirl.rl.finite import non_finite_error
from minirl.rl.loss import action_log_probs
from minirl.rl.mdp import Episode, Reward
from minirl.rl.measures import Metrics, kl_to, measures, rewards_of
from minirl.rl.passes import Added, Rehearsal, passes, shards, total
from minirl.rl.rollout import rollout
from minirl.tasks.task import Problem, Task
from minirl.tools import Toolbox

if TYPE_CHECKING:
    from minirl.tokenizer import Tokenizer


Update = Callable[[GPT, AdamW, Sequence[Episode], Any, GPT | None, Rehearsal | None], Metrics]
"""What makes an update from episodes, as `reinforce_step` does."""


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
    rehearsal: Rehearsal | None = None,
    update: Update | None = None,
    tools: Toolbox | None = None,
    reward: Reward | None = None,
    ask: Callable[[Problem], Prompt] = usual_prompt,
) -> tuple[list[Episode], Metrics]:
    """One step: sample episodes of the problems, then update the model. Returns the episodes and the step's measures.

    seed: the seed of the rollouts; give every step its own, such as (seed, step). update: replaces reinforce_step (same
    arguments and return value). tools: what the model may call. reward: pays in place of the task's checker; see
    mdp.Reward. ask: how a problem becomes a prompt, for a chat model its messages. `reinforce_step` explains reference
    and rehearsal.
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
        tools=tools,
        ask=ask,
        reward=reward,
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
    rehearsal: Rehearsal | None = None,
) -> Metrics:
    """Update the model from episodes that it sampled itself: config.samples of each problem, problem by problem.

    reference: the policy that RL started from. The KL term and the measure kl_to_start need it; without it the measure
    is left out. rehearsal: demonstrations to repeat beside the episodes, so that the model does not forget what they
    taught. Their weights say how much they count (Ouyang et al. 2022, section 3.5, mixes in pretraining text like
    this).

    Returns the step's measures, which docs/metrics.md explains. The model stays as it is when there is nothing to learn
    from: every advantage is 0, and there is no rehearsal.
    Raises NonFiniteError when the loss or the gradient is not finite. The model is then as it was before.
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
    A: Advantages,
    N: int,
    config: RLConfig,
    reference: GPT | None,
    rehearsal: Rehearsal | None,
) -> Metrics:
    """Update the model config.updates times. Every action of episode i has the weight A_i / N; where A_i is an array
    (n,), each of the n actions has its own."""
    start = time.perf_counter()
    metrics = measures(episodes, config.samples)  # first, because it refuses episodes that nothing can learn from
    useful = [i for i in range(len(A)) if np.any(A[i]) or config.kl]  # without KL, advantage 0 makes gradient 0
    learned, weights = [episodes[i] for i in useful], [A[i] for i in useful]
    if config.merge_equal and not config.kl and not config.clip:
        learned, weights = merge_equal(learned, weights)
    work = shards(learned, weights, config, shards_of(optimizer))
    references: list[list[Array | None]] = [[None] * len(shard) for shard in work]
    if config.kl and reference is not None:
        references = [[action_log_probs(reference, batch, config.temperature) for batch in shard] for shard in work]

    added, norm, made = Added(), 0.0, 0
    while made < config.updates and (any(work) or rehearsal):
        made += 1
        added = total(add_gradients(model, optimizer, passes(work, references, N, config, rehearsal)))
        norm = take_step(model, optimizer, added.loss + added.rehearsed, config.max_norm)
        if config.stop_kl:  # KL(pi_old || pi), of the actions that pi_old sampled
            metrics["kl_of_step"] = kl_to(model, episodes[:: config.samples], config)
            if metrics["kl_of_step"] > config.stop_kl:
                break

    metrics |= {"loss": added.loss, "grad_norm": norm}
    if config.updates > 1:
        metrics["updates"] = made
    if rehearsal:
        metrics["rehearsal_loss"] = added.rehearsed / float(rehearsal.weights.sum())
    every = [batch for shard in work for batch in shard]
    if config.clip:
        metrics["clipped"] = added.clipped / max(sum((batch.targets != IGNORE).sum() for batch in every), 1)
    if reference is not None:  # the first sample of each problem is enough to watch, and less work than all
        metrics["kl_to_start"] = kl_to(reference, episodes[:: config.samples], config)
    seconds = time.perf_counter() - start
    done = made * sum(len(batch.ids) for batch in every)
    return {**metrics, "update_seconds": seconds, "update_tokens_per_second": done / seconds}


def normaliser(episodes: Sequence[Episode], kind: str) -> int:
    """N, the divisor of the loss. All episodes count, also the ones with advantage 0: skipping their computation must
    not change the update."""
    if kind == "episodes":
        return len(episodes)
    return max(sum(int((~episode.forced).sum()) for episode in episodes), 1)


def take_step(model: GPT, optimizer: AdamW, loss: float, max_norm: float) -> float:
    """Update the parameters with the gradients added up so far, then clear them; return their norm before clipping."""
    try:
        if not math.isfinite(loss):
            raise FloatingPointError
        norm = optimizer.step(max_norm)
    except FloatingPointError:
        raise non_finite_error(model, loss, optimizer.steps + 1) from None
    finally:
        optimizer.zero_grad()
    return 0.0 if norm is None else norm

"""Expert iteration: sample answers, keep the correct ones, fine-tune on them, and repeat.

The model is its own teacher, and the checker selects what is taught (Anthony et al. 2017; STaR, Zelikman et al. 2022;
ReST-EM, Singh et al. 2023; also called rejection-sampling fine-tuning). It differs from REINFORCE in the weights of

    loss = -sum_t w_t log pi(a_t | s_t)      with w_t = 1 / N for the N actions of kept answers, and 0 for all others.

Wrong answers have no gradient here: they become less likely only because other answers become likelier. An answer that
was sampled several times counts once; otherwise answers that are already likely would crowd out the rest.
"""

from collections.abc import Sequence

import numpy as np

from minirl.autograd import Array
from minirl.model import GPT
from minirl.optim import AdamW
from minirl.rl.config import RLConfig
from minirl.rl.mdp import Episode
from minirl.rl.measures import Metrics
from minirl.rl.passes import Rehearsal
from minirl.rl.reinforce import normaliser, weighted_step


def expert_iteration_step(
    model: GPT,
    optimizer: AdamW,
    episodes: Sequence[Episode],
    config: RLConfig,
    reference: GPT | None = None,
    rehearsal: Rehearsal | None = None,
) -> Metrics:
    """Fine-tune the model on its correct episodes: config.updates passes, each with one update of the parameters.

    Takes and returns the same as `reinforce_step`, so that `reinforce` accepts it as `update`. It returns one measure
    more: kept, the share of episodes used for fine-tuning. If no episode is correct and there is nothing to rehearse,
    the model stays as it is.
    """
    keep = kept(episodes)
    N = normaliser([episode for episode, wanted in zip(episodes, keep, strict=True) if wanted], "tokens")
    metrics = weighted_step(model, optimizer, episodes, keep, N, config, reference, rehearsal)
    return {**metrics, "kept": float(keep.mean())}


def kept(episodes: Sequence[Episode]) -> Array:
    """(episodes,): 1 for a correct answer the first time that it occurs for its problem, otherwise 0."""
    seen: set[tuple[str, bytes]] = set()
    keep = np.zeros(len(episodes))
    for i, episode in enumerate(episodes):
        answer = (episode.problem.prompt, episode.actions.tobytes())
        if episode.reward and answer not in seen:
            seen.add(answer)
            keep[i] = 1
    return keep

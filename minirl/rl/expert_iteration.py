"""Expert iteration: sample answers, keep those that are right, fine-tune on them, again and again.

The model is its own teacher and the checker picks what is taught (Anthony et al. 2017; STaR, Zelikman et al. 2022;
ReST-EM, Singh et al. 2023; also called rejection-sampling fine-tuning). Next to REINFORCE it is one more choice of the
weights in

    loss = -sum_t w_t log pi(a_t | s_t)      with w_t = 1 / N on the actions of what was kept, N being their number.

Wrong answers teach nothing here: nothing is made less likely but by what is made likelier. And an answer that came up
several times counts once, or what is likely already would push out the rest.
"""

from collections.abc import Sequence

import numpy as np

from minirl.autograd import Array
from minirl.data import Batch as Demonstrations
from minirl.model import GPT
from minirl.optim import AdamW
from minirl.rl.config import RLConfig
from minirl.rl.mdp import Episode
from minirl.rl.measures import Metrics
from minirl.rl.reinforce import normaliser, weighted_step


def expert_iteration_step(
    model: GPT,
    optimizer: AdamW,
    episodes: Sequence[Episode],
    config: RLConfig,
    reference: GPT | None = None,
    rehearsal: Demonstrations | None = None,
) -> Metrics:
    """Fine-tune the model on the right ones of its episodes: config.updates passes, an update of the weights each.

    Takes and returns what `reinforce_step` does, in whose place `reinforce` takes it, with one measure more: kept, the
    share of the episodes that are fine-tuned on. Where none is right, and there is nothing to rehearse, the model is
    left as it is.
    """
    keep = kept(episodes)
    N = normaliser([episode for episode, wanted in zip(episodes, keep, strict=True) if wanted], "tokens")
    metrics = weighted_step(model, optimizer, episodes, keep, N, config, reference, rehearsal)
    return {**metrics, "kept": float(keep.mean())}


def kept(episodes: Sequence[Episode]) -> Array:
    """(episodes,) 1 for a right answer, the first time that it comes up for its problem, else 0."""
    seen: set[tuple[str, bytes]] = set()
    keep = np.zeros(len(episodes))
    for i, episode in enumerate(episodes):
        answer = (episode.problem.prompt, episode.actions.tobytes())
        if episode.reward and answer not in seen:
            seen.add(answer)
            keep[i] = 1
    return keep

"""The gradient of an update, in passes: for each shard what it rehearses, then its episodes, some at a time.

Passes add up to the whole batch's gradient. One process makes them in turn. Where the batch is cut into shards, the
ranks share them out (minirl/parallel), and problems stay whole: all samples of one are in the same shard.
"""

from collections.abc import Sequence
from itertools import accumulate, repeat
from typing import NamedTuple

from minirl.autograd import Array
from minirl.data import Batch as Demonstrations
from minirl.generate import without_dropout
from minirl.model import GPT
from minirl.parallel import Pass
from minirl.ranks.shares import cut
from minirl.rl.batch import Advantages, Batch, batches, groups
from minirl.rl.config import RLConfig
from minirl.rl.loss import policy_loss
from minirl.rl.mdp import Episode
from minirl.rl.own_answers import OwnAnswers

Rehearsal = Demonstrations | OwnAnswers
"""What an update may learn from beside its episodes."""


class Added(NamedTuple):
    """What is known of gradients that were added."""

    loss: float = 0.0
    clipped: int = 0
    """How many actions were clipped."""
    rehearsed: float = 0.0
    """The loss of what was rehearsed."""


def add_rehearsal(model: GPT, rehearsal: Rehearsal) -> Added:
    """Add the gradient of the demonstrations' loss. It is the loss of supervised fine-tuning: a demonstration has a
    fixed weight where an episode has its advantage. Of own answers it is their own loss."""
    loss = rehearsal.loss(model) if isinstance(rehearsal, OwnAnswers) else model.loss(*rehearsal)
    loss.backward()
    return Added(rehearsed=loss.item())


def add_episodes(model: GPT, batch: Batch, N: int, config: RLConfig, reference: Array | None) -> Added:
    """Add the gradient of some episodes. reference: as policy_loss takes it."""
    with without_dropout(model):
        loss, clipped = policy_loss(model, batch, N, config, reference)
        loss.backward()
    return Added(loss.item(), clipped)


def shards(episodes: Sequence[Episode], A: Advantages, config: RLConfig, n: int) -> list[list[Batch]]:
    """The batches of n shards."""
    problems = list(groups(episodes))
    ends = [0, *accumulate(map(len, problems))]
    sizes = [len(same[0].prompt) + sum(len(episode.actions) for episode in same) for same in problems]
    places = [slice(ends[share.start], ends[share.stop]) for share in cut(sizes, n)]
    return [list(batches(episodes[place], A[place], config.pass_tokens)) for place in places]


def passes(
    work: Sequence[Sequence[Batch]], references: Sequence[Sequence[Array | None]], N: int, config: RLConfig,
    rehearsal: Rehearsal | None,
) -> list[list[Pass]]:  # fmt: skip
    """The passes of each shard. references: for each batch what policy_loss takes as reference."""
    shares: Sequence[Rehearsal | None] = list(repeat(None, len(work)))
    if rehearsal is not None:
        shares = rehearsal.shares(len(work)) if len(work) > 1 else [rehearsal]
    found = []
    for share, own, own_references in zip(shares, work, references, strict=True):
        first = [Pass(add_rehearsal, (share,), len(share.weights))] if share is not None and len(share.weights) else []
        of_episodes = [
            Pass(add_episodes, (batch, N, config, reference), len(batch.ids))
            for batch, reference in zip(own, own_references, strict=True)
        ]
        found.append(first + of_episodes)
    return found


def total(found: Sequence[Sequence[Added]]) -> Added:
    """What all passes added, in order."""
    every = [added for shard in found for added in shard]
    return Added(
        sum(added.loss for added in every), sum(added.clipped for added in every),
        sum(added.rehearsed for added in every),
    )  # fmt: skip

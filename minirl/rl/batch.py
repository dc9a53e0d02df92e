"""Episodes end to end, for the training forward."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from minirl.autograd import Array
from minirl.model.transformer import IGNORE
from minirl.rl.mdp import Episode


@dataclass(frozen=True)
class Batch:
    """Episodes, N tokens in all: episode i is tokens starts[i] to starts[i + 1].

    The state s_t is an episode's tokens up to some place, and the action a_t the token after it, so targets are the
    tokens shifted by one. A target that is no action of the agent (the prompt, a forced token) is IGNORE: it has no
    gradient.
    """

    ids: Array
    """(N,) int32: of each episode prompt and actions without the last action, which nothing follows."""
    targets: Array
    """(N,) int32: the action taken after the token of ids at the same place."""
    advantages: Array
    """(N,) float32: that of the token's episode."""
    log_probs: Array
    """(N,) float32: log pi(target) of the policy that acted; 0 where there is no action."""
    starts: Array
    """(episodes + 1,) int64, from 0 to N."""


def make_batch(episodes: Sequence[Episode], advantages: Array) -> Batch:
    """advantages: (episodes,), one for each."""
    starts = np.cumsum([0, *map(length, episodes)])
    ids = np.concatenate([part for episode in episodes for part in (episode.prompt, episode.actions[:-1])])
    targets, log_probs = np.full(len(ids), IGNORE, np.int32), np.zeros(len(ids), np.float32)
    for episode, (start, stop) in zip(episodes, pairwise(starts), strict=True):
        acted = slice(start + len(episode.prompt) - 1, stop)
        targets[acted] = np.where(episode.forced, IGNORE, episode.actions)
        log_probs[acted] = episode.log_probs
    return Batch(ids, targets, np.repeat(np.asarray(advantages, np.float32), np.diff(starts)), log_probs, starts)


def batches(episodes: Sequence[Episode], advantages: Array, most_tokens: int) -> Iterator[Batch]:
    """Batches of at most `most_tokens` tokens (or of one episode), in the order of the episodes."""
    group: list[int] = []
    used = 0
    for index, episode in enumerate(episodes):
        if group and used + length(episode) > most_tokens:
            yield make_batch([episodes[i] for i in group], advantages[group])
            group, used = [], 0
        group.append(index)
        used += length(episode)
    if group:
        yield make_batch([episodes[i] for i in group], advantages[group])


def length(episode: Episode) -> int:
    """Tokens that the model reads: all but the last action."""
    return len(episode.prompt) + len(episode.actions) - 1

"""Episodes as rectangular arrays, for the training forward."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from minirl.autograd import Array
from minirl.model.transformer import IGNORE
from minirl.rl.mdp import Episode


@dataclass(frozen=True)
class Batch:
    """B episodes, padded on the right to T tokens.

    The state s_t is a row's tokens up to some place, and the action a_t the token after it, so targets are the tokens
    shifted by one. A target that is no action of the agent (the prompt, padding, a forced token) is IGNORE: it has no
    gradient.
    """

    ids: Array
    """(B, T) int32: prompt and actions without the last action, which nothing follows."""
    targets: Array
    """(B, T) int32: at [b, t] the action taken after ids[b, : t + 1]."""
    advantages: Array
    """(B, 1) float32."""
    log_probs: Array
    """(B, T) float32: log pi(target) of the policy that acted; 0 where there is no action."""
    tokens: int
    """Tokens that are not padding."""


def make_batch(episodes: Sequence[Episode], advantages: Array) -> Batch:
    """advantages: (B,), one for each episode."""
    lengths = [len(episode.prompt) + len(episode.actions) - 1 for episode in episodes]
    shape = (len(episodes), max(lengths))
    ids, targets = np.zeros(shape, np.int32), np.full(shape, IGNORE, np.int32)
    log_probs = np.zeros(shape, np.float32)
    for row, (episode, length) in enumerate(zip(episodes, lengths, strict=True)):
        P = len(episode.prompt)
        ids[row, :P], ids[row, P:length] = episode.prompt, episode.actions[:-1]
        targets[row, P - 1 : length] = np.where(episode.forced, IGNORE, episode.actions)
        log_probs[row, P - 1 : length] = episode.log_probs
    column = np.asarray(advantages, np.float32).reshape(-1, 1)
    return Batch(ids, targets, column, log_probs, sum(lengths))


def batches(episodes: Sequence[Episode], advantages: Array, most_tokens: int) -> Iterator[Batch]:
    """Batches of at most `most_tokens` tokens, padding included (or of one episode); rows of like length go together,
    so that little of it is padding."""
    lengths = np.array([len(episode.prompt) + len(episode.actions) - 1 for episode in episodes])
    group: list[int] = []
    for index in np.argsort(lengths, kind="stable").tolist():
        if group and lengths[index] * (len(group) + 1) > most_tokens:
            yield make_batch([episodes[i] for i in group], advantages[group])
            group = []
        group.append(index)
    if group:
        yield make_batch([episodes[i] for i in group], advantages[group])

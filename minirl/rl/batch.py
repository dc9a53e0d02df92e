"""Episodes end to end, for the training forward. The samples of a problem share their prompt, so it is there once:

    document 0             Q : Ro ger has  5 ...  Reason ing     the prompt without its last token
    document 1, after 0    :   Roger had ...                     that token, and the actions of one sample but the last
    document 2, after 0    :   Each can ...                      the same of another

The prompt's last token is the state that every sample takes its first action in, and so comes with each of them:
every place of an answer then has one target. With 4 samples of a problem, and prompts longer than answers, this leaves
little more than half of the tokens that as many whole episodes have.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from minirl.autograd import Array
from minirl.model.transformer import IGNORE
from minirl.rl.mdp import Episode


@dataclass(frozen=True)
class Batch:
    """Documents of N tokens in all, prompts and answers: document i is tokens starts[i] to starts[i + 1].

    The state s_t is the tokens of an episode up to some place, and the action a_t the token after it, so targets are
    the tokens shifted by one. A target that is no action of the agent (in a prompt, or a forced token) is IGNORE: it
    has no gradient.
    """

    ids: Array
    """(N,) int32: of each episode prompt and actions without the last action, which nothing follows."""
    targets: Array
    """(N,) int32: the action taken after the token of ids at the same place."""
    advantages: Array
    """(N,) float32: that of the token's episode; 0 in a prompt."""
    log_probs: Array
    """(N,) float32: log pi(target) of the policy that acted; 0 where there is no action."""
    starts: Array
    """(documents + 1,) int64, from 0 to N."""
    prefixes: Array
    """(documents,) int64: the document with the prompt that an answer goes on from; -1 for a prompt."""


def make_batch(episodes: Sequence[Episode], advantages: Array) -> Batch:
    """advantages: (episodes,), one for each. Neighbours with the same prompt share it."""
    documents: list[Array] = []
    prompts: list[int] = []
    for same in groups(episodes):
        prompt = same[0].prompt
        prompts += [-1, *[len(documents)] * len(same)]
        documents += [prompt[:-1], *(np.concatenate([prompt[-1:], episode.actions[:-1]]) for episode in same)]
    ids, starts, prefixes = np.concatenate(documents), np.cumsum([0, *map(len, documents)]), np.array(prompts)
    targets, log_probs = np.full(len(ids), IGNORE, np.int32), np.zeros(len(ids), np.float32)
    by_token = np.zeros(len(ids), np.float32)
    for document, episode, advantage in zip(np.flatnonzero(prefixes >= 0), episodes, advantages, strict=True):
        acted = slice(starts[document], starts[document + 1])
        targets[acted] = np.where(episode.forced, IGNORE, episode.actions)
        log_probs[acted], by_token[acted] = episode.log_probs, advantage
    return Batch(ids, targets, by_token, log_probs, starts, prefixes)


def batches(episodes: Sequence[Episode], advantages: Array, most_tokens: int) -> Iterator[Batch]:
    """Batches of at most `most_tokens` tokens (or of one episode), in the order of the episodes. Those that share a
    prompt stay together, unless they alone are more than `most_tokens`."""
    first = stop = used = 0
    for count, tokens in pieces(episodes, most_tokens):
        if used and used + tokens > most_tokens:
            yield make_batch(episodes[first:stop], advantages[first:stop])
            first, used = stop, 0
        stop += count
        used += tokens
    if used:
        yield make_batch(episodes[first:stop], advantages[first:stop])


def pieces(episodes: Sequence[Episode], most_tokens: int) -> Iterator[tuple[int, int]]:
    """What stays together: the number of episodes that share a prompt, and of the tokens that the model reads of them.
    A group of more than `most_tokens` tokens comes in several pieces, each with the prompt."""
    for same in groups(episodes):
        prompt = tokens = len(same[0].prompt) - 1
        count = 0
        for episode in same:
            if count and tokens + len(episode.actions) > most_tokens:
                yield count, tokens
                count, tokens = 0, prompt
            count += 1
            tokens += len(episode.actions)
        yield count, tokens


def groups(episodes: Sequence[Episode]) -> Iterator[list[Episode]]:
    """Neighbours with the same prompt: the samples of one problem."""
    for _, same in groupby(episodes, key=lambda episode: episode.prompt.tobytes()):
        yield list(same)

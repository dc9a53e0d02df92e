"""Episodes end to end in one row, for training. The samples of a problem share their prompt, so it is stored once:

    document 0             Q : Ro ger has  5 ...  Reason ing     the prompt without its last token
    document 1, after 0    :   Roger had ...                     that token, and the actions of one sample but the last
    document 2, after 0    :   Each can ...                      the same for another sample

Each sample starts with the prompt's last token, because the first action is predicted from it; so every position has
exactly one target. With 4 samples per problem, and prompts longer than answers, the row has little more than half of
the tokens that the whole episodes would have.
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
    """Prompts and answers end to end, N tokens in all: document i is tokens starts[i] to starts[i + 1].

    The state s_t is an episode's tokens up to some position, and the action a_t is the token after it. Targets are
    therefore the tokens shifted by one. A target that is not the agent's action (a token of the prompt, or a forced
    token) is IGNORE: it has no gradient.
    """

    ids: Array
    """(N,) int32: prompts and actions. The last action of each episode is left out, because nothing follows it."""
    targets: Array
    """(N,) int32: the action that was taken after the token at the same position of ids."""
    advantages: Array
    """(N,) float32: the advantage of the token's episode, or the token's own; 0 in a prompt."""
    log_probs: Array
    """(N,) float32: log pi(target) under the policy that acted; 0 where there is no action."""
    starts: Array
    """(documents + 1,) int64, from 0 to N."""
    prefixes: Array
    """(documents,) int64: for an answer, the index of the document that holds its prompt; -1 for a prompt."""


Advantages = Array | Sequence[Array]


def make_batch(episodes: Sequence[Episode], advantages: Advantages) -> Batch:
    """advantages: (episodes,), one per episode; or for each episode an array, one per action. Neighbouring episodes
    with the same prompt share it."""
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


def by_episode(batch: Batch, per_token: Array) -> list[Array]:
    """Cut numbers (N,) of a batch's tokens into one array (n,) per episode, n being the number of its actions."""
    answers = np.flatnonzero(batch.prefixes >= 0)
    return [per_token[batch.starts[i] : batch.starts[i + 1]] for i in answers]


def batches(episodes: Sequence[Episode], advantages: Advantages, most_tokens: int) -> Iterator[Batch]:
    """Batches of at most `most_tokens` tokens (or of a single episode), in the order of the episodes. Episodes with the
    same prompt stay together, unless they have more than `most_tokens` tokens."""
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
    """Cut the episodes into pieces that stay in one batch: for each piece the number of its episodes, which share a
    prompt, and the number of tokens that the model reads. A group with more than `most_tokens` tokens is cut into
    several pieces, each with the prompt."""
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
    """Neighbouring episodes with the same prompt: the samples of one problem."""
    for _, same in groupby(episodes, key=lambda episode: episode.prompt.tobytes()):
        yield list(same)

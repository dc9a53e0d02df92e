"""Episodes end to end in one row, for training. The samples of a problem share their prompt, so it is stored once:

    document 0             Q : Ro ger has  5 ...  Reason ing     the prompt without its last token
    document 1, after 0    :   Roger had ...                     that token, and the actions of one sample but the last
    document 2, after 0    :   Each can ...                      the same for another sample

Each sample starts with the prompt's last token, because the first action is predicted from it; so every position has
exactly one target. With 4 samples per problem, and prompts longer than answers, the row has little more than half of
the tokens that the whole episodes would have.

Prompts may begin alike too: with the same instructions and the same worked examples. Where that saves tokens, the
common beginning is document 0, and every answer has the rest of its prompt in front:

    document 0             <|im_start|> user ... What is          what all prompts have
    document 1, after 0     47 + 85? ... assistant  Answer ...    the rest of a prompt, and the actions of one sample
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from minirl.autograd import Array
from minirl.generate.prompts import common_beginning
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
    """(documents,) int64: for an answer, the index of the document that holds its prompt, or its beginning; -1 for a
    prompt."""
    counts: Array
    """(answers,) int64: the number of actions of each answer, which are its document's last tokens."""


Advantages = Array | Sequence[Array]


def make_batch(episodes: Sequence[Episode], advantages: Advantages, shared: int = 0) -> Batch:
    """advantages: (episodes,), one per episode; or for each episode an array, one per action. shared: that many tokens,
    which all prompts begin with, are stored once. With 0, neighbouring episodes with the same prompt share it."""
    documents: list[Array] = []
    prompts: list[int] = []
    if shared:
        documents += [episodes[0].prompt[:shared], *(read(episode, shared) for episode in episodes)]
        prompts += [-1, *[0] * len(episodes)]
    else:
        for same in groups(episodes):
            prompts += [-1, *[len(documents)] * len(same)]
            documents += [same[0].prompt[:-1], *(read(episode, len(episode.prompt) - 1) for episode in same)]
    ids, starts, prefixes = np.concatenate(documents), np.cumsum([0, *map(len, documents)]), np.array(prompts)
    targets, log_probs = np.full(len(ids), IGNORE, np.int32), np.zeros(len(ids), np.float32)
    by_token = np.zeros(len(ids), np.float32)
    counts = np.array([len(episode.actions) for episode in episodes])
    stops = starts[1:][prefixes >= 0]
    for stop, n, episode, advantage in zip(stops, counts, episodes, advantages, strict=True):
        acted = slice(stop - n, stop)
        targets[acted] = np.where(episode.forced, IGNORE, episode.actions)
        log_probs[acted], by_token[acted] = episode.log_probs, advantage
    return Batch(ids, targets, by_token, log_probs, starts, prefixes, counts)


def read(episode: Episode, start: int) -> Array:
    """The tokens of an episode from number `start` on that the model reads: all but the last action."""
    return np.concatenate([episode.prompt[start:], episode.actions[:-1]])


def by_episode(batch: Batch, per_token: Array) -> list[Array]:
    """Cut numbers (N,) of a batch's tokens into one array (n,) per episode, n being the number of its actions."""
    stops = batch.starts[1:][batch.prefixes >= 0]
    return [per_token[stop - n : stop] for stop, n in zip(stops, batch.counts, strict=True)]


def batches(episodes: Sequence[Episode], advantages: Advantages, most_tokens: int) -> Iterator[Batch]:
    """Batches of at most `most_tokens` tokens (or of a single episode), in the order of the episodes. Episodes with the
    same prompt stay together, unless they have more than `most_tokens` tokens, or the beginning of all prompts is
    shared."""
    shared = shared_tokens(episodes)
    first = stop = used = 0
    for count, tokens in pieces(episodes, most_tokens, shared):
        if used and used + tokens > most_tokens:
            yield make_batch(episodes[first:stop], advantages[first:stop], shared)
            first, used = stop, 0
        stop += count
        used += tokens + (shared if not used else 0)
    if used:
        yield make_batch(episodes[first:stop], advantages[first:stop], shared)


def merge_equal(episodes: Sequence[Episode], advantages: Advantages) -> tuple[list[Episode], list[Array]]:
    """Each different episode once, with the sum of the advantages of all that are equal to it. The loss is linear in
    them, sum_i A_i log pi(episode i), so its value and its gradient stay what they were."""
    first: dict[tuple[bytes, bytes], Episode] = {}
    sums: dict[tuple[bytes, bytes], Array] = {}
    for episode, advantage in zip(episodes, advantages, strict=True):
        key = (episode.prompt.tobytes(), episode.actions.tobytes())
        first.setdefault(key, episode)
        sums[key] = sums[key] + advantage if key in sums else advantage
    return list(first.values()), list(sums.values())


def shared_tokens(episodes: Sequence[Episode]) -> int:
    """How many tokens at the beginning of all prompts are stored once; 0 where that spares less than a quarter of the
    tokens that it takes to store each prompt once, for all of its samples."""
    prompts = [same[0].prompt for same in groups(episodes)]
    common = common_beginning([prompt[:-1] for prompt in prompts])
    whole = sum(len(prompt) - 1 for prompt in prompts)
    rests = sum(len(episode.prompt) - 1 - common for episode in episodes)
    return common if 4 * (common + rests) < 3 * whole else 0


def pieces(episodes: Sequence[Episode], most_tokens: int, shared: int = 0) -> Iterator[tuple[int, int]]:
    """Cut the episodes into pieces that stay in one batch: for each piece the number of its episodes, which share a
    prompt, and the number of tokens that the model reads. A group with more than `most_tokens` tokens is cut into
    several pieces, each with the prompt. Where the prompts' beginning is shared, each episode is a piece."""
    if shared:
        yield from ((1, len(episode.prompt) - 1 - shared + len(episode.actions)) for episode in episodes)
        return
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

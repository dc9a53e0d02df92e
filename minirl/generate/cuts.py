"""What changes the distribution before a token is drawn from it, in this order:

1. penalties     z_i - frequency_penalty c_i - presence_penalty [c_i > 0], where c_i counts id i in what the row has
                 generated; ids that would repeat an n-gram of it get -inf
2. temperature   pi = softmax(z / T)
3. top_k         the k most likely tokens
4. top_p         of these, renormalised, the fewest whose probability reaches p
5. min_p         of these, the tokens with at least m times the probability of the most likely one

The order is the one of the transformers library; llama.cpp divides by the temperature last. All are off by default.

The penalties look at generated tokens only, never at the prompt: the answer to "Roger has 5 balls" must be free to
repeat the 5. They are added and not multiplied, so that they mean the same for positive and negative logits.

kernels.sample has steps 2 to 4 already. This file adds what looks back (1) and what comes after (5).
"""

import numpy as np

from minirl.autograd import Array


def penalised(
    logits: Array, written: list[Array], frequency_penalty: float, presence_penalty: float, no_repeat_ngram: int
) -> Array:
    """A copy of the logits (N, V) after step 1. written[n]: the ids that row n has generated so far."""
    z = logits.copy()
    for row, ids in zip(z, written, strict=True):
        if frequency_penalty or presence_penalty:
            seen, counts = np.unique(ids, return_counts=True)
            row[seen] -= (frequency_penalty * counts + presence_penalty).astype(row.dtype)
        if no_repeat_ngram:
            blocked = repeating(ids, no_repeat_ngram)
            allowed = np.ones(len(row), bool)
            allowed[blocked] = False
            if (row[allowed] > -np.inf).any():  # a row that may write nothing at all may repeat itself
                row[blocked] = -np.inf
    return z


def repeating(ids: Array, n: int) -> Array:
    """The ids that would complete, after `ids`, an n-gram that `ids` already hold.

    >>> repeating(np.array([7, 8, 9, 7, 8]), 3).tolist()
    [9]
    """
    if len(ids) < n:
        return np.zeros(0, np.int64)
    grams = np.lib.stride_tricks.sliding_window_view(ids, n)
    newest = ids[len(ids) - n + 1 :]
    return np.unique(grams[(grams[:, :-1] == newest).all(axis=1), -1])


def cut(logits: Array, temperature: float, top_k: int, top_p: float, min_p: float) -> Array:
    """The logits (N, V) with -inf where steps 3 to 5 leave a token out. Of equally likely tokens the lower id is kept.

    temperature: more than 0, the same for all rows.
    """
    order = np.argsort(-logits, axis=1, kind="stable")
    z = np.take_along_axis(logits, order, axis=1).astype(np.float64)
    pi = np.exp((z - z[:, :1]) / temperature)  # up to a factor: 1 for the most likely token
    kept = pi >= min_p
    if top_k:
        pi[:, top_k:] = 0
        kept[:, top_k:] = False
    if top_p < 1:
        running = np.cumsum(pi, axis=1)
        kept[:, 1:] &= running[:, :-1] < top_p * running[:, -1:]  # what came before does not reach top_p yet
    out = np.full_like(logits, -np.inf)
    rows, places = np.nonzero(kept)
    out[rows, order[rows, places]] = logits[rows, order[rows, places]]
    return out

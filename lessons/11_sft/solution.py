"""Lesson 11: one way to write the seven functions.

A token is a whole number. A mask is an array of truth values (bool), one for
each token: True where the model is to learn to say this token.
"""

import math
from collections.abc import Callable, Sequence

import numpy as np

from minirl.lessons import implements

Z = 1.959964  # 95% of a bell curve lie within this many standard deviations of its middle

# ---- 11.1 ----


@implements("sft.document")
def document(prompt: np.ndarray, answer: np.ndarray, end: int) -> tuple[np.ndarray, np.ndarray]:
    """A demonstration as (ids, mask): the tokens of the prompt, of the answer,
    and the end token, in the dtype of the prompt; and which of them the model
    has to say by itself when it is given the prompt.

    document(np.array([5, 6]), np.array([7]), 0) has the ids
    array([5, 6, 7, 0]).
    """
    ids = np.concatenate([prompt, answer, np.array([end], prompt.dtype)])
    return ids, np.arange(len(ids)) >= len(prompt)


# ---- 11.2 ----


@implements("sft.weights")
def sft_weights(mask: np.ndarray) -> np.ndarray:
    """The weight of each token in loss = -sum of weight * log pi(token), as
    float32. The weights of the tokens where the mask is True are equal and add
    up to 1; all others are 0. If the mask is True nowhere, all weights are 0.

    sft_weights(np.array([True])) is array([1.], dtype=float32).
    """
    return (mask / max(int(mask.sum()), 1)).astype(np.float32)


# ---- 11.3 ----


@implements("sft.loss")
def weighted_loss(
    logits: np.ndarray,
    targets: np.ndarray,
    weights: np.ndarray,
) -> tuple[float, np.ndarray]:
    """(loss, gradient): loss = -sum over t of weights[t] * log pi(targets[t]),
    where pi is the softmax of logits[t]; and the gradient of the loss with
    respect to the logits, in their shape and dtype.

    logits: (T, V). targets: (T,) whole numbers. weights: (T,), any numbers at
    all; they need not add up to 1.
    """
    rows = np.arange(len(targets))
    shifted = logits - logits.max(axis=-1, keepdims=True)
    log_pi = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    gradient = np.exp(log_pi)
    gradient[rows, targets] -= 1
    gradient *= weights[:, None]
    return -float((weights * log_pi[rows, targets]).sum()), gradient


# ---- 11.4 ----


@implements("evaluation.wilson")
def wilson(solved: int, n: int) -> tuple[float, float]:
    """Wilson's 95% interval (low, high) for the true share, where `solved` of n
    problems were solved, n at least 1: the two numbers p with
    (solved / n - p)^2 = Z^2 * p * (1 - p) / n.
    """
    share, k = solved / n, Z * Z / n
    # (1 + k) p^2 - (2 share + k) p + share^2 = 0
    middle = (2 * share + k) / (2 * (1 + k))
    half = math.sqrt(k * (k / 4 + share * (1 - share))) / (1 + k)
    return middle - half, middle + half


# ---- 11.5 ----


def may_see(starts: np.ndarray) -> np.ndarray:
    """Which token may look at which, for documents that lie end to end: (T, T)
    truth values, True in row t and column s where token t may see token s. That
    is so if both are in the same document, and s is t itself or comes before
    it.

    starts: where the documents begin, from 0, and at the end the number T of
    all tokens. Document i is the tokens from starts[i] up to, but not
    including, starts[i + 1].

    may_see(np.array([0, 1, 2])) is array([[True, False], [False, True]]).
    """
    which = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    places = np.arange(len(which))
    return (which[:, None] == which) & (places[:, None] >= places)


# ---- 11.6 ----


@implements("sft.pack")
def pack(
    documents: Sequence[tuple[np.ndarray, np.ndarray]],
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """(inputs, targets, mask, starts): documents end to end in one row.

    documents: each is (ids, mask), as in 11.1, with at least two tokens. What
    the model reads of a document is all but its last token, and target t is the
    token after input t; so n tokens take n - 1 places. No target belongs to
    another document than its input. mask[t] is that of targets[t]. starts, as
    in 11.5, is an array of whole numbers and says where each document begins in
    the inputs.
    """
    return (
        np.concatenate([ids[:-1] for ids, _ in documents]),
        np.concatenate([ids[1:] for ids, _ in documents]),
        np.concatenate([mask[1:] for _, mask in documents]),
        np.cumsum([0, *(len(ids) - 1 for ids, _ in documents)]),
    )


# ---- 11.7 ----

LogProbs = Callable[[Sequence[np.ndarray]], list[np.ndarray]]


def leaks(log_probs: LogProbs, documents: Sequence[np.ndarray]) -> list[tuple[int, int]]:
    """Which documents tell which others something, found by measuring: all
    pairs (i, j), i not j, such that what the model says about document j
    changes by more than 0.001 somewhere when document i is left out of the row.
    In ascending order.

    log_probs: packs a list of documents into one row, reads them with a model,
    and returns a list with an array for each of them: log pi of its targets. It
    can be called as often as you like. documents: their ids.
    """
    together, found = log_probs(documents), []
    for i in range(len(documents)):
        others = [j for j in range(len(documents)) if j != i]
        without = log_probs([documents[j] for j in others])
        for j, alone in zip(others, without, strict=True):
            if np.abs(alone - together[j]).max() > 0.001:
                found.append((i, j))
    return found

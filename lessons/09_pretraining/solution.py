"""Lesson 9: one way to write the seven functions."""

import math
from collections.abc import Sequence

import numpy as np

from minirl.lessons import implements

# ---- 9.1 ----


@implements("data.inputs_and_targets")
def inputs_and_targets(ids: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(inputs, targets): what the model reads, and what it has to say at each
    place. Each has len(ids) - 1 tokens.

    inputs_and_targets(np.array([5, 2, 7])) is (array([5, 2]), array([2, 7])).
    """
    return ids[:-1], ids[1:]


# ---- 9.2 ----


def bigram_loss(ids: np.ndarray, vocab_size: int) -> float:
    """The mean of -log p(b | a) over all neighbours (a, b) in ids, for a model
    that has counted the pairs of these ids.

    ids: whole numbers from 0 to vocab_size - 1, two or more.
    bigram_loss(np.array([0, 1, 0, 1]), 2) is 0.0: after a 0 comes a 1, always,
    and after a 1 a 0. bigram_loss(np.array([0, 0, 1]), 2) is log 2.
    """
    counts = np.zeros((vocab_size, vocab_size))
    np.add.at(counts, (ids[:-1], ids[1:]), 1)
    p = counts[ids[:-1], ids[1:]] / counts.sum(axis=1)[ids[:-1]]
    return float(-np.log(p).mean())


# ---- 9.3 ----


def bits_per_byte(losses: np.ndarray, n_bytes: int) -> float:
    """How many bits of surprise a text holds for a model, for each byte of the
    text.

    losses: the loss of each token of the text, in nats. n_bytes: how many bytes
    the whole text has.
    """
    return float(losses.sum() / math.log(2) / n_bytes)


# ---- 9.4 ----


@implements("optim.adamw")
def adamw(
    p: np.ndarray, g: np.ndarray, m: np.ndarray, v: np.ndarray, t: int,
    lr: float, beta1: float, beta2: float, eps: float, weight_decay: float,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:  # fmt: skip
    """One step of AdamW: the new parameter and the two new averages, (p, m, v),
    as new arrays in the dtype of p.

    p, g, m, v: arrays of the same shape: the parameter, its gradient, and the
    averages as the step before left them. t: the number of this step, 1 for the
    first. m and v are returned as averages, before the correction.
    """
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g * g
    m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
    return p - lr * (m_hat / (np.sqrt(v_hat) + eps) + weight_decay * p), m, v


# ---- 9.5 ----


@implements("optim.clip")
def clip(gradients: Sequence[np.ndarray], max_norm: float) -> list[np.ndarray]:
    """The gradients as a list, all multiplied by the same factor, so that
    together they are no longer than max_norm.

    Gradients that are not longer come back as they are. The length is that of
    one long vector with all numbers of all arrays; it may be 0.
    """
    norm = math.sqrt(sum(float((g * g).sum()) for g in gradients))
    factor = max_norm / norm if norm > max_norm else 1.0
    return [g * factor for g in gradients]


# ---- 9.6 ----


@implements("schedule.warmup_cosine")
def learning_rate(step: int, peak: float, warmup: int, total: int, final: float) -> float:
    """The learning rate of a step, counted from 0.

    Step 0 has peak / warmup, and from there it goes up in a straight line to
    `peak` at step warmup - 1. From step `warmup`, which has the peak too, it
    goes down along half a cosine, to `final` at step `total`. There it stays.
    """
    if step < warmup:
        return peak * (step + 1) / warmup
    x = min((step - warmup) / max(total - warmup, 1), 1.0)
    return final + (peak - final) * (1 + math.cos(math.pi * x)) / 2


# ---- 9.7 ----


@implements("train.combined")
def combined(gradients: Sequence[np.ndarray], tokens: Sequence[int]) -> np.ndarray:
    """The mean gradient over all tokens of a batch, from its parts.

    gradients: an array for each part, all of the same shape. Part i has
    tokens[i] tokens, and gradients[i] is the mean over them.
    """
    return sum(g * n for g, n in zip(gradients, tokens, strict=True)) / sum(tokens)

"""Lesson 9: write these seven functions. `python -m minirl.lessons check 9.1`
checks the first."""

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
    raise NotImplementedError("write inputs_and_targets")


# ---- 9.2 ----


def bigram_loss(ids: np.ndarray, vocab_size: int) -> float:
    """The mean of -log p(b | a) over all neighbours (a, b) in ids, for a model
    that has counted the pairs of these ids.

    ids: whole numbers from 0 to vocab_size - 1, two or more.
    bigram_loss(np.array([0, 1, 0, 1]), 2) is 0.0: after a 0 comes a 1, always,
    and after a 1 a 0. bigram_loss(np.array([0, 0, 1]), 2) is log 2.
    """
    raise NotImplementedError("write bigram_loss")


# ---- 9.3 ----


def bits_per_byte(losses: np.ndarray, n_bytes: int) -> float:
    """How many bits of surprise a text holds for a model, for each byte of the
    text.

    losses: the loss of each token of the text, in nats. n_bytes: how many bytes
    the whole text has.
    """
    raise NotImplementedError("write bits_per_byte")


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
    raise NotImplementedError("write adamw")


# ---- 9.5 ----


@implements("optim.clip")
def clip(gradients: Sequence[np.ndarray], max_norm: float) -> list[np.ndarray]:
    """The gradients as a list, all multiplied by the same factor, so that
    together they are no longer than max_norm.

    Gradients that are not longer come back as they are. The length is that of
    one long vector with all numbers of all arrays; it may be 0.
    """
    raise NotImplementedError("write clip")


# ---- 9.6 ----


@implements("schedule.warmup_cosine")
def learning_rate(step: int, peak: float, warmup: int, total: int, final: float) -> float:
    """The learning rate of a step, counted from 0.

    Step 0 has peak / warmup, and from there it goes up in a straight line to
    `peak` at step warmup - 1. From step `warmup`, which has the peak too, it
    goes down along half a cosine, to `final` at step `total`. There it stays.
    """
    raise NotImplementedError("write learning_rate")


# ---- 9.7 ----


@implements("train.combined")
def combined(gradients: Sequence[np.ndarray], tokens: Sequence[int]) -> np.ndarray:
    """The mean gradient over all tokens of a batch, from its parts.

    gradients: an array for each part, all of the same shape. Part i has
    tokens[i] tokens, and gradients[i] is the mean over them.
    """
    raise NotImplementedError("write combined")

"""Lesson 9: write these seven functions. `python -m minirl.lessons check 9.1` checks the first."""

import math
from collections.abc import Sequence

import numpy as np

from minirl.lessons import implements

# ---- 9.1 ----


def inputs_and_targets(ids: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What the model reads and what it has to predict, place by place: two arrays of len(ids) - 1 tokens.

    inputs_and_targets(np.array([5, 6, 7])) is (array([5, 6]), array([6, 7])).
    """
    raise NotImplementedError("write inputs_and_targets")


# ---- 9.2 ----


def bigram_loss(ids: np.ndarray, vocab_size: int) -> float:
    """The mean of -log p(next | token) over all neighbours in ids, for a model that counts pairs in these very ids.

    bigram_loss(np.array([0, 1, 0, 1]), 2) is 0.0, and bigram_loss(np.array([0, 0, 1]), 2) is log 2.
    """
    raise NotImplementedError("write bigram_loss")


# ---- 9.3 ----


def bits_per_byte(losses: np.ndarray, n_bytes: int) -> float:
    """How many bits the model needs for each byte of a text. losses: of each token, in nats. n_bytes: of the text."""
    raise NotImplementedError("write bits_per_byte")


# ---- 9.4 ----


@implements("optim.adamw")
def adamw(
    p: np.ndarray, g: np.ndarray, m: np.ndarray, v: np.ndarray, t: int, lr: float, beta1: float, beta2: float,
    eps: float, weight_decay: float,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:  # fmt: skip
    """The new parameter and the new averages (p, m, v) after step t = 1, 2, ... All arrays have the same shape.

    m = beta1 m + (1 - beta1) g        v = beta2 v + (1 - beta2) g^2
    p = p - lr (m / (1 - beta1^t) / (sqrt(v / (1 - beta2^t)) + eps) + weight_decay p)
    """
    raise NotImplementedError("write adamw")


# ---- 9.5 ----


def clip(gradients: Sequence[np.ndarray], max_norm: float) -> list[np.ndarray]:
    """The gradients, all multiplied by the same factor, so that together they are no longer than max_norm. If they are
    not, they come back unchanged. The length is that of one long vector with all numbers of all arrays."""
    raise NotImplementedError("write clip")


# ---- 9.6 ----


@implements("schedule.warmup_cosine")
def learning_rate(step: int, peak: float, warmup: int, total: int, final: float) -> float:
    """The learning rate of a step, counted from 0: up in a straight line to `peak` over `warmup` steps, the first being
    peak / warmup; then down along half a cosine to `final` at step `total`, and from there on `final`."""
    raise NotImplementedError("write learning_rate")


# ---- 9.7 ----


def combined(gradients: Sequence[np.ndarray], tokens: Sequence[int]) -> np.ndarray:
    """The mean gradient over all tokens of a batch, from its parts: gradients[i] is the mean over tokens[i] tokens."""
    raise NotImplementedError("write combined")

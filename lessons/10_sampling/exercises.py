"""Lesson 10: write these six functions. `python -m minirl.lessons check 10.1`
checks the first.

N rows, V tokens in the vocabulary, C numbers for each token, D numbers in a
head, E numbers in a row of values, F the width of the feed-forward part, t
tokens so far. The functions of lesson 8 stand ready:
eight.rms_norm(x, gain, eps), eight.swiglu(gate, up) and
eight.inside(p, prefix).
"""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from minirl.lessons import implements
from minirl.lessons.example_model import example_model
from minirl.lessons.lesson import find_lesson

eight = find_lesson("8").module("solution")

Parameters = Mapping[str, np.ndarray]
Cache = list[tuple[np.ndarray, np.ndarray]]  # of each layer: keys (t, C) and values (t, C)

# ---- 10.1 ----


def top_k(pi: np.ndarray, k: int) -> np.ndarray:
    """The policy with all but the k most likely tokens at 0, and the others
    made larger by a common factor, so that they add up to 1 again.

    pi: (V,) float64. k is 1 or more; more than V changes nothing. Of equally
    likely tokens, the ones with the smaller number stay.

    top_k(np.array([0.5, 0.3, 0.2]), 2) is array([0.625, 0.375, 0.0]).
    """
    raise NotImplementedError("write top_k")


# ---- 10.2 ----


def top_p(pi: np.ndarray, p: float) -> np.ndarray:
    """The policy cut to the smallest set of most likely tokens whose
    probabilities add up to p or more; made to add up to 1 again.

    pi: (V,) float64. p: above 0, at most 1. Of equally likely tokens, the ones
    with the smaller number come first.

    top_p(np.array([0.5, 0.3, 0.2]), 0.7) is array([0.625, 0.375, 0.0]): 0.5 is
    not enough, 0.5 + 0.3 is.
    """
    raise NotImplementedError("write top_p")


# ---- 10.3 ----


@implements("generate.sample")
def sample(
    logits: np.ndarray,
    u: np.ndarray,
    temperature: float,
    k: int,
    p: float,
) -> list[int]:
    """A token for each row. The policy of a row is softmax(logits /
    temperature), cut by top_k where k is above 0, and then by top_p where p is
    below 1. The token is the first whose running sum of probabilities exceeds
    u. Rounding may leave the last sum a little too small, so that none exceeds
    u: then it is the last token with a probability above 0.

    logits: (N, V) float64. u: (N,) random numbers in [0, 1), one for each row.
    temperature 0 takes the most likely token of each row, the first of several.

    sample(np.log([[0.8, 0.2], [0.8, 0.2]]), np.array([0.5, 0.9]), 1.0, 0, 1.0)
    is [0, 1].
    """
    raise NotImplementedError("write sample")


# ---- 10.4 ----


def attend(q: np.ndarray, keys: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Attention of a single token: the average of the rows of values, weighted
    by softmax(q · key / √D).

    q: (D,). keys: (t, D). values: (t, E). The result: (E,). The token itself is
    the last row of keys and values. There is no mask: later tokens do not
    exist yet.

    attend(np.zeros(2), np.ones((2, 2)), np.array([[2.0], [4.0]])) is
    array([3.0]): both keys fit equally well.
    """
    raise NotImplementedError("write attend")


# ---- 10.5 ----


def empty_cache(config: Any) -> Cache:
    """A cache for no tokens at all. (Complete.)"""
    nothing = np.zeros((0, config.n_head * config.head_size))
    return [(nothing, nothing) for _ in range(config.n_layer)]


def rotate_at(x: np.ndarray, config: Any, place: int) -> np.ndarray:
    """The queries or keys of one token, (C,), turned head by head as lesson 8
    does it for the row `place`. The first place is 0. (Complete.)"""
    heads = x.reshape(config.n_head, config.head_size)
    D = config.head_size
    angles = place * config.rope_base ** (-np.arange(0, D, 2) / D)
    a, b = heads[:, : D // 2], heads[:, D // 2 :]
    cosine, sine = np.cos(angles), np.sin(angles)
    turned = [a * cosine - b * sine, b * cosine + a * sine]
    return np.concatenate(turned, axis=1).ravel()


def step(
    p: Parameters,
    config: Any,
    token: int,
    cache: Cache,
) -> tuple[np.ndarray, Cache]:
    """One token more: the logits of what comes next, (V,), and the new cache.

    p and config are as in lesson 8: token_embedding.weight, blocks.0. ... ,
    final_norm.weight, head.weight; and in a layer attention_norm.weight,
    attention.qkv.weight, attention.projection.weight, mlp_norm.weight,
    mlp.up.weight, mlp.projection.weight. A matrix W has a row for each number
    of its result, W @ x. qkv gives first C queries, then C keys, then C values;
    mlp.up gives first F gates, then F ups. The eps of every norm is
    config.norm_eps; D is config.head_size and F is config.ff_size.

    cache: for each layer the keys, turned, and the values of all tokens before
    this one, (t, C) each. The new cache has a row more. The old one stays as
    it is: list, keys and values. The place of the token is t, 0 for the first.
    """
    raise NotImplementedError("write step")


# ---- 10.6 ----


def operations(
    n_layer: int,
    d_model: int,
    d_ff: int,
    vocab_size: int,
    tokens: int,
    cached: bool,
) -> int:
    """The multiplications and additions that it takes to get the logits after
    `tokens` tokens: of the last token alone where the others are cached, of all
    of them where not. C is d_model, F is d_ff.

    Each token takes, in each layer, 2 (4 C² + 3 C F) for the matrices, and
    4 t C for attention, where t is its number, 1 for the first. The logits of
    the last token take 2 C V.

    operations(1, 2, 3, 5, 2, True) is 104. Without a cache it is 180.
    """
    raise NotImplementedError("write operations")

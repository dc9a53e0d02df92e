"""Lesson 8: write these seven functions. `python -m minirl.lessons check 8.1`
checks the first.

T tokens, C numbers for each of them, H heads, D = C / H numbers in a head, F
the width of the feed-forward part, V tokens in the vocabulary. Matrices are
stored with one row for each output, so it is always x @ W.T.

`example_layer` and `example_model` are small inputs to try 8.5 and 8.6 on:
block(*example_layer(tokens=2, heads=1)).
"""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from minirl.lessons import implements
from minirl.lessons.example_model import example_layer, example_model

Parameters = Mapping[str, np.ndarray]


def inside(p: Parameters, prefix: str) -> Parameters:
    """The parameters whose names begin with the prefix, under the rest of their
    names. (Complete.)"""
    names = [name for name in p if name.startswith(prefix)]
    return {name.removeprefix(prefix): p[name] for name in names}


# ---- 8.1 ----


def rms_norm(x: np.ndarray, gain: np.ndarray, eps: float) -> np.ndarray:
    """gain * x / sqrt(mean of x^2 over the row + eps).

    x: (T, C), gain: (C,).
    """
    raise NotImplementedError("write rms_norm")


# ---- 8.2 ----


def attention(q: np.ndarray, k: np.ndarray, v: np.ndarray) -> np.ndarray:
    """For each token the average of the rows of v, up to its own place,
    weighted by softmax(q . k / sqrt(D)).

    q, k: (T, D). v and the result: (T, E). In the model E is D; section 6 of
    the lesson also uses another E.
    """
    raise NotImplementedError("write attention")


# ---- 8.3 ----


def rotate(x: np.ndarray, base: float) -> np.ndarray:
    """Turn the points of each row by angles that depend on the row's place:
    (T, D) -> (T, D), D even.

    Numbers i and i + D/2 of row t are a point (a, b) in the plane. It turns by
    the angle t * base^(-2i/D), in radians: (a, b) becomes
    (a cos - b sin, b cos + a sin).
    """
    raise NotImplementedError("write rotate")


# ---- 8.4 ----


def swiglu(gate: np.ndarray, up: np.ndarray) -> np.ndarray:
    """gate * sigmoid(gate) * up, for arrays of the same shape."""
    raise NotImplementedError("write swiglu")


# ---- 8.5 ----


def block(p: Parameters, config: Any, x: np.ndarray) -> np.ndarray:
    """One layer: (T, C) -> (T, C). x plus attention of the normed x; then plus
    the feed-forward part of that, normed.

    p: attention_norm.weight (C,), attention.qkv.weight (3 C, C): all queries,
    all keys, all values, attention.projection.weight (C, C), mlp_norm.weight
    (C,), mlp.up.weight (2 F, C): first all gates, then all ups,
    mlp.projection.weight (C, F). config: n_head, head_size (D), ff_size (F),
    norm_eps, rope_base. x stays as it is.
    """
    raise NotImplementedError("write block")


# ---- 8.6 ----


@implements("model.gpt")
def gpt(p: Parameters, config: Any, ids: list[int]) -> np.ndarray:
    """The logits of the next token after each token of the list ids: (T, V).

    p: token_embedding.weight (V, C), blocks.0. ... with the names of `block`,
    final_norm.weight (C,), head.weight (V, C). config: n_layer, and what
    `block` needs.
    """
    raise NotImplementedError("write gpt")


# ---- 8.7 ----


def n_parameters(vocab_size: int, n_layer: int, d_model: int, d_ff: int) -> int:
    """The number of parameters of the model of `gpt`, norms included. d_model
    is C, d_ff is F."""
    raise NotImplementedError("write n_parameters")

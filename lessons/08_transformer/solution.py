"""Lesson 8: one way to write the seven functions.

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
from minirl.lessons.example_model import example_layer, example_model  # noqa: F401

Parameters = Mapping[str, np.ndarray]


def inside(p: Parameters, prefix: str) -> Parameters:
    """The parameters whose names begin with the prefix, under the rest of their
    names."""
    names = [name for name in p if name.startswith(prefix)]
    return {name.removeprefix(prefix): p[name] for name in names}


# ---- 8.1 ----


def rms_norm(x: np.ndarray, gain: np.ndarray, eps: float) -> np.ndarray:
    """gain * x / sqrt(mean of x^2 over the row + eps).

    x: (T, C), gain: (C,).
    """
    return gain * x / np.sqrt((x * x).mean(axis=-1, keepdims=True) + eps)


# ---- 8.2 ----


def attention(q: np.ndarray, k: np.ndarray, v: np.ndarray) -> np.ndarray:
    """For each token the average of the rows of v, up to its own place,
    weighted by softmax(q . k / sqrt(D)).

    q, k: (T, D). v and the result: (T, E). In the model E is D; section 6 of
    the lesson also uses another E.
    """
    T, D = q.shape
    scores = q @ k.T / math.sqrt(D)
    scores = np.where(np.tril(np.ones((T, T), bool)), scores, -np.inf)  # the future has no weight
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    return weights / weights.sum(axis=1, keepdims=True) @ v


# ---- 8.3 ----


def rotate(x: np.ndarray, base: float) -> np.ndarray:
    """Turn the points of each row by angles that depend on the row's place:
    (T, D) -> (T, D), D even.

    Numbers i and i + D/2 of row t are a point (a, b) in the plane. It turns by
    the angle t * base^(-2i/D), in radians: (a, b) becomes
    (a cos - b sin, b cos + a sin).
    """
    T, D = x.shape
    angles = np.arange(T)[:, None] * base ** (-np.arange(0, D, 2) / D)  # (T, D / 2)
    a, b = x[:, : D // 2], x[:, D // 2 :]
    cosine, sine = np.cos(angles), np.sin(angles)
    return np.concatenate([a * cosine - b * sine, b * cosine + a * sine], axis=1)


# ---- 8.4 ----


def swiglu(gate: np.ndarray, up: np.ndarray) -> np.ndarray:
    """gate * sigmoid(gate) * up, for arrays of the same shape."""
    return gate / (1 + np.exp(-gate)) * up


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
    C, D = x.shape[1], config.head_size
    normed = rms_norm(x, p["attention_norm.weight"], config.norm_eps)
    qkv = normed @ p["attention.qkv.weight"].T
    results = []
    for head in range(config.n_head):
        q, k, v = (qkv[:, start + head * D : start + (head + 1) * D] for start in (0, C, 2 * C))
        results.append(attention(rotate(q, config.rope_base), rotate(k, config.rope_base), v))
    x = x + np.concatenate(results, axis=1) @ p["attention.projection.weight"].T
    normed = rms_norm(x, p["mlp_norm.weight"], config.norm_eps)
    up = normed @ p["mlp.up.weight"].T
    F = config.ff_size
    return x + swiglu(up[:, :F], up[:, F:]) @ p["mlp.projection.weight"].T


# ---- 8.6 ----


@implements("model.gpt")
def gpt(p: Parameters, config: Any, ids: list[int]) -> np.ndarray:
    """The logits of the next token after each token of the list ids: (T, V).

    p: token_embedding.weight (V, C), blocks.0. ... with the names of `block`,
    final_norm.weight (C,), head.weight (V, C). config: n_layer, and what
    `block` needs.
    """
    x = p["token_embedding.weight"][ids]
    for layer in range(config.n_layer):
        x = block(inside(p, f"blocks.{layer}."), config, x)
    return rms_norm(x, p["final_norm.weight"], config.norm_eps) @ p["head.weight"].T


# ---- 8.7 ----


def n_parameters(vocab_size: int, n_layer: int, d_model: int, d_ff: int) -> int:
    """The number of parameters of the model of `gpt`, norms included. d_model
    is C, d_ff is F."""
    layer = 4 * d_model * d_model + 3 * d_model * d_ff + 2 * d_model
    return 2 * vocab_size * d_model + n_layer * layer + d_model

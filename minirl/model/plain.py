"""The transformer without anything that makes it fast: one document, and nothing but Tensor operations.

Read this file first. transformer.py computes the same for many documents at once, with fused kernels and a cache. The
functions here take the parameters of a full model by their names. Tests hold the logits, and the gradient of every
parameter, to what the full model computes:

    parameters = dict(model.named_parameters())
    logits = plain_gpt(parameters, model.config, ids)        # (T, V), as model(ids)[0]

Letters: T tokens, C d_model (numbers in a token's row), H heads, D head size (C / H), F d_ff, V vocabulary. Both
families are here, GPT-2 (Radford et al. 2019) and Llama (Touvron et al. 2023). They differ in how rows are normalised
(`normalise`), how the model knows the order of tokens (a table in `plain_gpt`, or `rotate`), and what the MLP computes
(`plain_mlp`).
"""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from minirl import functional as F
from minirl.model.config import GPTConfig
from minirl.tensor import Tensor

Parameters = Mapping[str, Tensor]  # name -> parameter, as in GPT.named_parameters


def plain_gpt(parameters: Parameters, config: GPTConfig, ids: Sequence[int]) -> Tensor:
    """Logits (T, V): row t scores every token of the vocabulary as the one that follows ids[: t + 1]."""
    x = parameters["token_embedding.weight"][np.asarray(ids)]  # (T, C): one row of the table for each token
    if config.position == "learned":
        x = x + parameters["position_embedding.weight"][: len(ids)]
    for layer in range(config.n_layer):
        x = plain_block(inside(parameters, f"blocks.{layer}."), config, x)
    x = normalise(inside(parameters, "final_norm."), config, x)
    output = parameters["token_embedding.weight" if config.tie_embeddings else "head.weight"]
    return x @ output.T


def plain_block(parameters: Parameters, config: GPTConfig, x: Tensor) -> Tensor:
    """(T, C) -> (T, C). x is the residual stream: attention and MLP read it through a norm, and add to it.

    Attention is the only place where tokens learn of each other. The MLP treats each token by itself.
    """
    normed = normalise(inside(parameters, "attention_norm."), config, x)
    x = x + plain_attention(inside(parameters, "attention."), config, normed)
    normed = normalise(inside(parameters, "mlp_norm."), config, x)
    return x + plain_mlp(inside(parameters, "mlp."), config, normed)


def plain_attention(parameters: Parameters, config: GPTConfig, x: Tensor) -> Tensor:
    """Each token collects what it needs from itself and the tokens before it: (T, C) -> (T, C) (Vaswani et al. 2017).

    In each head, token t asks with its query q_t, token s answers to its key k_s, and hands over its value v_s:

        weight of s for t = softmax over s <= t of (q_t . k_s / sqrt(D))        result_t = sum_s weight_ts v_s

    Grouped-query attention (Ainslie et al. 2023) has fewer heads of keys and values: several query heads share one.
    """
    T, D, query_heads, kv_heads = len(x), config.head_size, config.n_head, config.kv_heads
    projected = linear(parameters, "qkv", x)  # (T, (H + 2 H_kv) D): all queries, then all keys, then all values
    all_q = projected[:, : query_heads * D]
    all_k = projected[:, query_heads * D : (query_heads + kv_heads) * D]
    all_v = projected[:, (query_heads + kv_heads) * D :]
    may_see = np.tril(np.ones((T, T), bool))  # may_see[t, s]: s is not after t. This is the causal mask
    results = []
    for head in range(query_heads):
        kv_head = head * kv_heads // query_heads
        q = all_q[:, head * D : (head + 1) * D]  # (T, D) each
        k = all_k[:, kv_head * D : (kv_head + 1) * D]
        v = all_v[:, kv_head * D : (kv_head + 1) * D]
        if config.position == "rope":
            q, k = rotate(q, config.rope_base), rotate(k, config.rope_base)
        scores = (q @ k.T) * (1 / math.sqrt(D))  # (T, T)
        weights = softmax(F.where(may_see, scores, -math.inf))  # e^-inf = 0: the future has no weight
        results.append(weights @ v)  # (T, D)
    return linear(parameters, "projection", F.concatenate(results, axis=1))


def plain_mlp(parameters: Parameters, config: GPTConfig, x: Tensor) -> Tensor:
    """Widen each token's row, apply a nonlinearity, narrow it again: (T, C) -> (T, F) -> (T, C)."""
    up = linear(parameters, "up", x)
    if config.mlp == "swiglu":  # (T, 2F): silu(gate) decides how much of each number of the other half passes
        gate, up = up[:, : config.ff_size], up[:, config.ff_size :]
        return linear(parameters, "projection", gate * gate.sigmoid() * up)
    return linear(parameters, "projection", gelu(up) if config.mlp == "gelu" else F.gelu(up, exact=True))


def softmax(scores: Tensor) -> Tensor:
    """e^score / sum of e^score over each row. The row's maximum is subtracted first, which changes nothing but keeps
    e^score from overflowing."""
    e = (scores - scores.max(axis=-1, keepdims=True)).exp()
    return e / e.sum(axis=-1, keepdims=True)


def linear(parameters: Parameters, name: str, x: Tensor) -> Tensor:
    """x W^T + b, for the W and, where there is one, the b of that name."""
    y = x @ parameters[f"{name}.weight"].T
    return y + parameters[f"{name}.bias"] if f"{name}.bias" in parameters else y


# ---- what GPT-2 and Llama do differently ----


def normalise(parameters: Parameters, config: GPTConfig, x: Tensor) -> Tensor:
    """Scale each token's row to a mean square of about 1, then multiply by a learned gain.

    RMSNorm (Llama) does only this. LayerNorm (GPT-2) makes the row's mean 0 first, and adds a learned bias.
    """
    if config.norm == "layer":
        x = x - x.mean(axis=-1, keepdims=True)
    x = x / ((x * x).mean(axis=-1, keepdims=True) + config.norm_eps).sqrt() * parameters["weight"]
    return x + parameters["bias"] if "bias" in parameters else x


def rotate(x: Tensor, base: float) -> Tensor:
    """Rotary position embedding (Su et al. 2021): (T, D) -> (T, D).

    Number i and number i + D/2 of token t are a point in the plane, which turns by the angle t base^(-2i / D). The
    product of a turned query and a turned key then depends on the distance of their tokens, and not on where they are.
    """
    T, D = x.shape
    angles = np.arange(T)[:, None] * base ** (-np.arange(0, D, 2) / D)  # (T, D/2)
    cosine, sine = np.cos(angles).astype(x.dtype), np.sin(angles).astype(x.dtype)
    first, second = x[:, : D // 2], x[:, D // 2 :]
    return F.concatenate([first * cosine - second * sine, second * cosine + first * sine], axis=1)


def gelu(x: Tensor) -> Tensor:
    """About x where x is large, 0 where it is very negative, and smooth between (GPT-2's form of GELU)."""
    return 0.5 * x * (1 + (math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)).tanh())


def inside(parameters: Parameters, prefix: str) -> Parameters:
    """The parameters whose names begin with `prefix`, under the rest of their names."""
    return {name.removeprefix(prefix): p for name, p in parameters.items() if name.startswith(prefix)}

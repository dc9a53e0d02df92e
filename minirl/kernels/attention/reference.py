"""Attention in NumPy: what csrc/attention.c, attention_backward.c and attention_decode.c must compute.

Letters: B batch, T time (queries), S keys, H heads, H_kv key heads, D head size. First comes attention of one row, as
it stands in every textbook; the kernels below add what a model needs: documents that lie end to end, and a cache.
"""

import math
from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from minirl.kernels.arguments import real_dtype
from minirl.kernels.attention.checks import (
    check_attention,
    check_attention_backward,
    check_attention_decode,
    check_documents,
    check_gradients_apart,
)

Array = np.ndarray

# ---- the formulas ----


def _attend(q: Array, k: Array, v: Array, scale: float | None, causal: bool) -> tuple[Array, Array]:
    """(softmax(scale q k^T) v, log of the softmax denominators)."""
    weights, lse = _attention_weights(q, k, scale, causal)
    return np.einsum("bhts,bshd->bthd", weights, _repeat_heads(v, q)), lse


def _attention_weights(q: Array, k: Array, scale: float | None, causal: bool) -> tuple[Array, Array]:
    """softmax(scale q k^T): (B, H, T, S), and the log of its denominators: (B, H, T)."""
    T, S = q.shape[1], k.shape[1]
    scores = np.einsum("bthd,bshd->bhts", q, _repeat_heads(k, q)) * np.asarray(_scale(q, scale), q.dtype)
    if causal:
        scores = np.where(np.arange(S) <= np.arange(T)[:, None] + S - T, scores, np.asarray(-np.inf, q.dtype))
    with np.errstate(invalid="ignore", divide="ignore"):
        largest = scores.max(axis=-1, keepdims=True, initial=-np.inf)
        exponentials = np.exp(scores - np.where(largest == -np.inf, 0, largest))
        total = exponentials.sum(axis=-1, keepdims=True)
        weights = np.where(total == 0, np.zeros_like(exponentials), exponentials / total)
        lse = (np.log(total) + largest)[..., 0]
    return weights, lse.astype(q.dtype, copy=False)


def _gradients(
    dout: Array, q: Array, k: Array, v: Array, out: Array, scale: float | None, causal: bool
) -> tuple[Array, Array, Array]:
    """(dq, dk, dv). With P the weights and dP = dout v^T: dv = P^T dout, dS = P (dP - rowsum(dout out)),
    dq = scale dS k, dk = scale dS^T q."""
    B, S, H_kv, D = k.shape
    weights, _ = _attention_weights(q, k, scale, causal)
    dweights = np.einsum("bthd,bshd->bhts", dout, _repeat_heads(v, q))
    delta = np.einsum("bthd,bthd->bht", dout, out)
    dscores = weights * (dweights - delta[..., None]) * _scale(q, scale)
    grouped = (B, S, H_kv, q.shape[2] // H_kv, D)  # query heads that share a key head add their gradients
    return (
        np.einsum("bhts,bshd->bthd", dscores, _repeat_heads(k, q)),
        np.einsum("bhts,bthd->bshd", dscores, q).reshape(grouped).sum(axis=3),
        np.einsum("bhts,bthd->bshd", weights, dout).reshape(grouped).sum(axis=3),
    )


def _scale(q: Array, scale: float | None) -> float:
    return 1 / math.sqrt(q.shape[-1]) if scale is None and q.shape[-1] else scale or 0.0


def _repeat_heads(k: Array, q: Array) -> Array:
    """(B, S, H_kv, D) -> (B, S, H, D): each key head once for every query head that reads it."""
    return np.repeat(k, q.shape[2] // k.shape[2], axis=2)


# ---- the kernels ----


def attention(
    q: Array,
    k: Array,
    v: Array,
    *,
    scale: float | None = None,
    causal: bool = True,
    starts: Array | None = None,
    prefixes: Array | None = None,
    out: Array | None = None,
) -> tuple[Array, Array]:
    """softmax(scale q k^T) v, head by head (Vaswani et al. 2017, section 3.2.1). Returns (out, lse).

    q: (B, T, H, D). k, v: (B, S, H_kv, D), where H_kv divides H and query head h reads key head h H_kv // H. scale is
    1 / sqrt(D) unless given. With causal, query t sees keys 0 .. t + S - T; a query that sees none gives 0. out:
    (B, T, H, D). lse: (B, H, T), the log of the softmax denominator; backward needs nothing else of the T x S weights.
    q, k, v and out may be slices of wider arrays, as of one projection. out may share no element with q, k or v.

    starts: documents lie end to end in one row, so B = 1 and S = T. Document i has the tokens starts[i] to
    starts[i + 1] and attends to itself alone (Dao 2023, "varlen"). (documents + 1,) int32 or int64, ascending from 0
    to T.

    prefixes: prefixes[i] is the number of the document that document i continues, or -1. Document i then sees all keys
    of its prefix, followed by its own, as if the two were one document. A prefix shared by many documents is stored and
    computed once, as in Hydragen (Juravsky et al. 2024). (documents,) int32 or int64. A prefix comes before the
    documents that continue it, and has no prefix itself.
    """
    check_attention("attention", q, k, v, out, real_dtype(q))
    if starts is None and prefixes is None:
        result, lse = _attend(q, k, v, scale, causal)
    else:
        result, lse = np.empty(q.shape, q.dtype), np.empty((1, q.shape[2], q.shape[1]), q.dtype)
        for own, seen in _documents("attention", starts, prefixes, q, k):
            result[:, own], lse[:, :, own] = _attend(q[:, own], k[:, seen], v[:, seen], scale, causal)
    if out is None:
        out = np.ascontiguousarray(result)
    else:
        out[...] = result
    return out, np.ascontiguousarray(lse)


def attention_backward(
    dout: Array,
    q: Array,
    k: Array,
    v: Array,
    out: Array,
    lse: Array,
    *,
    scale: float | None = None,
    causal: bool = True,
    starts: Array | None = None,
    prefixes: Array | None = None,
    dq: Array | None = None,
    dk: Array | None = None,
    dv: Array | None = None,
) -> tuple[Array, Array, Array]:
    """Gradients of attention, (dq, dk, dv) shaped like q, k, v; written into the arrays given, if any.

    With P the weights and dP = dout v^T: dv = P^T dout, dS = P (dP - rowsum(dout out)), dq = scale dS k,
    dk = scale dS^T q (Dao et al. 2022, appendix B.2).

    out, lse: what attention returned. scale, causal, starts, prefixes: as they were given to attention. dq, dk and dv
    may be slices of one array, side by side as q, k and v are in a projection. They may share no element with each
    other or with an input.
    """
    check_attention_backward(dout, q, k, v, out, lse, dq, dk, dv, real_dtype(q))
    asked = [(name, dx) for name, dx in (("dq", dq), ("dk", dk), ("dv", dv)) if dx is not None]
    check_gradients_apart(asked, dout, q, k, v, out, lse)
    if starts is None and prefixes is None:
        gradients = _gradients(dout, q, k, v, out, scale, causal)
    else:
        gradients = np.empty(q.shape, q.dtype), np.zeros(k.shape, k.dtype), np.zeros(v.shape, v.dtype)
        for own, seen in _documents("attention_backward", starts, prefixes, q, k):
            dq_own, dk_seen, dv_seen = _gradients(
                dout[:, own], q[:, own], k[:, seen], v[:, seen], out[:, own], scale, causal
            )
            gradients[0][:, own] = dq_own
            gradients[1][:, seen] += dk_seen
            gradients[2][:, seen] += dv_seen
    results = []
    for given, gradient in zip((dq, dk, dv), gradients, strict=True):
        if given is None:
            results.append(np.ascontiguousarray(gradient))
        else:
            given[...] = gradient
            results.append(given)
    return results[0], results[1], results[2]


def attention_decode(
    q: Array,
    k_cache: Array,
    v_cache: Array,
    lengths: Array,
    *,
    new: tuple[Array, Array] | None = None,
    rows: Array | None = None,
    prefixes: Array | None = None,
    seen: Array | None = None,
    scale: float | None = None,
) -> Array:
    """Attention of new queries, mostly one per row, over their cached keys. Returns (B, H, D); without keys, that is 0.

    q: (B, H, D). k_cache, v_cache: (rows, capacity, H_kv, D). Row r holds lengths[r] (int32) keys; what lies behind
    them is never read. Query b reads row rows[b] (int32; by default row b) and, before it, row prefixes[b] (int32; -1,
    the default: none). A prefix row holds what several queries have in common.

    new: key and value (B, H_kv, D) of the queries' own tokens. They are first written into the caches, behind the keys
    of the queries' rows. Then no two queries may have the same row, no prefix may be one of these rows, and the caches
    may share no element with each other, with q or with the new keys and values. Without `new`, nothing is written.

    seen: (B,) int32, how many keys the query's own row holds for it, by default lengths[r]. So several tokens of one
    row, whose keys are in the cache already, can attend in one call, each to the keys up to its own.
    """
    check_attention_decode(q, k_cache, v_cache, lengths, new, rows, prefixes, seen, real_dtype(q))
    rows = np.arange(len(q)) if rows is None else rows
    prefixes = np.full(len(q), -1) if prefixes is None else prefixes
    out = np.zeros(q.shape, q.dtype)
    for b, (row, prefix) in enumerate(zip(rows, prefixes, strict=True)):
        length = lengths[row] if seen is None else seen[b]
        if new is not None:
            k_cache[row, length], v_cache[row, length] = new[0][b], new[1][b]
            length = length + 1
        parts = [(prefix, lengths[prefix] if prefix >= 0 else 0), (row, length)]
        keys, values = (np.concatenate([x[i, :n] for i, n in parts])[None] for x in (k_cache, v_cache))
        out[b] = _attend(q[b : b + 1, None], keys, values, scale, causal=True)[0][0, 0]
    return out


def _documents(
    op: str, starts: Array | None, prefixes: Array | None, q: Array, k: Array
) -> Iterator[tuple[slice, Array]]:
    """For each document its own tokens, and the tokens that it sees: its prefix's, then its own."""
    starts, prefixes = check_documents(op, starts, prefixes, q.shape, k.shape)
    own = [slice(start, stop) for start, stop in pairwise(starts.tolist())]
    for at, prefix in zip(own, prefixes, strict=True):
        yield at, np.r_[at] if prefix < 0 else np.r_[own[prefix], at]

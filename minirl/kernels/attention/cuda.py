"""Attention on a GPU: csrc/cuda/attention.cu and attention_decode.cu.

starts, prefixes, lengths, rows and seen are NumPy arrays: they say where kernels look, and are checked before.
"""

from collections import OrderedDict

import numpy as np

from minirl.kernels.arguments import contents
from minirl.kernels.attention.checks import (
    check_attention,
    check_attention_backward,
    check_attention_decode,
    check_documents,
    check_gradients_apart,
)
from minirl.kernels.device import DeviceArray, blocks, device, empty, launch, layout, written

Array = np.ndarray | DeviceArray
OWN, WARPS, THREADS, MOST_D = 16, 4, 128, 128  # as in attention.cu: rows and warps of a block, and the largest head


def attention(
    q: Array,
    k: Array,
    v: Array,
    *,
    scale: float | None = None,
    causal: bool = True,
    starts: np.ndarray | None = None,
    prefixes: np.ndarray | None = None,
    out: Array | None = None,
) -> tuple[DeviceArray, DeviceArray]:
    q, k, v = device(q), device(k), device(v)
    out = None if out is None else written("attention", "out", out)
    (B, T, S, H, H_kv, D), q_step, k_step, v_step, out_step = check_attention(
        "attention", q.layout, k.layout, v.layout, layout(out)
    )
    _check_head("attention", D)
    seen, _ = _tables("attention", (B, T), (B, S), causal, starts, prefixes)
    y, lse = empty(q.shape) if out is None else out, empty((B, H, T))
    launch(
        "attention", "attention", (blocks(B * T, OWN), H), THREADS, B * T, T, H, H_kv, D, _scale(D, scale), seen,
        q, q_step, k, k_step, v, v_step, y, out_step, lse,
    )  # fmt: skip
    return y, lse


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
    starts: np.ndarray | None = None,
    prefixes: np.ndarray | None = None,
    dq: Array | None = None,
    dk: Array | None = None,
    dv: Array | None = None,
) -> tuple[DeviceArray, DeviceArray, DeviceArray]:
    op = "attention_backward"
    dout, q, k, v, out, lse = (device(x) for x in (dout, q, k, v, out, lse))
    given = [(name, written(op, name, dx)) for name, dx in (("dq", dq), ("dk", dk), ("dv", dv)) if dx is not None]
    (B, T, S, H, H_kv, D), q_step, k_step, v_step, out_step, dout_step, steps = check_attention_backward(
        dout.layout, q.layout, k.layout, v.layout, out.layout, lse.layout, layout(dq), layout(dk), layout(dv)
    )
    _check_head(op, D)
    check_gradients_apart(
        [(name, dx.layout) for name, dx in given],
        dout.layout, q.layout, k.layout, v.layout, out.layout, lse.layout,
    )  # fmt: skip
    gradients = dict(given)
    dq, dk, dv = (
        gradients[name] if name in gradients else empty(x.shape) for name, x in (("dq", q), ("dk", k), ("dv", v))
    )
    seen, seen_from = _tables(op, (B, T), (B, S), causal, starts, prefixes)
    delta = empty((B, H, T))
    launch("attention", "attention_delta", (blocks(B * T, WARPS), H), THREADS,
           B * T, T, H, D, dout, dout_step, out, out_step, delta)  # fmt: skip
    sizes = T, H, H_kv, D, _scale(D, scale), seen
    arrays = dout, dout_step, q, q_step, k, k_step, v, v_step, lse, delta
    grid = blocks(B * T, OWN), H
    launch("attention", "attention_backward_q", grid, THREADS, B * T, *sizes, *arrays, dq, steps[0])
    grid = blocks(B * S, OWN), H_kv
    gradients_to = dk, steps[1], dv, steps[2]
    launch("attention", "attention_backward_kv", grid, THREADS, B * S, *sizes, seen_from, *arrays, *gradients_to)
    return dq, dk, dv


def attention_decode(
    q: Array,
    k_cache: Array,
    v_cache: Array,
    lengths: np.ndarray,
    *,
    new: tuple[Array, Array] | None = None,
    rows: np.ndarray | None = None,
    prefixes: np.ndarray | None = None,
    seen: np.ndarray | None = None,
    scale: float | None = None,
) -> DeviceArray:
    op = "attention_decode"
    q = device(q)
    if new is None:
        k_cache, v_cache = device(k_cache), device(v_cache)
    else:
        k_cache, v_cache = written(op, "k_cache", k_cache), written(op, "v_cache", v_cache)
        new = device(new[0]), device(new[1])
    (B, H, H_kv, D, capacity), q_step, k_step, v_step = check_attention_decode(
        q.layout, k_cache.layout, v_cache.layout, lengths, None if new is None else (new[0].layout, new[1].layout),
        rows, prefixes, seen,
    )  # fmt: skip
    _check_head(op, D)
    rows = np.arange(B, dtype=np.int32) if rows is None else rows
    own = lengths[rows] if seen is None else seen
    before = np.full(B, -1, np.int32) if prefixes is None else prefixes
    shared = np.where(before < 0, 0, lengths[before]).astype(np.int32) if len(lengths) else np.zeros(B, np.int32)
    where = device(np.stack([rows, own, own + (new is not None), np.maximum(before, 0), shared]).astype(np.int32))
    out = empty(q.shape)
    if new is not None:
        n, width = B * H_kv * D, H_kv * D
        launch("attention_decode", "append_to_cache", blocks(n, THREADS), THREADS, n, width, capacity,
               new[0], k_step, new[1], v_step, where[0], where[1], k_cache, v_cache)  # fmt: skip
    grid = B, H if D else 0
    launch("attention_decode", "attention_decode", grid, THREADS, H, H_kv, D, capacity, _scale(D, scale),
           q, q_step, k_cache, v_cache, where[0], where[2], where[3], where[4], out)  # fmt: skip
    return out


def _scale(D: int, scale: float | None) -> float:
    return D**-0.5 if scale is None and D > 0 else scale or 0.0


def _check_head(op: str, D: int) -> None:
    if D > MOST_D:
        raise NotImplementedError(f"{op}: heads of size {D} have no CUDA kernel; the largest is {MOST_D}")


# ---- who sees whom ----

_kept: OrderedDict[object, tuple[DeviceArray, DeviceArray]] = OrderedDict()  # the tables that were made last


def _tables(
    op: str, queries: tuple[int, int], keys: tuple[int, int], causal: bool, starts: np.ndarray | None,
    prefixes: np.ndarray | None,
) -> tuple[DeviceArray, DeviceArray]:  # fmt: skip
    """(what each query sees (B T, 4), which queries see a key (B S, 2)), as attention.cu explains. All layers of a
    model ask for the same, forward and backward, so the last tables are kept on the GPU."""
    asked = (queries, keys, causal, contents(starts), contents(prefixes))
    if asked not in _kept:
        if starts is None and prefixes is None:
            tables = _of_rows(queries, keys, causal)
        else:
            shapes = (*queries, 1, 1), (*keys, 1, 1)
            tables = _of_documents(*check_documents(op, starts, prefixes, *shapes), causal)
        _kept[asked] = device(tables[0].astype(np.int32)), device(tables[1].astype(np.int32))
        while len(_kept) > 4:
            _kept.popitem(last=False)
    return _kept[asked]


def _of_rows(queries: tuple[int, int], keys: tuple[int, int], causal: bool) -> tuple[np.ndarray, np.ndarray]:
    """Each row of a batch attends to itself; with causal, query t sees keys 0 to t + S - T."""
    (B, T), S = queries, keys[1]
    b, t, s = np.arange(B)[:, None], np.arange(T), np.arange(S)
    seen = np.zeros((B, T, 4), np.int64)
    seen[..., 0] = b * S
    seen[..., 1] = b * S + (np.clip(t + S - T + 1, 0, S) if causal else S)
    seen_from = np.empty((B, S, 2), np.int64)
    seen_from[..., 0] = b * T + (np.clip(s + T - S, 0, T) if causal else 0)
    seen_from[..., 1] = (b + 1) * T
    return seen.reshape(-1, 4), seen_from.reshape(-1, 2)


def _of_documents(starts: np.ndarray, prefixes: np.ndarray, causal: bool) -> tuple[np.ndarray, np.ndarray]:
    """Documents that lie end to end in one row, of which some continue another."""
    lengths = np.diff(starts)
    number = np.repeat(np.arange(len(lengths)), lengths)  # of each token's document
    token, first, end = np.arange(len(number)), starts[:-1][number], starts[1:][number]
    before = prefixes[number]
    prefix_first, prefix_end = (np.where(before < 0, 0, x[before]) for x in (starts[:-1], starts[1:]))
    seen = np.stack([first, token + 1 if causal else end, prefix_first, prefix_end], axis=1)
    last = starts[1:].copy()  # the end of the last document that sees a document
    np.maximum.at(last, prefixes[prefixes >= 0], starts[1:][prefixes >= 0])
    seen_from = np.stack([token if causal else first, last[number]], axis=1)
    return seen, seen_from

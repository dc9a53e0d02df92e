"""Attention in C: csrc/attention.c, attention_backward.c and attention_decode.c."""

import numpy as np

from minirl.kernels.arguments import contents
from minirl.kernels.attention.checks import (
    check_attention,
    check_attention_backward,
    check_attention_decode,
    check_documents,
    check_gradients_apart,
)
from minirl.kernels.runtime import check_allocated, different_columns, ffi, first_row, floats, ints, lib

Array = np.ndarray


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
    (B, T, S, H, H_kv, D), q_step, k_step, v_step, out_step = check_attention("attention", q, k, v, out)
    sequences, documents = _sequences("attention", starts, prefixes, q, k)
    if out is None:
        out = np.empty(q.shape, np.float32)
    lse = np.empty((B, H, T), np.float32)
    status = lib.kernel_attention(
        sequences, T, S, documents, H, H_kv, D, _scale(D, scale), causal,
        first_row(q), q_step, first_row(k), k_step, first_row(v), v_step, first_row(out), out_step, floats(lse),
    )  # fmt: skip
    check_allocated(status, "attention")
    return out, lse


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
    (_, T, S, H, H_kv, D), q_step, k_step, v_step, out_step, dout_step, steps = check_attention_backward(
        dout, q, k, v, out, lse, dq, dk, dv
    )
    sequences, documents = _sequences("attention_backward", starts, prefixes, q, k)
    given = [(name, dx) for name, dx in (("dq", dq), ("dk", dk), ("dv", dv)) if dx is not None]
    dq, dk, dv = (np.empty(x.shape, np.float32) if dx is None else dx for x, dx in ((q, dq), (k, dk), (v, dv)))
    dq_row, dk_row, dv_row = first_row(dq), first_row(dk), first_row(dv)
    if given:
        slices = steps[0] == steps[1] == steps[2] > H * D
        widths = H * D, H_kv * D, H_kv * D
        columns = slices and different_columns(dq_row, dk_row, dv_row, widths, steps[0])
        check_gradients_apart(given, dout, q, k, v, out, lse, columns=columns)
    status = lib.kernel_attention_backward(
        sequences, T, S, documents, H, H_kv, D, _scale(D, scale), causal,
        first_row(q), q_step, first_row(k), k_step, first_row(v), v_step, first_row(out), out_step,
        floats(lse), first_row(dout), dout_step,
        dq_row, steps[0], dk_row, steps[1], dv_row, steps[2],
    )  # fmt: skip
    check_allocated(status, "attention_backward")
    return dq, dk, dv


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
    (B, H, H_kv, D, capacity), q_step, k_step, v_step = check_attention_decode(
        q, k_cache, v_cache, lengths, new, rows, prefixes, seen
    )
    k_new, v_new = new or (None, None)
    out = np.empty(q.shape, np.float32)
    status = lib.kernel_attention_decode(
        B, H, H_kv, D, capacity, _scale(D, scale),
        first_row(q), q_step, first_row(k_new), k_step, first_row(v_new), v_step,
        floats(k_cache), floats(v_cache), ints(lengths), ints(rows), ints(prefixes), ints(seen),
        floats(out),
    )  # fmt: skip
    check_allocated(status, "attention_decode")
    return out


def _scale(D: int, scale: float | None) -> float:
    return D**-0.5 if scale is None and D > 0 else scale or 0.0


# ---- documents ----

_last_documents: tuple[object, Array] | None = None  # what `_sequences` was asked, and the table that it made


def _sequences(op: str, starts: Array | None, prefixes: Array | None, q: Array, k: Array) -> tuple[int, object]:
    """How many sequences attend each to itself, and where: NULL for the rows of the batch, or else the table of
    documents that C reads. All layers of a model ask for the same, forward and backward, so the last table is kept."""
    global _last_documents
    if starts is None and prefixes is None:
        return len(q), ffi.NULL
    asked = (contents(starts), contents(prefixes), q.shape[:2], k.shape[:2])
    kept = _last_documents
    if kept is None or kept[0] != asked:
        kept = _last_documents = asked, _table(*check_documents(op, starts, prefixes, q.shape, k.shape))
    return len(kept[1]), ffi.from_buffer("int64_t[]", kept[1])


def _table(starts: Array, prefixes: Array) -> Array:
    """A row (first token, length, prefix) for each document. Documents that share a prefix follow it, and the group
    with the most tokens comes first."""
    number, lengths = np.arange(len(prefixes)), np.diff(starts)
    group = np.where(prefixes < 0, number, prefixes)
    longest_first = np.lexsort((group, -np.bincount(group, lengths, len(group))[group]))
    row = np.empty_like(number)
    row[longest_first] = number
    table = np.stack([starts[:-1], lengths, np.where(prefixes < 0, -1, row[prefixes])], axis=1).astype(np.int64)
    return table[longest_first]

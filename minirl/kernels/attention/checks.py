"""What the arguments of attention must be."""

import numpy as np

from minirl.kernels.arguments import (
    FLOAT32,
    INT32,
    INT64,
    READ,
    WRITE,
    check,
    check_all_apart,
    check_apart,
    check_ids,
    check_rows,
    check_tokens,
    contents,
    wrong_type,
)

Array = np.ndarray


def check_attention(
    op: str, q: Array, k: Array, v: Array, out: Array | None = None, real: np.dtype = FLOAT32
) -> tuple[tuple[int, ...], int, int, int, int]:
    """((B, T, S, H, H_kv, D), the steps from token to token in q, k, v and out)."""
    sizes, q_step, k_step, v_step = _check_inputs(op, q, k, v, real)
    if out is None:
        return sizes, q_step, k_step, v_step, sizes[3] * sizes[5]
    out_step = check_tokens(op, "out", out, q.shape, dtype=real, needs=WRITE)
    check_apart(op, "out", out, q=q, k=k, v=v)
    return sizes, q_step, k_step, v_step, out_step


def check_attention_backward(
    dout: Array,
    q: Array,
    k: Array,
    v: Array,
    out: Array,
    lse: Array,
    dq: Array | None,
    dk: Array | None,
    dv: Array | None,
    real: np.dtype = FLOAT32,
) -> tuple[tuple[int, ...], int, int, int, int, int, list[int]]:
    """((B, T, S, H, H_kv, D), the steps from token to token in q, k, v, out, dout and in each of dq, dk, dv).

    All rules but one: check_gradients_apart follows, when a backend may know the addresses.
    """
    op = "attention_backward"
    sizes, q_step, k_step, v_step = _check_inputs(op, q, k, v, real)
    out_step = check_tokens(op, "out", out, q.shape, dtype=real)
    dout_step = check_tokens(op, "dout", dout, q.shape, dtype=real)
    B, T, _, H, *_ = sizes
    check(op, "lse", lse, (B, H, T), "B H T", real)
    steps = []
    for name, dx, x in (("dq", dq, q), ("dk", dk, k), ("dv", dv, v)):
        if dx is None:
            steps.append(x.shape[2] * x.shape[3])
        else:
            steps.append(check_tokens(op, name, dx, x.shape, "B T H D", real, WRITE))
    return sizes, q_step, k_step, v_step, out_step, dout_step, steps


def check_gradients_apart(
    given: list[tuple[str, Array]], dout: Array, q: Array, k: Array, v: Array, out: Array, lse: Array,
    columns: bool = False,
) -> None:  # fmt: skip
    """Raise ValueError where one of the given gradients, (name, array), shares an element with another array.

    columns: whether the given ones are known to be different columns of one array's rows."""
    read = (("dout", dout), ("q", q), ("k", k), ("v", v), ("out", out), ("lse", lse))
    check_all_apart("attention_backward", given, read, columns)


def _check_inputs(op: str, q: Array, k: Array, v: Array, real: np.dtype) -> tuple[tuple[int, ...], int, int, int]:
    """((B, T, S, H, H_kv, D), the steps from token to token in q, k and v)."""
    q_step = check_tokens(op, "q", q, (-1, -1, -1, -1), "B T H D", real)
    B, T, H, D = q.shape
    k_step = check_tokens(op, "k", k, (B, -1, -1, D), "B S H_kv D", real)
    S, H_kv = k.shape[1:3]
    v_step = check_tokens(op, "v", v, (B, S, H_kv, D), "B S H_kv D", real)
    _check_groups(op, H, H_kv)
    return (B, T, S, H, H_kv, D), q_step, k_step, v_step


def _check_groups(op: str, H: int, H_kv: int) -> None:
    if H_kv == 0 or H % H_kv:
        raise ValueError(f"{op}: {H} query heads cannot share {H_kv} key heads equally; H must be a multiple of H_kv")


# ---- decoding ----


def check_attention_decode(
    q: Array,
    k_cache: Array,
    v_cache: Array,
    lengths: Array,
    new: tuple[Array, Array] | None,
    rows: Array | None,
    prefixes: Array | None,
    seen: Array | None = None,
    real: np.dtype = FLOAT32,
) -> tuple[tuple[int, ...], int, int, int]:
    """((B, H, H_kv, D, capacity), the steps from row to row in q and in the new keys and values)."""
    op = "attention_decode"
    q_step = check_rows(op, "q", q, (-1, -1, -1), "B H D", 2, real)
    B, H, D = q.shape
    needs = READ if new is None else WRITE
    check(op, "k_cache", k_cache, (B if rows is None else -1, -1, -1, D), "rows capacity H_kv D", real, needs)
    check(op, "v_cache", v_cache, k_cache.shape, "rows capacity H_kv D", real, needs)
    R, capacity, H_kv, _ = k_cache.shape
    check(op, "lengths", lengths, (R,), "rows", INT32)
    for name, numbers in (("rows", rows), ("prefixes", prefixes), ("seen", seen)):
        if numbers is not None:
            check(op, name, numbers, (B,), "B", INT32)
    _check_groups(op, H, H_kv)
    k_step = v_step = 0
    if new is not None:
        k_new, v_new = new
        k_step = check_rows(op, "new", k_new, (B, H_kv, D), "B H_kv D", 2, real)
        v_step = check_rows(op, "new", v_new, (B, H_kv, D), "B H_kv D", 2, real)
        others = {"q": q, "new keys": k_new, "new values": v_new, "lengths": lengths, "rows": rows}
        check_apart(op, "k_cache", k_cache, v_cache=v_cache, prefixes=prefixes, seen=seen, **others)
        check_apart(op, "v_cache", v_cache, prefixes=prefixes, seen=seen, **others)
    check_cache_rows(op, lengths, capacity, B, rows, prefixes, seen, new is not None)
    return (B, H, H_kv, D, capacity), q_step, k_step, v_step


_last_cache_rows: object = None  # the numbers that were found right last: all layers of a model ask for the same


def check_cache_rows(
    op: str,
    lengths: Array,
    capacity: int,
    B: int,
    rows: Array | None,
    prefixes: Array | None,
    seen: Array | None,
    writes: bool,
) -> None:
    """Raise unless queries (B,) may read cache rows `rows` (by default 0 to B) behind rows `prefixes` (-1: none).

    Rows hold `lengths` keys, `capacity` at most; with `seen`, a query's own row holds so many for it. Where each query
    also writes a key, its row needs room for it, and no other query may use that row: neither as its own nor as its
    prefix.
    """
    global _last_cache_rows
    asked = (contents(lengths), capacity, B, contents(rows), contents(prefixes), contents(seen), writes)
    if asked == _last_cache_rows:
        return
    check_ids(op, "lengths", lengths, capacity + 1)
    if seen is not None:
        check_ids(op, "seen", seen, capacity + 1)
    for name, numbers in (("rows", rows), ("prefixes", prefixes)):
        if numbers is not None:
            check_ids(op, name, numbers, len(lengths), None if name == "rows" else -1)
    if writes:
        own = np.arange(B) if rows is None else rows
        full = np.flatnonzero((lengths[own] if seen is None else seen) >= capacity)
        if full.size:
            raise ValueError(f"{op}: row {own[full[0]]} holds {capacity} keys, and has no room for a new one")
        users = np.bincount(own, minlength=len(lengths))
        if users.max(initial=0) > 1:
            raise ValueError(f"{op}: row {users.argmax()} is written by several queries; with new=, rows must differ")
        if prefixes is not None and ((users[prefixes] > 0) & (prefixes >= 0)).any():
            at = int(((users[prefixes] > 0) & (prefixes >= 0)).argmax())
            raise ValueError(
                f"{op}: prefixes[{at}] is row {prefixes[at]}, which a query writes to; with new=, a prefix must be a "
                "row of its own"
            )
    _last_cache_rows = asked


# ---- documents ----


def check_documents(
    op: str, starts: Array | None, prefixes: Array | None, *shapes: tuple[int, ...]
) -> tuple[Array, Array]:
    """Raise unless `starts` says where documents begin that fill one row of tokens, for arrays of shape (1, T, ...),
    and `prefixes` which document each one continues. Returns both, prefixes as all -1 where they were not given.

    starts: (documents + 1,) int32 or int64 offsets that ascend from 0 to T. Two equal ones enclose a document of no
    tokens. prefixes: (documents,) int32 or int64: -1, or the number of an earlier document that has no prefix itself.
    """
    if type(starts) is not np.ndarray or starts.dtype not in (INT32, INT64):
        raise TypeError(wrong_type(op, "starts", starts, INT64))
    if starts.ndim != 1 or not starts.size:
        raise ValueError(f"{op}: starts has shape {starts.shape}; expected (documents + 1,)")
    falls = np.flatnonzero(starts[1:] < starts[:-1])
    if falls.size:
        at = int(falls[0]) + 1
        raise ValueError(f"{op}: starts[{at}] is {starts[at]}, after {starts[at - 1]}; expected offsets that ascend")
    for B, T, *_ in shapes:
        if B != 1:
            raise ValueError(f"{op}: got starts and B={B} rows; documents lie end to end in one row, so B=1")
        if starts[0] != 0 or starts[-1] != T:
            raise ValueError(f"{op}: starts go from {starts[0]} to {starts[-1]}; expected from 0 to T={T}")
    if prefixes is None:
        return starts, np.full(len(starts) - 1, -1)
    _check_prefixes(op, prefixes, len(starts) - 1)
    return starts, prefixes


def _check_prefixes(op: str, prefixes: Array, documents: int) -> None:
    if type(prefixes) is not np.ndarray or prefixes.dtype not in (INT32, INT64):
        raise TypeError(wrong_type(op, "prefixes", prefixes, INT64))
    if prefixes.shape != (documents,):
        raise ValueError(f"{op}: prefixes has shape {prefixes.shape}; expected (documents={documents},)")
    for i in np.flatnonzero((prefixes < -1) | (prefixes >= np.arange(documents))):
        raise ValueError(f"{op}: prefixes[{i}] is {prefixes[i]}; expected -1 or the number of an earlier document")
    for i in np.flatnonzero((prefixes >= 0) & (prefixes[prefixes] >= 0)):
        raise ValueError(
            f"{op}: prefixes[{i}] is {prefixes[i]}, which itself has the prefix {prefixes[prefixes[i]]}; expected a "
            "document without a prefix"
        )

"""The C kernels: check the arguments, allocate the result, call csrc/.

Each function here has the same name, arguments and meaning as in reference.py, where it is documented. Arrays are
C-contiguous float32 and token ids int32. A wrong shape, type or id raises before C sees a pointer; C itself checks
nothing. Calls release the GIL.
"""

import os
from collections.abc import Sequence

import numpy as np

from minirl.kernels import chunked
from minirl.kernels._native import ffi, lib
from minirl.kernels.arguments import (
    FLOAT32,
    INT32,
    check,
    check_apart,
    check_bfloat16,
    check_cache_rows,
    check_documents,
    check_float,
    check_ids,
    check_rows,
    check_tokens,
    contents,
)
from minirl.kernels.precision import BFLOAT16, from_bfloat16_bits, precision
from minirl.kernels.reference import check_sampling, not_a_distribution
from minirl.kernels.threads import default_threads

Array = np.ndarray

# ---- runtime ----

_isa_names = [ffi.string(lib.minirl_isa_name(index)).decode() for index in range(lib.minirl_isa_count())]
_isa = ""


def isas() -> dict[str, bool]:
    """The instruction sets in this build, slowest first, and whether this CPU has each."""
    return {name: bool(lib.minirl_isa_supported(index)) for index, name in enumerate(_isa_names)}


def isa() -> str:
    """The instruction set in use."""
    return _isa


def set_isa(name: str) -> None:
    """Use instruction set `name` from now on; ValueError where this build or this CPU lacks it."""
    global _isa
    usable = [known for known, supported in isas().items() if supported]
    if name not in _isa_names:
        raise ValueError(f"instruction set {name!r} is not in this build; it has {', '.join(_isa_names)}")
    if name not in usable:
        raise ValueError(f"this CPU cannot run instruction set {name!r}; it can run {', '.join(usable)}")
    lib.minirl_isa_use(_isa_names.index(name))
    _isa = name


def has_openmp() -> bool:
    """Whether the kernels were built with threads."""
    return bool(lib.minirl_has_openmp())


def set_threads(threads: int) -> None:
    lib.minirl_set_threads(threads)


def get_threads() -> int:
    return lib.minirl_get_threads() if has_openmp() else 1


set_isa(os.environ.get("MINIRL_ISA") or [name for name, supported in isas().items() if supported][-1])
set_threads(default_threads())
lib.minirl_keep_memory()

# ---- pointers ----


# Names of their own, since an update of a small model asks for 400 addresses
_from_buffer, _NULL, _FLOATS = ffi.from_buffer, ffi.NULL, ffi.typeof("float[]")


def _floats(x: Array | None) -> object:
    return _NULL if x is None else _from_buffer(_FLOATS, x)


def _ints(x: Array | None) -> object:
    return _NULL if x is None else _from_buffer("int32_t[]", x)


def _address(x: Array | None) -> object:
    """A pointer to the first element of a slice. from_buffer would refuse the slice, but takes its first row."""
    return _NULL if x is None else _from_buffer(_FLOATS, x[(slice(1),) * (x.ndim - 1)])


def _held(weight: Array) -> np.dtype:
    """The dtype that a weight is checked for where it may be held in bfloat16."""
    return BFLOAT16 if getattr(weight, "dtype", None) == BFLOAT16 else FLOAT32


def _allocated(status: int, op: str) -> None:
    if status != 0:
        raise MemoryError(f"{op}: no memory left for the kernel's scratch space")


# ---- matmul ----

_ACTIVATIONS = {None: 0, "gelu_tanh": 1, "gelu": 2, "silu": 3}


def matmul(
    a: Array,
    b: Array,
    *,
    transpose_a: bool = False,
    transpose_b: bool = False,
    bias: Array | None = None,
    activation: str | None = None,
    preactivation: Array | None = None,
    residual: Array | None = None,
    out: Array | None = None,
    accumulate: bool = False,
) -> Array:
    held_in_bfloat16 = type(b) is np.ndarray and b.dtype == BFLOAT16
    if held_in_bfloat16 or (type(a) is np.ndarray and a.dtype == BFLOAT16):
        check_bfloat16(a, b, transpose_a, transpose_b)
    check_float("matmul", "a", a)
    if held_in_bfloat16:
        check("matmul", "b", b, (-1, -1), "N K", BFLOAT16)
    else:
        check_float("matmul", "b", b)
    if a.ndim < 2 or b.ndim < 2:
        raise ValueError(f"matmul: a has shape {a.shape} and b {b.shape}; expected (..., M, K) and (..., K, N)")
    M, K = (a.shape[-1], a.shape[-2]) if transpose_a else a.shape[-2:]
    K_b, N = (b.shape[-1], b.shape[-2]) if transpose_b else b.shape[-2:]
    batch = a.shape[:-2] or b.shape[:-2]
    if K_b != K or (a.ndim > 2 and b.ndim > 2 and a.shape[:-2] != b.shape[:-2]):
        stored = f"{' transposed' if transpose_a else ''} and b {b.shape}{' transposed' if transpose_b else ''}"
        raise ValueError(f"matmul: a has shape {a.shape}{stored}; expected (..., M, K) and (..., K, N)")
    shape = (*batch, M, N)
    if out is None:
        if accumulate:
            raise ValueError("matmul: accumulate needs out=")
        out = np.empty(shape, np.float32)
    else:
        check("matmul", "out", out, shape)
        check_apart("matmul", ("out", out), a=a, b=b, bias=bias, residual=residual)
    if accumulate and not (bias is activation is preactivation is residual is None):
        raise ValueError("matmul: accumulate goes with neither bias, activation, preactivation nor residual")
    if activation not in _ACTIVATIONS:
        raise ValueError(f"matmul: activation {activation!r} is not one of {', '.join(map(repr, _ACTIVATIONS))}")
    if bias is not None:
        check("matmul", "bias", bias, (N,), "N")
    if preactivation is not None:
        check("matmul", "preactivation", preactivation, shape)
        check_apart("matmul", ("preactivation", preactivation), a=a, b=b, bias=bias, out=out, residual=residual)
    if residual is not None:
        check("matmul", "residual", residual, shape)

    count = 1
    for size in batch:
        count *= size
    stride_a = M * K if a.ndim > 2 else 0
    stride_b = K * N if b.ndim > 2 else 0
    if stride_b == 0 and not transpose_a and count != 1:  # one matrix b for all: the batch is just more rows
        M, count, stride_a = M * count, 1, 0
    if held_in_bfloat16:
        status = lib.kernel_matmul_bf16(
            M, N, K, _floats(a), _from_buffer("uint16_t[]", b), _floats(bias), _ACTIVATIONS[activation],
            _floats(preactivation), _floats(residual), _floats(out), accumulate,
        )  # fmt: skip
    else:
        status = lib.kernel_matmul(
            count, M, N, K,
            _floats(a), stride_a, a.shape[-1], transpose_a,
            _floats(b), stride_b, b.shape[-1], transpose_b,
            _floats(bias), _ACTIVATIONS[activation], _floats(preactivation), _floats(residual),
            _floats(out), M * N, N, accumulate, precision() == "bfloat16",
        )  # fmt: skip
    _allocated(status, "matmul")
    return out


def round_bfloat16(x: Array) -> Array:
    check_float("round_bfloat16", "x", x)
    y = np.empty_like(x)
    lib.kernel_round_bf16(x.size, _floats(x), _floats(y))
    return y


# ---- attention ----


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
    (B, T, S, H, H_kv, D), q_step, k_step, v_step = _attention_shapes("attention", q, k, v)
    sequences, documents = _sequences("attention", starts, prefixes, q, k)
    if out is None:
        out = np.empty(q.shape, np.float32)
        out_step = H * D
    else:
        out_step = check_tokens("attention", "out", out, q.shape, "B T H D")
        check_apart("attention", ("out", out), q=q, k=k, v=v)
    lse = np.empty((B, H, T), np.float32)
    status = lib.kernel_attention(
        sequences, T, S, documents, H, H_kv, D, _scale(D, scale), causal,
        _address(q), q_step, _address(k), k_step, _address(v), v_step, _address(out), out_step, _floats(lse),
    )  # fmt: skip
    _allocated(status, "attention")
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
    op = "attention_backward"
    (B, T, S, H, H_kv, D), q_step, k_step, v_step = _attention_shapes(op, q, k, v)
    sequences, documents = _sequences(op, starts, prefixes, q, k)
    out_step = check_tokens(op, "out", out, q.shape, "B T H D")
    dout_step = check_tokens(op, "dout", dout, q.shape, "B T H D")
    check(op, "lse", lse, (B, H, T), "B H T")
    results, steps = [], []
    for name, given, like in (("dq", dq, q), ("dk", dk, k), ("dv", dv, v)):
        result = np.empty(like.shape, np.float32) if given is None else given
        steps.append(check_tokens(op, name, result, like.shape, "B T H D"))
        results.append(result)
    dq, dk, dv = results
    status = lib.kernel_attention_backward(
        sequences, T, S, documents, H, H_kv, D, _scale(D, scale), causal,
        _address(q), q_step, _address(k), k_step, _address(v), v_step, _address(out), out_step,
        _floats(lse), _address(dout), dout_step,
        _address(dq), steps[0], _address(dk), steps[1], _address(dv), steps[2],
    )  # fmt: skip
    _allocated(status, op)
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
    scale: float | None = None,
) -> Array:
    op = "attention_decode"
    q_step = check_rows(op, "q", q, (-1, -1, -1), "B H D", inner=2)
    B, H, D = q.shape
    check(op, "k_cache", k_cache, (B if rows is None else -1, -1, -1, D), "rows capacity H_kv D")
    check(op, "v_cache", v_cache, k_cache.shape, "rows capacity H_kv D")
    R, capacity, H_kv, _ = k_cache.shape
    check(op, "lengths", lengths, (R,), "rows", INT32)
    _check_groups(op, H, H_kv)
    k_new, v_new = new or (None, None)
    k_step, v_step = (check_rows(op, "new", x, (B, H_kv, D), "B H_kv D", inner=2) for x in new) if new else (0, 0)
    check_cache_rows(op, lengths, capacity, B, rows, prefixes, new is not None)
    out = np.empty(q.shape, np.float32)
    status = lib.kernel_attention_decode(
        B, H, H_kv, D, capacity, _scale(D, scale),
        _address(q), q_step, _address(k_new), k_step, _address(v_new), v_step,
        _floats(k_cache), _floats(v_cache), _ints(lengths), _ints(rows), _ints(prefixes), _floats(out),
    )  # fmt: skip
    _allocated(status, op)
    return out


def _attention_shapes(op: str, q: Array, k: Array, v: Array) -> tuple[tuple[int, ...], int, int, int]:
    """((B, T, S, H, H_kv, D), step of q, of k, of v), all checked."""
    q_step = check_tokens(op, "q", q, (-1, -1, -1, -1), "B T H D")
    B, T, H, D = q.shape
    k_step = check_tokens(op, "k", k, (B, -1, -1, D), "B S H_kv D")
    S, H_kv = k.shape[1:3]
    v_step = check_tokens(op, "v", v, (B, S, H_kv, D), "B S H_kv D")
    _check_groups(op, H, H_kv)
    return (B, T, S, H, H_kv, D), q_step, k_step, v_step


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
        kept = _last_documents = asked, _documents(*check_documents(op, starts, prefixes, q.shape, k.shape))
    return len(kept[1]), ffi.from_buffer("int64_t[]", kept[1])


def _documents(starts: Array, prefixes: Array) -> Array:
    """The table of documents: those that share a prefix behind it, and the longest of such groups first."""
    number, lengths = np.arange(len(prefixes)), np.diff(starts)
    group = np.where(prefixes < 0, number, prefixes)
    longest_first = np.lexsort((group, -np.bincount(group, lengths, len(group))[group]))
    row = np.empty_like(number)
    row[longest_first] = number
    table = np.stack([starts[:-1], lengths, np.where(prefixes < 0, -1, row[prefixes])], axis=1).astype(np.int64)
    return table[longest_first]


def _check_groups(op: str, H: int, H_kv: int) -> None:
    if H_kv == 0 or H % H_kv:
        raise ValueError(f"{op}: {H} query heads cannot share {H_kv} key heads equally; H must be a multiple of H_kv")


def _scale(D: int, scale: float | None) -> float:
    return D**-0.5 if scale is None and D > 0 else scale or 0.0


# ---- softmax ----


def softmax(x: Array) -> Array:
    rows, cols = _rows("softmax", "x", x)
    y = np.empty_like(x)
    lib.kernel_softmax(rows, cols, _floats(x), _floats(y))
    return y


def softmax_backward(dy: Array, y: Array) -> Array:
    rows, cols = _rows("softmax_backward", "y", y)
    check("softmax_backward", "dy", dy, y.shape)
    dx = np.empty_like(y)
    lib.kernel_softmax_backward(rows, cols, _floats(y), _floats(dy), _floats(dx))
    return dx


def log_softmax(x: Array) -> Array:
    rows, cols = _rows("log_softmax", "x", x)
    y = np.empty_like(x)
    lib.kernel_log_softmax(rows, cols, _floats(x), _floats(y))
    return y


def log_softmax_backward(dy: Array, y: Array) -> Array:
    rows, cols = _rows("log_softmax_backward", "y", y)
    check("log_softmax_backward", "dy", dy, y.shape)
    dx = np.empty_like(y)
    lib.kernel_log_softmax_backward(rows, cols, _floats(y), _floats(dy), _floats(dx))
    return dx


def _rows(op: str, name: str, x: Array) -> tuple[int, int]:
    """x as a matrix of rows along its last axis: (rows, columns)."""
    check_float(op, name, x)
    if x.ndim == 0:
        raise ValueError(f"{op}: {name} is a scalar; expected at least one axis")
    cols = x.shape[-1]
    return (x.size // cols if cols else 0), cols


# ---- the loss ----


def cross_entropy(
    logits: Array, targets: Array, weights: Array | None = None, *, ignore_index: int = -100, gradient: bool = False
) -> tuple[Array, Array]:
    op = "cross_entropy"
    check(op, "logits", logits, (-1, -1), "N V")
    N, V = logits.shape
    check(op, "targets", targets, (N,), "N", INT32)
    check_ids(op, "targets", targets, V, ignore_index)
    if weights is not None:
        check(op, "weights", weights, (N,), "N")
    log_prob, entropy = np.empty(N, np.float32), np.empty(N, np.float32)
    lib.kernel_cross_entropy(
        N, V, _floats(logits), _ints(targets), _floats(weights), ignore_index, gradient,
        _floats(log_prob), _floats(entropy),
    )  # fmt: skip
    return log_prob, entropy


def linear_cross_entropy(
    h: Array,
    weight: Array,
    targets: Array,
    weights: Array | None = None,
    *,
    ignore_index: int = -100,
    gradient: bool = True,
) -> tuple[float, Array, Array, Array | None, Array | None]:
    op = "linear_cross_entropy"
    check(op, "h", h, (-1, -1), "N C")
    N, C = h.shape
    check(op, "weight", weight, (-1, C), "V C", _held(weight))
    check(op, "targets", targets, (N,), "N", INT32)
    check_ids(op, "targets", targets, len(weight), ignore_index)
    if weights is not None:
        check(op, "weights", weights, (N,), "N")
    return chunked.linear_cross_entropy(
        matmul, cross_entropy, h, weight, targets, weights, ignore_index=ignore_index, gradient=gradient
    )


def linear_log_prob(h: Array, weight: Array, targets: Array, *, ignore_index: int = -100) -> tuple[Array, Array]:
    return linear_cross_entropy(h, weight, targets, ignore_index=ignore_index, gradient=False)[1:3]


# ---- norms ----


def layer_norm(x: Array, gamma: Array, beta: Array | None = None, eps: float = 1e-5) -> tuple[Array, Array, Array]:
    rows, C = _rows("layer_norm", "x", x)
    check("layer_norm", "gamma", gamma, (C,), "C")
    if beta is not None:
        check("layer_norm", "beta", beta, (C,), "C")
    y, mean, rstd = np.empty_like(x), np.empty(x.shape[:-1], np.float32), np.empty(x.shape[:-1], np.float32)
    lib.kernel_layer_norm(
        rows, C, eps, _floats(x), _floats(gamma), _floats(beta), _floats(y), _floats(mean), _floats(rstd)
    )
    return y, mean, rstd


def layer_norm_backward(dy: Array, x: Array, gamma: Array, mean: Array, rstd: Array) -> tuple[Array, Array, Array]:
    op = "layer_norm_backward"
    rows, C = _rows(op, "x", x)
    check(op, "dy", dy, x.shape)
    check(op, "gamma", gamma, (C,), "C")
    check(op, "mean", mean, x.shape[:-1])
    check(op, "rstd", rstd, x.shape[:-1])
    dx, dgamma, dbeta = np.empty_like(x), np.empty(C, np.float32), np.empty(C, np.float32)
    status = lib.kernel_layer_norm_backward(
        rows, C, _floats(dy), _floats(x), _floats(gamma), _floats(mean), _floats(rstd),
        _floats(dx), _floats(dgamma), _floats(dbeta),
    )  # fmt: skip
    _allocated(status, op)
    return dx, dgamma, dbeta


def rms_norm(x: Array, gamma: Array, eps: float = 1e-6) -> tuple[Array, Array]:
    rows, C = _rows("rms_norm", "x", x)
    check("rms_norm", "gamma", gamma, (C,), "C")
    y, rstd = np.empty_like(x), np.empty(x.shape[:-1], np.float32)
    lib.kernel_rms_norm(rows, C, eps, _floats(x), _floats(gamma), _floats(y), _floats(rstd))
    return y, rstd


def rms_norm_backward(dy: Array, x: Array, gamma: Array, rstd: Array) -> tuple[Array, Array]:
    op = "rms_norm_backward"
    rows, C = _rows(op, "x", x)
    check(op, "dy", dy, x.shape)
    check(op, "gamma", gamma, (C,), "C")
    check(op, "rstd", rstd, x.shape[:-1])
    dx, dgamma = np.empty_like(x), np.empty(C, np.float32)
    status = lib.kernel_rms_norm_backward(
        rows, C, _floats(dy), _floats(x), _floats(gamma), _floats(rstd), _floats(dx), _floats(dgamma)
    )
    _allocated(status, op)
    return dx, dgamma


def column_sums(x: Array) -> Array:
    check("column_sums", "x", x, (-1, -1), "N C")
    out = np.empty(x.shape[1], np.float32)
    _allocated(lib.kernel_column_sums(*x.shape, _floats(x), _floats(out)), "column_sums")
    return out


# ---- activations ----


def gelu(x: Array, exact: bool = False) -> Array:
    check_float("gelu", "x", x)
    y = np.empty_like(x)
    lib.kernel_gelu(x.size, exact, _floats(x), _floats(y))
    return y


def gelu_backward(dy: Array, x: Array, exact: bool = False) -> Array:
    check_float("gelu_backward", "x", x)
    check("gelu_backward", "dy", dy, x.shape)
    dx = np.empty_like(x)
    lib.kernel_gelu_backward(x.size, exact, _floats(x), _floats(dy), _floats(dx))
    return dx


def silu(x: Array) -> Array:
    check_float("silu", "x", x)
    y = np.empty_like(x)
    lib.kernel_silu(x.size, _floats(x), _floats(y))
    return y


def silu_backward(dy: Array, x: Array) -> Array:
    check_float("silu_backward", "x", x)
    check("silu_backward", "dy", dy, x.shape)
    dx = np.empty_like(x)
    lib.kernel_silu_backward(x.size, _floats(x), _floats(dy), _floats(dx))
    return dx


def swiglu(gate: Array, up: Array) -> Array:
    rows, F, step = _halves("swiglu", gate, up)
    y = np.empty(gate.shape, np.float32)
    lib.kernel_swiglu(rows, F, step, _address(gate), _address(up), _floats(y))
    return y


def swiglu_backward(dy: Array, gate: Array, up: Array) -> tuple[Array, Array]:
    rows, F, step = _halves("swiglu_backward", gate, up)
    check("swiglu_backward", "dy", dy, gate.shape)
    gradient = np.empty((*gate.shape[:-1], 2 * F), np.float32)
    dgate, dup = gradient[..., :F], gradient[..., F:]
    lib.kernel_swiglu_backward(
        rows, F, step, _address(gate), _address(up), _floats(dy), 2 * F, _address(dgate), _address(dup)
    )
    return dgate, dup


def _halves(op: str, gate: Array, up: Array) -> tuple[int, int, int]:
    """Check gate and up, two arrays (..., F) or the halves of one (..., 2F): (rows, F, step from row to row)."""
    steps = [check_rows(op, "gate", gate, np.shape(gate)), check_rows(op, "up", up, np.shape(gate))]
    if steps[0] != steps[1]:
        raise ValueError(
            f"{op}: rows of gate lie {steps[0]} floats apart and those of up {steps[1]}; expected the same"
        )
    F = gate.shape[-1]
    return (gate.size // F if F else 0), F, steps[0]


# ---- positions and embeddings ----


def rope(
    x: Array, positions: Array, cosine: Array, sine: Array, *, inverse: bool = False, out: Array | None = None
) -> Array:
    x_step = check_tokens("rope", "x", x, (-1, -1, -1, -1), "B T H D")
    B, T, H, D = x.shape
    if D % 2:
        raise ValueError(f"rope: x has head size {D}; RoPE rotates pairs, so it must be even")
    one_row = getattr(positions, "ndim", 0) == 1
    check("rope", "positions", positions, (T,) if one_row else (B, T), "T" if one_row else "B T", INT32)
    if one_row and B != 1:
        positions = np.ascontiguousarray(np.broadcast_to(positions, (B, T)))
    check("rope", "cosine", cosine, (-1, D // 2), "positions D/2")
    check("rope", "sine", sine, cosine.shape, "positions D/2")
    check_ids("rope", "positions", positions, len(cosine))
    if out is None:
        out = np.empty(x.shape, np.float32)
    out_step = check_tokens("rope", "out", out, x.shape, "B T H D")
    lib.kernel_rope(
        B * T, H, D, _address(x), x_step, _ints(positions), _floats(cosine), _floats(sine), inverse,
        _address(out), out_step,
    )  # fmt: skip
    return out


def embedding(ids: Array, table: Array) -> Array:
    check("embedding", "table", table, (-1, -1), "V C", _held(table))
    check("embedding", "ids", ids, np.shape(ids), dtype=INT32)
    check_ids("embedding", "ids", ids, len(table))
    if table.dtype == BFLOAT16:
        return from_bfloat16_bits(table[ids])
    out = np.empty((*ids.shape, table.shape[1]), np.float32)
    lib.kernel_embedding(ids.size, table.shape[1], _ints(ids), _floats(table), _floats(out))
    return out


def embedding_backward(dout: Array, ids: Array, dtable: Array) -> None:
    op = "embedding_backward"
    check(op, "dtable", dtable, (-1, -1), "V C")
    check(op, "ids", ids, np.shape(ids), dtype=INT32)
    check(op, "dout", dout, (*ids.shape, dtable.shape[1]))
    check_ids(op, "ids", ids, len(dtable))
    lib.kernel_embedding_backward(ids.size, dtable.shape[1], _ints(ids), _floats(dout), _floats(dtable))


# ---- optimizer ----


def adamw(
    p: Sequence[Array],
    g: Sequence[Array],
    m: Sequence[Array],
    v: Sequence[Array],
    *,
    step: int,
    lr: float,
    beta1: float,
    beta2: float,
    eps: float,
    weight_decay: float,
    grad_scale: float = 1.0,
) -> None:
    if step < 1:
        raise ValueError(f"adamw: step {step}; the first step is 1")
    sizes, pointers = _arrays("adamw", "p", p)
    for name, arrays in (("g", g), ("m", m), ("v", v)):
        if len(arrays) != len(p):
            raise ValueError(f"adamw: {name} has {len(arrays)} arrays; expected {len(p)}, as many as p")
        for x, parameter in zip(arrays, p, strict=True):
            check("adamw", name, x, parameter.shape)
    lib.kernel_adamw(
        len(p), sizes, pointers, *(ffi.new("float *[]", [_floats(x) for x in arrays]) for arrays in (g, m, v)),
        lr, beta1, beta2, eps, weight_decay, 1 - beta1**step, 1 - beta2**step, grad_scale,
    )  # fmt: skip


def sum_squares(x: Sequence[Array]) -> float:
    sizes, pointers = _arrays("sum_squares", "x", x)
    total = ffi.new("double *")
    _allocated(lib.kernel_sum_squares(len(x), sizes, pointers, total), "sum_squares")
    return total[0]


def _arrays(op: str, name: str, arrays: Sequence[Array]) -> tuple[object, object]:
    """The sizes and addresses of arrays of any shapes."""
    for x in arrays:
        check_float(op, name, x)
    return ffi.new("int64_t[]", [x.size for x in arrays]), ffi.new("float *[]", [_floats(x) for x in arrays])


def scale(x: Array, factor: float) -> None:
    check_float("scale", "x", x)
    lib.kernel_scale(x.size, _floats(x), factor)


# ---- sampling ----


def sample(
    logits: Array, uniform: Array, *, temperature: float = 1.0, top_k: int = 0, top_p: float = 1.0
) -> tuple[Array, Array]:
    check("sample", "logits", logits, (-1, -1), "N V")
    N, V = logits.shape
    check("sample", "uniform", uniform, (N,), "N", np.dtype(np.float64))
    check_sampling(temperature, top_k, top_p)
    if N and V == 0:
        raise not_a_distribution(0)
    if N and not (uniform.min() >= 0 and uniform.max() < 1):
        raise ValueError(f"sample: uniform reaches from {uniform.min()} to {uniform.max()}; expected [0, 1)")
    ids, log_prob = np.empty(N, np.int32), np.empty(N, np.float32)
    status = lib.kernel_sample(
        N, V, _floats(logits), temperature, top_k, top_p,
        ffi.from_buffer("double[]", uniform), _ints(ids), _floats(log_prob),
    )  # fmt: skip
    if status > 0:
        raise not_a_distribution(status - 1)
    _allocated(status, "sample")
    return ids, log_prob

"""Every kernel in NumPy: what the C kernels must compute, in as few lines as say it.

This file is the executable specification. Tests hold csrc/ against it, and where no compiler was found it is also what
runs. float32 and float64 both work (float64 serves gradient checks). Letters: B batch, T time (queries), S keys,
C d_model, H heads, D head size, F d_ff, V vocabulary, N tokens. `...` stands for any leading axes.

A backward kernel takes the gradient of the loss with respect to its forward's output (`dy`, `dout`) and returns the
gradients with respect to the inputs.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

import numpy as np

from minirl.kernels import chunked
from minirl.kernels.arguments import check_bfloat16, check_documents
from minirl.kernels.precision import BFLOAT16, from_bfloat16_bits, precision, round_bfloat16

Array = np.ndarray

# ---- matmul ----


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
    """activation(A B + bias) + residual, or out += A B.

    a: (..., M, K), or (..., K, M) with transpose_a. b: (..., K, N), or (..., N, K) with transpose_b. Leading axes are
    equal, or absent from one operand, which then serves the whole batch. bias: (N,). activation: None, "gelu_tanh",
    "gelu" or "silu". preactivation: an array like the result that receives A B + bias, which backward needs. residual:
    an array like the result. out: where to write; with accumulate the product is added to it, and nothing else may be
    asked for. Returns (..., M, N).

    With `kernels.set_precision("bfloat16")` a and b are rounded to bfloat16 and sums stay in float32.

    b may also be held in bfloat16: (N, K) uint16, the bits of `kernels.to_bfloat16_bits`, with transpose_b and without
    transpose_a. The result is what bfloat16 precision makes of a and those numbers, whichever precision is set. C then
    takes about half the time for a few rows of a, where the processor multiplies pairs of bfloat16 and K is even;
    elsewhere it widens b first, and is slower than with a float32 b.

    Raises TypeError for an a of such bits, ValueError for a b of such bits in another form.
    """
    check_bfloat16(a, b, transpose_a, transpose_b)
    if accumulate and (out is None or not (bias is activation is preactivation is residual is None)):
        raise ValueError("matmul: accumulate needs out=, without bias, activation, preactivation or residual")
    if b.dtype == BFLOAT16:
        a, b = round_bfloat16(a), from_bfloat16_bits(b)
    elif precision() == "bfloat16":
        a, b = round_bfloat16(a), round_bfloat16(b)
    c = np.matmul(a.swapaxes(-1, -2) if transpose_a else a, b.swapaxes(-1, -2) if transpose_b else b)
    if accumulate and out is not None:
        out += c
        return out
    if bias is not None:
        c += bias
    if preactivation is not None:
        preactivation[...] = c
    if activation is not None:
        c = ACTIVATIONS[activation](c)
    if residual is not None:
        c += residual
    if out is None:
        return c
    out[...] = c
    return out


# ---- activations ----


def sigmoid(x: Array) -> Array:
    """1 / (1 + e^-x), (...) -> (...); written so that neither tail overflows."""
    e = np.exp(-np.abs(x))
    return np.where(x >= 0, 1 / (1 + e), e / (1 + e)).astype(x.dtype, copy=False)


_erf = np.vectorize(math.erf, otypes=[np.float64])


def _normal_cdf(x: Array) -> Array:
    return (0.5 * (1 + _erf(x / math.sqrt(2)))).astype(x.dtype)


def gelu(x: Array, exact: bool = False) -> Array:
    """x Phi(x), (...) -> (...) (Hendrycks and Gimpel 2016).

    Phi is the normal distribution function, or with exact=False, as in GPT-2, its tanh approximation
    (1 + tanh u) / 2 = sigmoid(2u) with u = sqrt(2 / pi) (x + 0.044715 x^3).
    """
    with np.errstate(invalid="ignore", over="ignore"):
        y = x * (_normal_cdf(x) if exact else sigmoid(_GELU_SCALE * (x + 0.044715 * x * x * x)))
    return np.where(x == -np.inf, np.zeros_like(x), y)  # the limit, where the formula has -inf * 0


def gelu_backward(dy: Array, x: Array, exact: bool = False) -> Array:
    """dx = dy (Phi(x) + x Phi'(x)), shapes as x."""
    with np.errstate(invalid="ignore", over="ignore"):
        if exact:
            slope = _normal_cdf(x) + x * np.exp(-0.5 * x * x) * np.asarray(1 / math.sqrt(2 * math.pi), x.dtype)
        else:
            s = sigmoid(_GELU_SCALE * (x + 0.044715 * x * x * x))
            slope = s + x * s * (1 - s) * _GELU_SCALE * (1 + 3 * 0.044715 * x * x)
        slope = np.where(np.isinf(x), (x > 0).astype(x.dtype), slope)
    return dy * slope


_GELU_SCALE = 2 * math.sqrt(2 / math.pi)


def silu(x: Array) -> Array:
    """x sigmoid(x), (...) -> (...)."""
    with np.errstate(invalid="ignore"):
        return np.where(x == -np.inf, np.zeros_like(x), x * sigmoid(x))


def silu_backward(dy: Array, x: Array) -> Array:
    """dx = dy s (1 + x (1 - s)) with s = sigmoid(x), shapes as x."""
    s = sigmoid(x)
    with np.errstate(invalid="ignore"):
        slope = np.where(np.isinf(x), (x > 0).astype(x.dtype), s * (1 + x * (1 - s)))
    return dy * slope


def swiglu(gate: Array, up: Array) -> Array:
    """silu(gate) * up, (..., F) each (Shazeer 2020). They may be the two halves of one (..., 2F) array."""
    return silu(gate) * up


def swiglu_backward(dy: Array, gate: Array, up: Array) -> tuple[Array, Array]:
    """(dgate, dup), the two halves of one (..., 2F) array, so that the projection behind them needs one product."""
    gradient = np.concatenate([silu_backward(dy * up, gate), dy * silu(gate)], axis=-1)
    return gradient[..., : gate.shape[-1]], gradient[..., gate.shape[-1] :]


ACTIVATIONS: dict[str, Callable[[Array], Array]] = {
    "gelu_tanh": gelu,
    "gelu": lambda x: gelu(x, exact=True),
    "silu": silu,
}

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
    """softmax(scale q k^T) v, head by head (Vaswani et al. 2017, section 3.2.1). Returns (out, lse).

    q: (B, T, H, D). k, v: (B, S, H_kv, D), where H_kv divides H and query head h reads key head h H_kv // H. scale is
    1 / sqrt(D) unless given. With causal, query t sees keys 0 .. t + S - T; a query that sees none gives 0. out:
    (B, T, H, D). lse: (B, H, T), the log of the softmax denominator, all that backward needs of the T x S weights.

    starts: documents lie end to end in one row, B = 1 and S = T, document i from token starts[i] to starts[i + 1], and
    each attends to itself alone (Dao 2023, "varlen"). (documents + 1,) int32 or int64, ascending from 0 to T.

    prefixes: document i goes on from document prefixes[i], an earlier one, or from none where that is -1: it sees all
    of its keys and then its own, as if the two were one document. So what many have in common is there once, as in
    Hydragen (Juravsky et al. 2024). (documents,) int32 or int64. The one gone on from goes on from none itself.
    """
    if starts is not None or prefixes is not None:
        out, lse = np.empty_like(q) if out is None else out, np.empty((1, q.shape[2], q.shape[1]), q.dtype)
        for at, seen in _documents("attention", starts, prefixes, q, k):
            _, lse[:, :, at] = attention(q[:, at], k[:, seen], v[:, seen], scale=scale, causal=causal, out=out[:, at])
        return out, lse
    weights, lse = _attention_weights(q, k, scale, causal)
    result = np.einsum("bhts,bshd->bthd", weights, _repeat_heads(v, q))
    if out is None:
        return np.ascontiguousarray(result), lse
    out[...] = result
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
    """Gradients of attention, (dq, dk, dv) shaped like q, k, v; written into the arrays given, if any.

    With P the weights and dP = dout v^T: dv = P^T dout, dS = P (dP - rowsum(dout out)), dq = scale dS k,
    dk = scale dS^T q (Dao et al. 2022, appendix B.2).
    """
    if starts is not None or prefixes is not None:
        dq, dk, dv = (np.empty_like(x) if dx is None else dx for x, dx in ((q, dq), (k, dk), (v, dv)))
        dk[...], dv[...] = 0, 0
        for at, seen in _documents("attention_backward", starts, prefixes, q, k):
            dq[:, at], dk_seen, dv_seen = attention_backward(
                dout[:, at], q[:, at], k[:, seen], v[:, seen], out[:, at], lse[:, :, at], scale=scale, causal=causal
            )
            dk[:, seen] += dk_seen
            dv[:, seen] += dv_seen
        return dq, dk, dv
    B, S, H_kv, D = k.shape
    factor = _scale(q, scale)
    weights, _ = _attention_weights(q, k, scale, causal)
    dweights = np.einsum("bthd,bshd->bhts", dout, _repeat_heads(v, q))
    delta = np.einsum("bthd,bthd->bht", dout, out)
    dscores = weights * (dweights - delta[..., None]) * factor
    grouped = (B, S, H_kv, q.shape[2] // H_kv, D)  # query heads that share a key head add their gradients
    gradients = (
        np.einsum("bhts,bshd->bthd", dscores, _repeat_heads(k, q)),
        np.einsum("bhts,bthd->bshd", dscores, q).reshape(grouped).sum(axis=3),
        np.einsum("bhts,bthd->bshd", weights, dout).reshape(grouped).sum(axis=3),
    )
    given = (dq, dk, dv)
    for target, gradient in zip(given, gradients, strict=True):
        if target is not None:
            target[...] = gradient
    dq, dk, dv = (g if target is None else target for target, g in zip(given, gradients, strict=True))
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
    """Attention of one new query per row over its cached keys.

    q: (B, H, D). k_cache, v_cache: (rows, capacity, H_kv, D), of which row r holds lengths[r] (int32) keys; what lies
    behind them is never read. Query b reads row rows[b] (int32; by default row b) and, before it, row prefixes[b]
    (int32; -1, the default: none), which holds what several queries have in common. new: key and value (B, H_kv, D) of
    the queries' own tokens, which are first put into the caches, behind their rows: these must differ then, and be no
    prefixes. Returns (B, H, D); a query that has no keys gives 0.
    """
    rows = np.arange(len(q)) if rows is None else rows
    prefixes = np.full(len(q), -1) if prefixes is None else prefixes
    out = np.zeros(q.shape, q.dtype)
    for b, (row, prefix) in enumerate(zip(rows, prefixes, strict=True)):
        length = lengths[row]
        if new is not None:
            k_cache[row, length], v_cache[row, length] = new[0][b], new[1][b]
            length = length + 1
        parts = [(prefix, lengths[prefix] if prefix >= 0 else 0), (row, length)]
        keys, values = (np.concatenate([x[i, :n] for i, n in parts])[None] for x in (k_cache, v_cache))
        out[b] = attention(q[b : b + 1, None], keys, values, scale=scale)[0][0, 0]
    return out


def _documents(
    op: str, starts: Array | None, prefixes: Array | None, q: Array, k: Array
) -> Iterator[tuple[slice, Array]]:
    """Which tokens each document has, and which it sees: those of its prefix, then its own."""
    starts, prefixes = check_documents(op, starts, prefixes, q.shape, k.shape)
    own = [slice(start, stop) for start, stop in pairwise(starts.tolist())]
    for at, prefix in zip(own, prefixes, strict=True):
        yield at, np.r_[at] if prefix < 0 else np.r_[own[prefix], at]


def _scale(q: Array, scale: float | None) -> float:
    return 1 / math.sqrt(q.shape[-1]) if scale is None else scale


def _repeat_heads(k: Array, q: Array) -> Array:
    """(B, S, H_kv, D) -> (B, S, H, D): each key head once for every query head that reads it."""
    return np.repeat(k, q.shape[2] // k.shape[2], axis=2)


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


# ---- softmax ----


def softmax(x: Array) -> Array:
    """e^x / sum e^x over the last axis, (..., V) -> (..., V), shifted by the maximum so that nothing overflows."""
    e = np.exp(x - x.max(axis=-1, keepdims=True, initial=-np.inf))
    return e / e.sum(axis=-1, keepdims=True)


def softmax_backward(dy: Array, y: Array) -> Array:
    """dx = y (dy - sum(dy y)), shapes as y, the forward's output."""
    return y * (dy - (dy * y).sum(axis=-1, keepdims=True))


def log_softmax(x: Array) -> Array:
    """x - log sum e^x over the last axis, (..., V) -> (..., V)."""
    shifted = x - x.max(axis=-1, keepdims=True, initial=-np.inf)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


def log_softmax_backward(dy: Array, y: Array) -> Array:
    """dx = dy - e^y sum(dy), shapes as y, the forward's output."""
    return dy - np.exp(y) * dy.sum(axis=-1, keepdims=True)


# ---- the loss ----


def cross_entropy(
    logits: Array, targets: Array, weights: Array | None = None, *, ignore_index: int = -100, gradient: bool = False
) -> tuple[Array, Array]:
    """Each row's log pi(target) and entropy, where pi = softmax(logits). Returns (log_prob, entropy), (N,) each.

    logits: (N, V). targets: (N,) int32. weights: (N,), 1 if None. With gradient, the logits are overwritten by
    d(-sum_t w_t log pi(target_t)) / dlogits = w (pi - onehot(target)). A row whose target is ignore_index gives 0
    everywhere, its gradient too.
    """
    kept = targets != ignore_index
    rows, column = np.arange(len(targets)), np.where(kept, targets, 0)
    log_pi = log_softmax(logits)
    pi = np.exp(log_pi)
    log_prob = np.where(kept, log_pi[rows, column], 0).astype(logits.dtype, copy=False)
    # p log p -> 0 as p -> 0: a token with logit -inf adds nothing
    entropy = np.where(kept, -np.where(pi == 0, 0, pi * np.where(pi == 0, 0, log_pi)).sum(axis=-1), 0)
    if gradient:
        pi[rows, column] -= 1
        w = kept if weights is None else np.where(kept, weights, 0)
        logits[...] = np.where(kept[:, None], pi * w[:, None], 0)
    return log_prob, entropy.astype(logits.dtype, copy=False)


def linear_cross_entropy(
    h: Array,
    weight: Array,
    targets: Array,
    weights: Array | None = None,
    *,
    ignore_index: int = -100,
    gradient: bool = True,
) -> tuple[float, Array, Array, Array | None, Array | None]:
    """The loss of the whole training story, -sum_t w_t log pi(a_t | s_t) with pi = softmax(h weight^T).

    Pretraining is w = 1/N, supervised fine-tuning w = mask/N, REINFORCE w = advantage/N. h: (N, C), the last hidden
    states. weight: (V, C), the output embedding. targets: (N,) int32, the tokens a_t. weights: (N,), 1 if None.
    Returns (loss, log_prob (N,), entropy (N,), dh (N, C), dweight (V, C)); the gradients are made in the same pass,
    a chunk of tokens at a time, so that the N x V logits never exist. With gradient=False they are None.

    weight may be held in bfloat16, as matmul's b; TypeError where a gradient is asked for then.
    """
    return chunked.linear_cross_entropy(
        matmul, cross_entropy, h, weight, targets, weights, ignore_index=ignore_index, gradient=gradient
    )


def linear_log_prob(h: Array, weight: Array, targets: Array, *, ignore_index: int = -100) -> tuple[Array, Array]:
    """log pi(a_t | s_t) and the entropy of pi(. | s_t) for each token; shapes as in linear_cross_entropy."""
    return linear_cross_entropy(h, weight, targets, ignore_index=ignore_index, gradient=False)[1:3]


# ---- norms ----


def layer_norm(x: Array, gamma: Array, beta: Array | None = None, eps: float = 1e-5) -> tuple[Array, Array, Array]:
    """gamma (x - mean) / sqrt(var + eps) + beta over the last axis (Ba et al. 2016). Returns (y, mean, rstd).

    x, y: (..., C). gamma, beta: (C,). mean, rstd = 1 / sqrt(var + eps): (...), kept for backward.
    """
    mean = x.mean(axis=-1, keepdims=True)
    rstd = 1 / np.sqrt(((x - mean) ** 2).mean(axis=-1, keepdims=True) + np.asarray(eps, x.dtype))
    y = (x - mean) * rstd * gamma
    return (y if beta is None else y + beta), mean[..., 0], rstd[..., 0]


def layer_norm_backward(dy: Array, x: Array, gamma: Array, mean: Array, rstd: Array) -> tuple[Array, Array, Array]:
    """(dx (..., C), dgamma (C,), dbeta (C,)). With n = (x - mean) rstd and g = dy gamma:
    dx = rstd (g - mean(g) - n mean(g n))."""
    n = (x - mean[..., None]) * rstd[..., None]
    g = dy * gamma
    dx = rstd[..., None] * (g - g.mean(axis=-1, keepdims=True) - n * (g * n).mean(axis=-1, keepdims=True))
    leading = tuple(range(x.ndim - 1))
    return dx, (dy * n).sum(axis=leading), dy.sum(axis=leading)


def rms_norm(x: Array, gamma: Array, eps: float = 1e-6) -> tuple[Array, Array]:
    """gamma x / sqrt(mean(x^2) + eps) over the last axis (Zhang and Sennrich 2019).

    Returns (y (..., C), rstd (...)).
    """
    rstd = 1 / np.sqrt((x * x).mean(axis=-1, keepdims=True) + np.asarray(eps, x.dtype))
    return x * rstd * gamma, rstd[..., 0]


def rms_norm_backward(dy: Array, x: Array, gamma: Array, rstd: Array) -> tuple[Array, Array]:
    """(dx (..., C), dgamma (C,)). With n = x rstd and g = dy gamma: dx = rstd (g - n mean(g n))."""
    n = x * rstd[..., None]
    g = dy * gamma
    dx = rstd[..., None] * (g - n * (g * n).mean(axis=-1, keepdims=True))
    return dx, (dy * n).sum(axis=tuple(range(x.ndim - 1)))


def column_sums(x: Array) -> Array:
    """The sum of all rows, (N, C) -> (C,): the gradient of a bias, from that of what it was added to."""
    return x.sum(axis=0)


# ---- positions and embeddings ----


def rope_tables(n_positions: int, head_size: int, base: float = 10000.0) -> tuple[Array, Array]:
    """cos and sin of p base^(-2i / D) for each position p and pair i: (n_positions, D/2) each (Su et al. 2021)."""
    if head_size % 2:
        raise ValueError(f"rope_tables: head_size {head_size} is odd; RoPE rotates pairs, so it must be even")
    frequencies = base ** (-np.arange(0, head_size, 2) / head_size)
    angles = np.arange(n_positions)[:, None] * frequencies
    return np.cos(angles).astype(np.float32), np.sin(angles).astype(np.float32)


def rope(
    x: Array, positions: Array, cosine: Array, sine: Array, *, inverse: bool = False, out: Array | None = None
) -> Array:
    """Rotary position embedding: pair (x_i, x_{i + D/2}) turns by its token's angle.

    x: (B, T, H, D). positions: (B, T) or (T,) int32, rows of the tables. cosine, sine: (positions, D/2). inverse turns
    back, which is also the gradient. out may be x itself.
    """
    half = x.shape[-1] // 2
    c, s = (table[positions][..., None, :].astype(x.dtype, copy=False) for table in (cosine, sine))
    first, second = x[..., :half], x[..., half:]
    s = -s if inverse else s
    y = np.concatenate([first * c - second * s, second * c + first * s], axis=-1)
    if out is None:
        return y
    out[...] = y
    return out


def embedding(ids: Array, table: Array) -> Array:
    """Row ids[...] of table: (...) int32 and (V, C) -> (..., C). A table of bfloat16 bits, uint16, gives float32."""
    return from_bfloat16_bits(table[ids]) if table.dtype == BFLOAT16 else table[ids]


def embedding_backward(dout: Array, ids: Array, dtable: Array) -> None:
    """dtable[ids] += dout, in place: (..., C) added into (V, C). A token that occurs twice is added twice."""
    np.add.at(dtable, ids, dout)


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
    """One AdamW step in place (Loshchilov and Hutter 2019, algorithm 2) on all parameters p.

    g are their gradients, m and v the moments: as many arrays each, p[i], g[i], m[i] and v[i] of one shape. step counts
    from 1.

    m = beta1 m + (1 - beta1) g, v = beta2 v + (1 - beta2) g^2, and with m' = m / (1 - beta1^step), v' likewise:
    p = p - lr (m' / (sqrt(v') + eps) + weight_decay p). g is first multiplied by grad_scale (gradient clipping).
    """
    for p_i, g_i, m_i, v_i in zip(p, g, m, v, strict=True):
        scaled = g_i * np.asarray(grad_scale, p_i.dtype)
        m_i[...] = beta1 * m_i + (1 - beta1) * scaled
        v_i[...] = beta2 * v_i + (1 - beta2) * scaled * scaled
        update = (m_i / (1 - beta1**step)) / (np.sqrt(v_i / (1 - beta2**step)) + eps)
        p_i[...] = p_i * (1 - lr * weight_decay) - lr * update


def sum_squares(x: Sequence[Array]) -> float:
    """sum x^2 over all numbers of all arrays, added in float64: the square of the gradients' norm."""
    flat = (x_i.reshape(-1).astype(np.float64, copy=False) for x_i in x)
    return float(sum(f @ f for f in flat))


def scale(x: Array, factor: float) -> None:
    """x *= factor, in place."""
    x *= np.asarray(factor, x.dtype)


# ---- sampling ----


def sample(
    logits: Array, uniform: Array, *, temperature: float = 1.0, top_k: int = 0, top_p: float = 1.0
) -> tuple[Array, Array]:
    """Draw a token per row by inverting the distribution at a given uniform number.

    logits: (N, V). uniform: (N,) float64 in [0, 1). pi = softmax(logits / temperature) is cut to the top_k likeliest
    tokens (0: all), renormalised, then cut to the smallest set of likeliest tokens whose probability reaches top_p
    (Holtzman et al. 2020); of equally likely tokens the lower id is kept. The token drawn is the first, in order of
    id, at which the running sum of what is left exceeds uniform. temperature 0 takes the likeliest token.
    Returns (ids (N,) int32, log_prob (N,)), the drawn token's log pi before the cuts (at temperature 0: log 1 = 0).
    Raises ValueError where a row holds NaN or +inf, or nothing but -inf.
    """
    check_sampling(temperature, top_k, top_p)
    ids = np.zeros(len(logits), np.int32)
    log_prob = np.zeros(len(logits), logits.dtype)
    for row, (z, u) in enumerate(zip(logits.astype(np.float64), uniform, strict=True)):
        if not np.max(z, initial=-np.inf) > -np.inf or not np.max(z) < np.inf:
            raise not_a_distribution(row)
        if temperature == 0:
            ids[row] = np.argmax(z)
            continue
        pi = np.exp((z - z.max()) / temperature)
        total = pi.sum()
        likeliest = np.argsort(-z, kind="stable")
        if top_k:
            likeliest = likeliest[:top_k]
        if top_p < 1:
            running = np.cumsum(pi[likeliest])
            likeliest = likeliest[: 1 + np.searchsorted(running, top_p * running[-1])]
        kept = np.zeros_like(pi)
        kept[likeliest] = pi[likeliest]
        running = np.cumsum(kept)
        ids[row] = min(np.searchsorted(running, u * running[-1], side="right"), np.flatnonzero(kept)[-1])
        log_prob[row] = np.log(pi[ids[row]] / total)
    return ids, log_prob


def check_sampling(temperature: float, top_k: int, top_p: float) -> None:
    """Raise ValueError for a setting that makes no distribution."""
    if not 0 <= temperature < math.inf:
        raise ValueError(f"sample: temperature {temperature} must be 0 (take the likeliest) or a positive number")
    if top_k < 0:
        raise ValueError(f"sample: top_k {top_k} must be 0 (all tokens) or positive")
    if not 0 < top_p <= 1:
        raise ValueError(f"sample: top_p {top_p} must lie in (0, 1]; 1 keeps every token")


def not_a_distribution(row: int) -> ValueError:
    return ValueError(
        f"sample: row {row} of logits holds NaN or +inf, or nothing but -inf; it gives no distribution to draw from"
    )

"""The fused operations of a transformer: what each computes, and beside it the gradient.

Every function takes and returns Tensors (token ids, targets and positions are plain int32 arrays) and calls a forward
and a backward kernel; the files kernels/*/reference.py have their equations. `...` stands for any leading axes, N for
the number of tokens; the other letters are B batch, T time, S keys, C d_model, H heads, D head size, F d_ff, V
vocabulary.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple, cast

import numpy as np

from minirl import kernels
from minirl.autograd import Array, mode
from minirl.kernels.precision import BFLOAT16
from minirl.tensor import Tensor, broadcast, operand, result, rows

# ---- layers ----


def linear(
    x: Tensor, weight: Tensor, bias: Tensor | None = None, activation: str | None = None, residual: Tensor | None = None
) -> Tensor:
    """activation(x W^T + b) + residual in one kernel call.

    x: (..., C). weight: (F, C), one row for each output. bias: (F,). activation: None, "gelu_tanh", "gelu" or "silu".
    residual: (..., F). Returns (..., F). A weight held in bfloat16 (see kernels.matmul) goes forward only.
    """
    if weight.ndim != 2 or x.ndim < 1 or x.shape[-1] != weight.shape[1]:
        raise ValueError(f"linear: x has shape {x.shape} and weight {weight.shape}; expected (..., C) and (F, C)")
    shape = (*x.shape[:-1], weight.shape[0])
    if residual is not None and residual.shape != shape:
        raise ValueError(f"linear: residual has shape {residual.shape}; expected {shape}, that of the result")
    if x.ndim == 1:
        beside = None if residual is None else residual.reshape(1, -1)
        return linear(x.reshape(1, -1), weight, bias, activation, beside).reshape(shape)
    before = None  # the activation's input, which its gradient needs
    if activation is not None and mode.recording:
        before = kernels.empty(shape, x.dtype)
    y = kernels.matmul(
        x.data,
        weight.data,
        transpose_b=True,
        bias=None if bias is None else bias.data,
        activation=activation,
        preactivation=before,
        residual=None if residual is None else residual.data,
    )

    def backward(dy: Array) -> None:  # with z = x W^T + b: dx = dz W, dW = dz^T x, db = sum of dz
        if residual is not None and residual.requires_grad:
            residual.add_gradient(dy)
        if before is not None and activation == "silu":
            dy = kernels.silu_backward(dy, before)
        elif before is not None:
            dy = kernels.gelu_backward(dy, before, exact=activation == "gelu")
        dz = rows(dy)
        if weight.requires_grad:
            weight.add_product(dz, rows(x.data), transpose_a=True)
        if bias is not None and bias.requires_grad:
            bias.add_gradient(kernels.column_sums(dz), fresh=True)
        if x.requires_grad:
            x.add_gradient(kernels.matmul(dy, weight.data), fresh=True)

    parents = tuple(t for t in (x, weight, bias, residual) if t is not None)
    return result(y, parents, backward)


def embedding(ids: Array, table: Tensor) -> Tensor:
    """Row ids[...] of the table: (...) int32 and (V, C) -> (..., C)."""
    ids = np.ascontiguousarray(ids)

    def backward(dy: Array) -> None:  # each row receives the gradients of all its uses
        kernels.embedding_backward(dy, ids, table.gradient_buffer())

    return result(kernels.embedding(ids, table.data), (table,), backward)


def layer_norm(x: Tensor, gamma: Tensor, beta: Tensor | None = None, eps: float = 1e-5) -> Tensor:
    """gamma (x - mean) / sqrt(var + eps) + beta over the last axis: (..., C) -> (..., C) (Ba et al. 2016)."""
    y, mean, rstd = kernels.layer_norm(x.data, gamma.data, None if beta is None else beta.data, eps)

    def backward(dy: Array) -> None:
        dx, dgamma, dbeta = kernels.layer_norm_backward(dy, x.data, gamma.data, mean, rstd)
        if x.requires_grad:
            x.add_gradient(dx, fresh=True)
        if gamma.requires_grad:
            gamma.add_gradient(dgamma, fresh=True)
        if beta is not None and beta.requires_grad:
            beta.add_gradient(dbeta, fresh=True)

    return result(y, (x, gamma) if beta is None else (x, gamma, beta), backward)


def rms_norm(x: Tensor, gamma: Tensor, eps: float = 1e-6) -> Tensor:
    """gamma x / sqrt(mean(x^2) + eps) over the last axis: (..., C) -> (..., C) (Zhang and Sennrich 2019)."""
    y, rstd = kernels.rms_norm(x.data, gamma.data, eps)

    def backward(dy: Array) -> None:
        dx, dgamma = kernels.rms_norm_backward(dy, x.data, gamma.data, rstd)
        if x.requires_grad:
            x.add_gradient(dx, fresh=True)
        if gamma.requires_grad:
            gamma.add_gradient(dgamma, fresh=True)

    return result(y, (x, gamma), backward)


def dropout(x: Tensor, rate: float, generator: np.random.Generator) -> Tensor:
    """Zero each value with probability `rate` and scale the rest by 1 / (1 - rate) (Srivastava et al. 2014).

    The generator is the caller's, so that dropout draws from a stream of its own and a resumed run can restore it.
    """
    if not 0 <= rate < 1:
        raise ValueError(f"dropout: rate {rate} must lie in [0, 1)")
    if rate == 0:
        return x
    kept = generator.random(x.shape, dtype=np.float32) >= rate
    mask = kernels.multiply(kept, np.asarray(1 / (1 - rate), x.dtype))
    return result(
        kernels.multiply(x.data, mask),
        (x,),
        lambda dy: x.add_gradient(kernels.multiply(dy, mask), fresh=True),
    )


# ---- activations ----


def gelu(x: Tensor, exact: bool = False) -> Tensor:
    """x Phi(x), element by element; Phi the normal distribution function or, unless exact, its tanh form."""
    return x._map(kernels.gelu(x.data, exact=exact), lambda dy: kernels.gelu_backward(dy, x.data, exact=exact))


def silu(x: Tensor) -> Tensor:
    """x sigmoid(x), element by element."""
    return x._map(kernels.silu(x.data), lambda dy: kernels.silu_backward(dy, x.data))


def swiglu(x: Tensor) -> Tensor:
    """silu(gate) * up, where gate and up are the two halves of x: (..., 2F) -> (..., F) (Shazeer 2020).

    Both halves come from one projection, and both gradients go back into one array, so that neither is copied.
    """
    if x.ndim == 0 or x.shape[-1] % 2:
        raise ValueError(f"swiglu: x has shape {x.shape}; expected (..., 2F), gate and up side by side")
    F = x.shape[-1] // 2
    gate, up = x.data[..., :F], x.data[..., F:]

    def backward(dy: Array) -> None:
        dgate, _ = kernels.swiglu_backward(dy, gate, up)
        x.add_gradient(cast(Array, dgate.base), fresh=True)  # the (..., 2F) array of which dgate is the first half

    return result(kernels.swiglu(gate, up), (x,), backward)


# ---- attention ----


class Rotation(NamedTuple):
    """What rotary position embedding needs: each token's position, (T,) or (B, T) int32, and the tables of
    kernels.rope_tables, (positions, D/2) each."""

    positions: Array
    cosine: Array
    sine: Array


def rope(x: Tensor, rotation: Rotation) -> Tensor:
    """Rotary position embedding: pair (x_i, x_{i + D/2}) turns by its token's angle, (B, T, H, D) (Su et al. 2021)."""
    return x._map(kernels.rope(x.data, *rotation), lambda dy: kernels.rope(dy, *rotation, inverse=True))


class Documents(NamedTuple):
    """Documents end to end in one row, document i from token starts[i] to starts[i + 1], and which of them each goes
    on from, if any; see kernels.attention."""

    starts: Array
    prefixes: Array | None = None


def attention(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    causal: bool = True,
    scale: float | None = None,
    documents: Documents | None = None,
) -> Tensor:
    """softmax(scale q k^T) v, head by head (Vaswani et al. 2017). scale is 1 / sqrt(D) unless given.

    q: (B, T, H, D). k, v: (B, S, H_kv, D), where H_kv divides H. Returns (B, T, H, D). Documents keep to themselves,
    and B = 1.
    """
    starts, prefixes = documents or (None, None)
    rule: dict[str, Any] = {"scale": scale, "causal": causal, "starts": starts, "prefixes": prefixes}
    out, lse = kernels.attention(q.data, k.data, v.data, **rule)

    def backward(dout: Array) -> None:
        gradients = kernels.attention_backward(dout, q.data, k.data, v.data, out, lse, **rule)
        for x, dx in zip((q, k, v), gradients, strict=True):
            if x.requires_grad:
                x.add_gradient(dx, fresh=True)

    return result(out, (q, k, v), backward)


def split_heads(packed: Array, n_head: int, n_kv_head: int) -> tuple[Array, Array, Array]:
    """Views q (B, T, H, D), k and v (B, T, H_kv, D) of a projection (B, T, (H + 2 H_kv) D)."""
    heads = n_head + 2 * n_kv_head
    if packed.ndim != 3 or packed.shape[-1] % heads:
        raise ValueError(
            f"attention: the projection has shape {packed.shape}; expected (B, T, (H + 2 H_kv) D) with H={n_head}, "
            f"H_kv={n_kv_head}, so a last axis divisible by {heads}"
        )
    split = kernels.reshape(packed, (*packed.shape[:2], heads, -1))
    return split[:, :, :n_head], split[:, :, n_head : n_head + n_kv_head], split[:, :, n_head + n_kv_head :]


def packed_attention(
    packed: Tensor, n_head: int, n_kv_head: int, rotation: Rotation | None = None, documents: Documents | None = None
) -> Tensor:
    """Causal attention on one projection that holds q, k and v side by side, RoPE included.

    packed: (B, T, (H + 2 H_kv) D): H heads of q, then H_kv heads of k, then of v. Returns (B, T, H D). The kernels read
    the three as slices and write their gradients as slices of one array, so nothing is split or joined by copying.
    """
    starts, prefixes = documents or (None, None)
    q, k, v = split_heads(packed.data, n_head, n_kv_head)
    B, T, H, D = q.shape
    if rotation is not None:  # q and k lie side by side, so one call turns both; v stays where it is
        turned = kernels.rope(kernels.reshape(packed.data, (B, T, -1, D))[:, :, : H + n_kv_head], *rotation)
        q, k = turned[:, :, :H], turned[:, :, H:]
    out, lse = kernels.attention(q, k, v, starts=starts, prefixes=prefixes)

    def backward(dout: Array) -> None:
        gradient = kernels.empty(packed.shape, dout.dtype)
        dq, dk, dv = split_heads(gradient, n_head, n_kv_head)
        dout = kernels.reshape(dout, q.shape)
        kernels.attention_backward(dout, q, k, v, out, lse, starts=starts, prefixes=prefixes, dq=dq, dk=dk, dv=dv)
        if rotation is not None:
            turned = kernels.reshape(gradient, (B, T, -1, D))[:, :, : H + n_kv_head]
            kernels.rope(turned, *rotation, inverse=True, out=turned)
        packed.add_gradient(gradient, fresh=True)

    return result(kernels.reshape(out, (B, T, H * D)), (packed,), backward)


# ---- probabilities ----


def softmax(x: Tensor) -> Tensor:
    """e^x / sum e^x over the last axis, (..., V) -> (..., V)."""
    y = kernels.softmax(x.data)
    return x._map(y, lambda dy: kernels.softmax_backward(dy, y))


def log_softmax(x: Tensor) -> Tensor:
    """x - log sum e^x over the last axis, (..., V) -> (..., V)."""
    y = kernels.log_softmax(x.data)
    return x._map(y, lambda dy: kernels.log_softmax_backward(dy, y))


def log_prob(logits: Tensor, targets: Array) -> Tensor:
    """log pi(target) with pi = softmax(logits): (..., V) and (...) int32 -> (...)."""
    return log_softmax(logits)[tuple([*np.indices(targets.shape, sparse=True), targets])]


def entropy(logits: Tensor) -> Tensor:
    """-sum pi log pi with pi = softmax(logits), in nats: (..., V) -> (...)."""
    log_pi = log_softmax(logits)
    return -(log_pi.exp() * log_pi).sum(axis=-1)


class CrossEntropy(NamedTuple):
    """The loss to differentiate and, outside the graph, two measures of each token."""

    loss: Tensor
    log_prob: Array
    entropy: Array


def linear_cross_entropy(
    h: Tensor, weight: Tensor, targets: Array, weights: Array | None = None, ignore_index: int = -100
) -> CrossEntropy:
    """-sum_t w_t log pi(a_t | s_t) with pi = softmax(h W^T): the loss of the whole training story.

    Pretraining is w = 1/N, supervised fine-tuning w = mask/N, REINFORCE w = advantage/N. h: (..., C). weight: (V, C).
    targets: (...) int32. weights: (...), by default 1/N over the targets that are not ignore_index, a mean. The forward
    pass already makes the gradients, a chunk of tokens at a time, so the N x V logits never exist; backward only hands
    them on, multiplied by dy where the loss was scaled.
    """
    flat = np.ascontiguousarray(targets, np.int32).reshape(-1)
    shape = np.shape(targets)
    if h.ndim < 1 or h.shape[:-1] != shape:
        raise ValueError(f"linear_cross_entropy: targets have shape {shape}; expected {h.shape[:-1]}")
    if weights is None:
        kept = flat != ignore_index
        w = (kept / max(int(kept.sum()), 1)).astype(h.dtype)
    elif np.shape(weights) == shape:
        w = np.ascontiguousarray(weights, h.dtype).reshape(-1)
    else:
        raise ValueError(f"linear_cross_entropy: weights have shape {np.shape(weights)}; expected {shape}, as targets")

    def kernel(gradient: bool) -> tuple[float, Array, Array, Array | None, Array | None]:
        return kernels.linear_cross_entropy(
            rows(h.data), weight.data, flat, w, ignore_index=ignore_index, gradient=gradient
        )

    differentiable = weight.dtype != BFLOAT16  # else backward raises, but the loss can be known
    wanted = mode.recording and (h.requires_grad or weight.requires_grad)
    loss, log_probs, entropies, *gradients = kernel(wanted and differentiable)
    made = [gradients] if differentiable else []

    def backward(dy: Array) -> None:
        dh, dweight = made.pop() if made else kernel(True)[3:]  # given away once; made anew for a retained graph
        for x, dx in ((h, dh), (weight, dweight)):
            if x.requires_grad and dx is not None:
                if dy != 1:
                    kernels.scale(dx, float(dy))
                x.add_gradient(kernels.reshape(dx, x.shape), fresh=True)

    value = result(np.asarray(loss, h.dtype), (h, weight), backward)
    return CrossEntropy(value, log_probs.reshape(shape), entropies.reshape(shape))


def linear_log_prob(h: Tensor, weight: Tensor, targets: Array, ignore_index: int = -100) -> tuple[Tensor, Array]:
    """log pi(a_t | s_t) of each token, with a gradient, and the entropy of pi(. | s_t), without; shapes as above.

    The gradient of sum_t g_t log pi(a_t | s_t) is that of linear_cross_entropy with weights -g, so backward calls it.
    """
    flat = np.ascontiguousarray(targets, np.int32).reshape(-1)
    log_probs, entropies = kernels.linear_log_prob(rows(h.data), weight.data, flat, ignore_index=ignore_index)

    def backward(dy: Array) -> None:
        minus = kernels.negative(kernels.reshape(dy, flat.shape))
        gradients = kernels.linear_cross_entropy(rows(h.data), weight.data, flat, minus, ignore_index=ignore_index)[3:]
        for x, dx in zip((h, weight), gradients, strict=True):
            if x.requires_grad and dx is not None:
                x.add_gradient(kernels.reshape(dx, x.shape), fresh=True)

    shape = np.shape(targets)
    return result(log_probs.reshape(shape), (h, weight), backward), entropies.reshape(shape)


# ---- joining and choosing ----


def concatenate(tensors: Sequence[Tensor], axis: int = 0) -> Tensor:
    """Join along an existing axis; all other axes are equal."""
    shapes = [t.shape for t in tensors]
    try:
        y = kernels.concatenate([t.data for t in tensors], axis=axis)
    except ValueError:
        raise ValueError(f"concatenate: shapes {shapes} along axis {axis}; all other axes must be equal") from None

    def backward(dy: Array) -> None:
        start = 0
        leading = [slice(None)] * (axis % dy.ndim)
        for t in tensors:
            stop = start + t.shape[axis]
            if t.requires_grad:
                t.add_gradient(kernels.copy(dy[tuple([*leading, slice(start, stop)])]), fresh=True)
            start = stop

    return result(y, tuple(tensors), backward)


def stack(tensors: Sequence[Tensor], axis: int = 0) -> Tensor:
    """Join along a new axis; all shapes are equal."""
    new = axis % (tensors[0].ndim + 1)
    return concatenate([t.reshape(*t.shape[:new], 1, *t.shape[new:]) for t in tensors], axis=new)


def where(condition: Any, a: Any, b: Any) -> Tensor:
    """a where the condition (an array or Tensor of truth values) holds, else b, with broadcasting; one is a Tensor."""
    beside = a if isinstance(a, Tensor) else b
    if not isinstance(beside, Tensor):
        raise TypeError(f"where: got {type(a).__name__} and {type(b).__name__}; at least one must be a Tensor")
    a, b = operand(a, beside), operand(b, beside)
    chosen = np.asarray(condition.data if isinstance(condition, Tensor) else condition, bool)
    try:
        y = kernels.where(chosen, a.data, b.data)
    except ValueError:
        raise ValueError(f"where: shapes {chosen.shape}, {a.shape} and {b.shape} do not fit") from None

    def backward(dy: Array) -> None:
        if a.requires_grad:
            a.add_gradient(kernels.multiply(dy, chosen), fresh=True)
        if b.requires_grad:
            b.add_gradient(kernels.multiply(dy, ~chosen), fresh=True)

    return result(y, (a, b), backward)


def maximum(a: Tensor, b: Any) -> Tensor:
    """The larger of a and b, element by element; where they are equal each receives half of the gradient."""
    b = operand(b, a)
    y = broadcast("maximum", a, b)

    def backward(dy: Array) -> None:
        half = kernels.multiply(kernels.multiply(dy, kernels.equal(a.data, b.data)), 0.5)
        for x, other in ((a, b), (b, a)):
            if x.requires_grad:
                larger = kernels.multiply(dy, kernels.greater(x.data, other.data))
                x.add_gradient(kernels.add(larger, half), fresh=True)

    return result(y, (a, b), backward)

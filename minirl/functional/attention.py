"""Attention, and the rotary positions that go with it."""

import math
from typing import Any, NamedTuple

import numpy as np

from minirl import kernels
from minirl.autograd import Array
from minirl.functional.joining import where
from minirl.functional.probability import softmax
from minirl.tensor import Tensor
from minirl.tensor.tensor import mapped, result


class Rotation(NamedTuple):
    """What rotary position embedding needs: each token's position, (T,) or (B, T) int32, and the tables of
    kernels.rope_tables, (positions, D/2) each."""

    positions: Array
    cosine: Array
    sine: Array


def rope(x: Tensor, rotation: Rotation) -> Tensor:
    """Rotary position embedding: pair (x_i, x_{i + D/2}) turns by its token's angle, (B, T, H, D) (Su et al. 2021)."""
    return mapped(x, kernels.rope(x.data, *rotation), lambda dy: kernels.rope(dy, *rotation, inverse=True))


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
    mask: Any = None,
) -> Tensor:
    """softmax(scale q k^T) v, head by head (Vaswani et al. 2017). scale is 1 / sqrt(D) unless given.

    q: (B, T, H, D). k, v: (B, S, H_kv, D), where H_kv divides H. Returns (B, T, H, D). Documents keep to themselves,
    and B = 1. mask: truth values that broadcast to (B, H, T, S), True where query t may see key s, together with
    causal; it has no fused kernel, so all T x S weights are in memory. A query that sees no key gives 0.
    """
    if mask is not None:
        return _masked_attention(q, k, v, causal, scale, documents, mask)
    starts, prefixes = documents or (None, None)
    rule: dict[str, Any] = {"scale": scale, "causal": causal, "starts": starts, "prefixes": prefixes}
    out, lse = kernels.attention(q.data, k.data, v.data, **rule)

    def backward(dout: Array) -> None:
        gradients = kernels.attention_backward(dout, q.data, k.data, v.data, out, lse, **rule)
        for x, dx in zip((q, k, v), gradients, strict=True):
            if x.requires_grad:
                x.add_gradient(dx, fresh=True)

    return result(out, (q, k, v), backward)


def _masked_attention(
    q: Tensor, k: Tensor, v: Tensor, causal: bool, scale: float | None, documents: Documents | None, mask: Any
) -> Tensor:
    """The equation of attention, operation by operation."""
    if documents is not None:
        raise ValueError("attention: got both documents and a mask; say in the mask which keys each query sees")
    if q.ndim != 4 or k.ndim != 4 or k.shape != v.shape or q.shape[2] % max(k.shape[2], 1):
        raise ValueError(
            f"attention: q, k and v have shapes {q.shape}, {k.shape} and {v.shape}; expected (B, T, H, D) and twice "
            "(B, S, H_kv, D), where H_kv divides H"
        )
    (B, T, H, D), S = q.shape, k.shape[1]
    seen = np.asarray(mask)
    if seen.dtype.kind != "b":
        raise TypeError(f"attention: mask has dtype {seen.dtype}; expected truth values, True where a key is seen")
    try:
        seen = np.broadcast_to(seen, (B, H, T, S))
    except ValueError:
        raise ValueError(
            f"attention: mask has shape {np.shape(mask)}; expected one that broadcasts to (B, H, T, S) = {(B, H, T, S)}"
        ) from None
    if causal:
        seen = seen & np.tri(T, S, S - T, dtype=bool)
    keys, values = (x.transpose(0, 2, 1, 3).repeat(H // x.shape[2], axis=1) for x in (k, v))
    scores = q.transpose(0, 2, 1, 3) @ keys.swapaxes(2, 3) * (1 / math.sqrt(D) if scale is None else scale)
    weights = softmax(where(seen, scores, float(np.finfo(scores.dtype).min))) * seen  # a row that sees nothing: 0
    return (weights @ values).transpose(0, 2, 1, 3)


def split_heads(packed: Array, n_head: int, n_kv_head: int) -> tuple[Array, Array, Array]:
    """Views q (B, T, H, D), k and v (B, T, H_kv, D) of a projection (B, T, (H + 2 H_kv) D)."""
    heads = n_head + 2 * n_kv_head
    if packed.ndim != 3 or packed.shape[-1] % heads:
        raise ValueError(
            f"attention: the projection has shape {packed.shape}; expected (B, T, (H + 2 H_kv) D) with H={n_head}, "
            f"H_kv={n_kv_head}, so a last axis divisible by {heads}"
        )
    D = packed.shape[-1] // heads  # and not -1, which says nothing where there are no tokens
    split = kernels.reshape(packed, (*packed.shape[:2], heads, D))
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
        heads = kernels.reshape(packed.data, (B, T, H + 2 * n_kv_head, D))
        turned = kernels.rope(heads[:, :, : H + n_kv_head], *rotation)
        q, k = turned[:, :, :H], turned[:, :, H:]
    out, lse = kernels.attention(q, k, v, starts=starts, prefixes=prefixes)

    def backward(dout: Array) -> None:
        gradient = kernels.empty(packed.shape, dout.dtype)
        dq, dk, dv = split_heads(gradient, n_head, n_kv_head)
        dout = kernels.reshape(dout, q.shape)
        kernels.attention_backward(dout, q, k, v, out, lse, starts=starts, prefixes=prefixes, dq=dq, dk=dk, dv=dv)
        if rotation is not None:
            turned = kernels.reshape(gradient, (B, T, H + 2 * n_kv_head, D))[:, :, : H + n_kv_head]
            kernels.rope(turned, *rotation, inverse=True, out=turned)
        packed.add_gradient(gradient, fresh=True)

    return result(kernels.reshape(out, (B, T, H * D)), (packed,), backward)

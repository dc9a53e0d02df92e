"""Causal attention: forward and backward as one unit, as every training step runs them, and decoding from a cache.

minirl and NumPy take (B, T, H, D), the layout that the projection before them writes; PyTorch takes contiguous
(B, H, T, D), its own favourite.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from minirl import kernels
from minirl.bench.case import FLOAT, Array, Case, normal, torch
from minirl.bench.sizes import Sizes


def cases(sizes: Sizes) -> Iterator[Case]:
    """Attention forward, backward and for one new token, on the shapes of `sizes`."""
    for B, H, T, D in sizes.attention:
        weights = B * H * T * T
        yield training(B, H, T, D, compare_numpy=weights <= sizes.numpy_attention_limit)
    yield decoding(16, sizes.H, 4 * sizes.T, sizes.C // sizes.H)


def training(B: int, H: int, T: int, D: int, compare_numpy: bool) -> Case:
    """2 products forward and 5 backward (S again, dP, dQ, dK, dV), each 2 B H T^2 D operations, of which a causal mask
    leaves half. q, k, v, out and their gradients go through memory, two of them twice; the T x T weights need not."""

    def run(q: Array, k: Array, v: Array, dout: Array) -> tuple[Array, ...]:
        out, lse = kernels.attention(q, k, v)
        return kernels.attention_backward(dout, q, k, v, out, lse)

    def prepare_torch(*operands: Any) -> tuple[Any, ...]:
        q, k, v, dout = (x.transpose(1, 2).contiguous() for x in operands)
        return q.requires_grad_(), k.requires_grad_(), v.requires_grad_(), dout

    def run_torch(q: Any, k: Any, v: Any, dout: Any) -> tuple[Any, ...]:
        out = torch.nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        return torch.autograd.grad(out, (q, k, v), dout)

    size = B * T * H * D
    return Case(
        group="attention",
        name=f"forward + backward  {B} x {H} x {T} x {D}",
        operands=tuple(normal(B, T, H, D) for _ in range(4)),
        kernel=run,
        compare_numpy=compare_numpy,
        torch=run_torch,
        prepare_torch=prepare_torch,
        flops=7 * 2.0 * B * H * T * T * D / 2,
        bytes=FLOAT * (4 + 8) * size,
    )


def decoding(B: int, H: int, capacity: int, D: int) -> Case:
    """One new token in each of B rows reads that row's cache, here full to a different length each."""
    lengths = np.linspace(capacity // 2, capacity, B).astype(np.int32)
    visible = np.arange(capacity) < lengths[:, None]

    def run(q: Array, k_cache: Array, v_cache: Array) -> Array:
        return kernels.attention_decode(q, k_cache, v_cache, lengths)

    def prepare_torch(q: Any, k_cache: Any, v_cache: Any) -> tuple[Any, ...]:
        mask = torch.from_numpy(visible)[:, None, None]
        return q[:, :, None], k_cache.transpose(1, 2).contiguous(), v_cache.transpose(1, 2).contiguous(), mask

    def run_torch(q: Any, k: Any, v: Any, mask: Any) -> Any:
        return torch.nn.functional.scaled_dot_product_attention(q, k, v, attn_mask=mask)[:, :, 0]

    keys = int(lengths.sum())
    return Case(
        group="attention",
        name=f"decode  {B} rows x {H} x {capacity} x {D}",
        operands=(normal(B, H, D), normal(B, capacity, H, D), normal(B, capacity, H, D)),
        kernel=run,
        torch=run_torch,
        prepare_torch=prepare_torch,
        flops=2 * 2.0 * keys * H * D,
        bytes=FLOAT * (2 * keys * H * D + 2 * B * H * D),
        cold=True,
    )

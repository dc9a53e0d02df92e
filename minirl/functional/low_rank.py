"""A linear layer with narrow matrices beside its own: the operation of LoRA (model/lora.py), with its gradient."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from minirl import kernels
from minirl.autograd import Array
from minirl.tensor import Tensor
from minirl.tensor.tensor import floating, result, rows


class LowRank(NamedTuple):
    """A product B A beside rows `start` to `start` + F_i of a matrix. A: (r, C). B: (F_i, r)."""

    start: int
    A: Tensor
    B: Tensor


def low_rank_linear(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    beside: Sequence[LowRank],
    scale: float,
    residual: Tensor | None = None,
) -> Tensor:
    """x W^T + b + residual, and scale (x A_i^T) B_i^T for the rows that each pair stands beside.

    x: (..., C). weight: (F, C). bias: (F,). residual: (..., F). Returns (..., F).

    All A_i are stacked, (R, C), and all B_i lie in one matrix (F, R) with zeros elsewhere, so that two products serve
    them all. Of the pass only x and its (..., R) products are kept for the gradient, and nothing as wide as the result.
    """
    x = floating(x)
    F, width = len(weight), sum(len(pair.A) for pair in beside)
    down = kernels.concatenate([pair.A.data for pair in beside], axis=0)
    up = kernels.zeros((F, width), down.dtype)
    blocks, column = [], 0
    for pair in beside:
        block = np.s_[pair.start : pair.start + len(pair.B), column : column + len(pair.A)]
        up[block] = kernels.multiply(pair.B.data, up.dtype.type(scale))
        blocks.append(block)
        column += len(pair.A)
    flat = rows(x.data)
    low = kernels.matmul(flat, down, transpose_b=True)
    y = kernels.matmul(
        flat, weight.data, transpose_b=True, bias=None if bias is None else bias.data,
        residual=None if residual is None else rows(residual.data),
    )  # fmt: skip
    kernels.matmul(low, up, transpose_b=True, out=y, accumulate=True)

    def backward(dy: Array) -> None:
        dz = rows(dy)
        if residual is not None and residual.requires_grad:
            residual.add_gradient(dy)
        if weight.requires_grad:
            weight.add_product(dz, flat, transpose_a=True)
        if bias is not None and bias.requires_grad:
            bias.add_gradient(kernels.column_sums(dz), fresh=True)
        dlow = kernels.matmul(dz, up)
        dup = kernels.matmul(dz, low, transpose_a=True)
        ddown = kernels.matmul(dlow, flat, transpose_a=True)
        for pair, block in zip(beside, blocks, strict=True):
            if pair.A.requires_grad:
                pair.A.add_gradient(kernels.copy(ddown[block[1]]), fresh=True)
            if pair.B.requires_grad:
                pair.B.add_gradient(kernels.multiply(dup[block], up.dtype.type(scale)), fresh=True)
        if x.requires_grad:
            dx = kernels.matmul(dz, weight.data)
            kernels.matmul(dlow, down, out=dx, accumulate=True)
            x.add_gradient(kernels.reshape(dx, x.shape), fresh=True)

    halves = [half for pair in beside for half in (pair.A, pair.B)]
    parents = tuple(t for t in (x, weight, bias, residual, *halves) if t is not None)
    return result(kernels.reshape(y, (*x.shape[:-1], F)), parents, backward)

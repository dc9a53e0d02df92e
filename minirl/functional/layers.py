"""Layers: projections, embeddings, norms, dropout and activations."""

from typing import Any, cast

import numpy as np

from minirl import kernels
from minirl.autograd import Array, mode
from minirl.functional.arguments import token_ids
from minirl.kernels.int8 import row_length
from minirl.tensor import Tensor
from minirl.tensor.tensor import floating, mapped, result, rows


def linear(
    x: Tensor, weight: Tensor, bias: Tensor | None = None, activation: str | None = None, residual: Tensor | None = None
) -> Tensor:
    """activation(x W^T + b) + residual in one kernel call.

    x: (..., C). weight: (F, C), one row for each output. bias: (F,). activation: None, "gelu_tanh", "gelu" or "silu".
    residual: (..., F). Returns (..., F). A weight held in bfloat16 or int8 (see kernels.matmul) goes
    forward only.
    """
    x = floating(x)
    if weight.ndim != 2 or x.ndim < 1 or x.shape[-1] != row_length(weight.data):
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


def embedding(ids: Any, table: Tensor) -> Tensor:
    """Row ids[...] of the table: (...) whole numbers and (V, C) -> (..., C)."""
    if table.ndim != 2:
        raise ValueError(f"embedding: table has shape {table.shape}; expected (V, C)")
    rows_used = token_ids("embedding", "ids", ids, len(table))

    def backward(dy: Array) -> None:  # each row receives the gradients of all its uses
        kernels.embedding_backward(dy, rows_used, table.gradient_buffer())

    return result(kernels.embedding(rows_used, table.data), (table,), backward)


def layer_norm(x: Tensor, gamma: Tensor, beta: Tensor | None = None, eps: float = 1e-5) -> Tensor:
    """gamma (x - mean) / sqrt(var + eps) + beta over the last axis: (..., C) -> (..., C) (Ba et al. 2016)."""
    x = floating(x)
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
    x = floating(x)
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
    x = floating(x)
    kept = generator.random(x.shape, dtype=np.float32) >= rate
    mask = kernels.send(kernels.multiply(kept, np.asarray(1 / (1 - rate), x.dtype)))
    return mapped(x, kernels.multiply(x.data, mask), lambda dy: kernels.multiply(dy, mask))


# ---- activations ----


def gelu(x: Tensor, exact: bool = False) -> Tensor:
    """x Phi(x), element by element; Phi the normal distribution function or, unless exact, its tanh form."""
    x = floating(x)
    return mapped(x, kernels.gelu(x.data, exact=exact), lambda dy: kernels.gelu_backward(dy, x.data, exact=exact))


def silu(x: Tensor) -> Tensor:
    """x sigmoid(x), element by element."""
    x = floating(x)
    return mapped(x, kernels.silu(x.data), lambda dy: kernels.silu_backward(dy, x.data))


def swiglu(x: Tensor) -> Tensor:
    """silu(gate) * up, where gate and up are the two halves of x: (..., 2F) -> (..., F) (Shazeer 2020).

    Both halves come from one projection, and both gradients go back into one array, so that neither is copied.
    """
    if x.ndim == 0 or x.shape[-1] % 2:
        raise ValueError(f"swiglu: x has shape {x.shape}; expected (..., 2F), gate and up side by side")
    x = floating(x)
    F = x.shape[-1] // 2
    gate, up = x.data[..., :F], x.data[..., F:]

    def backward(dy: Array) -> None:
        dgate, _ = kernels.swiglu_backward(dy, gate, up)
        x.add_gradient(cast(Array, dgate.base), fresh=True)  # the (..., 2F) array of which dgate is the first half

    return result(kernels.swiglu(gate, up), (x,), backward)

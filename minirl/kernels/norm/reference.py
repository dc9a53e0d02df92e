"""Norms in NumPy: what csrc/norm.c and column_sums.c must compute. Letters: C d_model, N tokens; `...` leading axes.

A row of no values (C = 0) has mean 0 and rstd 1 / sqrt(eps), which is what the formulas give for a row of zeros.
"""

import numpy as np

from minirl.kernels.arguments import real_dtype
from minirl.kernels.norm.checks import (
    check_column_sums,
    check_layer_norm_backward,
    check_norm,
    check_rms_norm_backward,
)

Array = np.ndarray


def layer_norm(x: Array, gamma: Array, beta: Array | None = None, eps: float = 1e-5) -> tuple[Array, Array, Array]:
    """gamma (x - mean) / sqrt(var + eps) + beta over the last axis (Ba et al. 2016). Returns (y, mean, rstd).

    x, y: (..., C). gamma, beta: (C,). mean, rstd = 1 / sqrt(var + eps): (...), kept for backward.
    """
    check_norm("layer_norm", x, gamma, beta, real_dtype(x))
    mean = _mean(x)
    rstd = 1 / np.sqrt(_mean((x - mean) ** 2) + np.asarray(eps, x.dtype))
    y = (x - mean) * rstd * gamma
    return (y if beta is None else y + beta), mean[..., 0], rstd[..., 0]


def layer_norm_backward(dy: Array, x: Array, gamma: Array, mean: Array, rstd: Array) -> tuple[Array, Array, Array]:
    """(dx (..., C), dgamma (C,), dbeta (C,)). With n = (x - mean) rstd and g = dy gamma:
    dx = rstd (g - mean(g) - n mean(g n))."""
    check_layer_norm_backward(dy, x, gamma, mean, rstd, real_dtype(x))
    n = (x - mean[..., None]) * rstd[..., None]
    g = dy * gamma
    dx = rstd[..., None] * (g - _mean(g) - n * _mean(g * n))
    leading = tuple(range(x.ndim - 1))
    return dx, (dy * n).sum(axis=leading), dy.sum(axis=leading)


def rms_norm(x: Array, gamma: Array, eps: float = 1e-6) -> tuple[Array, Array]:
    """gamma x / sqrt(mean(x^2) + eps) over the last axis (Zhang and Sennrich 2019).

    Returns (y (..., C), rstd (...)).
    """
    check_norm("rms_norm", x, gamma, real=real_dtype(x))
    rstd = 1 / np.sqrt(_mean(x * x) + np.asarray(eps, x.dtype))
    return x * rstd * gamma, rstd[..., 0]


def rms_norm_backward(dy: Array, x: Array, gamma: Array, rstd: Array) -> tuple[Array, Array]:
    """(dx (..., C), dgamma (C,)). With n = x rstd and g = dy gamma: dx = rstd (g - n mean(g n))."""
    check_rms_norm_backward(dy, x, gamma, rstd, real_dtype(x))
    n = x * rstd[..., None]
    g = dy * gamma
    dx = rstd[..., None] * (g - n * _mean(g * n))
    return dx, (dy * n).sum(axis=tuple(range(x.ndim - 1)))


def column_sums(x: Array) -> Array:
    """The sum of all rows, (N, C) -> (C,): the gradient of a bias, from the gradient of what the bias was added to."""
    check_column_sums(x, real_dtype(x))
    return x.sum(axis=0)


def _mean(x: Array) -> Array:
    """The mean over the last axis, kept: (..., C) -> (..., 1); 0 for rows of no values."""
    return x.mean(axis=-1, keepdims=True) if x.shape[-1] else np.zeros((*x.shape[:-1], 1), x.dtype)

"""Norms in C: csrc/norm.c and column_sums.c."""

import numpy as np

from minirl.kernels.norm.checks import (
    check_column_sums,
    check_layer_norm_backward,
    check_norm,
    check_rms_norm_backward,
)
from minirl.kernels.runtime import check_allocated, floats, lib

Array = np.ndarray


def layer_norm(x: Array, gamma: Array, beta: Array | None = None, eps: float = 1e-5) -> tuple[Array, Array, Array]:
    rows, C = check_norm("layer_norm", x, gamma, beta)
    y, mean, rstd = np.empty_like(x), np.empty(x.shape[:-1], np.float32), np.empty(x.shape[:-1], np.float32)
    lib.kernel_layer_norm(rows, C, eps, floats(x), floats(gamma), floats(beta), floats(y), floats(mean), floats(rstd))
    if C == 0:
        mean[...], rstd[...] = 0, _rstd_of_nothing(eps)
    return y, mean, rstd


def layer_norm_backward(dy: Array, x: Array, gamma: Array, mean: Array, rstd: Array) -> tuple[Array, Array, Array]:
    rows, C = check_layer_norm_backward(dy, x, gamma, mean, rstd)
    dx, dgamma, dbeta = np.empty_like(x), np.empty(C, np.float32), np.empty(C, np.float32)
    status = lib.kernel_layer_norm_backward(
        rows, C, floats(dy), floats(x), floats(gamma), floats(mean), floats(rstd),
        floats(dx), floats(dgamma), floats(dbeta),
    )  # fmt: skip
    check_allocated(status, "layer_norm_backward")
    return dx, dgamma, dbeta


def rms_norm(x: Array, gamma: Array, eps: float = 1e-6) -> tuple[Array, Array]:
    rows, C = check_norm("rms_norm", x, gamma)
    y, rstd = np.empty_like(x), np.empty(x.shape[:-1], np.float32)
    lib.kernel_rms_norm(rows, C, eps, floats(x), floats(gamma), floats(y), floats(rstd))
    if C == 0:
        rstd[...] = _rstd_of_nothing(eps)
    return y, rstd


def rms_norm_backward(dy: Array, x: Array, gamma: Array, rstd: Array) -> tuple[Array, Array]:
    rows, C = check_rms_norm_backward(dy, x, gamma, rstd)
    dx, dgamma = np.empty_like(x), np.empty(C, np.float32)
    status = lib.kernel_rms_norm_backward(
        rows, C, floats(dy), floats(x), floats(gamma), floats(rstd), floats(dx), floats(dgamma)
    )
    check_allocated(status, "rms_norm_backward")
    return dx, dgamma


def column_sums(x: Array) -> Array:
    N, C = check_column_sums(x)
    out = np.empty(C, np.float32)
    check_allocated(lib.kernel_column_sums(N, C, floats(x), floats(out)), "column_sums")
    return out


def _rstd_of_nothing(eps: float) -> np.ndarray:
    """1 / sqrt(eps), for rows of no values, which C does not visit."""
    return 1 / np.sqrt(np.asarray(eps, np.float32))

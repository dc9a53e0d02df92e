"""What the arguments of norms must be."""

import numpy as np

from minirl.kernels.arguments import FLOAT32, check, check_last_axis

Array = np.ndarray


def check_norm(op: str, x: Array, gamma: Array, beta: Array | None = None, real: np.dtype = FLOAT32) -> tuple[int, int]:
    """(rows, C) of x."""
    rows, C = check_last_axis(op, "x", x, real)
    check(op, "gamma", gamma, (C,), "C", real)
    if beta is not None:
        check(op, "beta", beta, (C,), "C", real)
    return rows, C


def check_layer_norm_backward(
    dy: Array, x: Array, gamma: Array, mean: Array, rstd: Array, real: np.dtype = FLOAT32
) -> tuple[int, int]:
    """(rows, C) of x."""
    sizes = _check_backward("layer_norm_backward", dy, x, gamma, rstd, real)
    check("layer_norm_backward", "mean", mean, x.shape[:-1], "", real)
    return sizes


def check_rms_norm_backward(
    dy: Array, x: Array, gamma: Array, rstd: Array, real: np.dtype = FLOAT32
) -> tuple[int, int]:
    """(rows, C) of x."""
    return _check_backward("rms_norm_backward", dy, x, gamma, rstd, real)


def _check_backward(op: str, dy: Array, x: Array, gamma: Array, rstd: Array, real: np.dtype) -> tuple[int, int]:
    rows, C = check_last_axis(op, "x", x, real)
    check(op, "dy", dy, x.shape, "", real)
    check(op, "gamma", gamma, (C,), "C", real)
    check(op, "rstd", rstd, x.shape[:-1], "", real)
    return rows, C


def check_column_sums(x: Array, real: np.dtype = FLOAT32) -> tuple[int, int]:
    """(N, C), the shape of x."""
    check("column_sums", "x", x, (-1, -1), "N C", real)
    return x.shape

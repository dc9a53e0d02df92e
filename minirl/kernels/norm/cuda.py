"""Norms on a GPU: csrc/cuda/norm.cu."""

import numpy as np

from minirl.kernels.device import DeviceArray, blocks, device, empty, launch, layout
from minirl.kernels.norm.checks import (
    check_column_sums,
    check_layer_norm_backward,
    check_norm,
    check_rms_norm_backward,
)

Array = np.ndarray | DeviceArray
WARPS, WARP_SIZE, THREADS = 8, 32, 256  # as in norm.cu


def layer_norm(
    x: Array, gamma: Array, beta: Array | None = None, eps: float = 1e-5
) -> tuple[DeviceArray, DeviceArray, DeviceArray]:
    rows, C = check_norm("layer_norm", layout(x), layout(gamma), layout(beta))
    y, mean, rstd = empty(x.shape), empty(x.shape[:-1]), empty(x.shape[:-1])
    beta = None if beta is None else device(beta)
    rows = mean.size if C == 0 else rows  # rows of nothing have a mean too
    grid = blocks(rows, WARPS)
    launch("norm", "layer_norm", grid, THREADS, rows, C, eps, device(x), device(gamma), beta, y, mean, rstd)
    return y, mean, rstd


def layer_norm_backward(
    dy: Array, x: Array, gamma: Array, mean: Array, rstd: Array
) -> tuple[DeviceArray, DeviceArray, DeviceArray]:
    check_layer_norm_backward(layout(dy), layout(x), layout(gamma), layout(mean), layout(rstd))
    dy, x, gamma, mean, rstd = map(device, (dy, x, gamma, mean, rstd))
    dgamma, dbeta = _parameter_gradients(dy, x, mean, rstd)
    return _norm_backward(dy, x, gamma, mean, rstd), dgamma, dbeta


def rms_norm(x: Array, gamma: Array, eps: float = 1e-6) -> tuple[DeviceArray, DeviceArray]:
    rows, C = check_norm("rms_norm", layout(x), layout(gamma))
    y, rstd = empty(x.shape), empty(x.shape[:-1])
    rows = rstd.size if C == 0 else rows
    launch("norm", "rms_norm", blocks(rows, WARPS), THREADS, rows, C, eps, device(x), device(gamma), y, rstd)
    return y, rstd


def rms_norm_backward(dy: Array, x: Array, gamma: Array, rstd: Array) -> tuple[DeviceArray, DeviceArray]:
    check_rms_norm_backward(layout(dy), layout(x), layout(gamma), layout(rstd))
    dy, x, gamma, rstd = map(device, (dy, x, gamma, rstd))
    return _norm_backward(dy, x, gamma, None, rstd), _parameter_gradients(dy, x, None, rstd)[0]


def column_sums(x: Array) -> DeviceArray:
    N, C = check_column_sums(layout(x))
    parts, part_rows = _parts(N)
    partial = empty((parts, C))
    launch("norm", "column_sums", (blocks(C, WARP_SIZE), parts), THREADS, N, C, part_rows, device(x), partial)
    return _add_parts(partial)


def _norm_backward(
    dy: DeviceArray, x: DeviceArray, gamma: DeviceArray, mean: DeviceArray | None, rstd: DeviceArray
) -> DeviceArray:
    dx = empty(x.shape)
    C = x.shape[-1]
    rows = x.size // C if C else 0
    launch("norm", "norm_backward", blocks(rows, WARPS), THREADS, rows, C, dy, x, gamma, mean, rstd, dx)
    return dx


def _parameter_gradients(
    dy: DeviceArray, x: DeviceArray, mean: DeviceArray | None, rstd: DeviceArray
) -> tuple[DeviceArray, DeviceArray]:
    """(dgamma, dbeta); without mean, dbeta is no gradient of anything."""
    C = x.shape[-1]
    parts, part_rows = _parts(rstd.size)
    dgamma = empty((parts, C))
    dbeta = dgamma if mean is None else empty((parts, C))
    launch(
        "norm", "norm_column_sums", (blocks(C, WARP_SIZE), parts), THREADS,
        rstd.size, C, part_rows, dy, x, mean, rstd, dgamma, None if mean is None else dbeta,
    )  # fmt: skip
    return _add_parts(dgamma), _add_parts(dbeta) if mean is not None else dgamma


def _parts(rows: int) -> tuple[int, int]:
    """Into how many parts rows are cut, and of how many rows each: by their number alone, as sums keep their order."""
    part_rows = max(-(-rows // 64), 32)
    return blocks(rows, part_rows), part_rows


def _add_parts(partial: DeviceArray) -> DeviceArray:
    parts, C = partial.shape
    out = empty(C)
    launch("norm", "add_parts", blocks(C, THREADS), THREADS, parts, C, partial, out)
    return out

"""The optimizer in NumPy: what csrc/optimizer.c must compute."""

from collections.abc import Sequence

import numpy as np

from minirl.kernels.arguments import real_dtype
from minirl.kernels.optimizer.checks import check_adamw, check_adamw_apart, check_scale, check_sum_squares

Array = np.ndarray


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

    p, g, m and v are lists of equal length: parameters, their gradients and their two moments. p[i], g[i], m[i] and
    v[i] have one shape. step counts from 1. p, m and v are written, so none of their arrays may overlap another array
    of the call.

    m = beta1 m + (1 - beta1) g, v = beta2 v + (1 - beta2) g^2, and with m' = m / (1 - beta1^step), v' likewise:
    p = p - lr (m' / (sqrt(v') + eps) + weight_decay p). g is first multiplied by grad_scale (gradient clipping).
    """
    check_adamw(p, g, m, v, step, real_dtype(p[0]) if p else np.dtype(np.float32))
    lists = {"p": p, "g": g, "m": m, "v": v}
    addresses = {name: np.array([x.ctypes.data for x in arrays], np.int64) for name, arrays in lists.items()}
    check_adamw_apart(addresses, np.array([x.nbytes for x in p], np.int64))
    for p_i, g_i, m_i, v_i in zip(p, g, m, v, strict=True):
        scaled = g_i * np.asarray(grad_scale, p_i.dtype)
        m_i[...] = beta1 * m_i + (1 - beta1) * scaled
        v_i[...] = beta2 * v_i + (1 - beta2) * scaled * scaled
        update = (m_i / (1 - beta1**step)) / (np.sqrt(v_i / (1 - beta2**step)) + eps)
        p_i[...] = p_i * (1 - lr * weight_decay) - lr * update


def sum_squares(x: Sequence[Array]) -> float:
    """sum x^2 over all numbers of all arrays, added in float64: the square of the gradients' norm."""
    check_sum_squares(x, real_dtype(x[0]) if x else np.dtype(np.float32))
    flat = (x_i.reshape(-1).astype(np.float64, copy=False) for x_i in x)
    return float(sum(f @ f for f in flat))


def scale(x: Array, factor: float) -> None:
    """x *= factor, in place."""
    check_scale(x, real_dtype(x))
    x *= np.asarray(factor, x.dtype)

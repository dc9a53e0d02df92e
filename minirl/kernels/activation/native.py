"""Activation functions in C: csrc/activation.c. sigmoid is NumPy's alone, since no training step spends time on it."""

import numpy as np

from minirl.kernels.activation.checks import (
    check_activation,
    check_activation_backward,
    check_halves,
    check_halves_backward,
)
from minirl.kernels.runtime import first_row, floats, lib

Array = np.ndarray


def gelu(x: Array, exact: bool = False) -> Array:
    check_activation("gelu", x)
    y = np.empty_like(x)
    lib.kernel_gelu(x.size, exact, floats(x), floats(y))
    return y


def gelu_backward(dy: Array, x: Array, exact: bool = False) -> Array:
    check_activation_backward("gelu_backward", dy, x)
    dx = np.empty_like(x)
    lib.kernel_gelu_backward(x.size, exact, floats(x), floats(dy), floats(dx))
    return dx


def silu(x: Array) -> Array:
    check_activation("silu", x)
    y = np.empty_like(x)
    lib.kernel_silu(x.size, floats(x), floats(y))
    return y


def silu_backward(dy: Array, x: Array) -> Array:
    check_activation_backward("silu_backward", dy, x)
    dx = np.empty_like(x)
    lib.kernel_silu_backward(x.size, floats(x), floats(dy), floats(dx))
    return dx


def swiglu(gate: Array, up: Array) -> Array:
    rows, F, step = check_halves("swiglu", gate, up)
    y = np.empty(gate.shape, np.float32)
    lib.kernel_swiglu(rows, F, step, first_row(gate), first_row(up), floats(y))
    return y


def swiglu_backward(dy: Array, gate: Array, up: Array) -> tuple[Array, Array]:
    rows, F, step = check_halves_backward("swiglu_backward", dy, gate, up)
    gradient = np.empty((*gate.shape[:-1], 2 * F), np.float32)
    dgate, dup = gradient[..., :F], gradient[..., F:]
    lib.kernel_swiglu_backward(
        rows, F, step, first_row(gate), first_row(up), floats(dy), 2 * F, first_row(dgate), first_row(dup)
    )
    return dgate, dup

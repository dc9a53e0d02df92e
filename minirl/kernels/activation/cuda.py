"""Activation functions on a GPU: csrc/cuda/activation.cu."""

import numpy as np

from minirl.kernels.activation.checks import (
    check_activation,
    check_activation_backward,
    check_halves,
    check_halves_backward,
)
from minirl.kernels.device import DeviceArray, blocks, device, empty, launch, layout
from minirl.kernels.matmul.checks import ACTIVATIONS

Array = np.ndarray | DeviceArray
THREADS = 256  # as in activation.cu


def sigmoid(x: Array) -> DeviceArray:
    check_activation("sigmoid", layout(x))
    y = empty(x.shape)
    launch("activation", "sigmoid", blocks(x.size, THREADS), THREADS, x.size, device(x), y)
    return y


def gelu(x: Array, exact: bool = False) -> DeviceArray:
    check_activation("gelu", layout(x))
    return _activate("gelu" if exact else "gelu_tanh", x)


def gelu_backward(dy: Array, x: Array, exact: bool = False) -> DeviceArray:
    check_activation_backward("gelu_backward", layout(dy), layout(x))
    return _activate_backward("gelu" if exact else "gelu_tanh", dy, x)


def silu(x: Array) -> DeviceArray:
    check_activation("silu", layout(x))
    return _activate("silu", x)


def silu_backward(dy: Array, x: Array) -> DeviceArray:
    check_activation_backward("silu_backward", layout(dy), layout(x))
    return _activate_backward("silu", dy, x)


def _activate(name: str, x: Array) -> DeviceArray:
    y = empty(x.shape)
    grid = blocks(x.size, THREADS)
    launch("activation", "activate", grid, THREADS, x.size, ACTIVATIONS[name], device(x), y)
    return y


def _activate_backward(name: str, dy: Array, x: Array) -> DeviceArray:
    dx = empty(x.shape)
    grid = blocks(x.size, THREADS)
    launch("activation", "activate_backward", grid, THREADS, x.size, ACTIVATIONS[name], device(dy), device(x), dx)
    return dx


def swiglu(gate: Array, up: Array) -> DeviceArray:
    gate, up = device(gate), device(up)
    _, F, step = check_halves("swiglu", gate.layout, up.layout)
    y = empty(gate.shape)
    launch("activation", "swiglu", blocks(y.size, THREADS), THREADS, y.size, F, step, gate, up, y)
    return y


def swiglu_backward(dy: Array, gate: Array, up: Array) -> tuple[DeviceArray, DeviceArray]:
    gate, up = device(gate), device(up)
    _, F, step = check_halves_backward("swiglu_backward", layout(dy), gate.layout, up.layout)
    gradient = empty((*gate.shape[:-1], 2 * F))
    grid = blocks(gate.size, THREADS)
    launch("activation", "swiglu_backward", grid, THREADS, gate.size, F, step, device(dy), gate, up, gradient)
    return gradient[..., :F], gradient[..., F:]

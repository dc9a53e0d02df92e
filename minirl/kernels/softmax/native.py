"""Softmax in C: csrc/softmax.c."""

import numpy as np

from minirl.kernels.runtime import floats, lib
from minirl.kernels.softmax.checks import check_softmax, check_softmax_backward

Array = np.ndarray


def softmax(x: Array) -> Array:
    rows, columns = check_softmax("softmax", x)
    y = np.empty_like(x)
    lib.kernel_softmax(rows, columns, floats(x), floats(y))
    return y


def softmax_backward(dy: Array, y: Array) -> Array:
    rows, columns = check_softmax_backward("softmax_backward", dy, y)
    dx = np.empty_like(y)
    lib.kernel_softmax_backward(rows, columns, floats(y), floats(dy), floats(dx))
    return dx


def log_softmax(x: Array) -> Array:
    rows, columns = check_softmax("log_softmax", x)
    y = np.empty_like(x)
    lib.kernel_log_softmax(rows, columns, floats(x), floats(y))
    return y


def log_softmax_backward(dy: Array, y: Array) -> Array:
    rows, columns = check_softmax_backward("log_softmax_backward", dy, y)
    dx = np.empty_like(y)
    lib.kernel_log_softmax_backward(rows, columns, floats(y), floats(dy), floats(dx))
    return dx

"""Softmax on a GPU: csrc/cuda/softmax.cu."""

import numpy as np

from minirl.kernels.device import DeviceArray, device, empty, launch, layout
from minirl.kernels.softmax.checks import check_softmax, check_softmax_backward

Array = np.ndarray | DeviceArray
THREADS = 256  # as in softmax.cu


def softmax(x: Array) -> DeviceArray:
    rows, columns = check_softmax("softmax", layout(x))
    y = empty(x.shape)
    launch("softmax", "softmax", rows, THREADS, columns, device(x), y)
    return y


def softmax_backward(dy: Array, y: Array) -> DeviceArray:
    rows, columns = check_softmax_backward("softmax_backward", layout(dy), layout(y))
    dx = empty(y.shape)
    launch("softmax", "softmax_backward", rows, THREADS, columns, device(dy), device(y), dx)
    return dx


def log_softmax(x: Array) -> DeviceArray:
    rows, columns = check_softmax("log_softmax", layout(x))
    y = empty(x.shape)
    launch("softmax", "log_softmax", rows, THREADS, columns, device(x), y)
    return y


def log_softmax_backward(dy: Array, y: Array) -> DeviceArray:
    rows, columns = check_softmax_backward("log_softmax_backward", layout(dy), layout(y))
    dx = empty(y.shape)
    launch("softmax", "log_softmax_backward", rows, THREADS, columns, device(dy), device(y), dx)
    return dx

"""Softmax in NumPy: what csrc/softmax.c must compute. Letters: V values in a row; `...` any leading axes."""

import numpy as np

from minirl.kernels.arguments import real_dtype
from minirl.kernels.softmax.checks import check_softmax, check_softmax_backward

Array = np.ndarray


def softmax(x: Array) -> Array:
    """e^x / sum e^x over the last axis, (..., V) -> (..., V), shifted by the maximum so that nothing overflows.

    A row with +inf or NaN, or with nothing but -inf, has no distribution and gives NaN.
    """
    check_softmax("softmax", x, real_dtype(x))
    e = np.exp(_shifted(x))
    return e / e.sum(axis=-1, keepdims=True)


def softmax_backward(dy: Array, y: Array) -> Array:
    """dx = y (dy - sum(dy y)), shapes as y, the forward's output."""
    check_softmax_backward("softmax_backward", dy, y, real_dtype(y))
    return y * (dy - (dy * y).sum(axis=-1, keepdims=True))


def log_softmax(x: Array) -> Array:
    """x - log sum e^x over the last axis, (..., V) -> (..., V). NaN where softmax is NaN."""
    check_softmax("log_softmax", x, real_dtype(x))
    shifted = _shifted(x)
    with np.errstate(divide="ignore"):  # rows of no values have sum 0
        return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


def log_softmax_backward(dy: Array, y: Array) -> Array:
    """dx = dy - e^y sum(dy), shapes as y, the forward's output."""
    check_softmax_backward("log_softmax_backward", dy, y, real_dtype(y))
    return dy - np.exp(y) * dy.sum(axis=-1, keepdims=True)


def _shifted(x: Array) -> Array:
    """x minus the largest of its row."""
    with np.errstate(invalid="ignore", over="ignore"):  # inf - inf is the NaN that is promised
        return x - x.max(axis=-1, keepdims=True, initial=-np.inf)

"""Lesson 3: write these six functions. `python -m minirl.lessons check 3.1`
checks the first.

Gradients are written as in NumPy code everywhere: dy is the gradient of the
loss with respect to y, an array of the shape of y. All functions leave their
inputs as they are, and return arrays of the dtype of their inputs.
"""

import numpy as np

from minirl.lessons import implements

# ---- 3.1 ----


@implements("tensor.unbroadcast")
def unbroadcast(gradient: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """The gradient of an array of `shape` that was broadcast to gradient.shape:
    the sum over all of its copies.

    unbroadcast(np.ones((3, 2)), (2,)) is array([3., 3.]).
    """
    raise NotImplementedError("write unbroadcast")


# ---- 3.2 ----


@implements("tensor.matmul_backward")
def matmul_backward(dy: np.ndarray, a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The gradients (da, db) of y = a @ b. dy: (M, N), a: (M, K), b: (K, N)."""
    raise NotImplementedError("write matmul_backward")


# ---- 3.3 ----


@implements("tensor.softmax_backward")
def softmax_backward(dy: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The gradient with respect to x of y = softmax(x), taken along each row.
    dy, y and the result: (N, V)."""
    raise NotImplementedError("write softmax_backward")


# ---- 3.4 ----


def log_sum_exp(x: np.ndarray) -> np.ndarray:
    """log(sum of e^x) of each row, without overflow: (N, V) -> (N,)."""
    raise NotImplementedError("write log_sum_exp")


# ---- 3.5 ----


@implements("tensor.cross_entropy")
def cross_entropy(logits: np.ndarray, targets: np.ndarray) -> tuple[float, np.ndarray]:
    """The mean over the rows of -log softmax(logits)[target], and its gradient
    with respect to the logits.

    logits: (N, V). targets: (N,) whole numbers from 0 to V - 1. Returns
    (loss, dlogits (N, V)).
    """
    raise NotImplementedError("write cross_entropy")


# ---- 3.6 ----


@implements("tensor.rms_norm_backward")
def rms_norm_backward(
    dy: np.ndarray, x: np.ndarray, gain: np.ndarray, rstd: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The gradients (dx, dgain) of y = gain * x * rstd, where rstd = 1 /
    sqrt(mean of x^2 over the row + tiny number).

    dy, x: (N, C). gain: (C,). rstd: (N,), as computed on the way forward: use
    it as it is. It depends on x too.
    """
    raise NotImplementedError("write rms_norm_backward")

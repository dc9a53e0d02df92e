"""Lesson 3: one way to write the six functions.

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
    while gradient.ndim > len(shape):
        gradient = gradient.sum(axis=0)
    for axis, size in enumerate(shape):
        if size == 1 and gradient.shape[axis] != 1:
            gradient = gradient.sum(axis=axis, keepdims=True)
    return gradient


# ---- 3.2 ----


@implements("tensor.matmul_backward")
def matmul_backward(dy: np.ndarray, a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The gradients (da, db) of y = a @ b. dy: (M, N), a: (M, K), b: (K, N)."""
    return dy @ b.T, a.T @ dy


# ---- 3.3 ----


@implements("tensor.softmax_backward")
def softmax_backward(dy: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The gradient with respect to x of y = softmax(x), taken along each row.
    dy, y and the result: (N, V)."""
    return y * (dy - (dy * y).sum(axis=-1, keepdims=True))


# ---- 3.4 ----


def log_sum_exp(x: np.ndarray) -> np.ndarray:
    """log(sum of e^x) of each row, without overflow: (N, V) -> (N,)."""
    largest = x.max(axis=-1, keepdims=True)
    return np.log(np.exp(x - largest).sum(axis=-1)) + largest[:, 0]


# ---- 3.5 ----


@implements("tensor.cross_entropy")
def cross_entropy(logits: np.ndarray, targets: np.ndarray) -> tuple[float, np.ndarray]:
    """The mean over the rows of -log softmax(logits)[target], and its gradient
    with respect to the logits.

    logits: (N, V). targets: (N,) whole numbers from 0 to V - 1. Returns
    (loss, dlogits (N, V)).
    """
    N, rows = len(logits), np.arange(len(logits))
    normaliser = log_sum_exp(logits)
    loss = (normaliser - logits[rows, targets]).mean()
    dlogits = np.exp(logits - normaliser[:, None])  # softmax
    dlogits[rows, targets] -= 1
    return float(loss), dlogits / N


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
    u = x * rstd[:, None]
    g = dy * gain
    dx = rstd[:, None] * (g - u * (g * u).mean(axis=-1, keepdims=True))
    return dx, (dy * u).sum(axis=0)

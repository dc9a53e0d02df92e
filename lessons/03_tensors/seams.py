"""Where the functions of lesson 3 go into minirl: the gradients of its operations on arrays."""

import numpy as np

from minirl.lessons import Seam
from minirl.lessons.lesson import find_lesson
from minirl.tensor.tensor import result, rows

checks = find_lesson("3").module("checks")


def fit_unbroadcast(unbroadcast, original):
    """minirl.autograd.unbroadcast has the learner's signature."""
    return lambda gradient, shape: unbroadcast(gradient, tuple(shape))


def fit_matmul(matmul_backward, original):
    """The product of two matrices, forward by minirl and backward by the learner. Products of stacks stay minirl's."""

    def fitted(a, b):
        if b.ndim != 2 or a.ndim < 2 or a.dtype != b.dtype or a.shape[-1] != b.shape[0]:
            return original(a, b)

        def backward(dy):
            da, db = matmul_backward(rows(dy), rows(a.data), b.data)
            if a.requires_grad:
                a.add_gradient(da.reshape(a.shape))
            if b.requires_grad:
                b.add_gradient(db)

        return result(original(a.detach(), b.detach()).data, (a, b), backward)

    return fitted


def fit_softmax(softmax_backward, original):
    """kernels.softmax_backward, for any leading axes."""

    def fitted(dy, y):
        shape = (-1, y.shape[-1])
        return np.ascontiguousarray(softmax_backward(dy.reshape(shape), y.reshape(shape)).reshape(y.shape))

    return fitted


def fit_cross_entropy(cross_entropy, original):
    """minirl.functional.cross_entropy of rows that all count the same."""

    def fitted(logits, targets, *options, **named):
        if options or named or logits.ndim != 2:
            return original(logits, targets, *options, **named)
        loss, dlogits = cross_entropy(logits.data, np.asarray(targets))
        value = np.asarray(loss, logits.dtype)
        return result(value, (logits,), lambda dy: logits.add_gradient(dlogits * dy))

    return fitted


def fit_norm(rms_norm_backward, original):
    """kernels.rms_norm_backward, for any leading axes."""

    def fitted(dy, x, gamma, rstd):
        shape = (-1, x.shape[-1])
        dx, dgamma = rms_norm_backward(dy.reshape(shape), x.reshape(shape), gamma, rstd.reshape(-1))
        return np.ascontiguousarray(dx.reshape(x.shape)), np.ascontiguousarray(dgamma)

    return fitted


SEAMS = [
    Seam(
        "tensor.unbroadcast",
        places=[("minirl.autograd:unbroadcast", fit_unbroadcast)],
        oracle=checks.sum_of_copies,
        bound=checks.CHECKS["unbroadcast"].bound,
        meter="minirl.autograd:unbroadcast",
        unit="broadcasts undone",
    ),
    Seam(
        "tensor.matmul_backward",
        places=[("minirl.tensor.tensor:matmul", fit_matmul)],
        oracle=checks.fast_products,
        bound=checks.CHECKS["matmul_backward"].bound,
        meter="minirl.tensor.tensor:matmul",
        unit="matrix products",
    ),
    Seam(
        "tensor.softmax_backward",
        places=[("minirl.kernels:softmax_backward", fit_softmax)],
        oracle=checks.by_jacobian,
        bound=checks.CHECKS["softmax_backward"].bound,
        meter="minirl.kernels:softmax",
        unit="softmaxes",
    ),
    Seam(
        "tensor.cross_entropy",
        places=[("minirl.functional.probability:cross_entropy", fit_cross_entropy)],
        oracle=checks.plain_loss,
        bound=checks.CHECKS["cross_entropy"].bound,
        meter="minirl.functional.probability:cross_entropy",
        unit="losses",
    ),
    Seam(
        "tensor.rms_norm_backward",
        places=[("minirl.kernels:rms_norm_backward", fit_norm)],
        oracle=checks.norm_by_jacobian,
        bound=checks.CHECKS["rms_norm_backward"].bound,
        meter="minirl.kernels:rms_norm_backward",
        unit="norms that go backward",
    ),
]

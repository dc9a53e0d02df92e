"""The loss in C: csrc/cross_entropy.c, and between the products of csrc/matmul.c for linear_cross_entropy."""

import numpy as np

from minirl.kernels.cross_entropy import chunked
from minirl.kernels.cross_entropy.checks import check_cross_entropy, check_linear_cross_entropy
from minirl.kernels.matmul.native import matmul
from minirl.kernels.runtime import floats, ints, lib

Array = np.ndarray


def cross_entropy(
    logits: Array, targets: Array, weights: Array | None = None, *, ignore_index: int = -100, gradient: bool = False
) -> tuple[Array, Array]:
    N, V = check_cross_entropy(logits, targets, weights, ignore_index, gradient)
    log_prob, entropy = np.empty(N, np.float32), np.empty(N, np.float32)
    lib.kernel_cross_entropy(
        N, V, floats(logits), ints(targets), floats(weights), ignore_index, gradient, floats(log_prob), floats(entropy)
    )
    return log_prob, entropy


def linear_cross_entropy(
    h: Array,
    weight: Array,
    targets: Array,
    weights: Array | None = None,
    *,
    ignore_index: int = -100,
    gradient: bool = True,
    weight_gradient: bool = True,
) -> tuple[float, Array, Array, Array | None, Array | None]:
    check_linear_cross_entropy("linear_cross_entropy", h, weight, targets, weights, ignore_index, gradient)
    return chunked.linear_cross_entropy(
        matmul, cross_entropy, h, weight, targets, weights,
        ignore_index=ignore_index, gradient=gradient, weight_gradient=weight_gradient,
    )  # fmt: skip


def linear_log_prob(h: Array, weight: Array, targets: Array, *, ignore_index: int = -100) -> tuple[Array, Array]:
    check_linear_cross_entropy("linear_log_prob", h, weight, targets, None, ignore_index, False)
    return chunked.linear_cross_entropy(
        matmul, cross_entropy, h, weight, targets, None, ignore_index=ignore_index, gradient=False
    )[1:3]

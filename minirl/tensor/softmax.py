"""softmax and its logarithms along an axis: each function of an array returns its value and its gradient."""

from collections.abc import Callable

import numpy as np

from minirl import kernels
from minirl.tensor.dtypes import Array
from minirl.tensor.reduction import Axis, axis_of, kept_shape, reduced, refuse_nothing, spread

Gradient = Callable[[Array], Array]


def softmax(x: Array, axis: int = -1) -> tuple[Array, Gradient]:
    """e^x / sum e^x along an axis, by default the last."""
    return _along("softmax", x, axis)


def log_softmax(x: Array, axis: int = -1) -> tuple[Array, Gradient]:
    """x - log sum e^x along an axis, by default the last."""
    return _along("log_softmax", x, axis)


def _along(op: str, x: Array, axis: int) -> tuple[Array, Gradient]:
    """A kernel for the last axis, along any: other axes are moved there and back."""
    at = axis_of(op, axis, x.ndim, x.shape)

    def turned(values: Array) -> Array:
        return values if at == x.ndim - 1 else kernels.copy(kernels.swapaxes(values, at, -1))

    y, backward = getattr(kernels, op)(turned(x)), getattr(kernels, f"{op}_backward")
    return turned(y), lambda dy: turned(backward(turned(dy), y))


def logsumexp(x: Array, axis: Axis = None, keepdims: bool = False) -> tuple[Array, Gradient]:
    """log sum e^x, shifted by the largest value so that nothing overflows."""
    kept = kept_shape("logsumexp", x.shape, axis)
    refuse_nothing("logsumexp", x.shape, kept)
    largest = np.asarray(kernels.max(x, axis=axis, keepdims=True))
    shift = kernels.where(np.isfinite(largest), largest, kernels.zeros_like(largest))
    terms = kernels.exp(kernels.subtract(x, shift))
    total = kernels.sum(terms, axis=axis, keepdims=True)
    with np.errstate(divide="ignore"):  # of nothing but -inf the sum is 0, and its logarithm -inf
        y = kernels.add(kernels.log(total), shift)

    def gradient(dy: Array) -> Array:  # softmax
        shares = kernels.divide(terms, kernels.where(kernels.equal(total, 0), kernels.ones_like(total), total))
        return kernels.multiply(spread(dy, kept, x.shape), shares)

    return reduced(y, axis, keepdims), gradient

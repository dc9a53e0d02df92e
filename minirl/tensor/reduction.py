"""Many values become one: each function of an array returns its value and the gradient that goes with it.

axis is a number, a tuple of numbers, or None for all axes; keepdims keeps the axes that were reduced, with size 1. In a
gradient, dy has the shape of the result.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from minirl import kernels
from minirl.tensor.dtypes import Array

Axis = int | tuple[int, ...] | None
Gradient = Callable[[Array], Array]


def axis_of(op: str, axis: Any, ndim: int, shape: tuple[int, ...]) -> int:
    """axis as a number from 0 to ndim - 1; ValueError, naming the operation, for one that is not there."""
    try:
        number = axis.__index__()
    except (AttributeError, TypeError):
        raise TypeError(f"{op}: axis is {axis!r}; expected a whole number, or a tuple where several will do") from None
    if not -ndim <= number < ndim:
        expected = f"expected {-ndim} to {ndim - 1}" if ndim else "a single number has no axis"
        raise ValueError(f"{op}: axis {number} of shape {shape}; {expected}")
    return number % ndim


def kept_shape(op: str, shape: tuple[int, ...], axis: Axis) -> tuple[int, ...]:
    """`shape` with size 1 along the axes reduced over. As in NumPy, a single number may be reduced over "axis 0"."""
    if axis is None:
        return (1,) * len(shape)
    axes = axis if isinstance(axis, tuple) else (axis,)
    chosen = [axis_of(op, one, len(shape) or 1, shape) for one in axes]
    if len(set(chosen)) != len(chosen):
        raise ValueError(f"{op}: axes {axes} of shape {shape} name an axis twice")
    return tuple(1 if i in chosen else size for i, size in enumerate(shape))


def spread(dy: Array, kept: tuple[int, ...], shape: tuple[int, ...]) -> Array:
    """dy, of the shape of a result, over all the values that it came from."""
    return kernels.broadcast_to(kernels.reshape(dy, kept), shape)


def refuse_nothing(op: str, shape: tuple[int, ...], kept: tuple[int, ...]) -> None:
    """Raise ValueError where a result would have no value to choose from."""
    if 0 in (size for size, one in zip(shape, kept, strict=True) if one == 1):
        raise ValueError(f"{op}: shape {shape} has no values to choose from; expected at least one")


# ---- sums ----


def sum(x: Array, axis: Axis = None, keepdims: bool = False) -> tuple[Array, Gradient]:
    """The sum of all values, or along axes."""
    kept = kept_shape("sum", x.shape, axis)
    y = kernels.sum(x, axis=axis, keepdims=keepdims)
    return y, lambda dy: kernels.copy(spread(dy, kept, x.shape))  # every term has slope 1


def mean(x: Array, axis: Axis = None, keepdims: bool = False) -> tuple[Array, Gradient]:
    """The sum divided by the number of values; NaN where there are none."""
    kept, count = _counted("mean", x, axis)
    with np.errstate(invalid="ignore"):
        y = kernels.divide(kernels.sum(x, axis=axis, keepdims=keepdims), np.asarray(count, x.dtype))
    return y, lambda dy: kernels.divide(spread(dy, kept, x.shape), np.asarray(count, x.dtype))


def var(x: Array, axis: Axis = None, keepdims: bool = False, ddof: int = 0) -> tuple[Array, Gradient]:
    """sum((x - mean(x))^2) / (n - ddof) over the n values: ddof 0 is NumPy's default, 1 the unbiased estimate."""
    y, centred, kept, count = _variance("var", x, axis, keepdims, ddof)
    return y, lambda dy: kernels.multiply(spread(dy, kept, x.shape), kernels.multiply(2 / count, centred))


def std(x: Array, axis: Axis = None, keepdims: bool = False, ddof: int = 0) -> tuple[Array, Gradient]:
    """The square root of var; its gradient is taken to be 0 where all values are equal."""
    variance, centred, kept, count = _variance("std", x, axis, True, ddof)
    y = kernels.sqrt(variance)

    def gradient(dy: Array) -> Array:  # dy/dx = (x - mean) / (n - ddof) / y
        filled = kernels.where(kernels.equal(y, 0), kernels.ones_like(y), y)
        slope = kernels.divide(centred, kernels.multiply(count, filled))
        return kernels.multiply(spread(dy, kept, x.shape), slope)

    return reduced(y, axis, keepdims), gradient


def _counted(op: str, x: Array, axis: Axis) -> tuple[tuple[int, ...], int]:
    """The shape with reduced axes kept, and how many values go into one. A single number has no axis here."""
    kept = kept_shape(op, x.shape, axis)
    if x.ndim == 0 and axis is not None:
        axis_of(op, axis if isinstance(axis, int) else 0, 0, ())
    return kept, math.prod(size for size, one in zip(x.shape, kept, strict=True) if one == 1)


def _variance(
    op: str, x: Array, axis: Axis, keepdims: bool, ddof: int
) -> tuple[Array, Array, tuple[int, ...], np.floating]:
    kept, count = _counted(op, x, axis)
    with np.errstate(invalid="ignore", divide="ignore"):
        centred = kernels.subtract(x, kernels.divide(kernels.sum(x, axis=axis, keepdims=True), x.dtype.type(count)))
        squares = kernels.sum(kernels.multiply(centred, centred), axis=axis, keepdims=keepdims)
        divisor = x.dtype.type(count - ddof if count > ddof else 0)  # too few values: 0 / 0 is NaN, as in NumPy
        return kernels.divide(squares, divisor), centred, kept, divisor


def prod(x: Array, axis: Axis = None, keepdims: bool = False) -> tuple[Array, Gradient]:
    """The product of all values, or along axes."""
    kept = kept_shape("prod", x.shape, axis)

    def gradient(dy: Array) -> Array:  # the product of the others, without dividing by zero
        is_zero = x == 0
        filled = np.where(is_zero, np.ones_like(x), x)
        others = np.prod(filled, axis=axis, keepdims=True) / filled
        zeros_elsewhere = np.sum(is_zero, axis=axis, keepdims=True) - is_zero
        return spread(dy, kept, x.shape) * np.where(zeros_elsewhere > 0, np.zeros_like(x), others)

    return np.prod(x, axis=axis, keepdims=keepdims), gradient


# ---- the largest and the smallest ----


def max(x: Array, axis: Axis = None, keepdims: bool = False) -> tuple[Array, Gradient]:
    """The largest value; where several are equal they share its gradient."""
    return _extreme("max", x, axis, keepdims)


def min(x: Array, axis: Axis = None, keepdims: bool = False) -> tuple[Array, Gradient]:
    """The smallest value; where several are equal they share its gradient."""
    return _extreme("min", x, axis, keepdims)


def _extreme(op: str, x: Array, axis: Axis, keepdims: bool) -> tuple[Array, Gradient]:
    kept = kept_shape(op, x.shape, axis)
    refuse_nothing(op, x.shape, kept)
    y = kernels.asarray(getattr(kernels, op)(x, axis=axis, keepdims=True))

    def gradient(dy: Array) -> Array:
        chosen = kernels.equal(x, y)
        count = kernels.sum(chosen, axis=axis, keepdims=True, dtype=dy.dtype)
        return kernels.multiply(chosen, kernels.divide(kernels.reshape(dy, kept), count))

    return reduced(y, axis, keepdims), gradient


def argmax(x: Array, axis: int | None = None, keepdims: bool = False) -> tuple[Array, None]:
    """The index of the largest value, of the first where several are equal; without axis, in the flattened array."""
    refuse_nothing("argmax", x.shape, kept_shape("argmax", x.shape, axis))
    return np.argmax(x, axis=axis, keepdims=keepdims), None


def argmin(x: Array, axis: int | None = None, keepdims: bool = False) -> tuple[Array, None]:
    """The index of the smallest value, of the first where several are equal; without axis, in the flattened array."""
    refuse_nothing("argmin", x.shape, kept_shape("argmin", x.shape, axis))
    return np.argmin(x, axis=axis, keepdims=keepdims), None


def any(x: Array, axis: Axis = None, keepdims: bool = False) -> tuple[Array, None]:
    """Whether at least one value is true (not 0)."""
    kept_shape("any", x.shape, axis)
    return np.any(x, axis=axis, keepdims=keepdims), None


def all(x: Array, axis: Axis = None, keepdims: bool = False) -> tuple[Array, None]:
    """Whether every value is true (not 0)."""
    kept_shape("all", x.shape, axis)
    return np.all(x, axis=axis, keepdims=keepdims), None


def reduced(y: Array, axis: Axis, keepdims: bool) -> Array:
    """y, computed with its reduced axes kept, with or without them."""
    return y if keepdims or not y.ndim else kernels.squeeze(y, axis=axis)

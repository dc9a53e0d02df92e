"""Sorting, running sums, and picking values by their index along an axis; values and gradients in NumPy's terms."""

from collections.abc import Callable
from typing import Any

import numpy as np

from minirl import kernels
from minirl.tensor.dtypes import Array, as_array
from minirl.tensor.reduction import axis_of

Gradient = Callable[[Array], Array]


def cumsum(x: Array, axis: int | None = None) -> tuple[Array, Gradient]:
    """The sum of each value and all before it along an axis; without axis, of the flattened values."""
    if axis is None or x.ndim == 0:
        flat, axis = x.reshape(-1), 0
    else:
        flat, axis = x, axis_of("cumsum", axis, x.ndim, x.shape)

    def gradient(dy: Array) -> Array:  # value i is in sums i, i + 1, ...
        dx = np.flip(np.cumsum(np.flip(dy, axis), axis=axis, dtype=dy.dtype), axis)
        return kernels.copy(dx).reshape(x.shape)

    return np.cumsum(flat, axis=axis), gradient


def argsort(x: Array, axis: int = -1, descending: bool = False) -> tuple[Array, None]:
    """The indices that sort along an axis; equal values stay in their order."""
    at = axis_of("argsort", axis, x.ndim, x.shape)
    if not descending:
        return np.argsort(x, axis=at, kind="stable"), None
    backwards = np.argsort(np.flip(x, at), axis=at, kind="stable")  # so that equal values stay in their order here too
    return kernels.copy(x.shape[at] - 1 - np.flip(backwards, at)), None


def sort(x: Array, axis: int = -1, descending: bool = False) -> tuple[Array, Gradient]:
    """The values in ascending order along an axis, or in descending order."""
    at = axis_of("sort", axis, x.ndim, x.shape)
    return take_along_axis(x, argsort(x, at, descending)[0], at)


def take_along_axis(x: Array, indices: Any, axis: int = -1) -> tuple[Array, Gradient]:
    """y[i, j, ...] = x[i, indices[i, j, ...], ...]: values picked by their index along an axis, as in NumPy.

    indices: whole numbers, of the shape of x except along the axis.
    """
    at = axis_of("take_along_axis", axis, x.ndim, x.shape)
    places = as_array(indices)
    if places.dtype.kind not in "iu":
        raise TypeError(f"take_along_axis: indices have dtype {places.dtype}; expected whole numbers")
    if (*places.shape[:at], *places.shape[at + 1 :]) != (*x.shape[:at], *x.shape[at + 1 :]) or places.ndim != x.ndim:
        raise ValueError(
            f"take_along_axis: indices have shape {places.shape}; expected {x.shape}, of any size along axis {at}"
        )
    index: list[Any] = list(np.indices(places.shape, sparse=True))
    index[at] = places

    def gradient(dy: Array) -> Array:
        dx = kernels.zeros(x.shape, dy.dtype)
        kernels.add_at(dx, tuple(index), dy)
        return dx

    return x[tuple(index)], gradient

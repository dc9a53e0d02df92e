"""NumPy's own elementwise, reduction and shape functions, which both CPU backends use as they are.

They are bound by memory and rare in a training step: what a step does often has a fused kernel. They stand here
under NumPy's names so that the layers above call `kernels.exp` and never NumPy itself; a backend with arrays of its own
supplies its own.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy import (
    absolute,
    add,
    asarray,
    broadcast_to,
    clip,
    concatenate,
    cos,
    divide,
    empty,
    equal,
    exp,
    expand_dims,
    greater,
    log,
    max,
    maximum,
    mean,
    min,
    minimum,
    multiply,
    negative,
    ones_like,
    power,
    sign,
    sin,
    sqrt,
    squeeze,
    stack,
    subtract,
    sum,
    swapaxes,
    tanh,
    transpose,
    where,
    zeros,
    zeros_like,
)

__all__ = [
    "absolute",
    "add",
    "add_at",
    "asarray",
    "broadcast_to",
    "clip",
    "concatenate",
    "copy",
    "cos",
    "divide",
    "empty",
    "equal",
    "exp",
    "expand_dims",
    "fetch",
    "greater",
    "log",
    "max",
    "maximum",
    "mean",
    "min",
    "minimum",
    "multiply",
    "negative",
    "ones_like",
    "power",
    "reshape",
    "send",
    "sign",
    "sin",
    "sqrt",
    "squeeze",
    "stack",
    "subtract",
    "sum",
    "swapaxes",
    "tanh",
    "transpose",
    "where",
    "zeros",
    "zeros_like",
]


def add_at(x: np.ndarray, index: Any, values: np.ndarray) -> None:
    """x[index] += values, in place, where an element that `index` names twice receives both: indexing's gradient."""
    np.add.at(x, index, values)


def reshape(x: np.ndarray, shape: int | Sequence[int]) -> np.ndarray:
    """numpy.reshape, which takes three times as long as the array's own method; every layer calls it."""
    return x.reshape(shape)


def copy(x: np.ndarray) -> np.ndarray:
    """The same values in an array of their own, C-contiguous whatever the strides of x."""
    return np.array(x, order="C", copy=True)


def send(x: np.ndarray) -> np.ndarray:
    """x where the backend in use keeps the numbers of models: itself, or under "cuda" a copy in the GPU's memory."""
    return x


def fetch(x: Any) -> np.ndarray:
    """x as a NumPy array: itself, or a copy of an array in the GPU's memory, once that has been computed."""
    fetched: np.ndarray = x.numpy() if hasattr(x, "is_on_gpu") else np.asarray(x)
    return fetched

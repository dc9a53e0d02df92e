"""Which dtype a result has: one rule, which every operation keeps, in terms of plain arrays.

    beside a Tensor      a number, list or array takes that Tensor's float dtype
    integers or masks    stay what they are among themselves, and become floats beside floats
    a function of reals  (exp, mean, a / b, ...) makes DEFAULT_FLOAT of integers first
    two float Tensors    the wider dtype, as in NumPy; each gradient has the dtype of what it is the gradient of

So a float32 model stays float32 whatever meets it. NumPy itself would say float64 for float32 beside int64.
"""

from typing import Any

import numpy as np

from minirl import kernels
from minirl.kernels.arguments import is_on_gpu

Array = np.ndarray

DEFAULT_FLOAT = np.dtype(np.float32)  # what the kernels compute with
DEFAULT_INTEGER = np.dtype(np.int32)


def as_array(data: Any) -> Array:
    """data as a C-contiguous array of numbers. An array keeps its dtype; numbers and lists become DEFAULT_FLOAT or
    DEFAULT_INTEGER, or int64 where a whole number does not fit. Raises TypeError for what holds no real numbers."""
    if is_on_gpu(data):
        array = data
    elif isinstance(data, np.ndarray):
        array = data if type(data) is np.ndarray else np.asarray(data)
        if not array.dtype.isnative:
            array = array.astype(array.dtype.newbyteorder("="))
    else:
        array = as_default(np.asarray(data))
    if array.dtype.kind not in "fiub":
        raise TypeError(f"Tensor: cannot hold {array.dtype} data; expected numbers")
    return array if array.flags.c_contiguous else kernels.copy(array)


def as_default(array: Array) -> Array:
    """Floats as DEFAULT_FLOAT, integers as DEFAULT_INTEGER where all of them fit."""
    if array.dtype.kind == "f":
        return array.astype(DEFAULT_FLOAT, copy=False)
    if array.dtype.kind == "i" and _fits(array, DEFAULT_INTEGER):
        return array.astype(DEFAULT_INTEGER, copy=False)
    return array


def beside(value: Any, dtype: np.dtype) -> Array:
    """A number, list or array that stands beside a Tensor of this dtype, as an array whose dtype follows it."""
    if dtype.kind == "f":
        if isinstance(value, int | float | np.number):
            return np.asarray(value, dtype)
        return as_array(value).astype(dtype, copy=False)
    array = as_array(value)
    if array.dtype.kind == "f":
        return array.astype(DEFAULT_FLOAT, copy=False)
    is_number = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if is_number and dtype.kind in "iu" and _fits(array, dtype):
        return array.astype(dtype)
    return array


def together(a: Array, b: Array, floats: bool = False) -> tuple[Array, Array]:
    """Both operands of an operation, with integers beside floats made floats; floats=True wants floats in any case."""
    if a.dtype.kind == "f":
        return (a, b) if b.dtype.kind == "f" else (a, b.astype(a.dtype))
    if b.dtype.kind == "f":
        return a.astype(b.dtype), b
    if floats or np.result_type(a.dtype, b.dtype).kind == "f":  # of int64 and uint64, NumPy makes float64
        return a.astype(DEFAULT_FLOAT), b.astype(DEFAULT_FLOAT)
    return a, b


def as_floats(x: Array) -> Array:
    """x itself if it holds floats, else as DEFAULT_FLOAT."""
    return x if x.dtype.kind == "f" else x.astype(DEFAULT_FLOAT)


def _fits(array: Array, dtype: np.dtype) -> bool:
    limits = np.iinfo(dtype)
    return array.size == 0 or bool(array.min() >= limits.min and array.max() <= limits.max)

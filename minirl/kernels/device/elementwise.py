"""Arithmetic and shapes of arrays on the GPU, under NumPy's names: what `kernels.elementwise` is for the CPU.

Where no argument is on the GPU, NumPy computes, as before: token ids and tables of numbers stay on the host. Beside an
array on the GPU, a number or a NumPy array goes there too. All numbers are float32; a comparison gives 1 and 0 in
float32, where NumPy gives truth values. What is missing here is refused by name.
"""

import math
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

import numpy as np

from minirl.kernels import elementwise as host
from minirl.kernels.device.array import DeviceArray, device, empty, full, written
from minirl.kernels.device.launch import blocks, launch
from minirl.kernels.device.strides import walk

THREADS, WARPS = 256, 8  # as in elementwise.cu, whose enums count the operations in this order
_ONE = ("copy", "negative", "exp", "log", "sqrt", "sin", "cos", "tanh", "absolute", "sign")
_TWO = ("add", "subtract", "multiply", "divide", "maximum", "minimum", "power", "greater", "equal")
_GATHERED = {"sum": (0, 0.0), "max": (1, -math.inf), "min": (2, math.inf)}  # number, and what nothing gives

FUNCTIONS: dict[str, Callable[..., Any]] = {}  # what this file offers, by name


def _offered(function: Callable[..., Any]) -> Callable[..., Any]:
    """Registers a function that is for arrays on the GPU; without one among its arguments, NumPy's is called."""
    name = function.__name__
    of_host = getattr(host, name)

    @wraps(function)
    def chosen(*arguments: Any, **options: Any) -> Any:
        given = [part for x in (*arguments, *options.values()) for part in (x if isinstance(x, list | tuple) else [x])]
        on_gpu = any(isinstance(part, DeviceArray) for part in given)
        return (function if on_gpu else of_host)(*arguments, **options)

    FUNCTIONS[name] = chosen
    return function


# ---- number by number ----


def _operand(op: str, x: Any) -> DeviceArray:
    """x on the GPU, as float32: a number is written there by a kernel, and so waits for nothing."""
    if isinstance(x, DeviceArray):
        if x.dtype != np.float32:
            raise TypeError(f"{op}: a {x.dtype} array on the GPU; kernels there compute with float32")
        return x
    if isinstance(x, int | float | np.number) or np.ndim(x) == 0:
        return full((), float(x))
    return device(np.asarray(x, np.float32))


def _map(op: str, kernel: str, number: int, shape: tuple[int, ...], inputs: list[DeviceArray], out: Any) -> DeviceArray:
    y = empty(shape) if out is None else written(op, "out", out)
    if y.shape != shape:
        raise ValueError(f"{op}: out has shape {y.shape}; expected {shape}")
    sizes, steps = walk(op, shape, [x.layout for x in (*inputs, y)])
    operands = [part for x, s in zip([*inputs, y], steps, strict=True) for part in (x, *s)]
    launch("elementwise", kernel, blocks(y.size, THREADS), THREADS, y.size, number, *sizes, *operands)
    return y


def _function(name: str, number: int) -> None:
    def function(x: DeviceArray, out: DeviceArray | None = None) -> DeviceArray:
        return _map(name, "of_one", number, x.shape, [_operand(name, x)], out)

    function.__name__ = name
    _offered(function)


def _operator(name: str, number: int) -> None:
    def operator(a: Any, b: Any, out: DeviceArray | None = None) -> DeviceArray:
        a, b = _operand(name, a), _operand(name, b)
        return _map(name, "of_two", number, np.broadcast_shapes(a.shape, b.shape), [a, b], out)

    operator.__name__ = name
    _offered(operator)


for _number, _name in enumerate(_ONE):
    _function(_name, _number)
for _number, _name in enumerate(_TWO):
    _operator(_name, _number)
copy, add, multiply, maximum, minimum = (FUNCTIONS[n] for n in ("copy", "add", "multiply", "maximum", "minimum"))


@_offered
def clip(x: DeviceArray, low: Any, high: Any) -> DeviceArray:
    return minimum(maximum(x, low), high)


@_offered
def where(condition: Any, x: Any, y: Any) -> DeviceArray:
    parts = [_operand("where", part) for part in (condition, x, y)]
    shape = np.broadcast_shapes(*(part.shape for part in parts))
    whole = [copy(broadcast_to(part, shape)) for part in parts]
    result = empty(shape)
    launch("elementwise", "choose", blocks(result.size, THREADS), THREADS, result.size, *whole, result)
    return result


# ---- along axes ----


def _gather(name: str, x: DeviceArray, axis: Any, keepdims: bool) -> DeviceArray:
    x = copy(_operand(name, x)) if not x.layout.flags.c_contiguous else _operand(name, x)
    asked = range(x.ndim) if axis is None else [axis] if isinstance(axis, int) else axis
    axes = [at % x.ndim for at in asked]
    number, first = _GATHERED[name]
    kept = [1 if i in axes else size for i, size in enumerate(x.shape)]
    result = tuple(kept) if keepdims else tuple(size for i, size in enumerate(x.shape) if i not in axes)
    for at in sorted(axes):
        shape = x.shape
        outer, length, inner = math.prod(shape[:at]), shape[at], math.prod(shape[at + 1 :])
        if length == 0 and name != "sum":
            raise ValueError(f"{name}: nothing along axis {at} of an array of shape {shape}")
        y = empty((*shape[:at], 1, *shape[at + 1 :]))
        if inner == 1:
            launch("elementwise", "gather_rows", blocks(outer, WARPS), THREADS, outer, number, length, first, x, y)
        else:
            grid = blocks(outer * inner, THREADS)
            launch("elementwise", "gather_columns", grid, THREADS, outer, number, length, inner, first, x, y)
        x = y
    return x.reshape(result)


@_offered
def sum(x: DeviceArray, axis: Any = None, keepdims: bool = False, dtype: Any = np.float32) -> DeviceArray:
    if dtype != np.float32:
        raise TypeError(f"sum: in {np.dtype(dtype)}; kernels on the GPU give float32")
    return _gather("sum", x, axis, keepdims)


@_offered
def max(x: DeviceArray, axis: Any = None, keepdims: bool = False) -> DeviceArray:
    return _gather("max", x, axis, keepdims)


@_offered
def min(x: DeviceArray, axis: Any = None, keepdims: bool = False) -> DeviceArray:
    return _gather("min", x, axis, keepdims)


@_offered
def mean(x: DeviceArray, axis: Any = None, keepdims: bool = False) -> DeviceArray:
    total = _gather("sum", x, axis, keepdims)
    return multiply(total, total.size / x.size)


# ---- shapes, which are views wherever NumPy's are ----


@_offered
def reshape(x: DeviceArray, shape: Any) -> DeviceArray:
    return (x if x.layout.flags.c_contiguous else copy(x)).reshape(shape)


@_offered
def transpose(x: DeviceArray, axes: Any = None) -> DeviceArray:
    return DeviceArray(np.transpose(x.layout, axes))


@_offered
def swapaxes(x: DeviceArray, axis1: int, axis2: int) -> DeviceArray:
    return DeviceArray(np.swapaxes(x.layout, axis1, axis2))


@_offered
def expand_dims(x: DeviceArray, axis: Any) -> DeviceArray:
    return DeviceArray(np.expand_dims(x.layout, axis))


@_offered
def squeeze(x: DeviceArray, axis: Any = None) -> DeviceArray:
    return DeviceArray(np.squeeze(x.layout, axis))


@_offered
def broadcast_to(x: DeviceArray, shape: Any) -> DeviceArray:
    return DeviceArray(np.broadcast_to(x.layout, shape))


@_offered
def concatenate(arrays: Sequence[Any], axis: int = 0) -> DeviceArray:
    parts = [_operand("concatenate", x) for x in arrays]
    axis = axis % parts[0].ndim
    shape = list(parts[0].shape)
    for part in parts:
        if [*part.shape[:axis], *part.shape[axis + 1 :]] != [*shape[:axis], *shape[axis + 1 :]]:
            raise ValueError(f"concatenate: shapes {[p.shape for p in parts]}; they may differ along axis {axis} alone")
    shape[axis] = int(np.sum([part.shape[axis] for part in parts]))
    y, start = empty(tuple(shape)), 0
    for part in parts:
        stop = start + part.shape[axis]
        copy(part, out=y[(slice(None),) * axis + (slice(start, stop),)])
        start = stop
    return y


@_offered
def stack(arrays: Sequence[Any], axis: int = 0) -> DeviceArray:
    return concatenate([expand_dims(_operand("stack", x), axis) for x in arrays], axis)


@_offered
def add_at(x: DeviceArray, index: Any, values: DeviceArray) -> None:
    """Rows of x by their numbers alone; as a gradient of an embedding, which is the same sum."""
    rows = np.flatnonzero(index) if isinstance(index, np.ndarray) and index.dtype == bool else np.asarray(index)
    if rows.ndim != 1 or rows.dtype.kind not in "iu" or not x.layout.flags.c_contiguous:
        raise NotImplementedError("add_at has a CUDA kernel for whole rows alone; fetch its arrays with .numpy() first")
    V, width = len(x), x.size // (len(x) or 1)
    numbers, dout = device((rows % (V or 1)).astype(np.int32)), values if values.flags.c_contiguous else copy(values)
    launch("embedding", "embedding_backward", rows.size if width else 0, 128, rows.size, width, V, numbers, dout, x)


# ---- between the host and the GPU, and new arrays ----


@_offered
def asarray(x: DeviceArray, dtype: Any = None) -> DeviceArray:
    return x if dtype is None else x.astype(dtype)


def send(x: Any) -> Any:
    return device(x)


@_offered
def fetch(x: DeviceArray) -> np.ndarray:
    return x.numpy()


def _made_here(of_host: Callable[..., Any], make: Callable[..., Any]) -> Callable[..., Any]:
    """New arrays are on the GPU where they are float32, the numbers of models; ids and truth values are not."""

    @wraps(of_host)
    def chosen(shape: Any, dtype: Any = np.float64) -> Any:
        if np.dtype(dtype) != np.float32:
            return of_host(shape, dtype)
        return make((shape,) if isinstance(shape, int | np.integer) else tuple(shape))

    return chosen


FUNCTIONS |= {
    "send": wraps(host.send)(send),
    "empty": _made_here(host.empty, empty),
    "zeros": _made_here(host.zeros, lambda shape: full(shape, 0.0)),
}


@_offered
def zeros_like(x: DeviceArray) -> DeviceArray:
    return full(x.shape, 0.0)


@_offered
def ones_like(x: DeviceArray) -> DeviceArray:
    return full(x.shape, 1.0)

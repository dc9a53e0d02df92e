"""The class: what a Tensor is, its operators, and its methods, most of which are one line that names a function.

A method made by `function` or `operator` finds its value and its gradient in the table of elementwise.py; one made by
`operation` in a function of arrays that returns both: see reduction.py, shapes.py and order.py.
"""

import inspect
import math
from collections.abc import Callable, Iterator
from functools import wraps
from itertools import pairwise
from typing import Any, Concatenate, ParamSpec

import numpy as np

from minirl import kernels
from minirl.autograd import Array, Backward, _age, mode
from minirl.kernels.precision import BFLOAT16
from minirl.tensor import elementwise, order, reduction, shapes, softmax
from minirl.tensor.dtypes import DEFAULT_FLOAT, as_array, as_default, as_floats, beside, together
from minirl.tensor.values import Values

Parameters = ParamSpec("Parameters")
Number = float  # inside the class, float is a method
Method = Callable[["Tensor"], "Tensor"]
Operator = Callable[["Tensor", Any], "Tensor"]

# ---- what every operation is built from ----


def result(data: Any, parents: "tuple[Tensor, ...]", backward: Backward | None) -> "Tensor":
    """The output of an operation: `data`, and how to send its gradient on to the parents."""
    y = Tensor.__new__(Tensor)
    y.data = data if type(data) is np.ndarray else kernels.asarray(data)
    y.grad = None
    y._owns_grad = False
    y._age = next(_age)
    if mode.recording:
        for parent in parents:
            if parent.requires_grad:
                y.requires_grad = True
                y._parents = parents
                y._backward = backward
                return y
    y.requires_grad = False
    y._parents = ()
    y._backward = None
    return y


def constant(data: Any) -> "Tensor":
    """A Tensor outside any graph, of an array that is right already."""
    return result(data, (), None)


def operands(a: Any, b: Any, floats: bool = False) -> "tuple[Tensor, Tensor]":
    """a and b, one of them a Tensor, as two Tensors whose dtypes go together by the rule of dtypes.py."""
    if not isinstance(b, Tensor):
        a = a if isinstance(a, Tensor) else Tensor(a)
        b = constant(beside(b, a.data.dtype))
    elif not isinstance(a, Tensor):
        a = constant(beside(a, b.data.dtype))
    x, y = a.data, b.data
    if x.dtype is y.dtype and not (floats and x.dtype.kind != "f"):
        return a, b
    x, y = together(x, y, floats)
    return a if x is a.data else constant(x), b if y is b.data else constant(y)


def floating(x: Any) -> "Tensor":
    """x as a Tensor of floats: integers become DEFAULT_FLOAT."""
    x = x if isinstance(x, Tensor) else Tensor(x)
    return x if x.data.dtype.kind == "f" else constant(as_floats(x.data))


def unfit(name: str, a: "Tensor", b: "Tensor", error: Exception) -> Exception:
    """NumPy's error about a and b, with the operation and what it got named."""
    if isinstance(error, TypeError):
        return TypeError(f"{name}: is not defined for {a.dtype} and {b.dtype}")
    if "broadcast" not in str(error):
        return error
    return ValueError(
        f"{name}: shapes {a.shape} and {b.shape} do not fit; counted from the last, each axis must be equal or 1"
    )


def mapped(x: "Tensor", y: Array, gradient: Callable[[Array], Array]) -> "Tensor":
    """y, computed from x alone; gradient(dy) is an array of its own, shaped like x."""
    return result(y, (x,), lambda dy: x.add_gradient(gradient(dy), fresh=True))


def function(name: str) -> Method:
    """The Tensor method for a function of elementwise.py."""
    rule = elementwise.FUNCTIONS[name]

    def method(self: "Tensor") -> "Tensor":
        x = floating(self) if rule.floats else self
        y = rule.value(x.data)
        return mapped(x, y, lambda dy: rule.gradient(dy, x.data, y))

    method.__name__, method.__doc__ = name, f"{rule.formula}, element by element."
    return method


def operator(name: str) -> Operator:
    """The Tensor method for an operator of elementwise.py, with NumPy's broadcasting."""
    formula, value, left, right, floats = elementwise.OPERATORS[name]

    def method(self: "Tensor", other: Any) -> "Tensor":
        a, b = self, other
        if floats or not isinstance(b, Tensor) or a.data.dtype is not b.data.dtype:
            a, b = operands(a, b, floats)
        x, z = a.data, b.data
        try:
            y = value(x, z)
        except (TypeError, ValueError) as error:
            raise unfit(name, a, b, error) from None

        def backward(dy: Array) -> None:
            if a.requires_grad:
                da = left(dy, x, z, y)
                a.add_gradient(da, da is not dy)
            if b.requires_grad:
                db = right(dy, x, z, y)
                b.add_gradient(db, db is not dy)

        return result(y, (a, b), backward)

    method.__name__, method.__doc__ = name, f"{formula}, element by element, with NumPy's broadcasting."
    return method


def reflected(method: Operator) -> Operator:
    """The method for `other OPERATOR self`, where other is no Tensor."""
    return lambda self, other: method(operands(other, self)[0], self)


def comparison(name: str) -> Callable[["Tensor", Any], Any]:
    """The Tensor method for a comparison of elementwise.py, which has no gradient."""
    value = elementwise.COMPARISONS[name]

    def method(self: "Tensor", other: Any) -> Any:
        if not isinstance(other, Tensor | np.ndarray | np.generic | int | float | list | tuple):
            return NotImplemented  # Python then finds `tensor == None` False, and `tensor < None` an error
        a, b = operands(self, other)
        try:
            return constant(value(a.data, b.data))
        except (TypeError, ValueError) as error:
            raise unfit(name, a, b, error) from None

    method.__doc__ = f"numpy.{name}, element by element, with NumPy's broadcasting; it has no gradient."
    return method


def operation(
    of_array: Callable[Concatenate[Array, Parameters], tuple[Array, Callable[[Array], Array] | None]],
    floats: bool = False,
    fresh: bool = True,
) -> "Callable[Concatenate[Tensor, Parameters], Tensor]":
    """The Tensor method for a function of an array that returns its value and its gradient, or None for no gradient.

    floats: integers become floats first. fresh: the gradient is an array of its own, not a view of dy.
    """
    signature = inspect.signature(of_array)
    accepted = signature.parameters

    @wraps(of_array)
    def method(self: "Tensor", *args: Parameters.args, **named: Parameters.kwargs) -> "Tensor":
        x = floating(self) if floats else self
        for name in [name for name, value in named.items() if value is None and name not in accepted]:
            del named[name]  # numpy.mean(tensor) calls tensor.mean(axis=None, dtype=None, out=None)
        y, gradient = of_array(x.data, *args, **named)
        if gradient is None:
            return constant(y)
        return result(y, (x,), lambda dy: x.add_gradient(gradient(dy), fresh))

    first = inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    others = list(accepted.values())[1:]
    shown = signature.replace(parameters=[first, *others], return_annotation="Tensor")
    setattr(method, "__signature__", shown)  # noqa: B010  (for help; types know no such attribute)
    return method


def rows(x: Array) -> Array:
    """(..., C) -> (N, C), without a copy."""
    return x if x.ndim == 2 else kernels.reshape(x, (math.prod(x.shape[:-1]), x.shape[-1]))


def matmul(a: "Tensor", b: "Tensor") -> "Tensor":
    """A B over the last two axes: (..., M, K) and (..., K, N) -> (..., M, N).

    Leading axes broadcast, which copies where they are neither equal nor absent from one side. A vector acts as in
    NumPy, as a row on the left or a column on the right. Integers make integers.
    """
    if a.ndim == 0 or b.ndim == 0:
        raise ValueError(f"matmul: shapes {a.shape} and {b.shape}; a single number has no axis to multiply over")
    if a.ndim == 1:
        product = matmul(a.reshape(1, -1), b)
        return product.reshape((*product.shape[:-2], product.shape[-1]) if b.ndim > 1 else ())
    if b.ndim == 1:
        product = matmul(a, b.reshape(-1, 1))
        return product.reshape(product.shape[:-1])
    if a.ndim > 2 and b.ndim > 2 and a.shape[:-2] != b.shape[:-2]:
        a, b = _same_batch(a, b)
    if a.shape[-1] != b.shape[-2]:
        raise ValueError(_unfit(a, b))
    if a.dtype.kind != "f" and BFLOAT16 not in (a.dtype, b.dtype):
        return constant(np.matmul(a.data, b.data))
    if a.dtype.kind == b.dtype.kind == "f" and a.dtype != b.dtype:  # kernels compute in one dtype: here the wider
        wider = np.promote_types(a.dtype, b.dtype)
        a, b = a.astype(wider), b.astype(wider)

    def backward(dy: Array) -> None:  # dA = dy B^T, dB = A^T dy
        if a.requires_grad:
            if a.ndim == 2 and b.ndim > 2:  # A served the whole batch: its gradients add up
                a.add_gradient(kernels.matmul(dy, b.data, transpose_b=True), fresh=True)
            else:
                a.add_product(dy, b.data, transpose_b=True)
        if b.requires_grad:
            if b.ndim == 2:
                b.add_product(rows(a.data), rows(dy), transpose_a=True)
            else:
                b.add_gradient(kernels.matmul(a.data, dy, transpose_a=True), fresh=True)

    return result(kernels.matmul(a.data, b.data), (a, b), backward)


def _same_batch(a: "Tensor", b: "Tensor") -> "tuple[Tensor, Tensor]":
    try:
        leading = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    except ValueError:
        raise ValueError(_unfit(a, b)) from None
    a, b = (x if x.shape[:-2] == leading else x.expand(*leading, *x.shape[-2:]) for x in (a, b))
    return a, b


def _unfit(a: "Tensor", b: "Tensor") -> str:
    return (
        f"matmul: shapes {a.shape} and {b.shape}; expected (..., M, K) and (..., K, N) whose leading axes are equal, "
        "1, or absent from one"
    )


class Tensor(Values):
    """An array of numbers that gradients flow through.

    data: a NumPy array, kept as it is (copied only where it is not C-contiguous), or numbers and nested lists of them,
    which become float32, integers int32 (int64 where they do not fit). requires_grad marks a leaf whose `.grad`
    backward fills.

    float32 is what kernels compute with; float64 works on the reference backend, for gradient checks.
    Raises TypeError where integers or truth values are asked for a gradient.
    """

    __slots__ = ()

    # ---- makers: the shape as numbers or one tuple ----

    @staticmethod
    def zeros(*shape: Any, dtype: Any = DEFAULT_FLOAT, requires_grad: bool = False) -> "Tensor":
        """Zeros of this shape."""
        return Tensor(np.zeros(shapes.one_tuple(shape), dtype), requires_grad)

    @staticmethod
    def ones(*shape: Any, dtype: Any = DEFAULT_FLOAT, requires_grad: bool = False) -> "Tensor":
        """Ones of this shape."""
        return Tensor(np.ones(shapes.one_tuple(shape), dtype), requires_grad)

    @staticmethod
    def randn(*shape: Any, rng: np.random.Generator | int, requires_grad: bool = False) -> "Tensor":
        """Numbers from N(0, 1), float32. rng: a NumPy Generator, or a seed, which gives the same numbers each time."""
        numbers = np.random.default_rng(rng).standard_normal(shapes.one_tuple(shape), dtype=np.float32)
        return Tensor(numbers, requires_grad)

    @staticmethod
    def arange(*start_stop_step: Number, requires_grad: bool = False) -> "Tensor":
        """Numbers from start (0) to before stop in steps (of 1), as range: arange(stop), arange(start, stop, step)."""
        return Tensor(as_default(np.arange(*start_stop_step)), requires_grad)

    @staticmethod
    def eye(rows: int, columns: int | None = None, requires_grad: bool = False) -> "Tensor":
        """The identity matrix, or ones on the main diagonal of a (rows, columns) one."""
        return Tensor(np.eye(rows, columns, dtype=DEFAULT_FLOAT), requires_grad)

    # ---- in and out of the graph ----

    def detach(self) -> "Tensor":
        """The same array, outside the graph: gradients stop here."""
        return Tensor(self.data)

    def astype(self, dtype: Any) -> "Tensor":
        """The same numbers in another dtype. A gradient flows through where both are floats."""
        y = as_array(self.data.astype(dtype, copy=False))
        return result(y, (self,), self.add_gradient) if y.dtype.kind == "f" else constant(y)

    def float(self) -> "Tensor":
        """As float32."""
        return self.astype(DEFAULT_FLOAT)

    def __iter__(self) -> "Iterator[Tensor]":
        if self.ndim == 0:
            raise TypeError("iteration over a tensor of shape (), a single number")
        return (self[i] for i in range(len(self)))

    def __contains__(self, value: Any) -> bool:
        return bool((self == value).any())

    # ---- operators, with NumPy's broadcasting ----

    __add__ = operator("add")
    __radd__ = reflected(__add__)
    __sub__ = operator("subtract")
    __rsub__ = reflected(__sub__)
    __mul__ = operator("multiply")
    __rmul__ = reflected(__mul__)
    __truediv__ = operator("divide")
    __rtruediv__ = reflected(__truediv__)
    __floordiv__ = operator("floor_divide")
    __rfloordiv__ = reflected(__floordiv__)
    __mod__ = operator("remainder")
    __rmod__ = reflected(__mod__)
    __pow__ = operator("power")
    __rpow__ = reflected(__pow__)
    maximum, minimum = operator("maximum"), operator("minimum")
    __neg__ = function("negative")

    __gt__, __ge__, __lt__, __le__ = map(comparison, ("greater", "greater_equal", "less", "less_equal"))
    __eq__, __ne__ = comparison("equal"), comparison("not_equal")
    __hash__ = object.__hash__  # by identity: a Tensor can be a key, though == compares values
    __and__, __or__, __xor__ = map(comparison, ("bitwise_and", "bitwise_or", "bitwise_xor"))
    __rand__, __ror__, __rxor__ = __and__, __or__, __xor__

    def __invert__(self) -> "Tensor":
        """Not: masks exchange true and false, whole numbers their bits."""
        if self.dtype.kind == "f":
            raise TypeError(f"~: is not defined for {self.dtype}; expected a mask, as from a comparison")
        return constant(np.invert(self.data))

    def __matmul__(self, other: Any) -> "Tensor":
        """A B over the last two axes; leading axes broadcast, and a vector acts as in NumPy."""
        held_in_bits = isinstance(other, Tensor) and BFLOAT16 in (self.dtype, other.dtype)  # no integers to make floats
        return matmul(self, other) if held_in_bits else matmul(*operands(self, other))

    def __rmatmul__(self, other: Any) -> "Tensor":
        return matmul(*operands(other, self))

    # ---- functions of each element ----

    exp, expm1, log, log1p = map(function, ("exp", "expm1", "log", "log1p"))
    sqrt, square, reciprocal = map(function, ("sqrt", "square", "reciprocal"))
    sin, cos, tanh, sigmoid = map(function, ("sin", "cos", "tanh", "sigmoid"))
    relu, softplus, abs, sign = map(function, ("relu", "softplus", "abs", "sign"))
    floor, ceil = function("floor"), function("ceil")
    clip = operation(elementwise.clip)
    round = operation(elementwise.round_to)
    __abs__ = abs

    def __round__(self, decimals: int | None = None) -> "Tensor":
        return self.round(decimals or 0)

    # ---- reductions ----

    sum, prod = operation(reduction.sum), operation(reduction.prod)
    mean = operation(reduction.mean, floats=True)
    var, std = operation(reduction.var, floats=True), operation(reduction.std, floats=True)
    logsumexp = operation(softmax.logsumexp, floats=True)
    softmax, log_softmax = operation(softmax.softmax, floats=True), operation(softmax.log_softmax, floats=True)
    max, min = operation(reduction.max), operation(reduction.min)
    argmax, argmin = operation(reduction.argmax), operation(reduction.argmin)
    any, all = operation(reduction.any), operation(reduction.all)

    # ---- order ----

    cumsum, sort, argsort = operation(order.cumsum), operation(order.sort), operation(order.argsort)
    take_along_axis = operation(order.take_along_axis)

    def topk(self, k: int, axis: int = -1) -> "tuple[Tensor, Tensor]":
        """The k largest values along an axis, largest first, and their indices."""
        at = reduction.axis_of("topk", axis, self.ndim, self.shape)
        if not 0 <= k <= self.shape[at]:
            raise ValueError(f"topk: k is {k} for axis {at} of shape {self.shape}; expected 0 to {self.shape[at]}")
        indices = self.argsort(at, descending=True)[shapes.along(at, slice(k))]
        return self.take_along_axis(indices, at), indices

    # ---- shape ----

    reshape = view = operation(shapes.reshape, fresh=False)
    flatten, squeeze = operation(shapes.flatten, fresh=False), operation(shapes.squeeze, fresh=False)
    unsqueeze, expand = operation(shapes.unsqueeze, fresh=False), operation(shapes.expand, fresh=False)
    transpose = permute = operation(shapes.transpose)
    swapaxes = operation(shapes.swapaxes)
    flip, roll, repeat = operation(shapes.flip), operation(shapes.roll), operation(shapes.repeat)
    pad, tril, triu = operation(shapes.pad), operation(shapes.tril), operation(shapes.triu)

    @property
    def T(self) -> "Tensor":
        """With its axes in reverse order."""
        return self.transpose()

    def split(self, parts: int | list[int], axis: int = 0) -> "list[Tensor]":
        """Cut along an axis, as numpy.split: into so many equal parts, or before each index of a list."""
        at = reduction.axis_of("split", axis, self.ndim, self.shape)
        size = self.shape[at]
        if isinstance(parts, int | np.integer):
            if parts < 1 or size % parts:
                raise ValueError(f"split: axis {at} of shape {self.shape} does not fall into {parts} equal parts")
            parts = list(range(size // parts, size, size // parts)) if size else [0] * (parts - 1)
        cuts = [0, *parts, size]
        return [self[shapes.along(at, slice(a, b))] for a, b in pairwise(cuts)]

    # ---- parts ----

    def __getitem__(self, index: Any) -> "Tensor":
        """NumPy's indexing: numbers, slices, masks and arrays of indices."""
        index = tuple(_plain(i) for i in index) if isinstance(index, tuple) else _plain(index)
        parts = index if isinstance(index, tuple) else (index,)
        repeats = any(isinstance(part, np.ndarray | list) for part in parts)  # it may name an element twice

        def backward(dy: Array) -> None:
            buffer = self.gradient_buffer()
            if repeats:
                kernels.add_at(buffer, index, dy)
            else:
                buffer[index] = kernels.add(buffer[index], dy)

        y = self.data[index]
        return result(y if y.flags.c_contiguous else kernels.copy(y), (self,), backward)

    def __setitem__(self, index: Any, value: Any) -> None:
        """Write into the array, which only no_grad allows: a graph may still need the numbers that stand there."""
        if mode.recording:
            raise RuntimeError(
                "Tensor: assignment changes numbers that a gradient may still need; put it inside `with no_grad():`, "
                "or choose values with functional.where"
            )
        index = tuple(_plain(i) for i in index) if isinstance(index, tuple) else _plain(index)
        self.data[index] = _plain(value)


def _plain(index: Any) -> Any:
    return index.data if isinstance(index, Tensor) else index

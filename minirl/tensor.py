"""Tensor: a NumPy array that remembers how it was made. Each operator's value and gradient stand side by side.

The engine is in autograd.py; the fused operations of a transformer are in functional.py.

Rules that all operations keep:
- the array of every Tensor and every gradient is C-contiguous, as kernels expect;
- a backward function gets dy, the gradient with respect to the operation's output, and must not change it;
- arithmetic goes through `kernels`, so that any backend serves.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from minirl import kernels
from minirl.autograd import Array, Backward, Node, _age, mode

Axis = int | tuple[int, ...] | None


class Tensor(Node):
    """An array of numbers that gradients flow through.

    data: a NumPy array, kept as it is (copied only where it is not C-contiguous), or numbers and nested lists of them,
    which become float32, integers int32. requires_grad marks a leaf whose `.grad` backward fills.

    float32 is what kernels compute with; float64 works on the reference backend, for gradient checks.
    Raises TypeError where integers or truth values are asked for a gradient.
    """

    __slots__ = ()
    __array_ufunc__ = None  # array * tensor asks the tensor

    def __init__(self, data: Any, requires_grad: bool = False) -> None:
        if isinstance(data, Tensor):
            data = data.data
        if isinstance(data, np.ndarray):
            array = np.ascontiguousarray(data) if data.ndim else data
        else:
            array = np.asarray(data)
            if array.dtype.kind in "fi":
                array = array.astype(np.float32 if array.dtype.kind == "f" else np.int32)
        if array.dtype.kind not in "fiub":
            raise TypeError(f"Tensor: cannot hold {array.dtype} data; expected numbers")
        if requires_grad and array.dtype.kind != "f":
            raise TypeError(
                f"Tensor: {array.dtype} data has no gradient; pass floats such as {array.dtype.type(1)!s}.0"
            )
        self.data = array
        self.grad = None
        self.requires_grad = requires_grad
        self._parents = ()
        self._backward = None
        self._owns_grad = False
        self._age = next(_age)

    # ---- what it is ----

    @property
    def shape(self) -> tuple[int, ...]:
        return self.data.shape

    @property
    def dtype(self) -> np.dtype:
        return self.data.dtype

    @property
    def ndim(self) -> int:
        return self.data.ndim

    @property
    def size(self) -> int:
        return self.data.size

    def numpy(self) -> Array:
        """The array itself, not a copy."""
        return self.data

    def item(self) -> float:
        """The one number in it; ValueError if there are more."""
        if self.data.size != 1:
            raise ValueError(f"item: a tensor of shape {self.shape} holds {self.data.size} numbers; expected one")
        return self.data.item()

    def detach(self) -> "Tensor":
        """The same array, outside the graph: gradients stop here."""
        return Tensor(self.data)

    def __len__(self) -> int:
        return len(self.data)

    def __bool__(self) -> bool:
        return bool(self.data)

    def __repr__(self) -> str:
        wants = ", requires_grad=True" if self.requires_grad else ""
        return f"Tensor({np.array2string(self.data, separator=', ', prefix='Tensor(')}{wants})"

    # ---- arithmetic, with NumPy's broadcasting ----

    def __add__(self, other: Any) -> "Tensor":
        b = operand(other, self)

        def backward(dy: Array) -> None:
            if self.requires_grad:
                self.add_gradient(dy)
            if b.requires_grad:
                b.add_gradient(dy)

        return result(broadcast("add", self, b), (self, b), backward)

    def __sub__(self, other: Any) -> "Tensor":
        b = operand(other, self)

        def backward(dy: Array) -> None:
            if self.requires_grad:
                self.add_gradient(dy)
            if b.requires_grad:
                b.add_gradient(kernels.negative(dy), fresh=True)

        return result(broadcast("subtract", self, b), (self, b), backward)

    def __mul__(self, other: Any) -> "Tensor":
        b = operand(other, self)

        def backward(dy: Array) -> None:
            if self.requires_grad:
                self.add_gradient(kernels.multiply(dy, b.data), fresh=True)
            if b.requires_grad:
                b.add_gradient(kernels.multiply(dy, self.data), fresh=True)

        return result(broadcast("multiply", self, b), (self, b), backward)

    def __truediv__(self, other: Any) -> "Tensor":
        b = operand(other, self)
        y = broadcast("divide", self, b)

        def backward(dy: Array) -> None:  # y = a / b: dy/da = 1 / b, dy/db = -a / b^2 = -y / b
            da = kernels.divide(dy, b.data)
            if self.requires_grad:
                self.add_gradient(da, fresh=not b.requires_grad)
            if b.requires_grad:
                b.add_gradient(kernels.negative(kernels.multiply(da, y)), fresh=True)

        return result(y, (self, b), backward)

    def __pow__(self, other: Any) -> "Tensor":
        b = operand(other, self)
        y = broadcast("power", self, b)

        def backward(dy: Array) -> None:  # d a^b / da = b a^(b-1), d a^b / db = a^b log a
            if self.requires_grad:
                slope = kernels.multiply(b.data, kernels.power(self.data, kernels.subtract(b.data, 1)))
                self.add_gradient(kernels.multiply(dy, slope), fresh=True)
            if b.requires_grad:
                b.add_gradient(kernels.multiply(dy, kernels.multiply(y, kernels.log(self.data))), fresh=True)

        return result(y, (self, b), backward)

    def __matmul__(self, other: Any) -> "Tensor":
        """A B over the last two axes. Leading axes are equal, or absent from one side; a vector acts as in NumPy."""
        b = operand(other, self)
        if self.ndim == 0 or b.ndim == 0:
            raise ValueError(f"matmul: shapes {self.shape} and {b.shape}; a single number has no axis to multiply over")
        if self.ndim == 1:
            product = self.reshape(1, -1) @ b
            return product.reshape((*product.shape[:-2], product.shape[-1]) if b.ndim > 1 else ())
        if b.ndim == 1:
            product = self @ b.reshape(-1, 1)
            return product.reshape(product.shape[:-1])
        batched = self.ndim > 2 and b.ndim > 2 and self.shape[:-2] != b.shape[:-2]
        if self.shape[-1] != b.shape[-2] or batched:
            raise ValueError(
                f"matmul: shapes {self.shape} and {b.shape}; expected (..., M, K) and (..., K, N) whose leading axes "
                "are equal or absent from one"
            )

        def backward(dy: Array) -> None:  # dA = dy B^T, dB = A^T dy
            if self.requires_grad:
                if self.ndim == 2 and b.ndim > 2:  # A served the whole batch: its gradients add up
                    products = kernels.matmul(dy, b.data, transpose_b=True)
                    self.add_gradient(products, fresh=True)
                else:
                    self.add_product(dy, b.data, transpose_b=True)
            if b.requires_grad:
                if b.ndim == 2:
                    a2, dy2 = rows(self.data), rows(dy)
                    b.add_product(a2, dy2, transpose_a=True)
                else:
                    b.add_gradient(kernels.matmul(self.data, dy, transpose_a=True), fresh=True)

        return result(kernels.matmul(self.data, b.data), (self, b), backward)

    def __radd__(self, other: Any) -> "Tensor":
        return self + other

    def __rmul__(self, other: Any) -> "Tensor":
        return self * other

    def __rsub__(self, other: Any) -> "Tensor":
        return operand(other, self) - self

    def __rtruediv__(self, other: Any) -> "Tensor":
        return operand(other, self) / self

    def __rpow__(self, other: Any) -> "Tensor":
        return operand(other, self) ** self

    def __rmatmul__(self, other: Any) -> "Tensor":
        return operand(other, self) @ self

    def __neg__(self) -> "Tensor":
        return self._map(kernels.negative(self.data), kernels.negative)

    def __gt__(self, other: Any) -> "Tensor":
        return Tensor(np.asarray(broadcast("greater", self, operand(other, self))))

    def __lt__(self, other: Any) -> "Tensor":
        return operand(other, self) > self

    # ---- functions of each element ----

    def _map(self, y: Array, gradient: Callable[[Array], Array]) -> "Tensor":
        """y = f(self) element by element; gradient(dy) = dy f'(self)."""
        return result(y, (self,), lambda dy: self.add_gradient(gradient(dy), fresh=True))

    def exp(self) -> "Tensor":
        y = kernels.exp(self.data)
        return self._map(y, lambda dy: kernels.multiply(dy, y))

    def log(self) -> "Tensor":
        return self._map(kernels.log(self.data), lambda dy: kernels.divide(dy, self.data))

    def sqrt(self) -> "Tensor":
        y = kernels.sqrt(self.data)
        return self._map(y, lambda dy: kernels.divide(dy, kernels.multiply(2, y)))

    def tanh(self) -> "Tensor":
        y = kernels.tanh(self.data)
        return self._map(y, lambda dy: kernels.multiply(dy, kernels.subtract(1, kernels.multiply(y, y))))

    def sigmoid(self) -> "Tensor":
        y = kernels.sigmoid(self.data)
        return self._map(y, lambda dy: kernels.multiply(dy, kernels.multiply(y, kernels.subtract(1, y))))

    def relu(self) -> "Tensor":
        y = kernels.maximum(self.data, 0)
        return self._map(y, lambda dy: kernels.multiply(dy, kernels.greater(y, 0)))

    def abs(self) -> "Tensor":
        return self._map(kernels.absolute(self.data), lambda dy: kernels.multiply(dy, kernels.sign(self.data)))

    def clip(self, low: float, high: float) -> "Tensor":
        """Values below low become low, above high become high; their gradient is 0."""
        y = kernels.clip(self.data, low, high)
        return self._map(y, lambda dy: kernels.multiply(dy, kernels.equal(y, self.data)))

    # ---- reductions ----

    def sum(self, axis: Axis = None, keepdims: bool = False) -> "Tensor":
        kept = reduced_shape("sum", self.shape, axis)

        def backward(dy: Array) -> None:  # every term has slope 1
            spread = kernels.broadcast_to(kernels.reshape(dy, kept), self.shape)
            self.add_gradient(kernels.copy(spread), fresh=True)

        return result(kernels.sum(self.data, axis=axis, keepdims=keepdims), (self,), backward)

    def mean(self, axis: Axis = None, keepdims: bool = False) -> "Tensor":
        total = self.sum(axis, keepdims)
        return total * (total.size / self.size if self.size else float("nan"))

    def var(self, axis: Axis = None, keepdims: bool = False) -> "Tensor":
        """mean((x - mean(x))^2), divided by the number of values as NumPy does."""
        centred = self - self.mean(axis, keepdims=True)
        return (centred * centred).mean(axis, keepdims)

    def max(self, axis: Axis = None, keepdims: bool = False) -> "Tensor":
        """The largest value; where several are equal they share its gradient."""
        kept = reduced_shape("max", self.shape, axis)
        y = np.asarray(kernels.max(self.data, axis=axis, keepdims=True))

        def backward(dy: Array) -> None:
            largest = kernels.equal(self.data, y)
            share = kernels.divide(
                kernels.reshape(dy, kept), kernels.sum(largest, axis=axis, keepdims=True, dtype=dy.dtype)
            )
            self.add_gradient(kernels.multiply(largest, share), fresh=True)

        return result(y if keepdims else kernels.squeeze(y, axis=axis), (self,), backward)

    # ---- shape ----

    def reshape(self, *shape: Any) -> "Tensor":
        """The same values in another shape, given as numbers or one tuple; -1 stands for what is left."""
        new = shape[0] if len(shape) == 1 and isinstance(shape[0], tuple | list) else shape
        try:
            y = kernels.reshape(self.data, new)
        except ValueError:
            raise ValueError(
                f"reshape: {self.size} values of shape {self.shape} do not fill shape {tuple(new)}"
            ) from None
        return result(y, (self,), lambda dy: self.add_gradient(kernels.reshape(dy, self.shape)))

    def transpose(self, *axes: Any) -> "Tensor":
        """Axis i of the result is axis axes[i] of self; without axes the order is reversed. Copies."""
        order: tuple[int, ...] = tuple(axes[0]) if len(axes) == 1 and isinstance(axes[0], tuple | list) else axes
        if not order:
            order = tuple(reversed(range(self.ndim)))
        if sorted(axis % self.ndim for axis in order) != list(range(self.ndim)):
            raise ValueError(
                f"transpose: axes {order} of shape {self.shape}; expected each of its {self.ndim} axes once"
            )
        inverse = tuple(int(i) for i in np.argsort([axis % self.ndim for axis in order]))

        def backward(dy: Array) -> None:
            self.add_gradient(kernels.copy(kernels.transpose(dy, inverse)), fresh=True)

        return result(kernels.copy(kernels.transpose(self.data, order)), (self,), backward)

    permute = transpose

    @property
    def T(self) -> "Tensor":
        return self.transpose()

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


def _plain(index: Any) -> Any:
    return index.data if isinstance(index, Tensor) else index


# ---- what every operation is built from ----


def operand(value: Any, beside: Tensor) -> Tensor:
    """value as a Tensor; plain numbers take the dtype of the tensor beside them, so float32 stays float32."""
    if isinstance(value, Tensor):
        return value
    if isinstance(value, int | float | np.number):
        dtype = (
            beside.dtype if beside.dtype.kind == "f" or isinstance(value, int | np.integer) else np.dtype(np.float32)
        )
        return Tensor(np.asarray(value, dtype))
    return Tensor(value)


def result(data: Any, parents: tuple[Tensor, ...], backward: Backward) -> Tensor:
    """The output of an operation: `data`, and how to send its gradient on to the parents."""
    y = Tensor.__new__(Tensor)
    y.data = data if type(data) is np.ndarray else np.asarray(data)
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


def broadcast(op: str, a: Tensor, b: Tensor) -> Array:
    """kernels.<op>(a, b), with an error that names the shapes."""
    try:
        return getattr(kernels, op)(a.data, b.data)
    except ValueError as error:
        if "broadcast" not in str(error):
            raise
        raise ValueError(
            f"{op}: shapes {a.shape} and {b.shape} do not fit; counted from the last, each axis must be equal or 1"
        ) from None


def rows(x: Array) -> Array:
    """(..., C) -> (N, C), without a copy."""
    return x if x.ndim == 2 else kernels.reshape(x, (math.prod(x.shape[:-1]), x.shape[-1]))


def reduced_shape(op: str, shape: tuple[int, ...], axis: Axis) -> tuple[int, ...]:
    """`shape` with size 1 along the axes reduced over."""
    if axis is None:
        return (1,) * len(shape)
    axes = axis if isinstance(axis, tuple) else (axis,)
    for one in axes:
        if not -len(shape) <= one < len(shape):
            raise ValueError(f"{op}: axis {one} of shape {shape}; expected {-len(shape)} to {len(shape) - 1}")
    reduced = {one % len(shape) for one in axes}
    return tuple(1 if i in reduced else size for i, size in enumerate(shape))

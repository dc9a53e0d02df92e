"""Numbers with a shape and a dtype, as Python and NumPy see them: the part of Tensor that computes nothing."""

from typing import Any

import numpy as np

from minirl import kernels
from minirl.autograd import Array, Node, _age
from minirl.tensor import show
from minirl.tensor.dtypes import DEFAULT_FLOAT, as_array


class Values(Node):
    """What a Tensor holds; see Tensor."""

    __slots__ = ()
    __array_ufunc__ = None  # array * tensor asks the tensor

    def __init__(self, data: Any, requires_grad: bool = False) -> None:
        array = data.data if isinstance(data, Values) else as_array(data)
        if requires_grad and array.dtype.kind != "f":
            raise TypeError(
                f"Tensor: {array.dtype} data has no gradient; pass floats such as {array.dtype.type(1)!s}.0"
            )
        self.data = kernels.send(array) if array.dtype == DEFAULT_FLOAT and array.ndim else array
        self.grad = None
        self.requires_grad = requires_grad
        self._parents = ()
        self._backward = None
        self._owns_grad = False
        self._age = next(_age)

    @property
    def shape(self) -> tuple[int, ...]:
        """The size of each axis."""
        return self.data.shape

    @property
    def dtype(self) -> np.dtype:
        """NumPy's dtype of the numbers."""
        return self.data.dtype

    @property
    def ndim(self) -> int:
        """How many axes it has."""
        return self.data.ndim

    @property
    def size(self) -> int:
        """How many numbers it holds."""
        return self.data.size

    def numpy(self) -> Array:
        """The array itself, not a copy; of an array on a GPU, a copy of the host."""
        return kernels.fetch(self.data)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        """The array for NumPy, outside the graph; copied with copy=True, or with None where the dtype differs."""
        if copy is False and dtype is not None and np.dtype(dtype) != self.dtype:
            raise ValueError(f"Tensor: {self.dtype} becomes {np.dtype(dtype)} only by a copy; leave out copy=False")
        data = kernels.fetch(self.data)
        return np.array(data, dtype, copy=True) if copy else np.asarray(data, dtype)

    def item(self) -> float:
        """The one number in it; ValueError if there are more."""
        if self.data.size != 1:
            raise ValueError(f"item: a tensor of shape {self.shape} holds {self.data.size} numbers; expected one")
        return self.numpy().item()

    def tolist(self) -> Any:
        """The numbers as nested lists."""
        return self.numpy().tolist()

    def __float__(self) -> float:
        return float(self.item())

    def __int__(self) -> int:
        return int(self.item())

    def __index__(self) -> int:
        if self.dtype.kind not in "iu":
            raise TypeError(f"a {self.dtype} tensor is no index; expected whole numbers")
        return int(self.item())

    def __bool__(self) -> bool:
        return bool(self.numpy())

    def __len__(self) -> int:
        return len(self.data)

    def __repr__(self) -> str:
        return show.text(self.numpy(), self.requires_grad)

    def __format__(self, how: str) -> str:
        return format(self.item(), how) if how else str(self)

    def _repr_html_(self) -> str:
        return show.tensor_html(self.numpy(), self.requires_grad)

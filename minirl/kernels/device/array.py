"""DeviceArray: an array in the GPU's memory, with the shape, dtype, slices and reshaping of a NumPy array.

How it knows them without a line of index arithmetic: it holds a NumPy array whose data pointer is an address of the
GPU's memory. NumPy computes shapes, strides and addresses of slices from that, and never follows the pointer as long as
nobody asks it for a number. So only this folder touches that array, and a DeviceArray refuses to be taken for one:
`.numpy()` is the only way to the numbers, and the only wait for the GPU.
"""

from typing import Any, NoReturn

import numpy as np

from minirl.kernels.device import memory

Array = np.ndarray


class DeviceArray:
    """An array on the GPU. `layout` is its NumPy array, of which nothing but shape, strides and address may be read."""

    __slots__ = ("layout",)
    __array_ufunc__ = None  # NumPy's operators give up, where they would ask each element for its number

    def __init__(self, layout: Array) -> None:
        self.layout = layout

    # ---- what it is ----

    @property
    def shape(self) -> tuple[int, ...]:
        """As of a NumPy array."""
        return self.layout.shape

    @property
    def dtype(self) -> np.dtype:
        """The type of its numbers."""
        return self.layout.dtype

    @property
    def ndim(self) -> int:
        """How many axes it has."""
        return self.layout.ndim

    @property
    def size(self) -> int:
        """How many numbers it has."""
        return self.layout.size

    @property
    def nbytes(self) -> int:
        """Their size in bytes."""
        return self.layout.nbytes

    def __len__(self) -> int:
        return len(self.layout)

    def __repr__(self) -> str:
        return f"DeviceArray(shape={self.shape}, dtype={self.dtype})"

    # ---- other views of the same memory ----

    def __getitem__(self, index: Any) -> "DeviceArray":
        """A slice: numbers, slices with steps forward, None and `...`. TypeError for an index that would copy."""
        parts = index if isinstance(index, tuple) else (index,)
        for part in parts:
            if isinstance(part, bool) or not isinstance(part, int | np.integer | slice | type(None) | type(...)):
                raise TypeError(f"a DeviceArray takes numbers and slices as index, not a {type(part).__name__}")
        if not any(part is ... for part in parts):
            parts = (*parts, ...)  # without it, the index of one element would make NumPy read that element
        view = self.layout[parts]
        if min(view.strides, default=0) < 0:
            raise ValueError(f"a DeviceArray takes no steps backward, as in {index}")
        return DeviceArray(view)

    def reshape(self, *shape: Any) -> "DeviceArray":
        """The same numbers in another shape. ValueError where that is no view, as of a transposed array."""
        wanted = shape[0] if len(shape) == 1 and not isinstance(shape[0], int) else shape
        if not self.layout.flags.c_contiguous:  # NumPy would copy, and so read the GPU's memory
            raise ValueError(f"an array of strides {self.layout.strides} cannot be viewed as {wanted}; copy it first")
        return DeviceArray(self.layout.reshape(wanted))

    def swapaxes(self, one: int, other: int) -> "DeviceArray":
        """A view with two axes exchanged."""
        return DeviceArray(self.layout.swapaxes(one, other))

    def view(self, dtype: Any) -> "DeviceArray":
        """The same bits as numbers of another dtype of the same size."""
        return DeviceArray(self.layout.view(dtype))

    # ---- to the host ----

    def numpy(self) -> Array:
        """The numbers, in an array of the host. Waits until the GPU has computed them."""
        steps = zip(self.shape, self.layout.strides, strict=True)
        reach = sum((length - 1) * stride for length, stride in steps) // self.dtype.itemsize + 1 if self.size else 0
        out: Array = np.empty(reach, self.dtype)  # from the first element to the last, whatever lies between
        memory.to_host(self.layout.ctypes.data, out)
        return np.ascontiguousarray(np.lib.stride_tricks.as_strided(out, self.shape, self.layout.strides))

    def _refuse(self, *_: object, **__: object) -> NoReturn:
        raise TypeError("an array on the GPU has to be fetched with .numpy() before its numbers can be read")

    __array__ = __iter__ = __float__ = __int__ = __index__ = __bool__ = __complex__ = _refuse


def empty(shape: int | tuple[int, ...], dtype: Any = np.float32) -> DeviceArray:
    """A new array of which nobody knows the numbers."""
    wanted = (shape,) if isinstance(shape, int) else tuple(shape)
    return DeviceArray(np.asarray(memory.Block(wanted, np.dtype(dtype))))


def device(x: Any) -> DeviceArray:
    """x on the GPU: itself where it is there already, else a copy of an array of the host."""
    if isinstance(x, DeviceArray):
        return x
    host = np.ascontiguousarray(x)
    made = empty(host.shape, host.dtype)
    memory.to_device(host, made.layout.ctypes.data)
    return made


def written(op: str, name: str, x: Any) -> DeviceArray:
    """x, an argument that kernel `op` writes to: TypeError unless it is on the GPU, as a copy would get the result."""
    if not isinstance(x, DeviceArray):
        raise TypeError(f"{op}: {name} is a {type(x).__name__}, and is written: pass a DeviceArray")
    return x


def layout(x: Any) -> Any:
    """What the checks of a kernel look at: the layout of an array on the GPU, and anything else as it is."""
    return x.layout if isinstance(x, DeviceArray) else x

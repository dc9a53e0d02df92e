"""DeviceArray: an array in the GPU's memory, with the shape, dtype, slices and reshaping of a NumPy array.

How it knows them without a line of index arithmetic: it holds a NumPy array whose data pointer is an address of the
GPU's memory. NumPy computes shapes, strides and addresses of slices from that, and never follows the pointer as long as
nobody asks it for a number. So only this folder touches that array, and a DeviceArray refuses to be taken for one:
`.numpy()` is the only way to the numbers, and the only wait for the GPU.
"""

from typing import Any, NoReturn

import numpy as np

from minirl.kernels.device import memory
from minirl.kernels.device.launch import blocks, launch
from minirl.kernels.device.strides import walk

Array = np.ndarray
THREADS = 256  # as in elementwise.cu
FETCH_IT = "has to be fetched with .numpy() before its numbers can be read"


class DeviceArray:
    """An array on the GPU. `layout` is its NumPy array, of which nothing but shape, strides and address may be read."""

    __slots__ = ("layout",)
    is_on_gpu = True  # what modules ask that import nothing of this folder

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

    @property
    def flags(self) -> Any:
        """NumPy's, as whether it is C-contiguous."""
        return self.layout.flags

    @property
    def base(self) -> "DeviceArray | None":
        """The whole array that it is a part of, if it is one."""
        return DeviceArray(self.layout.base) if isinstance(self.layout.base, Array) else None

    def __len__(self) -> int:
        return len(self.layout)

    def __repr__(self) -> str:
        return f"DeviceArray(shape={self.shape}, dtype={self.dtype})"

    # ---- other views of the same memory ----

    def __getitem__(self, index: Any) -> "DeviceArray":
        """A view of a part: numbers, slices with steps forward, None and `...`. With a list of row numbers, or
        of truth values, after numbers alone, a copy of these rows. TypeError for any other index."""
        parts, rows = _index(index)
        part = self._part(parts)
        return part if rows is None else _taken(part, rows)

    def __setitem__(self, index: Any, value: Any) -> None:
        """Write a number, or an array of the host or the GPU, into a part that __getitem__ could give."""
        parts, rows = _index(index)
        part = self._part(parts)
        if rows is not None:
            _put(part, rows, value)
        elif isinstance(value, Array) and value.shape == part.shape and part.layout.flags.c_contiguous:
            memory.to_device(np.ascontiguousarray(value, part.dtype), part.layout.ctypes.data)
        else:
            copy_into(part, value)

    def _part(self, parts: tuple[Any, ...]) -> "DeviceArray":
        if not any(part is ... for part in parts):
            parts = (*parts, ...)  # without it, the index of one element would make NumPy read that element
        view = self.layout[parts]
        if min(view.strides, default=0) < 0:
            raise ValueError(f"a DeviceArray takes no steps backward, as in {parts[:-1]}")
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

    def astype(self, dtype: Any, copy: bool = False) -> "DeviceArray":
        """Itself: TypeError for another dtype than its own, since kernels of the GPU compute with float32 alone."""
        if np.dtype(dtype) != self.dtype:
            raise TypeError(f"a {self.dtype} array on the GPU cannot become {np.dtype(dtype)}; fetch it with .numpy()")
        return copy_into(empty(self.shape, self.dtype), self) if copy else self

    # ---- to the host ----

    def numpy(self) -> Array:
        """The numbers, in an array of the host. Waits until the GPU has computed them."""
        steps = zip(self.shape, self.layout.strides, strict=True)
        reach = sum((length - 1) * stride for length, stride in steps) // self.dtype.itemsize + 1 if self.size else 0
        out: Array = np.empty(reach, self.dtype)  # from the first element to the last, whatever lies between
        memory.to_host(self.layout.ctypes.data, out)
        return np.ascontiguousarray(np.lib.stride_tricks.as_strided(out, self.shape, self.layout.strides))

    def _refuse(self, *_: object, **__: object) -> NoReturn:
        raise TypeError(f"an array on the GPU {FETCH_IT}")

    __array__ = __iter__ = __float__ = __int__ = __index__ = __bool__ = __complex__ = _refuse

    def __array_ufunc__(self, function: Any, *_: object, **__: object) -> NoReturn:
        raise TypeError(f"numpy.{function.__name__}: an array on the GPU {FETCH_IT}")

    def __array_function__(self, function: Any, types: object, arguments: Any, options: object) -> Any:
        if function in (np.shape, np.ndim, np.size):  # which read no number
            return getattr(arguments[0], function.__name__)
        raise TypeError(f"numpy.{function.__name__}: an array on the GPU {FETCH_IT}")


def empty(shape: int | tuple[int, ...], dtype: Any = np.float32) -> DeviceArray:
    """A new array of which nobody knows the numbers."""
    wanted = (shape,) if isinstance(shape, int) else tuple(shape)
    return DeviceArray(np.asarray(memory.Block(wanted, np.dtype(dtype))))


def device(x: Any) -> DeviceArray:
    """x on the GPU: itself where it is there already, else a copy of an array of the host."""
    if isinstance(x, DeviceArray):
        return x
    host = np.ascontiguousarray(x)
    if host.dtype.names:
        raise NotImplementedError("no CUDA kernel reads weights held in int8; hold them in bfloat16 or float32")
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


def full(shape: tuple[int, ...], value: float) -> DeviceArray:
    """An array of one number, which a kernel writes there: nothing waits."""
    y = empty(shape)
    launch("elementwise", "fill", blocks(y.size, THREADS), THREADS, y.size, value, y)
    return y


def copy_into(target: DeviceArray, x: Any) -> DeviceArray:
    """target = x, broadcast, on the GPU. Returns the target."""
    if isinstance(x, DeviceArray):
        source = x
    else:
        source = full((), float(x)) if isinstance(x, int | float | np.number) else device(np.asarray(x, target.dtype))
    for array in (source, target):
        if array.dtype != np.float32:
            raise TypeError(f"copy: a {array.dtype} array; kernels on the GPU copy float32")
    sizes, (steps, target_steps) = walk("copy", target.shape, [source.layout, target.layout])
    operands = source, *steps, target, *target_steps
    launch("elementwise", "of_one", blocks(target.size, THREADS), THREADS, target.size, 0, *sizes, *operands)
    return target


# ---- rows by their numbers ----


def _index(index: Any) -> tuple[tuple[Any, ...], Array | None]:
    """An index as numbers and slices, and the row numbers where a list of them was among it: the place of the list is
    then the whole axis, the first that is left."""
    parts = index if isinstance(index, tuple) else (index,)
    lists = [place for place, part in enumerate(parts) if isinstance(part, Array | list)]
    rows = None
    if lists:
        place, rows = lists[0], np.asarray(parts[lists[0]])
        rows = np.flatnonzero(rows) if rows.dtype == bool and rows.ndim == 1 else rows
        behind_numbers = all(isinstance(part, int | np.integer) for part in parts[:place])
        if len(lists) > 1 or rows.ndim != 1 or (rows.dtype.kind not in "iu" and rows.size) or not behind_numbers:
            raise TypeError(f"a DeviceArray takes one list of row numbers, after numbers alone, not {index!r:.80}")
        parts = (*parts[:place], slice(None), *parts[place + 1 :])
    for part in parts:
        if isinstance(part, bool) or not isinstance(part, int | np.integer | slice | type(None) | type(...)):
            raise TypeError(f"a DeviceArray takes numbers and slices as index, not a {type(part).__name__}")
    return parts, rows


def _taken(x: DeviceArray, rows: Array) -> DeviceArray:
    """Rows of x, (R, ...), by their numbers (n,): (n, ...)."""
    y = empty((len(rows), *x.shape[1:]))
    _move("take_rows", x if _has_whole_rows(x) else copy_into(empty(x.shape), x), rows, y)
    return y


def _put(x: DeviceArray, rows: Array, value: Any) -> None:
    """x[rows] = value, for an x of whole rows. Where a number occurs twice, either of its rows stays."""
    values = copy_into(empty((len(rows), *x.shape[1:])), value)
    if _has_whole_rows(x):
        _move("put_rows", x, rows, values)
    else:
        for number, row in enumerate(rows.tolist()):
            copy_into(x[row], values[number])


def _move(kernel: str, x: DeviceArray, rows: Array, y: DeviceArray) -> None:
    count = x.shape[0]
    if rows.size and not (-count <= rows.min() and rows.max() < count):
        raise IndexError(f"rows {rows.min()} to {rows.max()} of an array on the GPU with {count} of them")
    numbers = device((rows % max(count, 1)).astype(np.int32))
    width, step = y.size // max(len(rows), 1), x.layout.strides[0] // x.layout.itemsize
    launch("elementwise", kernel, blocks(y.size, THREADS), THREADS, y.size, width, step, numbers, x, y)


def _has_whole_rows(x: DeviceArray) -> bool:
    return bool(x.size == 0 or x.layout[0].flags.c_contiguous) if x.ndim > 1 else True

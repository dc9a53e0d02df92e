"""The rules for arrays: what every argument of every kernel must be, under every backend.

Each family's checks.py says which rule each argument follows; the rules themselves stand here, once:

| rule | stated by |
|---|---|
| a NumPy array of the right dtype, in the machine's byte order | every check |
| the right shape | `check`, `check_rows` |
| C-contiguous | `check`, `check_float` |
| or rows at equal steps, a whole number of elements apart | `check_rows`, `check_tokens` |
| aligned: every element at an address its type allows | every check, by READ and WRITE |
| writable, where a kernel writes | every check, by WRITE |
| apart from the other arrays, where a kernel writes | `check_apart` |
| ids within their table | `check_ids` |

A check raises before anything is computed or written. It names the operation, the argument, what came and what was
expected. Shapes are described with the letters of the docstrings, as in
"attention: k has shape (2, 9, 4, 60); expected (B=2, S, H_kv, D=64)".

Native kernels compute in float32 alone, so float32 is the default of each check's `dtype`. The reference computes in
float64 too: it passes `real_dtype` of a call's first float array, and all others must agree with it.
"""

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from minirl.kernels.int8 import BLOCK, INT8
from minirl.kernels.precision import BFLOAT16

Array = np.ndarray

FLOAT32 = np.dtype(np.float32)
FLOAT64 = np.dtype(np.float64)
INT32 = np.dtype(np.int32)
INT64 = np.dtype(np.int64)

# What a kernel needs of an array, as bits of numpy.ndarray.flags.num. Nearly every array has all three properties, and
# flags.carray says so in one question, so the checks ask it first: a training step makes hundreds of calls.
CONTIGUOUS, ALIGNED, WRITEABLE = 0x001, 0x100, 0x400
READ = CONTIGUOUS | ALIGNED
WRITE = READ | WRITEABLE


def real_dtype(x: object) -> np.dtype:
    """The dtype in which the reference computes a call whose first float array is x: float64 if x is, else float32."""
    return FLOAT64 if isinstance(x, np.ndarray) and x.dtype == FLOAT64 else FLOAT32


def held_dtype(weight: object, real: np.dtype = FLOAT32) -> np.dtype:
    """The dtype to check a weight for that may also be held in bfloat16."""
    return BFLOAT16 if isinstance(weight, np.ndarray) and weight.dtype == BFLOAT16 else real


# ---- one array ----


def check_held(
    op: str, name: str, weight: Array, shape: tuple[int, int], letters: str, real: np.dtype = FLOAT32
) -> None:
    """check for a weight (rows, columns) that may also be held in bfloat16, or in blocks (kernels/int8.py)."""
    if isinstance(weight, np.ndarray) and weight.dtype == INT8:
        if shape[1] % BLOCK and shape[1] >= 0:
            raise ValueError(f"{op}: {name} is held in blocks of {BLOCK}, and its rows are to have {shape[1]} numbers")
        shape = shape[0], shape[1] // BLOCK if shape[1] >= 0 else -1
        check(op, name, weight, shape, letters + f"/{BLOCK}", INT8)
    else:
        check(op, name, weight, shape, letters, held_dtype(weight, real))


def check(
    op: str,
    name: str,
    x: Array,
    shape: tuple[int, ...],
    letters: str = "",
    dtype: np.dtype = FLOAT32,
    needs: int = READ,
) -> None:
    """Raise unless x is a C-contiguous array of this shape and dtype. In `shape`, -1 stands for any size."""
    if type(x) is not np.ndarray or (x.dtype is not dtype and x.dtype != dtype):
        raise TypeError(wrong_type(op, name, x, dtype))
    if x.shape != shape and not _matches(x.shape, shape):
        raise ValueError(f"{op}: {name} has shape {x.shape}; expected {describe(shape, letters)}")
    if not x.flags.carray and x.flags.num & needs != needs:
        raise ValueError(_unusable(op, name, x, needs))


def check_float(op: str, name: str, x: Array, dtype: np.dtype = FLOAT32, needs: int = READ) -> None:
    """Raise unless x is a C-contiguous array of floats, of any shape."""
    if type(x) is not np.ndarray or (x.dtype is not dtype and x.dtype != dtype):
        raise TypeError(wrong_type(op, name, x, dtype))
    if not x.flags.carray and x.flags.num & needs != needs:
        raise ValueError(_unusable(op, name, x, needs))


def check_last_axis(op: str, name: str, x: Array, dtype: np.dtype = FLOAT32) -> tuple[int, int]:
    """check_float for an x that is read row by row along its last axis; returns (rows, columns). Rows of nothing count
    as no rows."""
    check_float(op, name, x, dtype)
    if x.ndim == 0:
        raise ValueError(f"{op}: {name} is a scalar; expected at least one axis")
    columns = x.shape[-1]
    return (x.size // columns if columns else 0), columns


def check_rows(
    op: str,
    name: str,
    x: Array,
    shape: tuple[int, ...],
    letters: str = "",
    inner: int = 1,
    dtype: np.dtype = FLOAT32,
    needs: int = READ,
) -> int:
    """Raise unless x has this shape and dtype and consists of rows at equal steps, as in a slice of one projection.

    A row is what the last `inner` axes hold, and is contiguous. Returns the step from row to row, in elements.
    """
    if type(x) is not np.ndarray or (x.dtype is not dtype and x.dtype != dtype):
        raise TypeError(wrong_type(op, name, x, dtype))
    if x.ndim < inner or (x.shape != shape and not _matches(x.shape, shape)):
        raise ValueError(f"{op}: {name} has shape {x.shape}; expected {describe(shape, letters)}")
    width = 1
    for size in x.shape[x.ndim - inner :]:
        width *= size
    if x.flags.carray:
        return width
    flags = x.flags.num
    if flags & needs == needs:
        return width
    if (flags | CONTIGUOUS) & needs != needs:
        raise ValueError(_unusable(op, name, x, needs & ~CONTIGUOUS))
    if x.size == 0:
        return width
    step = _row_step(x.shape, x.strides, inner, x.itemsize)
    if step is None:
        raise ValueError(
            f"{op}: {name} has strides {x.strides}; the {width} values of a row must be contiguous and rows equally "
            f"far apart, as in a slice of one projection; pass numpy.ascontiguousarray({name})"
        )
    return step


def check_tokens(
    op: str,
    name: str,
    x: Array,
    shape: tuple[int, ...],
    letters: str = "B T H D",
    dtype: np.dtype = FLOAT32,
    needs: int = READ,
) -> int:
    """check_rows for (B, T, H, D), where a token's H x D values are a row; returns the step between tokens."""
    return check_rows(op, name, x, shape, letters, 2, dtype, needs)


def check_ids(op: str, name: str, ids: Array, size: int, ignore: int | None = None) -> None:
    """Raise IndexError unless every id lies in [0, size), or is `ignore`.

    Ids that lie in a GPU's memory are not looked at, for that would mean to wait for them: kernels there give NaN.
    """
    if ids.size == 0 or not _is_readable(ids):
        return
    if ids.dtype == INT32 and np.maximum.reduce(ids.view(np.uint32), axis=None) < size:
        return  # one pass for both ends: as unsigned numbers, negative ones are the largest
    bad = (ids < 0) | (ids >= size)
    if ignore is not None:
        bad &= ids != ignore
    if bad.any():
        where = tuple(int(i) for i in np.argwhere(bad)[0])
        at = where[0] if len(where) == 1 else where
        raise IndexError(f"{op}: {name}[{at}] is {int(ids[where])}; expected 0 to {size - 1}")


def is_on_gpu(x: object) -> bool:
    """Whether x is an array in a GPU's memory (device/array.py)."""
    return hasattr(x, "is_on_gpu")


def _is_readable(x: Array) -> bool:
    """Whether Python may read the numbers of x: not where it is the layout of an array on a GPU (device/array.py)."""
    owner: object = x
    while isinstance(owner, np.ndarray):
        owner = owner.base
    return not hasattr(owner, "is_on_gpu")


# ---- several arrays ----


def check_apart(op: str, name: str, written: Array, **others: Array | None) -> None:
    """Raise where the array `written`, argument `name`, shares an element with another array in use.

    Slices of one array are apart where no element belongs to both, even if their rows alternate.
    """
    owner = _owner(written)
    for other, x in others.items():
        if x is not None and not _lies_elsewhere(x, owner) and _share_elements(written, x):
            raise ValueError(f"{op}: {name} overlaps {other}; write into another array")


def check_all_apart(
    op: str, written: Sequence[tuple[str, Array]], read: Sequence[tuple[str, Array]], apart: bool = False
) -> None:
    """check_apart for several written arrays: each against the others and against all that are read.

    apart: whether the written arrays are already known to be apart from each other.
    """
    known = None  # an owner of memory that none of `read` lies in
    for at, (name, array) in enumerate(written):
        owner = _owner(array)
        if owner is None or owner is not known:
            near = [pair for pair in read if owner is None or not _lies_elsewhere(pair[1], owner)]
            known = None if near else owner
        for other, x in near if apart else (*written[:at], *near):
            if _share_elements(array, x):
                raise ValueError(f"{op}: {name} overlaps {other}; write into another array")


def same_elements(a: Array, b: Array) -> bool:
    """Whether two arrays of one shape are the same elements in the same order."""
    if a is b:
        return True
    return a.strides == b.strides and a.ctypes.data == b.ctypes.data


def _owner(x: Array) -> Array | None:
    """The array whose memory x lies in, or None where the memory is not NumPy's."""
    owner = x if x.base is None else x.base
    return owner if type(owner) is np.ndarray and owner.base is None else None


def _lies_elsewhere(x: Array, owner: Array | None) -> bool:
    """Whether x surely lies outside of `owner`, in an array that has memory of its own: usual, and found out fast."""
    base = x.base
    if owner is None or x is owner or base is owner:
        return False
    return base is None or (type(base) is np.ndarray and base.base is None)


def _share_elements(a: Array, b: Array) -> bool:
    try:
        return np.shares_memory(a, b, max_work=10_000)  # type: ignore[arg-type]  # NumPy's types know 0 and -1 alone
    except RuntimeError:  # NumPy's TooHardError: layouts so unlike that they are taken to overlap
        return True


# ---- words ----


def contents(x: Array | None) -> object:
    """What tells two arrays apart by their values: one that was changed in place is another."""
    return (type(x), x.dtype, x.shape, x.tobytes()) if isinstance(x, np.ndarray) else x


def describe(shape: tuple[int, ...], letters: str) -> str:
    """(2, -1) and "B T" -> "(B=2, T)"."""
    names = letters.split() or ["?"] * len(shape)
    parts = [f"{n}={s}" if s >= 0 and n != "?" else str(s) if s >= 0 else n for n, s in zip(names, shape, strict=True)]
    return f"({', '.join(parts)}{',' if len(parts) == 1 else ''})"


def wrong_type(op: str, name: str, x: object, dtype: np.dtype) -> str:
    """The message for an argument that is no array of this dtype."""
    came = f"a {x.dtype} array" if type(x) is np.ndarray else f"a {type(x).__name__}"
    hint = ""
    if type(x) is not np.ndarray and isinstance(x, np.ndarray):
        hint = f"; pass numpy.asarray({name})"
    elif isinstance(x, np.ndarray) and dtype in (FLOAT32, FLOAT64) and FLOAT64 in (dtype, x.dtype):
        hint = "; pass .astype(np.float32), or compute with every float array in float64 under kernels.use('reference')"
    return f"{op}: {name} is {came}; expected a {dtype} NumPy array{hint}"


def _unusable(op: str, name: str, x: Array, needs: int) -> str:
    """The message for an array whose flags lack something."""
    lacking = needs & ~x.flags.num
    if lacking & ALIGNED:
        remedy = "an array that NumPy allocated" if needs & WRITEABLE else f"{name}.copy()"
        return (
            f"{op}: {name} is not aligned: not all of its {x.dtype} elements lie at multiples of "
            f"{x.dtype.alignment} bytes in memory; pass {remedy}"
        )
    if lacking & WRITEABLE:
        return f"{op}: {name} is read-only, and the kernel writes to it; pass {name}.copy() or another array"
    return f"{op}: {name} is not C-contiguous; pass numpy.ascontiguousarray({name})"


@lru_cache(maxsize=256)  # every layer of a model has slices of the same layout
def _row_step(shape: tuple[int, ...], strides: tuple[int, ...], inner: int, itemsize: int) -> int | None:
    """The elements from one row to the next, where rows are the last `inner` axes; None where they are not regular."""
    width, outer = itemsize * math.prod(shape[-inner:]), len(shape) - inner
    step = next((strides[axis] for axis in range(outer - 1, -1, -1) if shape[axis] > 1), width)
    regular = _regular(shape[:outer], strides[:outer], step) and _regular(shape[outer:], strides[outer:], itemsize)
    return step // itemsize if regular and step >= width and step % itemsize == 0 else None


def _regular(shape: tuple[int, ...], strides: tuple[int, ...], step: int) -> bool:
    """Whether these axes are laid out row by row, `step` bytes from one element to the next."""
    for size, stride in zip(reversed(shape), reversed(strides), strict=True):
        if size > 1 and stride != step:
            return False
        step *= size
    return True


def _matches(shape: tuple[int, ...], expected: tuple[int, ...]) -> bool:
    if len(shape) != len(expected):
        return False
    for size, wanted in zip(shape, expected):  # noqa: B905, SIM110  # a loop takes half the time of all(...)
        if wanted not in (-1, size):
            return False
    return True

"""Checks on kernel arguments: every pointer that reaches C has passed through here.

A check names the operation, the argument, what came and what was expected. Shapes are described with the letters of
the docstrings, as in "attention: k has shape (2, 9, 4, 60); expected (B=2, S, H_kv, D=64)".
"""

import numpy as np

Array = np.ndarray

FLOAT32 = np.dtype(np.float32)
INT32 = np.dtype(np.int32)


def check(op: str, name: str, x: Array, shape: tuple[int, ...], letters: str = "", dtype: np.dtype = FLOAT32) -> None:
    """Raise unless x is a C-contiguous array of this shape and dtype. In `shape`, -1 stands for any size."""
    if type(x) is not np.ndarray or x.dtype != dtype:
        raise TypeError(_wrong_type(op, name, x, dtype))
    if x.shape != shape and not _matches(x.shape, shape):
        raise ValueError(f"{op}: {name} has shape {x.shape}; expected {describe(shape, letters)}")
    if not x.flags.c_contiguous:
        raise ValueError(f"{op}: {name} is not C-contiguous; pass numpy.ascontiguousarray({name})")


def check_float(op: str, name: str, x: Array) -> None:
    """Raise unless x is a C-contiguous float32 array, of any shape."""
    if type(x) is not np.ndarray or x.dtype != FLOAT32:
        raise TypeError(_wrong_type(op, name, x, FLOAT32))
    if not x.flags.c_contiguous:
        raise ValueError(f"{op}: {name} is not C-contiguous; pass numpy.ascontiguousarray({name})")


def check_tokens(op: str, name: str, x: Array, shape: tuple[int, ...], letters: str) -> int:
    """For (B, T, H, D) slices of a projection: raise unless x is float32 of this shape whose last two axes are
    contiguous and whose tokens lie at equal steps; return that step, in floats."""
    if type(x) is not np.ndarray or x.dtype != FLOAT32:
        raise TypeError(_wrong_type(op, name, x, FLOAT32))
    if x.shape != shape and not _matches(x.shape, shape):
        raise ValueError(f"{op}: {name} has shape {x.shape}; expected {describe(shape, letters)}")
    B, T, H, D = x.shape
    if x.flags.c_contiguous:
        return H * D
    step = x.strides[1] // 4
    inner = (D < 2 or x.strides[3] == 4) and (H < 2 or x.strides[2] == 4 * D)
    if T == 1 and B > 1:
        step = x.strides[0] // 4
    steady = B < 2 or T < 2 or x.strides[0] == T * x.strides[1]
    if x.size and not (inner and steady and step >= H * D):
        raise ValueError(
            f"{op}: {name} has strides {x.strides}; each token's {H} x {D} values must be contiguous and tokens equally "
            f"far apart, as in a slice of one projection; pass numpy.ascontiguousarray({name})"
        )
    return step


def check_ids(op: str, name: str, ids: Array, size: int, ignore: int | None = None) -> None:
    """Raise IndexError unless every id lies in [0, size), or is `ignore`."""
    if ids.size == 0:
        return
    low, high = int(ids.min()), int(ids.max())
    if low >= 0 and high < size:
        return
    bad = (ids < 0) | (ids >= size)
    if ignore is not None:
        bad &= ids != ignore
    if bad.any():
        where = tuple(int(i) for i in np.argwhere(bad)[0])
        at = where[0] if len(where) == 1 else where
        raise IndexError(f"{op}: {name}[{at}] is {int(ids[where])}; expected 0 to {size - 1}")


def check_apart(op: str, out: Array, **inputs: Array | None) -> None:
    """Raise where `out` may share memory with an input that is still read while `out` is written."""
    for name, x in inputs.items():
        if x is not None and np.may_share_memory(out, x):
            raise ValueError(f"{op}: out overlaps {name}; write into another array")


def describe(shape: tuple[int, ...], letters: str) -> str:
    """(2, -1) and "B T" -> "(B=2, T)"."""
    names = letters.split() or ["?"] * len(shape)
    parts = [f"{n}={s}" if s >= 0 and n != "?" else str(s) if s >= 0 else n for n, s in zip(names, shape, strict=True)]
    return f"({', '.join(parts)}{',' if len(parts) == 1 else ''})"


def _matches(shape: tuple[int, ...], expected: tuple[int, ...]) -> bool:
    return len(shape) == len(expected) and all(e in (-1, s) for s, e in zip(shape, expected, strict=True))


def _wrong_type(op: str, name: str, x: object, dtype: np.dtype) -> str:
    came = f"a {x.dtype} array" if isinstance(x, np.ndarray) else f"a {type(x).__name__}"
    hint = "; float64 needs kernels.use('reference')" if getattr(x, "dtype", None) == np.float64 else ""
    return f"{op}: {name} is {came}; expected a {dtype} NumPy array{hint}"

"""Checks on kernel arguments: every pointer that reaches C has passed through here.

A check names the operation, the argument, what came and what was expected. Shapes are described with the letters of
the docstrings, as in "attention: k has shape (2, 9, 4, 60); expected (B=2, S, H_kv, D=64)".
"""

import math
from functools import lru_cache

import numpy as np

from minirl.kernels.precision import BFLOAT16

Array = np.ndarray

FLOAT32 = np.dtype(np.float32)
INT32 = np.dtype(np.int32)
INT64 = np.dtype(np.int64)


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


def check_bfloat16(a: Array, b: Array, transpose_a: bool, transpose_b: bool) -> None:
    """Raise where matmul cannot take bfloat16 bits: it does only in b, and only as (N, K)."""
    if getattr(a, "dtype", None) == BFLOAT16:
        raise TypeError(
            "matmul: a holds bfloat16 bits (uint16), which only b may: pass kernels.from_bfloat16_bits(a), or a itself "
            "as b of the transposed product"
        )
    if getattr(b, "dtype", None) == BFLOAT16 and (b.ndim != 2 or transpose_a or not transpose_b):
        raise ValueError(
            f"matmul: b holds bfloat16 bits (uint16) with shape {b.shape}, transpose_a={transpose_a} and "
            f"transpose_b={transpose_b}; expected (N, K), transpose_b=True and no transpose_a. Gradients need other "
            "products: they take float32 weights"
        )


def check_rows(op: str, name: str, x: Array, shape: tuple[int, ...], letters: str = "", inner: int = 1) -> int:
    """Raise unless x is float32 of this shape, its last `inner` axes are contiguous, and the rows they make lie at
    equal steps, as in a slice of one projection; return that step, in floats."""
    if type(x) is not np.ndarray or x.dtype != FLOAT32:
        raise TypeError(_wrong_type(op, name, x, FLOAT32))
    if x.ndim < inner or (x.shape != shape and not _matches(x.shape, shape)):
        raise ValueError(f"{op}: {name} has shape {x.shape}; expected {describe(shape, letters)}")
    width = 1
    for size in x.shape[x.ndim - inner :]:
        width *= size
    if x.flags.c_contiguous or x.size == 0:
        return width
    step = _row_step(x.shape, x.strides, inner)
    if step is None:
        raise ValueError(
            f"{op}: {name} has strides {x.strides}; the {width} values of a row must be contiguous and rows equally "
            f"far apart, as in a slice of one projection; pass numpy.ascontiguousarray({name})"
        )
    return step // 4


def check_tokens(op: str, name: str, x: Array, shape: tuple[int, ...], letters: str) -> int:
    """check_rows for (B, T, H, D): the H x D values of a token are contiguous; returns the step between tokens."""
    return check_rows(op, name, x, shape, letters, inner=2)


def check_ids(op: str, name: str, ids: Array, size: int, ignore: int | None = None) -> None:
    """Raise IndexError unless every id lies in [0, size), or is `ignore`."""
    if ids.size == 0:
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


def check_documents(
    op: str, starts: Array | None, prefixes: Array | None, *shapes: tuple[int, ...]
) -> tuple[Array, Array]:
    """Raise unless `starts` says where documents begin that fill one row of tokens, for arrays of shape (1, T, ...),
    and `prefixes` which one each goes on from; return both, with prefixes of -1, for none, where they were not given.

    starts: (documents + 1,) int32 or int64 offsets that ascend from 0 to T. Two equal ones enclose a document of no
    tokens. prefixes: (documents,) int32 or int64, -1 or the number of an earlier document that goes on from none.
    """
    if type(starts) is not np.ndarray or starts.dtype not in (INT32, INT64):
        raise TypeError(_wrong_type(op, "starts", starts, INT64))
    if starts.ndim != 1 or not starts.size:
        raise ValueError(f"{op}: starts has shape {starts.shape}; expected (documents + 1,)")
    falls = np.flatnonzero(starts[1:] < starts[:-1])
    if falls.size:
        at = int(falls[0]) + 1
        raise ValueError(f"{op}: starts[{at}] is {starts[at]}, after {starts[at - 1]}; expected offsets that ascend")
    for B, T, *_ in shapes:
        if B != 1:
            raise ValueError(f"{op}: got starts and B={B} rows; documents lie end to end in one row, so B=1")
        if starts[0] != 0 or starts[-1] != T:
            raise ValueError(f"{op}: starts go from {starts[0]} to {starts[-1]}; expected from 0 to T={T}")
    if prefixes is None:
        return starts, np.full(len(starts) - 1, -1)
    _check_prefixes(op, prefixes, len(starts) - 1)
    return starts, prefixes


def _check_prefixes(op: str, prefixes: Array, documents: int) -> None:
    if type(prefixes) is not np.ndarray or prefixes.dtype not in (INT32, INT64):
        raise TypeError(_wrong_type(op, "prefixes", prefixes, INT64))
    if prefixes.shape != (documents,):
        raise ValueError(f"{op}: prefixes has shape {prefixes.shape}; expected (documents={documents},)")
    for i in np.flatnonzero((prefixes < -1) | (prefixes >= np.arange(documents))):
        raise ValueError(f"{op}: prefixes[{i}] is {prefixes[i]}; expected -1 or the number of an earlier document")
    for i in np.flatnonzero((prefixes >= 0) & (prefixes[prefixes] >= 0)):
        raise ValueError(
            f"{op}: prefixes[{i}] is {prefixes[i]}, which itself goes on from {prefixes[prefixes[i]]}; expected a "
            "document that goes on from none"
        )


_last_cache_rows: object = None  # what was found right last: all layers of a model ask for the same


def check_cache_rows(
    op: str, lengths: Array, capacity: int, B: int, rows: Array | None, prefixes: Array | None, writes: bool
) -> None:
    """Raise unless queries (B,) may read cache rows `rows` (by default 0 to B) behind rows `prefixes` (-1: none), which
    hold `lengths` keys of `capacity` at most; rows that a key is also written to need room for it."""
    global _last_cache_rows
    asked = (contents(lengths), capacity, B, contents(rows), contents(prefixes), writes)
    if asked == _last_cache_rows:
        return
    check_ids(op, "lengths", lengths, capacity + 1)
    for name, numbers in (("rows", rows), ("prefixes", prefixes)):
        if numbers is not None:
            check(op, name, numbers, (B,), "B", INT32)
            check_ids(op, name, numbers, len(lengths), None if name == "rows" else -1)
    own = lengths if rows is None else lengths[rows]
    if writes and own.max(initial=0) >= capacity:
        row = own.argmax() if rows is None else rows[own.argmax()]
        raise ValueError(f"{op}: row {row} holds {capacity} keys, and has no room for a new one")
    _last_cache_rows = asked


def check_apart(op: str, written: tuple[str, Array], **others: Array | None) -> None:
    """Raise where the array that is written, given as (name, array), may share memory with another that is in use."""
    result, array = written
    for name, x in others.items():
        if x is not None and np.may_share_memory(array, x):
            raise ValueError(f"{op}: {result} overlaps {name}; write into another array")


def contents(x: Array | None) -> object:
    """What tells two arrays apart by their values: one that was changed in place is another."""
    return (x.dtype, x.shape, x.tobytes()) if isinstance(x, np.ndarray) else x


def describe(shape: tuple[int, ...], letters: str) -> str:
    """(2, -1) and "B T" -> "(B=2, T)"."""
    names = letters.split() or ["?"] * len(shape)
    parts = [f"{n}={s}" if s >= 0 and n != "?" else str(s) if s >= 0 else n for n, s in zip(names, shape, strict=True)]
    return f"({', '.join(parts)}{',' if len(parts) == 1 else ''})"


@lru_cache(maxsize=256)  # every layer of a model has slices of the same layout
def _row_step(shape: tuple[int, ...], strides: tuple[int, ...], inner: int) -> int | None:
    """The bytes from one row to the next, where rows are the last `inner` axes; None where they are not regular."""
    width, outer = 4 * math.prod(shape[-inner:]), len(shape) - inner
    step = next((strides[axis] for axis in range(outer - 1, -1, -1) if shape[axis] > 1), width)
    rows_are_regular = _regular(shape[:outer], strides[:outer], step)
    return step if step >= width and rows_are_regular and _regular(shape[outer:], strides[outer:], 4) else None


def _regular(shape: tuple[int, ...], strides: tuple[int, ...], step: int) -> bool:
    """Whether these axes are laid out row by row, `step` bytes from one element to the next."""
    for size, stride in zip(reversed(shape), reversed(strides), strict=True):
        if size > 1 and stride != step:
            return False
        step *= size
    return True


def _matches(shape: tuple[int, ...], expected: tuple[int, ...]) -> bool:
    return len(shape) == len(expected) and all(e in (-1, s) for s, e in zip(shape, expected, strict=True))


def _wrong_type(op: str, name: str, x: object, dtype: np.dtype) -> str:
    came = f"a {x.dtype} array" if isinstance(x, np.ndarray) else f"a {type(x).__name__}"
    is_wide = getattr(x, "dtype", None) == np.float64
    hint = "; pass .astype(np.float32), or compute in float64 with kernels.use('reference')" if is_wide else ""
    return f"{op}: {name} is {came}; expected a {dtype} NumPy array{hint}"

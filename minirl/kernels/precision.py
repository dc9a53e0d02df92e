"""The compute precision of matmul: float32, or bfloat16 inputs with float32 sums."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

_CHOICES = ("float32", "bfloat16")
_precision = "float32"


def precision() -> str:
    """The precision in use: "float32" or "bfloat16"."""
    return _precision


def set_precision(name: str) -> None:
    """Make matmul compute in `name`: "float32", or "bfloat16", which rounds both inputs to 8 significant bits.

    Arrays stay float32 either way. Raises ValueError for another name.
    """
    global _precision
    if name not in _CHOICES:
        raise ValueError(f"set_precision: {name!r} is not one of {', '.join(_CHOICES)}")
    _precision = name


@contextmanager
def using_precision(name: str) -> Iterator[None]:
    """Compute in precision `name` inside a with block."""
    before = precision()
    set_precision(name)
    try:
        yield
    finally:
        set_precision(before)


def round_bfloat16(x: np.ndarray) -> np.ndarray:
    """x (...) float32 rounded to the nearest bfloat16, ties to even, as float32.

    A bfloat16 is the upper half of a float32, so rounding is an integer addition to the bits: half a unit of the last
    kept place, less one where that place is even. NaN stays NaN. float64 goes through float32.
    """
    bits = np.ascontiguousarray(x, np.float32).view(np.uint32)
    rounded = (bits + (0x7FFF + ((bits >> 16) & 1))) & np.uint32(0xFFFF0000)
    return np.where(np.isnan(x), x, rounded.view(np.float32)).astype(x.dtype, copy=False)


set_precision(os.environ.get("MINIRL_PRECISION", "float32"))

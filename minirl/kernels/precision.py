"""bfloat16: the upper half of a float32, which keeps its range and 8 significant bits. And TF32, which keeps 11.

bfloat16 has two uses, which go together. Matrix products may round their inputs to it and sum in float32: that is the
precision, set here. And weights may be held in it, as bits in uint16 arrays, for NumPy has no such type: half the
memory, and half the time where reading weights is what takes the time. A product with such an array is computed in
bfloat16 in any case.

TF32 is a precision of products on GPUs alone, whose tensor cores take it.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from minirl.kernels import environment

BFLOAT16 = np.dtype(np.uint16)  # how arrays hold it

_CHOICES = ("float32", "tf32", "bfloat16")
_precision = "float32"


def precision() -> str:
    """The precision in use: "float32", "tf32" or "bfloat16"."""
    return _precision


def set_precision(name: str) -> None:
    """Make matmul compute in `name`: "float32"; "bfloat16", which rounds both inputs to 8 significant bits; or "tf32",
    which rounds them to 11 and which the C kernels refuse.

    Arrays stay float32 in any case. Raises ValueError for another name.
    """
    global _precision
    if name not in _CHOICES:
        raise ValueError(f"there is no precision {name!r}; choose 'float32', 'tf32' or 'bfloat16'")
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


def in_bfloat16() -> bool:
    """Whether a processor's products round their inputs to bfloat16. Raises ValueError for "tf32"."""
    if _precision == "tf32":
        raise ValueError("precision 'tf32' is for GPUs (backend 'cuda'); here there are 'float32' and 'bfloat16'")
    return _precision == "bfloat16"


def round_tf32(x: np.ndarray) -> np.ndarray:
    """x (...) float32 rounded to 11 significant bits, ties away from zero, as NVIDIA's cvt.rna.tf32 does."""
    bits = np.asarray(x, np.float32, order="C").view(np.uint32)
    rounded = np.where(np.isnan(x), bits | 0x400000, bits + 0x1000) & np.uint32(0xFFFFE000)
    return rounded.view(np.float32).astype(x.dtype, copy=False)


def round_bfloat16(x: np.ndarray) -> np.ndarray:
    """x (...) float32 rounded to the nearest bfloat16, ties to even, as float32. float64 goes through float32."""
    return from_bfloat16_bits(to_bfloat16_bits(x)).astype(x.dtype, copy=False)


def to_bfloat16_bits(x: np.ndarray) -> np.ndarray:
    """x (...) float32 rounded to the nearest bfloat16, ties to even: (...) uint16.

    Rounding is an integer addition to the bits: half a unit of the last kept place, less one where that place is even.
    It may not carry a NaN into another number, so a NaN loses its lower half and becomes a quiet one.
    """
    bits = np.asarray(x, np.float32, order="C").view(np.uint32)
    rounded = bits + (0x7FFF + ((bits >> 16) & 1))
    return (np.where(np.isnan(x), bits | 0x400000, rounded) >> 16).astype(BFLOAT16)


def from_bfloat16_bits(bits: np.ndarray) -> np.ndarray:
    """The numbers that bits (...) uint16 stand for: (...) float32, exactly."""
    return (bits.astype(np.uint32) << 16).view(np.float32)


environment.choose("MINIRL_PRECISION", set_precision, "float32")

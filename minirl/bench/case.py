"""One thing to measure: the same work for minirl, NumPy and PyTorch, and the operations and bytes it cannot avoid."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from minirl import kernels
from minirl.kernels.peak import cache_bytes

try:
    import torch
except ImportError:  # then its column stays empty
    torch = None

Array = np.ndarray
FLOAT = 4  # bytes
HALF = 2  # those of a bfloat16


@dataclass(frozen=True)
class Case:
    """`kernel` runs on minirl's native backend; `numpy`, or `kernel` on the reference backend, is NumPy's side.

    All three functions take the operands. flops counts the multiplications and additions of matrix products (0 where
    memory must be what bounds the kernel); bytes counts what has to be read and written at least once.
    """

    group: str
    name: str
    operands: tuple[Array, ...]
    kernel: Callable[..., Any]
    bytes: float
    flops: float = 0
    numpy: Callable[..., Any] | None = None
    compare_numpy: bool = True  # False where NumPy would need more memory than a laptop has
    torch: Callable[..., Any] | None = None
    prepare_torch: Callable[..., tuple[Any, ...]] | None = None  # operands (tensors) -> what `torch` takes, untimed
    cold: bool = False  # take turns among copies of the operands that no cache can hold
    bf16: bool = False  # the ceiling is the bfloat16 one

    def operand_sets(self) -> list[tuple[Array, ...]]:
        """The operands, and when `cold` as many copies as fill the largest cache four times."""
        size = sum(x.nbytes for x in self.operands)
        sets = -(-4 * cache_bytes() // size) if self.cold else 1
        return [self.operands, *(tuple(map(kernels.copy, self.operands)) for _ in range(sets - 1))]


def normal(*shape: int, scale: float = 1.0) -> Array:
    """Reproducible float32 numbers from a normal distribution."""
    return np.random.default_rng(sum(shape)).standard_normal(shape, np.float32) * np.float32(scale)


def integers(limit: int, *shape: int) -> Array:
    """Reproducible int32 numbers in [0, limit)."""
    return np.random.default_rng(limit).integers(0, limit, shape, np.int32)

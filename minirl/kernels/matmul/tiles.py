"""The arithmetic of Intel's AMX in NumPy, bit for bit: what products in bfloat16 are with MINIRL_ISA=amx.

Nothing computes with it. It is the readable form of csrc/tiles.h and csrc/matmul_tiles.c, and tests hold both to it.
"""

import numpy as np

from minirl.kernels.precision import round_bfloat16

Array = np.ndarray

STEPS = 32  # of k in one instruction


def tile_product(a: Array, b: Array, start: Array | None = None) -> Array:
    """a (M, K) times b (K, N), added to `start` (M, N) or to 0: (M, N) float32. a and b are rounded to bfloat16 first.

    Steps of k are taken 32 at a time. For each element two sums begin at 0, one over the even steps and one over the
    odd ones, each a chain of additions; then their sum is added to the element. (Intel, "Architecture Instruction Set
    Extensions", TDPBF16PS. The processor multiplies and adds in one rounding. So does this, since a product of two
    numbers of 8 significant bits is exact in float32 unless it is too small or too large for it.)

    Numbers too small to be normal are zero throughout: 0x1p-127 times 1 is 0.
    """
    (M, K), N = a.shape, b.shape[1]
    a, b = _flushed(round_bfloat16(_flushed(a))), _flushed(round_bfloat16(_flushed(b)))
    c = np.zeros((M, N), np.float32) if start is None else start.astype(np.float32)
    for begin in range(0, K, STEPS):
        even, odd = np.zeros_like(c), np.zeros_like(c)
        for k in range(begin, min(begin + STEPS, K)):
            chain = odd if (k - begin) % 2 else even
            chain[...] = _flushed(chain + a[:, k, None] * b[None, k])
        c = _flushed(_flushed(c) + _flushed(even + odd))
    return c


def _flushed(x: Array) -> Array:
    """x with a zero, of the same sign, for each number that is too small to be normal."""
    return np.where(np.abs(x) < np.finfo(np.float32).tiny, np.copysign(np.float32(0), x), x)

"""C = A B in seven steps, from three loops to packed tiles and threads: csrc/matmul_ladder/, written to be read.

    >>> from minirl.kernels.matmul.steps import STEPS, matmul_step
    >>> c = matmul_step("naive", a, b)       # three loops
    >>> STEPS[4]
    'packed'

All steps compute the same product and differ in speed alone: `python -m minirl.bench steps` shows what each of them
brings. Nothing else in minirl calls them; `kernels.matmul` is the product that it computes with.
"""

import numpy as np

from minirl.kernels import missing

try:
    from minirl.kernels._native import ffi, lib
except ImportError:  # matmul_step says what to install
    lib = None

STEPS = ("naive", "row_wise", "blocked", "register_tile", "packed", "vector", "threads")


def matmul_step(step: str, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """A B, computed as one of STEPS does. a: (M, K), b: (K, N), both float32 and C-contiguous. Returns (M, N).

    Raises ValueError for another step or for shapes that do not fit, TypeError for other arrays, RuntimeError where
    the C kernels were not built.
    """
    if lib is None:
        raise RuntimeError(missing.explanation())
    if step not in STEPS:
        raise ValueError(f"matmul_step: there is no step {step!r}; the steps are {', '.join(STEPS)}")
    for name, x in (("a", a), ("b", b)):
        if not isinstance(x, np.ndarray) or x.dtype != np.float32 or not x.flags.c_contiguous:
            raise TypeError(f"matmul_step: {name} must be a C-contiguous float32 array; use np.ascontiguousarray")
    if a.ndim != 2 or b.ndim != 2 or a.shape[1] != b.shape[0]:
        raise ValueError(f"matmul_step: a has shape {a.shape} and b {b.shape}; expected (M, K) and (K, N)")
    (M, K), N = a.shape, b.shape[1]
    c = np.empty((M, N), np.float32)
    numbers = ffi.typeof("float[]")
    pointers = [ffi.from_buffer(numbers, x) for x in (a, b, c)]
    if getattr(lib, f"kernel_matmul_{step}")(M, N, K, *pointers):  # None, or a status
        raise MemoryError("matmul_step: no memory left for the packed copies")
    return c

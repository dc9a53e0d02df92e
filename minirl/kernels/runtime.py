"""The C library: which instruction set it uses, how many threads, and how arrays reach it.

Importing this fails with ImportError where the C kernels were not built. Every native.py takes `lib`, the C functions
that csrc/minirl.h declares, from here, and the helpers that turn arrays into pointers. C itself checks nothing: each
array has passed its family's checks.py before a pointer to it is made. Calls release the GIL.
"""

import time
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from minirl.kernels import environment
from minirl.kernels._native import ffi, lib
from minirl.kernels.environment import SettingError
from minirl.kernels.threads import available_cores, default_threads

Array = np.ndarray

# ---- instruction sets and threads ----

_isa_names = [ffi.string(lib.minirl_isa_name(index)).decode() for index in range(lib.minirl_isa_count())]
_isa = ""


def isas() -> dict[str, bool]:
    """The instruction sets in this build, slowest first, and whether this CPU has each."""
    return {name: bool(lib.minirl_isa_supported(index)) for index, name in enumerate(_isa_names)}


def isa() -> str:
    """The instruction set in use."""
    return _isa


def set_isa(name: str) -> None:
    """Use instruction set `name` from now on; ValueError where this build or this CPU lacks it."""
    global _isa
    usable = [known for known, supported in isas().items() if supported]
    if name not in _isa_names:
        raise ValueError(f"instruction set {name!r} is not in this build; this CPU can run {', '.join(usable)}")
    if name not in usable:
        raise ValueError(f"this CPU cannot run instruction set {name!r}; it can run {', '.join(usable)}")
    lib.minirl_isa_use(_isa_names.index(name))
    _isa = name


def amx_refusal() -> str:
    """Why this process may not use the tiles of AMX; "" where it may."""
    return ffi.string(lib.minirl_amx_refusal()).decode()


@cache
def fastest_isa() -> str:
    """The instruction set to use where none is asked for: the best of this CPU, unless its bfloat16 is a loss.

    Some processors multiply pairs of bfloat16 twice as fast as floats, others half as fast. So their speeds are
    measured, for less than a millisecond. Where pairs are slower, "avx512" computes in bfloat16 by rounding the inputs
    of float32's multiply-adds, and does not lose to float32.
    """
    best = [name for name, supported in isas().items() if supported][-1]
    if best != "avx512bf16":
        return best
    before = isa()
    set_isa(best)
    floats_rate, pairs_rate = _rate(lib.kernel_peak_fma), _rate(lib.kernel_peak_fma_bf16)
    set_isa(before or best)
    return best if pairs_rate > floats_rate else "avx512"


def _rate(peak: Callable[[int], float]) -> float:
    """The best of a few short measurements, in operations a second: other programs only ever make one slower."""
    best = 0.0
    for _ in range(5):
        start = time.perf_counter()
        operations = peak(4096)
        best = max(best, operations / (time.perf_counter() - start))
    return best


def has_openmp() -> bool:
    """Whether the kernels were built with threads."""
    return bool(lib.minirl_has_openmp())


def set_threads(threads: int) -> None:
    """Use up to this many threads from now on."""
    lib.minirl_set_threads(threads)


def get_threads() -> int:
    """The number of threads in use."""
    return lib.minirl_get_threads() if has_openmp() else 1


def _start() -> None:
    environment.choose("MINIRL_ISA", set_isa, fastest_isa)
    try:
        set_threads(default_threads())
    except SettingError as error:
        environment.problems.append(str(error))
        set_threads(available_cores())
    lib.minirl_keep_memory()
    lib.minirl_mind_forks()


_start()

# ---- pointers ----

# Local names, because one update of a small model asks for 400 addresses.
_from_buffer, _NULL, _FLOATS = ffi.from_buffer, ffi.NULL, ffi.typeof("float[]")


def floats(x: Array | None) -> object:
    """A pointer to the first float of a contiguous array, NULL for None."""
    return _NULL if x is None else _from_buffer(_FLOATS, x)


def ints(x: Array | None) -> object:
    """A pointer to the first int32 of a contiguous array, NULL for None."""
    return _NULL if x is None else _from_buffer("int32_t[]", x)


def first_row(x: Array | None) -> object:
    """A pointer to the first float of a slice. from_buffer would refuse the slice, but takes its first row."""
    return _NULL if x is None else _from_buffer(_FLOATS, x[(slice(1),) * (x.ndim - 1)])


def different_columns(a: Any, b: Any, c: Any, widths: tuple[int, int, int], step: int) -> bool:
    """Whether three arrays surely share no element, because each has columns of its own in rows `step` floats apart.

    a, b, c: pointers to the first rows, whose widths in floats are `widths`. This is exact for slices of one
    projection, and takes a fraction of the time of numpy.shares_memory. (cffi subtracts from a pointer alone, which an
    array becomes by adding 0.)
    """
    a_width, b_width, c_width = widths
    b_at, c_at = (b + 0 - a) % step, (c + 0 - a) % step  # the columns where b and c begin, counted from a's
    if b_at < a_width or c_at < a_width or b_at + b_width > step or c_at + c_width > step:
        return False
    return b_at + b_width <= c_at or c_at + c_width <= b_at


def check_allocated(status: int, op: str) -> None:
    """Raise MemoryError where a kernel returned that it found no memory for its scratch space."""
    if status != 0:
        raise MemoryError(f"{op}: no memory left for the kernel's scratch space")

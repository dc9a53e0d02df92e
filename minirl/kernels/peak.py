"""What this machine can do at most: fused multiply-adds a second and bytes a second. The roofline of everything else.

A kernel that does `flops` operations on `bytes` of memory cannot take less than the larger of flops / fma and
bytes / bandwidth (Williams, Waterman and Patterson 2009, "Roofline"). Both ceilings are measured, not looked up: clock
speeds, virtual machines and cgroups make data sheets useless. Bandwidth is that of reading; memory that is written at
the same time can carry a little more, so a kernel that writes as much as it reads may come out above 100%.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from minirl import kernels

DEFAULT_CACHE = 32 << 20
SECONDS = 0.4  # spent on each ceiling


@dataclass(frozen=True)
class Peaks:
    """The ceilings. fma and fma_bf16 in operations a second (an FMA is two), bandwidth in bytes read a second."""

    fma: float
    fma_bf16: float | None  # None where the instruction set in use has no bfloat16 arithmetic
    bandwidth: float
    source: str  # "C kernels", "NumPy" where they are not available, or "CUDA kernels"

    def floor(self, flops: float, size: float, bf16: bool = False) -> tuple[float, str]:
        """The least seconds for `flops` operations on `size` bytes, and which ceiling says so: "fma" or "bandwidth"."""
        arithmetic = flops / (self.fma_bf16 if bf16 and self.fma_bf16 else self.fma)
        memory = size / self.bandwidth
        return (arithmetic, "fma") if arithmetic > memory else (memory, "bandwidth")

    def best(self, other: "Peaks") -> "Peaks":
        """The higher of two measurements, ceiling by ceiling: noise only ever lowers a peak."""
        bf16 = max(self.fma_bf16 or 0.0, other.fma_bf16 or 0.0)
        fma, bandwidth = max(self.fma, other.fma), max(self.bandwidth, other.bandwidth)
        return Peaks(fma, bf16 or None, bandwidth, self.source)


def giga(rate: float) -> str:
    """A rate in units of 10^9 a second, such as "231", "40.0" or "0.48": what is small gets decimals, not a 0."""
    digits = ".0f" if rate >= 100e9 else ".1f" if rate >= 1e9 else ".2g"
    return format(rate / 1e9, digits)


def measure() -> Peaks:
    """Measure the ceilings with the threads and the instruction set in use, or those of the GPU where "cuda" is in use;
    takes about 2 seconds."""
    if kernels.backend() == "cuda":
        return measure_gpu()
    return _measure_native() if kernels.has_native() else _measure_numpy()


def measure_gpu() -> Peaks:
    """The ceilings of the GPU. Raises DeviceError where there is none."""
    from minirl.kernels.device.peak import rates

    float32, bfloat16, bandwidth = rates()
    return Peaks(float32, bfloat16, bandwidth, "CUDA kernels")


def gpu_name() -> str:
    """The GPU, as its maker calls it. Raises DeviceError where there is none."""
    from minirl.kernels.device.driver import driver

    return driver().name()


def fma() -> float:
    """The first ceiling alone: float32 operations a second (a fused multiply-add is two). Takes about half a second,
    and hardly any memory, where `measure` fills several times the largest cache."""
    if kernels.has_native():
        from minirl.kernels.runtime import lib

        return _best_rate(_growing(lib.kernel_peak_fma))
    a = np.ones((1024, 1024), np.float32)

    def multiply() -> float:
        np.matmul(a, a)
        return 2.0 * 1024**3

    return _best_rate(multiply)


def multiply_adds(precision: str) -> float:
    """The ceiling of products in this precision: that of bfloat16 where the instruction set has one, else `fma`."""
    if precision != "bfloat16" or not has_bf16():
        return fma()
    from minirl.kernels.runtime import lib

    return _best_rate(_growing(lib.kernel_peak_fma_bf16))


def clock() -> Callable[[], float]:
    """What ceilings and whole models are timed with.

    With one thread it is processor time, from which the other programs of a busy machine take little; several threads
    wait for each other, so there it is wall time; and so it is for a GPU, for which Python waits.
    """
    alone = kernels.get_threads() == 1 and kernels.backend() != "cuda"
    return time.process_time if alone else time.perf_counter


def has_bf16() -> bool:
    """Whether the instruction set in use computes in bfloat16, or the GPU, where "cuda" is in use."""
    if kernels.backend() == "cuda":
        return True
    if not kernels.has_native():
        return False
    from minirl.kernels.runtime import lib

    return lib.kernel_peak_fma_bf16(1) > 0


def cache_bytes() -> int:
    """The size of the largest cache, from Linux's sysfs; 32 MB where that says nothing. Of a GPU, more than any has."""
    if kernels.backend() == "cuda":
        from minirl.kernels.device import peak

        return peak.cache_bytes()
    sizes = [0]
    for path in Path("/sys/devices/system/cpu/cpu0/cache").glob("index*/size"):
        text = path.read_text().strip()
        unit = {"K": 1 << 10, "M": 1 << 20}.get(text[-1:], 1)
        sizes.append(int(text.rstrip("KM")) * unit)
    return max(sizes) or DEFAULT_CACHE


def _memory_block() -> np.ndarray:
    """Floats that fill several times the largest cache, so that reading them reads memory."""
    return np.ones(max(256 << 20, min(4 * cache_bytes(), 2 << 30)) // 4, np.float32)


def _measure_native() -> Peaks:
    from minirl.kernels.runtime import ffi, lib

    block = _memory_block()
    address = ffi.cast("float *", block.ctypes.data)

    def read() -> float:
        lib.kernel_peak_read(address, block.size)
        return block.nbytes

    return Peaks(
        fma=fma(),
        fma_bf16=multiply_adds("bfloat16") if has_bf16() else None,
        bandwidth=_best_rate(read),
        source="C kernels",
    )


def _measure_numpy() -> Peaks:
    block = _memory_block()

    def read() -> float:
        block.max()
        return block.nbytes

    return Peaks(fma=fma(), fma_bf16=None, bandwidth=_best_rate(read), source="NumPy")


def _growing(run: Callable[[int], float]) -> Callable[[], float]:
    """`run` with as many iterations as take 10 ms, long enough that waking threads does not count.

    They are counted with one thread and in processor time. On a busy machine each call of several threads can wait
    10 ms for the last of them, and so few iterations would be timed that the wait were all that is measured.
    """
    iterations, elapsed, threads = 1 << 12, 0.0, kernels.get_threads()
    kernels.set_threads(1)
    try:
        now = clock()
        while elapsed < 0.01 and iterations < 1 << 40:
            iterations *= 2
            start = now()
            run(iterations)
            elapsed = now() - start
    finally:
        kernels.set_threads(threads)
    return lambda: run(iterations)


def _best_rate(work: Callable[[], float]) -> float:
    """The best rate of `work`, which returns how much it did, over several runs in SECONDS."""
    now = clock()
    best, stop, runs = 0.0, now() + SECONDS, 0
    while runs < 3 or now() < stop:
        start = now()
        done = work()
        best = max(best, done / (now() - start))
        runs += 1
    return best

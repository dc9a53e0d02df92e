"""What the GPU can do at most, measured: csrc/cuda/peak.cu. See kernels/peak.py, which says what it is for."""

import time
from collections.abc import Callable

from minirl.kernels.device import shim
from minirl.kernels.device.array import empty, full
from minirl.kernels.device.driver import driver
from minirl.kernels.device.launch import launch

THREADS, SUMS, WARP_SIZE = 256, 8, 32  # as in peak.cu
WAVES = 8  # blocks for each multiprocessor: enough to keep it busy
SECONDS, SHORTEST = 0.2, 0.005  # spent on each ceiling, and on one measurement at least
READ_BYTES = 1 << 30  # many times the largest cache of a GPU


def cache_bytes() -> int:
    """More than the cache of any GPU holds; of the shim, hardly anything."""
    return 1 << 10 if shim.is_used() else 128 << 20


def rates() -> tuple[float, float, float]:
    """(float32 operations, bfloat16 operations on the tensor cores, bytes read), each a second. Takes about a second
    and a gigabyte of the GPU's memory. Of the shim, the numbers mean nothing."""
    blocks = 1 if shim.is_used() else WAVES * driver().multiprocessors()
    out = empty(blocks * THREADS)
    x = full((1 << 12 if shim.is_used() else READ_BYTES // 4,), 1.0)

    def float32(iterations: int) -> float:
        launch("peak", "peak_float32", blocks, THREADS, iterations, 0.5, out)
        return 2.0 * SUMS * THREADS * blocks * iterations

    def bfloat16(iterations: int) -> float:
        launch("peak", "peak_bfloat16", blocks, THREADS, iterations, out)
        return 4096.0 * SUMS * THREADS / WARP_SIZE * blocks * iterations

    def read(times: int) -> float:
        for _ in range(times):
            launch("peak", "peak_read", blocks, THREADS, x.size, x, out)
        return float(x.nbytes * times)

    return _best(float32), _best(bfloat16), _best(read)


def _best(work: Callable[[int], float]) -> float:
    """The best rate of work(count), which asks the GPU for some work and returns how much it is."""

    def timed(count: int) -> tuple[float, float]:
        driver().synchronize()
        start = time.perf_counter()
        done = work(count)
        driver().synchronize()
        return done, time.perf_counter() - start

    count = 1
    work(count)  # compiles
    while timed(count)[1] < SHORTEST:
        count *= 2
    best, stop = 0.0, time.perf_counter() + SECONDS
    while best == 0.0 or time.perf_counter() < stop:
        done, seconds = timed(count)
        best = max(best, done / seconds)
    return best

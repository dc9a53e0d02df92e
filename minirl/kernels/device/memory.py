"""The GPU's memory: blocks, kept for the next array of their size, and copies between host and device.

Asking the driver for memory makes it wait for all work in progress. So a block that nobody needs any more goes to a
list of its size, from which the next array of that size takes it. That is safe although kernels may still be at work
on it: there is one stream, so whoever writes to it next does so after them.
"""

from collections import Counter, defaultdict
from typing import Any

import numpy as np

from minirl.kernels.device.driver import OUT_OF_MEMORY, driver, ffi
from minirl.kernels.device.errors import DeviceMemoryError

transfers: Counter[str] = Counter()  # "to device", "to host": how many copies there were ...
moved: Counter[str] = Counter()  # ... and of how many bytes
_free: defaultdict[int, list[int]] = defaultdict(list)  # size in bytes -> addresses
_asked = 0  # bytes that the driver has given


class Block:
    """A piece of memory, for as long as an array lies in it. NumPy's arrays over it keep it alive (see array.py)."""

    is_on_gpu = True  # what arguments.py asks

    def __init__(self, shape: tuple[int, ...], dtype: np.dtype) -> None:
        count = int(np.prod(shape, dtype=np.int64))
        self.bytes = max(count * dtype.itemsize, 1)
        self.address = _take(self.bytes)
        self.__array_interface__ = {
            "version": 3, "shape": shape, "typestr": dtype.str, "data": (self.address, False),
        }  # fmt: skip

    def __del__(self, free: Any = _free) -> None:
        if hasattr(self, "address"):
            free[self.bytes].append(self.address)


def _take(size: int) -> int:
    global _asked
    if _free[size]:
        return _free[size].pop()
    address = ffi.new("uint64_t *")
    status = driver().lib.cuMemAlloc_v2(address, size)
    if status == OUT_OF_MEMORY and kept():
        release()
        status = driver().lib.cuMemAlloc_v2(address, size)
    if status == OUT_OF_MEMORY:
        free, total = driver().memory()
        raise DeviceMemoryError(
            f"the GPU has no memory for {_readable(size)} more: {_readable(free)} of {_readable(total)} are free, and "
            f"minirl's arrays hold {_readable(_asked - kept())}. Lower the tokens of a batch, the context or the model"
        )
    driver().check("cuMemAlloc", status)
    _asked += size
    return int(address[0])


def kept() -> int:
    """Bytes of blocks that no array lies in."""
    return sum(size * len(addresses) for size, addresses in _free.items())


def release() -> None:
    """Give back to the driver what no array lies in."""
    global _asked
    driver().synchronize()
    for size, addresses in _free.items():
        for address in addresses:
            driver().check("cuMemFree", driver().lib.cuMemFree_v2(address))
            _asked -= size
        addresses.clear()


def to_device(x: np.ndarray, address: int) -> None:
    """Copy a contiguous array of the host to `address`."""
    transfers["to device"] += 1
    moved["to device"] += x.nbytes
    if x.nbytes:
        lib, stream = driver().lib, driver().stream
        driver().check("cuMemcpyHtoD", lib.cuMemcpyHtoDAsync_v2(address, ffi.from_buffer(x), x.nbytes, stream))
        driver().synchronize()  # the array is the caller's again


def to_host(address: int, x: np.ndarray) -> None:
    """Fill a contiguous array of the host from `address`. All work that was asked for before is then done."""
    transfers["to host"] += 1
    moved["to host"] += x.nbytes
    if x.nbytes:
        lib, stream = driver().lib, driver().stream
        buffer = ffi.from_buffer(x, require_writable=True)
        driver().check("cuMemcpyDtoH", lib.cuMemcpyDtoHAsync_v2(buffer, address, x.nbytes, stream))
    driver().synchronize()


def _readable(size: float) -> str:
    return f"{size / 2**20:,.0f} MiB" if size >= 2**20 else f"{size:,.0f} bytes"

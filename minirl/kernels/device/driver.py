"""NVIDIA's driver: the library libcuda, which comes with the driver and not with minirl, by about 20 of its functions.

It is loaded when the first array or kernel needs it, never at import. With MINIRL_CUDA_SHIM=1 a library of the same
functions that runs kernels on the CPU takes its place (csrc/cuda/shim/): for tests, and for readers without a GPU.

The names are those of NVIDIA's "CUDA Driver API"; `Driver` calls them, and turns their status into exceptions.
"""

from functools import lru_cache
from typing import Any

from cffi import FFI

from minirl.kernels.device import shim
from minirl.kernels.device.errors import DeviceError

OLDEST_DRIVER = 12000  # CUDA 12.0: what the architectures of `compilers` need

ffi: Any = FFI()
ffi.cdef("""
    int cuInit(unsigned int flags);
    int cuDriverGetVersion(int *version);
    int cuDeviceGetCount(int *count);
    int cuDeviceGet(int *device, int ordinal);
    int cuDeviceGetName(char *name, int length, int device);
    int cuDeviceGetAttribute(int *value, int attribute, int device);
    int cuDeviceTotalMem_v2(size_t *bytes, int device);
    int cuDevicePrimaryCtxRetain(void **context, int device);
    int cuCtxSetCurrent(void *context);
    int cuStreamCreate(void **stream, unsigned int flags);
    int cuStreamSynchronize(void *stream);
    int cuMemGetInfo_v2(size_t *free, size_t *total);
    int cuMemAlloc_v2(uint64_t *address, size_t bytes);
    int cuMemFree_v2(uint64_t address);
    int cuMemcpyHtoDAsync_v2(uint64_t to, const void *from, size_t bytes, void *stream);
    int cuMemcpyDtoHAsync_v2(void *to, uint64_t from, size_t bytes, void *stream);
    int cuModuleLoad(void **module, const char *path);
    int cuModuleGetFunction(void **function, void *module, const char *name);
    int cuLaunchKernel(void *function, unsigned int grid_x, unsigned int grid_y, unsigned int grid_z,
                       unsigned int block_x, unsigned int block_y, unsigned int block_z, unsigned int shared_bytes,
                       void *stream, void **arguments, void **extra);
    int cuGetErrorName(int error, const char **name);
    int cuGetErrorString(int error, const char **text);

    void shim_set_order(unsigned int order);
    void shim_set_memory(size_t bytes);
""")

OUT_OF_MEMORY = 2  # a status
_MULTIPROCESSORS, _COMPUTE_CAPABILITY_MAJOR, _COMPUTE_CAPABILITY_MINOR = 16, 75, 76  # attributes of a device


class Driver:
    """One GPU, the first, and one stream: what is asked of it happens in order, while Python goes on."""

    def __init__(self) -> None:
        self.lib = _library()
        self.check("cuInit", self.lib.cuInit(0))
        self._refuse_old_driver()
        if not self.number("cuDeviceGetCount", "int *"):
            raise DeviceError("the driver finds no GPU; `nvidia-smi -L` lists those that it knows")
        self.device = self.number("cuDeviceGet", "int *", 0)
        context = self.number("cuDevicePrimaryCtxRetain", "void **", self.device)
        self.check("cuCtxSetCurrent", self.lib.cuCtxSetCurrent(context))
        self.stream = self.number("cuStreamCreate", "void **", 0)

    def _refuse_old_driver(self) -> None:
        version = self.number("cuDriverGetVersion", "int *")
        if version < OLDEST_DRIVER:
            came, wanted = (f"{number // 1000}.{number % 1000 // 10}" for number in (version, OLDEST_DRIVER))
            raise DeviceError(f"the driver knows CUDA {came}; minirl needs {wanted} or later: install a newer driver")

    # ---- calling ----

    def check(self, name: str, status: int) -> None:
        """Raise DeviceError unless the status that function `name` returned says success."""
        if status:
            raise DeviceError(f"{name} failed: {self.error(status)}")

    def error(self, status: int) -> str:
        """The name of a status, and what the driver says of it."""
        name, text = ffi.new("char **"), ffi.new("char **")
        self.lib.cuGetErrorName(status, name)
        self.lib.cuGetErrorString(status, text)
        parts = [ffi.string(p[0]).decode(errors="replace") for p in (name, text) if p[0] != ffi.NULL]
        return ": ".join(parts) or f"status {status}"

    def number(self, name: str, kind: str, *arguments: Any) -> Any:
        """What function `name` writes to its first argument, a pointer of type `kind`."""
        result = ffi.new(kind)
        self.check(name, getattr(self.lib, name)(result, *arguments))
        return result[0]

    # ---- what the GPU is ----

    def name(self) -> str:
        """As its maker calls it."""
        text = ffi.new("char[]", 128)
        self.check("cuDeviceGetName", self.lib.cuDeviceGetName(text, 128, self.device))
        return ffi.string(text).decode(errors="replace")

    def compute_capability(self) -> tuple[int, int]:
        """(8, 0) for an A100, (9, 0) for an H100: what the compilers call sm_80 and sm_90."""
        major, minor = _COMPUTE_CAPABILITY_MAJOR, _COMPUTE_CAPABILITY_MINOR
        return self._attribute(major), self._attribute(minor)

    def multiprocessors(self) -> int:
        """How many of them it has; each works on some blocks at a time."""
        return self._attribute(_MULTIPROCESSORS)

    def _attribute(self, attribute: int) -> int:
        return self.number("cuDeviceGetAttribute", "int *", attribute, self.device)

    def memory(self) -> tuple[int, int]:
        """Bytes of memory: (free, in all)."""
        free, total = ffi.new("size_t *"), ffi.new("size_t *")
        self.check("cuMemGetInfo", self.lib.cuMemGetInfo_v2(free, total))
        return free[0], total[0]

    def synchronize(self) -> None:
        """Wait until everything that was asked for is done."""
        self.check("cuStreamSynchronize", self.lib.cuStreamSynchronize(self.stream))


@lru_cache(maxsize=1)
def driver() -> Driver:
    """The driver in use. Raises DeviceError saying what is missing."""
    return Driver()


def _library() -> Any:
    if shim.is_used():
        return ffi.dlopen(str(shim.driver()))
    try:
        return ffi.dlopen("libcuda.so.1")
    except OSError as error:
        raise DeviceError(
            "there is no NVIDIA driver here (libcuda.so.1 does not load); the backends 'native' and 'reference' need "
            "none. On a machine with an NVIDIA GPU, install its driver: `nvidia-smi` then shows the GPU"
        ) from error

"""Starting kernels: launch("norm", "rms_norm", grid, block, arguments) runs csrc/cuda/norm.cu's kernel of that name.

The arguments are written as the kernel declares them, which is read from its source: a pointer (a DeviceArray on the
GPU, or None for NULL), an int64 or a float. What does not fit is a TypeError here, before a GPU reads a wrong address.
"""

import struct
from typing import Any

import numpy as np

from minirl.kernels.device import compilers, shim, source
from minirl.kernels.device.driver import driver, ffi
from minirl.kernels.device.errors import DeviceError

TYPES = {"float": np.float32, "int": np.int32, "double": np.float64, "unsigned short": np.uint16, "int64": np.int64}


class Module:
    """A .cu file, compiled and loaded."""

    def __init__(self, name: str, text: str) -> None:
        kernels = source.kernels_in(text)
        self.parameters = {kernel: [_parameter(part) for part in parts] for kernel, parts in kernels.items()}
        gpu = driver()
        path = shim.compiled(name, text) if shim.is_used() else compilers.compiled(name, text, gpu.compute_capability())
        handle = gpu.number("cuModuleLoad", "void **", str(path).encode())
        self.functions = {k: gpu.number("cuModuleGetFunction", "void **", handle, k.encode()) for k in kernels}


modules: dict[str, Module] = {}  # those that were used: a .cu file is compiled when its first kernel is launched


def launch(name: str, kernel: str, grid: int | tuple[int, ...], block: int | tuple[int, ...], *arguments: Any) -> None:
    """Ask the GPU for a kernel of module `name`, and go on. An empty grid asks for nothing.

    grid: blocks along x, y and z. block: threads of a block along x, y and z.
    """
    grid, block = _three(grid), _three(block)
    if 0 in grid:
        return
    if name not in modules:
        modules[name] = Module(name, source.text(name))
    used = modules[name]
    parameters = used.parameters[kernel]
    if len(arguments) != len(parameters):
        raise TypeError(f"{kernel} takes {len(parameters)} arguments, not {len(arguments)}")
    values = ffi.new("uint64_t[]", [_word(kernel, p, x) for p, x in zip(parameters, arguments, strict=True)])
    pointers = ffi.new("void *[]", [values + i for i in range(len(parameters))])
    lib, stream, function = driver().lib, driver().stream, used.functions[kernel]
    status = lib.cuLaunchKernel(function, *grid, *block, 0, stream, pointers, ffi.NULL)
    if status:
        raise DeviceError(f"{name}.cu: {kernel} failed: {driver().error(status)}")


def blocks(count: int, size: int) -> int:
    """How many blocks of `size` it takes for `count` things."""
    return -(-count // size)


def _three(sizes: int | tuple[int, ...]) -> tuple[int, ...]:
    return (*((sizes,) if isinstance(sizes, int) else sizes), 1, 1)[:3]


def _parameter(text: str) -> tuple[str, Any]:
    """("eps", float) for "float eps", ("x", numpy.float32) for "const float *x"."""
    kind, star, name = text.removeprefix("const ").partition("*")
    if star:
        return name.strip(), TYPES[kind.strip()]
    kind, name = text.split()
    return name, {"int64": int, "float": float}[kind]


def _word(kernel: str, parameter: tuple[str, Any], x: Any) -> int:
    """The 8 bytes of an argument."""
    name, kind = parameter
    if kind is int and isinstance(x, int | np.integer):
        return int(x) & 0xFFFFFFFFFFFFFFFF
    if kind is float and isinstance(x, int | float | np.floating):
        return struct.unpack("<I", struct.pack("<f", x))[0]
    layout = getattr(x, "layout", None)  # of an array on the GPU (array.py, which is above this file)
    if kind not in (int, float):
        if x is None:
            return 0
        if layout is not None and layout.dtype == kind:
            return layout.ctypes.data
    came = x if layout is not None or isinstance(x, int | float) else type(x).__name__
    raise TypeError(f"{kernel}: {name} is {came!r}; the kernel declares {getattr(kind, '__name__', kind)}")

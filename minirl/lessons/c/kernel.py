"""A learner's kernel in CUDA as a function of Python: f(grid, block, *arguments), with NumPy's arrays for pointers.

For a check it runs in a program that is watched, on the CPU (launcher.py). Everywhere else minirl launches it as it
does its own kernels: on the CPU too, through the same shim, or on a GPU, where MINIRL_CUDA_SHIM=0 says that there is
one.

A GPU runs threads in no order that a program may rely on. On the CPU there is an order for each number: 0 first to
last, 1 last to first, any other a random one. `every_order` calls a function once in each, for checks.
"""

import hashlib
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from minirl.lessons.c.call import Watched, arguments
from minirl.lessons.c.launcher import launcher, program
from minirl.lessons.c.prototype import Prototype, read_prototypes

ORDERS = {0: "", 1: "with the threads from last to first, ", 2: "with the threads in a random order, ",
          3: "with the threads in another random order, "}  # fmt: skip
Size = int | tuple[int, int]


class KernelProgram(Watched):
    """The kernels of a CUDA file in a program of their own."""

    def __init__(self, text: str, kernels: Sequence[Prototype], name: str) -> None:
        """Raises CompileError, NoCompiler."""
        self.kernels = kernels
        super().__init__(text, [launcher(one) for one in kernels], name, openmp=False)

    def _built(self, openmp: bool, sanitize: bool) -> Path:
        return program(self.text, self.kernels, self.name, sanitize)


class WatchedKernel:
    """One kernel of such a program. `order` is that of its threads."""

    def __init__(self, program: KernelProgram, index: int) -> None:
        self.program, self.order, self._index = program, 0, index
        self.__name__ = program.kernels[index].name

    def __call__(self, grid: Size, block: Size, *values: Any) -> None:
        self.program.call(self._index, (*two(grid), *two(block), self.order, *values))


class Kernel:
    """A kernel that minirl launches. `order` is that of its threads, where they run on the CPU."""

    def __init__(self, module: str, text: str, prototype: Prototype) -> None:
        self.module, self.text, self.prototype = module, text, prototype
        self.order, self.__name__ = 0, prototype.name
        self.instead: Callable[..., None] | None = None
        """What is called in its place, for a while (trace.py)."""

    def __call__(self, grid: Size, block: Size, *values: Any) -> None:
        if self.instead is not None:
            return self.instead(grid, block, *values)
        os.environ.setdefault("MINIRL_CUDA_SHIM", "1")
        from minirl.kernels.device import device, launch, shim  # only now: the rest of the course needs none of it
        from minirl.kernels.device.driver import driver
        from minirl.kernels.device.launch import Module, modules

        given = arguments(self.prototype, values)
        pairs = list(zip(self.prototype.parameters, given, strict=True))
        moved = [device(value) if one.pointer and value is not None else value for one, value in pairs]
        if self.module not in modules:
            modules[self.module] = Module(self.module, self.text)
        if shim.is_used():
            driver().lib.shim_set_order(self.order)
        try:
            launch(self.module, self.__name__, grid, block, *moved)
        finally:
            if shim.is_used():
                driver().lib.shim_set_order(0)
        for (one, value), there in zip(pairs, moved, strict=True):
            if one.writes and value is not None:
                value[...] = there.numpy()


def two(size: Size) -> tuple[int, int]:
    """Both numbers of a grid or a block; a single one is a row."""
    return (size, 1) if isinstance(size, int) else size


def load_kernels(text: str, prototypes: Sequence[Prototype]) -> dict[str, Kernel]:
    """The kernels of a CUDA file, which is compiled when one of them is first launched."""
    module = f"lesson-{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()[:12]}"
    return {one.name: Kernel(module, text, one) for one in prototypes}


def watched_kernels(text: str, prototypes: Sequence[Prototype], name: str) -> dict[str, WatchedKernel]:
    """The kernels of a CUDA file for a check. Raises CompileError, NoCompiler."""
    made = KernelProgram(text, prototypes, name)
    return {one.name: WatchedKernel(made, index) for index, one in enumerate(prototypes)}


def compile_cuda(source: str | Path, prototypes: str) -> SimpleNamespace:
    """Kernels in CUDA to be launched from Python: an object with those that `prototypes` declares.

    source: a file's path, or the text itself. prototypes: such as "void twice(int64 n, const float *x, float *y);".
    Raises ValueError for a prototype that is none; a kernel's first launch raises DeviceError where the compiler
    refuses the file or is missing.
    """
    text = source.read_text(encoding="utf-8") if isinstance(source, Path) else source
    return SimpleNamespace(**load_kernels(text, read_prototypes(prototypes)))


def every_order(name: str) -> Callable[..., Any]:
    """For `observe` of a check: the results of the function `name` in each of ORDERS, one after the other."""

    def observe(names: dict[str, Any], *inputs: Any) -> tuple[Any, ...]:
        kernel, results = names[name].raw, list[Any]()
        for order in ORDERS:
            kernel.order = order
            result = names[name](*inputs)
            results += result if isinstance(result, tuple) else [result]
        kernel.order = 0
        return tuple(results)

    return observe

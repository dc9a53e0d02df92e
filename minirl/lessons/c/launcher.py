"""The C++ around a learner's kernels for a check: each gets a function that launches it, on the CPU.

minirl's shim (csrc/cuda/shim) makes the threads of a block out of CUDA's language and a C++ compiler. So a launch is an
ordinary call, and everything that watches a function in C watches a kernel too: sanitizers, guard bands around the
arrays, a program of its own. A kernel's launcher is its overload that takes the grid, the block and the order of the
threads before the kernel's own parameters.
"""

from collections.abc import Sequence
from pathlib import Path

from minirl.lessons.c.compiler import prelude, watched_kernels
from minirl.lessons.c.driver_source import driver
from minirl.lessons.c.prototype import Parameter, Prototype
from minirl.storage import shipped

DIMENSIONS = ("grid_x", "grid_y", "block_x", "block_y", "order")
INT64 = "typedef long long int64;"  # as in minirl's own kernels
FAILED = r"""
#include <stdio.h>
static void failed(const char *message) { /* the runner reads why */
    fprintf(stderr, "\nminirl kernel: %s\n", message);
    exit(5);
}
"""
LAUNCH = r"""
static void launched(const char *name, unsigned grid_x, unsigned grid_y, unsigned block_x, unsigned block_y,
                     unsigned order, void **values) {
    static char message[512];
    const unsigned grid[3] = {grid_x, grid_y, 1}, block[3] = {block_x, block_y, 1};
    if (!grid_x || !grid_y) return;
    shim_run(shim_find(name), grid, block, values, order, message, sizeof message);
    if (message[0]) failed(message);
}
"""


def launcher(kernel: Prototype) -> Prototype:
    """The prototype of a kernel's launcher."""
    first = tuple(Parameter(name, "int", False, False) for name in DIMENSIONS)
    return Prototype(kernel.returns, kernel.name, (*first, *kernel.parameters))


def program(text: str, kernels: Sequence[Prototype], name: str, sanitize: bool) -> Path:
    """The program for checks of a CUDA file. Raises CompileError with an explanation, NoCompiler."""
    launchers = [launcher(one) for one in kernels]
    declared = "".join(f"{one.text}\n" for one in launchers)
    files = {
        **shim_files(),
        "launch.cpp": kernels_of(kernels, name, FAILED),
        "driver.h": f"#pragma GCC system_header\n{INT64}\n{declared}{driver(launchers)}",
        "driver.cpp": '#include "driver.h"\n',
    }
    return watched_kernels(text, name, files, sanitize)


def shim_files() -> dict[str, str]:
    """What has to lie beside a file with kernels, so that it can be compiled for the CPU."""
    folder = shipped("csrc/cuda")
    headers = sorted([*folder.glob("shim/*.h"), *folder.glob("*.cuh")])
    return {"prelude.h": prelude([]), **{path.name: path.read_text(encoding="utf-8") for path in headers}}


def kernels_of(kernels: Sequence[Prototype], name: str, failed: str) -> str:
    """The C++ that takes in the learner's file of this name, and adds a launcher for each kernel.

    failed: the function `failed(const char *message)`, which is called when the shim has ended a kernel.
    """
    lines = ['#include "shim.h"', INT64, *(f'extern "C" {one.text}' for one in kernels), f'#include "{name}"']
    lines += [*(f"SHIM_KERNEL({one.name})" for one in kernels), failed, LAUNCH]
    for one in kernels:
        heading = launcher(one).text.removesuffix(";")
        values = ", ".join(f"(void *)&{parameter.name}" for parameter in one.parameters)
        lines += [f"{heading};", f"{heading} {{", f"    void *values[] = {{{values}}};",
                  f'    launched("{one.name}", {", ".join(DIMENSIONS)}, values);', "}"]  # fmt: skip
    return "\n".join([*lines, ""])

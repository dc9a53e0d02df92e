"""What a kernel reads and writes: every access of every thread, as the kernel makes it, on the CPU.

The compiler is asked to report each access, as it does for ThreadSanitizer. But the functions that it calls for this
are not that sanitizer's: they are below, and write down the array, the byte, the thread and the place in the program.
On a GPU, the 32 lanes of a warp make an access together. So here the accesses of a warp's lanes at one place, the n-th
of each, belong together: `Trace.by_warp`.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from cffi import FFI

from minirl.lessons.c.call import InProcess, arguments
from minirl.lessons.c.compiler import traced_kernels
from minirl.lessons.c.kernel import Kernel, Size, two
from minirl.lessons.c.launcher import INT64, kernels_of, launcher, shim_files
from minirl.lessons.c.prototype import Parameter, Prototype

WARP, SHARED, FIELDS = 32, "shared memory", 7
ROOM = 1 << 21  # accesses that are kept; more raise an error
FAILED = r"""
#include <stdio.h>
static int64_t noted, stopped;
static void failed(const char *message) {
    fprintf(stderr, "%s\n", message);
    stopped = 1;
}
"""
NOTES = r"""
static const char *starts[32];
static int64_t ends[32], *notes, note_room;
static int span_count;

#define SILENT __attribute__((no_sanitize("thread"), noinline))

SILENT static void note(const char *at, int size, int writes, const void *place) {
    int found = -2;
    for (int i = 0; i < span_count; i++)
        if (at >= starts[i] && at < starts[i] + ends[i]) found = i;
    if (__start_shared_memory && at >= __start_shared_memory && at < __stop_shared_memory) found = -1;
    if (found == -2 || !shim::current) return;
    if (noted < note_room) {
        int64_t *to = notes + 7 * noted;
        to[0] = found;
        to[1] = at - (found < 0 ? __start_shared_memory : starts[found]);
        to[2] = size;
        to[3] = writes;
        to[4] = shim::block_index.y * (int64_t)shim::grid_size.x + shim::block_index.x;
        to[5] = shim::current->number;
        to[6] = (int64_t)(uintptr_t)place;
    }
    noted++;
}
#define NOTED(size) \
    extern "C" SILENT void __tsan_read##size(void *p) { note((char *)p, size, 0, __builtin_return_address(0)); } \
    extern "C" SILENT void __tsan_write##size(void *p) { note((char *)p, size, 1, __builtin_return_address(0)); } \
    extern "C" SILENT void __tsan_unaligned_read##size(void *p) { __tsan_read##size(p); } \
    extern "C" SILENT void __tsan_unaligned_write##size(void *p) { __tsan_write##size(p); }
NOTED(1) NOTED(2) NOTED(4) NOTED(8) NOTED(16)
#define RANGE(kind, writes) extern "C" SILENT void __tsan_##kind##_range(void *p, size_t n) { \
        note((char *)p, (int)n, writes, __builtin_return_address(0)); }
RANGE(read, 0) RANGE(write, 1)
extern "C" SILENT void __tsan_init() {}
extern "C" SILENT void __tsan_func_entry(void *) {}
extern "C" SILENT void __tsan_func_exit() {}
extern "C" SILENT void __tsan_vptr_update(void **, void *) {}
extern "C" SILENT void __tsan_vptr_read(void **) {}
extern "C" SILENT void *__tsan_memcpy(void *to, const void *from, size_t n) { return memcpy(to, from, n); }
extern "C" SILENT void *__tsan_memset(void *to, int byte, size_t n) { return memset(to, byte, n); }
extern "C" SILENT void *__tsan_memmove(void *to, const void *from, size_t n) { return memmove(to, from, n); }
"""


@dataclass(frozen=True)
class Trace:
    """All accesses of a kernel to its arrays and to shared memory."""

    names: Sequence[str]
    """Of the kernel's arrays."""
    table: np.ndarray
    """(accesses, 7), in the order in which they came: the array, the byte in it, the size, whether it is written, the
    block, the thread of the block, the place in the program. Array -1 is shared memory."""

    def count(self, name: str, *, writes: bool = False) -> int:
        """How many times threads read from an array, or from "shared memory"; or wrote to it."""
        return len(self._of(name, writes))

    def by_warp(self, name: str, *, writes: bool = False) -> list[list[int]]:
        """For each access that a warp makes together, the byte of the array at which each of its lanes begins."""
        made: defaultdict[tuple[int, ...], list[int]] = defaultdict(list)
        nth: Counter[tuple[int, int, int]] = Counter()
        for _, byte, _, _, block, thread, place in self._of(name, writes).tolist():
            who = block, thread, place
            made[block, thread // WARP, place, nth[who]].append(byte)
            nth[who] += 1
        return list(made.values())

    def times(self, name: str, size: int, block: int | None = None) -> np.ndarray:
        """(size,): how many times each number of an array of 4-byte numbers is read, by all blocks or by one."""
        found = self._of(name, False)
        mine = found if block is None else found[found[:, 4] == block]
        return np.bincount(mine[:, 1] // 4, minlength=size)

    def _of(self, name: str, writes: bool) -> np.ndarray:
        index = -1 if name == SHARED else self.names.index(name)
        return self.table[(self.table[:, 0] == index) & (self.table[:, 3] == writes)]


def trace(function: Callable[..., Any], *inputs: Any) -> Trace:
    """What the kernel behind a function of the lesson, such as my.silu, does when the function is called.

    Raises CompileError, NoCompiler; ValueError where there are more accesses than fit, or the kernel cannot go on.
    """
    kernel: Kernel = function.raw  # type: ignore[attr-defined]
    made: list[Trace] = []
    kernel.instead = lambda *launched: made.append(traced(kernel, *launched))
    try:
        getattr(function, "__wrapped__", function)(*inputs)  # a seam would count the call
    finally:
        kernel.instead = None
    return made[0]


def traced(kernel: Kernel, grid: Size, block: Size, *values: Any) -> Trace:
    """The same for a kernel that is launched directly, such as one of `compile_cuda`."""
    prototype = kernel.prototype
    given = arguments(prototype, values)
    arrays = [i for i, one in enumerate(prototype.parameters) if one.pointer]
    sizes = np.array([0 if given[i] is None else given[i].nbytes for i in arrays], np.int64)
    table = np.empty((ROOM, FIELDS), np.int64)
    count = loaded(kernel.text, prototype)(*two(grid), *two(block), 0, table, len(table), sizes, *given)
    if count < 0:
        raise ValueError(f"{prototype.name} was ended before it was done; the line above says why")
    if count > ROOM:
        raise ValueError(f"{prototype.name} makes {count:,} accesses; {ROOM:,} can be traced: take smaller arrays")
    return Trace([prototype.parameters[i].name for i in arrays], table[:count].copy())


def loaded(text: str, prototype: Prototype) -> InProcess:
    """The function that launches the kernel and returns how many accesses there were."""
    inner = launcher(prototype)
    more = (Parameter("table", "int64_t", True, True), Parameter("room", "int64_t", False, False),
            Parameter("sizes", "int64_t", True, False))  # fmt: skip
    own = len(inner.parameters) - len(prototype.parameters)
    outer = Prototype("int64_t", f"traced_{prototype.name}", (*inner.parameters[:own], *more, *prototype.parameters))
    ffi = FFI()
    ffi.cdef(f"{INT64}\n{outer.text}")
    return InProcess(ffi.dlopen(str(built(text, prototype, outer))), ffi, outer)


def built(text: str, prototype: Prototype, outer: Prototype) -> Path:
    """The library with the kernel and the functions that write down what it does."""
    pointers = [one.name for one in prototype.parameters if one.pointer]
    spans = [f"    starts[{i}] = (const char *){name}, ends[{i}] = sizes[{i}];" for i, name in enumerate(pointers)]
    passed = ", ".join(one.name for one in launcher(prototype).parameters)
    lines = [
        kernels_of([prototype], "exercises.cu", FAILED), NOTES, f'extern "C" {outer.text.removesuffix(";")} {{', *spans,
        f"    span_count = {len(pointers)}, notes = table, note_room = room, noted = stopped = 0;",
        f"    {prototype.name}({passed});", "    span_count = 0;", "    return stopped ? -1 : noted;", "}",
    ]  # fmt: skip
    return traced_kernels(text, "exercises.cu", {**shim_files(), "traced.cpp": "\n".join([*lines, ""])})

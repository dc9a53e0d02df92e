"""How many threads NumPy's products use, so that a race between contenders is a fair one.

NumPy's wheels bring OpenBLAS, which takes all cores unless it is told otherwise before it is loaded, or asked later
through the library itself. Other libraries (Accelerate on macOS, MKL) are left alone.
"""

import ctypes
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np

FOLDERS = (  # of the wheels for Linux and Windows, of macOS's, and of conda
    Path(np.__file__).parents[1] / "numpy.libs",
    Path(np.__file__).parent / ".dylibs",
    Path(sys.prefix) / "lib",
)
NAMES = ("scipy_openblas_{}_num_threads64_", "openblas_{}_num_threads64_", "openblas_{}_num_threads")


@contextmanager
def blas_threads(threads: int) -> Iterator[bool]:
    """Inside, NumPy's products use so many threads. Yields whether this could be arranged."""
    found = openblas()
    if found is None:
        yield False
        return
    get, put = found
    before = get()
    put(threads)
    try:
        yield True
    finally:
        put(before)


def openblas() -> tuple[Callable[[], int], Callable[[int], None]] | None:
    """The functions that get and set the number of threads of NumPy's OpenBLAS; None where there is none."""
    for path in (path for folder in FOLDERS for path in sorted(folder.glob("*openblas*"))):
        with suppress(OSError, AttributeError):
            library = ctypes.CDLL(str(path))  # the one that NumPy has loaded, under the same name
            for name in NAMES:
                if hasattr(library, name.format("get")):
                    put = getattr(library, name.format("set"))
                    put.restype = None
                    return getattr(library, name.format("get")), put
    return None

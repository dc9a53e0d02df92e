"""The shim: the same kernels on the CPU, without a GPU, for tests and for readers. MINIRL_CUDA_SHIM=1 asks for it.

A .cu file is compiled by a C++ compiler, with csrc/cuda/shim/shim.h before it, which makes a fiber of each thread. A
library of the driver's functions (csrc/cuda/shim/driver.cpp) loads and runs the result. So all Python code is that
which a GPU uses. It is slow, and says nothing about speed.
"""

import os
from pathlib import Path

from minirl.kernels import missing
from minirl.kernels.device import source
from minirl.kernels.device.cache import cached, run
from minirl.kernels.device.errors import DeviceError

FLAGS = ["-std=c++17", "-O1", "-fPIC", "-shared", "-Wall", "-Wextra", "-Werror", "-Wno-unused-function",
         "-Wno-unused-variable", "-Wno-unknown-pragmas"]  # fmt: skip


def is_used() -> bool:
    """Whether the shim stands in for the GPU."""
    return os.environ.get("MINIRL_CUDA_SHIM") == "1"


def compiled(name: str, text: str) -> Path:
    """A .cu source as a library that the shim's driver can load."""
    registrations = "".join(f"SHIM_KERNEL({kernel})\n" for kernel in source.kernels_in(text))
    folder = source.folder()
    include = [f"-I{folder}", "-include", str(folder / "shim" / "shim.h")]
    headers = [path.read_text() for path in (*source.headers(), *sorted(folder.glob("shim/*.h")))]
    return cached(
        name, ".so", [text, *FLAGS, *headers],
        lambda path: run([_cpp(), "-x", "c++", *FLAGS, *include, "-o", str(path), "-"], f"{text}\n{registrations}"),
    )  # fmt: skip


def driver() -> Path:
    """The library that takes the place of libcuda."""
    text = (source.folder() / "shim" / "driver.cpp").read_text()
    return cached(
        "driver", ".so", [text, *FLAGS],
        lambda path: run([_cpp(), "-x", "c++", *FLAGS, "-o", str(path), "-", "-ldl"], text),
    )  # fmt: skip


def _cpp() -> str:
    found = missing.cpp_compiler()
    if found is None:
        raise DeviceError("MINIRL_CUDA_SHIM=1 needs a C++ compiler: `apt-get install g++` on Debian and Ubuntu")
    return found

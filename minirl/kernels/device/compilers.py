"""Compiling a .cu source for the GPU at hand, once (see cache.py).

Two compilers serve. nvcc, of the CUDA toolkit, is used where it is found. Otherwise NVRTC does, the library that
`pip install 'minirl[cuda]'` brings.
"""

import ctypes.util
import importlib.util
import os
import shutil
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from cffi import FFI

from minirl.kernels.device import source
from minirl.kernels.device.cache import cached, run
from minirl.kernels.device.errors import DeviceError


def compiled(name: str, text: str, capability: tuple[int, int]) -> Path:
    """A .cu source as machine code for GPUs of a compute capability: (8, 0), (9, 0), ...

    Raises DeviceError where there is no compiler, or where it refuses the source.
    """
    architecture = f"sm_{capability[0]}{capability[1]}"
    ingredients = [text, architecture, *(path.read_text() for path in source.headers())]
    if nvcc() is not None:
        make = partial(compile_with_nvcc, text, architecture)
        ingredients.append(_nvcc_version())
    elif nvrtc() is not None:
        make = partial(compile_with_nvrtc, text, architecture)
        ingredients.append("NVRTC")
    else:
        raise DeviceError(
            "there is no compiler for the GPU: install NVRTC with `pip install 'minirl[cuda]'`, or the CUDA toolkit, "
            "whose nvcc has to be in PATH"
        )
    return cached(f"{name}-{architecture}", ".cubin", ingredients, make)


def found() -> str | None:
    """The name of the compiler that `compiled` would use, or None."""
    return "nvcc" if nvcc() is not None else "NVRTC" if nvrtc() is not None else None


# ---- nvcc ----


@lru_cache(maxsize=1)
def nvcc() -> str | None:
    """The path of nvcc, or None."""
    toolkit = Path(os.environ.get("CUDA_HOME") or "/usr/local/cuda") / "bin" / "nvcc"
    return shutil.which("nvcc") or (str(toolkit) if toolkit.is_file() else None)


@lru_cache(maxsize=1)
def _nvcc_version() -> str:
    return run([nvcc() or "nvcc", "--version"], "")


def compile_with_nvcc(text: str, architecture: str, to: Path, kind: str = "-cubin") -> None:
    """Write the machine code (kind "-cubin") or PTX ("-ptx") of a .cu source. A warning is an error: DeviceError."""
    flags = [kind, f"-arch={architecture}", "-std=c++17", "-Werror=all-warnings", f"-I{source.folder()}", "-x", "cu"]
    run([nvcc() or "nvcc", *flags, "-o", str(to), "-"], text)


# ---- NVRTC ----

_nvrtc_ffi: Any = FFI()
_nvrtc_ffi.cdef("""
    int nvrtcCreateProgram(void **program, const char *source, const char *name, int headers,
                           const char *const *header_sources, const char *const *header_names);
    int nvrtcCompileProgram(void *program, int options, const char *const *values);
    int nvrtcGetProgramLogSize(void *program, size_t *size);
    int nvrtcGetProgramLog(void *program, char *log);
    int nvrtcGetCUBINSize(void *program, size_t *size);
    int nvrtcGetCUBIN(void *program, char *code);
    int nvrtcDestroyProgram(void **program);
""")


@lru_cache(maxsize=1)
def nvrtc() -> Any:
    """The NVRTC library, loaded, or None."""
    for path in _nvrtc_paths():
        try:
            return _nvrtc_ffi.dlopen(path)
        except OSError:
            continue
    return None


def _nvrtc_paths() -> list[str]:
    """Those of the wheels nvidia-cuda-nvrtc, newest first, then the system's."""
    package = importlib.util.find_spec("nvidia")
    folders = [Path(folder) for folder in (package.submodule_search_locations or ())] if package else []
    found = [path for folder in folders for path in folder.glob("*/lib/libnvrtc.so.*")]
    system = ctypes.util.find_library("nvrtc")
    return [*map(str, sorted(found, reverse=True)), *([system] if system else [])]


def compile_with_nvrtc(text: str, architecture: str, to: Path) -> None:
    """Write the machine code of a .cu source. Whatever NVRTC has to say is an error: DeviceError."""
    lib, ffi = nvrtc(), _nvrtc_ffi
    headers = source.headers()
    texts = [ffi.new("char[]", path.read_bytes()) for path in headers]
    names = [ffi.new("char[]", path.name.encode()) for path in headers]
    options = [ffi.new("char[]", option.encode()) for option in (f"--gpu-architecture={architecture}", "--std=c++17")]
    program = ffi.new("void **")
    lib.nvrtcCreateProgram(program, text.encode(), b"kernels.cu", len(headers), texts, names)
    try:
        status = lib.nvrtcCompileProgram(program[0], len(options), options)
        size = ffi.new("size_t *")
        lib.nvrtcGetProgramLogSize(program[0], size)
        log = ffi.new("char[]", size[0] + 1)
        lib.nvrtcGetProgramLog(program[0], log)
        said = ffi.string(log).decode(errors="replace").strip()
        if status or said:
            raise DeviceError(f"NVRTC refused a kernel: {said or f'status {status}'}")
        lib.nvrtcGetCUBINSize(program[0], size)
        code = ffi.new("char[]", size[0])
        lib.nvrtcGetCUBIN(program[0], code)
        to.write_bytes(bytes(ffi.buffer(code)))
    finally:
        lib.nvrtcDestroyProgram(program)

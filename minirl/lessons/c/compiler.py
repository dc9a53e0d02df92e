"""Compiles a learner's C file: once optimised, for notebooks and races, and once with sanitizers, for checks.

A library is loaded under the name of its file, and a loader that has seen this name before may hand out the old one.
So the name holds a hash of the source, the compiler and the flags: another source is another file. It also means that
nothing is compiled twice.

The learner's file is compiled as it is. Before it, the compiler reads a prelude with the prototypes that the lesson
asks for, so a function with other parameters is found by the compiler, and not by a crash.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from minirl import kernels
from minirl.kernels import missing
from minirl.kernels.build_flags import OPENMP_CHOICES, OPTIMISED, OTHER_ISAS, WARNINGS, X86_ISAS
from minirl.lessons.c.messages import explained
from minirl.lessons.c.prototype import Prototype

QUIET = ["-Wno-unused-parameter", "-Wno-unused-function"]  # of what the learner has not written yet
STRICT = [*WARNINGS, "-Wvla", "-Werror", *QUIET]  # an array as long as an argument says breaks the stack, uncounted
SANITIZERS = ["-fsanitize=address,undefined", "-fno-sanitize-recover=undefined", "-fno-omit-frame-pointer"]
CHECKED = ["-std=gnu11", "-O1", "-g", "-w"]
CHECKED_KERNELS = ["-std=c++17", "-O1", "-g", "-Wall", "-Wextra", "-Werror", *QUIET, "-Wno-unknown-pragmas"]
SECONDS = 120.0
NONE: list[tuple[list[str], list[str]]] = [([], [])]  # the choice of no OpenMP
KEPT = 2000  # builds in the cache, of which the oldest go
GOING_ON = "building-"  # how the folder of a build begins until it is complete
BROKEN_OFF = 24 * 60 * 60  # seconds after which it will not be completed any more


class NoCompiler(RuntimeError):
    """There is no compiler for the language here; the message says what to install."""


class CompileError(ValueError):
    """A C file does not compile; the message is for the learner who wrote it."""


def compiler_of(language: str) -> str | None:
    """The path of the compiler for a language, "c" or "cuda", or None. CUDA runs on the CPU, by C++ and on Linux."""
    if language == "cuda":
        return missing.cpp_compiler() if sys.platform == "linux" else None
    return missing.compiler()


def has_compiler(language: str = "c") -> bool:
    """Whether there is a compiler for the language."""
    return compiler_of(language) is not None


def find_compiler(language: str = "c") -> str:
    """The path of the compiler. Raises NoCompiler."""
    found = compiler_of(language)
    if found is None:
        raise NoCompiler(f"there is no {'C++' if language == 'cuda' else 'C'} compiler here. {needed(language)}")
    return found


def needed(language: str = "c") -> str:
    """One line: how to get a compiler."""
    if language == "cuda" and sys.platform != "linux":
        return "minirl runs CUDA without a GPU on Linux alone: in a container, or on Windows in WSL."
    if sys.platform == "darwin":
        return "`xcode-select --install` brings Apple's."
    package, fedora = ("g++", "gcc-c++") if language == "cuda" else ("gcc", "gcc")
    return f"`apt-get install {package}` brings one on Debian and Ubuntu, `dnf install {fedora}` on Fedora."


def isa_flags() -> list[str]:
    """The flags for the instruction set that minirl's own kernels use, so that a race is fair."""
    return (X86_ISAS | OTHER_ISAS if kernels.isa() == "portable" else X86_ISAS).get(kernels.isa() or "", [])


def prelude(prototypes: Sequence[Prototype], counted: bool = False) -> str:
    """What the compiler reads before the learner's file. counted: whether allocations are counted."""
    lines = ["#include <stddef.h>", "#include <stdint.h>", "#include <stdlib.h>"]
    if counted:
        lines += [
            "void *minirl_malloc(size_t);", "void *minirl_calloc(size_t, size_t);",
            "void *minirl_realloc(void *, size_t);", "void *minirl_aligned_alloc(size_t, size_t);",
            "int minirl_posix_memalign(void **, size_t, size_t);", "void minirl_free(void *);",
            "#define malloc(n) minirl_malloc(n)", "#define calloc(n, size) minirl_calloc(n, size)",
            "#define realloc(p, n) minirl_realloc(p, n)", "#define aligned_alloc(a, n) minirl_aligned_alloc(a, n)",
            "#define posix_memalign(p, a, n) minirl_posix_memalign(p, a, n)", "#define free(p) minirl_free(p)",
        ]  # fmt: skip
    return "\n".join([*lines, *(one.text for one in prototypes)]) + "\n"


def shared_library(text: str, prototypes: Sequence[Prototype], name: str = "exercises.c", openmp: bool = False) -> Path:
    """The optimised build of a C file, as a shared library. name: what messages call the file.

    Raises CompileError with an explanation, NoCompiler.
    """
    flags = [*STRICT, *OPTIMISED, *isa_flags(), "-fPIC", "-shared"]
    return _build(text, name, {"prelude.h": prelude(prototypes)}, flags, ".so", openmp)


def checked_program(
    text: str, prototypes: Sequence[Prototype], driver: str, name: str, openmp: bool, sanitize: bool
) -> Path:
    """The build for checks: the C file and a driver that calls it, as a program, with sanitizers where asked for.

    Warnings are left to `shared_library`. Raises CompileError also where the compiler has no sanitizers.
    """
    flags = [*CHECKED, *isa_flags(), *(SANITIZERS if sanitize else [])]
    files = {"prelude.h": prelude(prototypes, counted=True), "driver.c": driver}
    return _build(text, name, files, flags, "", openmp)


def watched_kernels(text: str, name: str, files: dict[str, str], sanitize: bool) -> Path:
    """The build for checks of a CUDA file: `files` has the C++ that takes it in and calls it, and the shim.

    Raises CompileError with an explanation, and where the compiler has no sanitizers; NoCompiler.
    """
    return _build(text, name, files, [*CHECKED_KERNELS, *(SANITIZERS if sanitize else [])], "", openmp=False)


def traced_kernels(text: str, name: str, files: dict[str, str]) -> Path:
    """The build of a CUDA file that reports each access to memory, by the functions that `files` has for it.

    Raises CompileError with an explanation, NoCompiler.
    """
    flags = ["-std=c++17", "-O1", "-w", "-fPIC", "-shared", "-fsanitize=thread", "-nodefaultlibs",
             "-fno-exceptions"]  # fmt: skip
    return _build(text, name, files, flags, ".so", openmp=False)


def _build(text: str, name: str, files: dict[str, str], flags: list[str], suffix: str, openmp: bool) -> Path:
    """The result of compiling `text` with the other `files`, from the cache or new."""
    compiler = find_compiler("cuda" if name.endswith(".cu") else "c")
    about = Path(compiler).resolve().stat()
    key = [text, name, compiler, str(about.st_size), str(about.st_mtime_ns), *flags, str(openmp), *files.values()]
    digest = hashlib.sha256("\0".join(key).encode("utf-8", "surrogatepass")).hexdigest()[:20]
    folder, stem = cache() / digest, Path(name).stem
    made = folder / f"{stem}-{digest}{suffix}"
    if made.is_file():
        return made
    with tempfile.TemporaryDirectory(dir=cache(), prefix=GOING_ON) as scratch:
        work = Path(scratch) / "work"
        work.mkdir()
        for other, contents in {name: text, **files}.items():
            (work / other).write_text(contents, encoding="utf-8")
        sources = [one for one in (name, *files) if one.endswith((".c", ".cpp"))]
        for compile_, link in OPENMP_CHOICES + NONE if openmp else NONE:
            command = [compiler, *flags, *compile_, "-include", "prelude.h", *sources, "-o", made.name, *link, "-lm"]
            said = _run(command, work)
            if not said:
                break
        if said:
            raise CompileError(explained(said, text, name))
        try:
            work.rename(folder)
        except OSError:  # another process was faster
            if not made.is_file():
                raise
    clean()
    return made


def _run(command: Sequence[str], folder: Path) -> str:
    """What the compiler complains about; empty where it has made what it should."""
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, errors="replace", timeout=SECONDS,
            env={**os.environ, "LC_ALL": "C", "GCC_COLORS": ""}, stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return f"the compiler did not finish within {SECONDS:.0f} seconds"
    return "" if done.returncode == 0 else done.stderr or f"the compiler ended with exit status {done.returncode}"


def cache() -> Path:
    """The folder for builds: minirl/c in the user's cache. Where that cannot be written, one for temporary files."""
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    for folder in (base / "minirl" / "c", Path(tempfile.gettempdir()) / f"minirl-c-{os.environ.get('USER', 'me')}"):
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError:
            continue
        if os.access(folder, os.W_OK) and folder.stat().st_uid == os.getuid():  # what lies there is run
            return folder
    raise CompileError(f"neither {base} nor {tempfile.gettempdir()} can be written, so nothing can be compiled")


def clean(kept: int = KEPT) -> None:
    """Remove all but the newest builds.

    A build that is going on belongs to another process, which cleans up as well, and may be quicker. One that is a day
    old was broken off.
    """
    made = []
    for path in cache().iterdir():
        try:
            changed = path.stat().st_mtime
        except FileNotFoundError:
            continue
        if path.name.startswith(GOING_ON) and time.time() - changed < BROKEN_OFF:
            continue
        made.append((0.0 if path.name.startswith(GOING_ON) else changed, path))
    for _, path in sorted(made)[: max(len(made) - kept, 0)]:
        shutil.rmtree(path, ignore_errors=True)

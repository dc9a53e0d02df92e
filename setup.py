"""Build the C kernels: `pip install .` runs this file, everything else about the package is in pyproject.toml.

What happens, in order:
1. `csrc/minirl.h` is read: it alone declares what Python may call.
2. Each kernel file is compiled once per instruction set (see csrc/isa.h), and a dispatcher is generated that calls the
   copy for the CPU the program runs on.
3. cffi compiles its binding and links all of it into `minirl/kernels/_native`.

The folders `csrc/`, `data/`, `docs/` and `lessons/` are copied into the built package, as `minirl/_shipped/`:
minirl/storage/shipped.py finds them there.

Without a working compiler the package installs all the same and runs on NumPy; with MINIRL_REQUIRE_NATIVE=1 that is an
error. MINIRL_CFLAGS adds compiler flags (a sanitizer, say); MINIRL_OPENMP=0 builds single-threaded, and
MINIRL_OPENMP=compiler with the compiler's own OpenMP runtime. MINIRL_AMXSHIM=1 adds the instruction set amxshim, for
tests of what amx computes (csrc/tiles.h).
"""

import os
import platform
import re
import runpy
import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from cffi import FFI
from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.command.build_py import build_py

try:  # setuptools' own copy of distutils, the only one from Python 3.12 on
    from setuptools.errors import CompileError, LinkError
except ImportError:  # older setuptools
    from distutils.errors import CompileError, LinkError

# relative to this folder, where every build starts: setuptools refuses absolute paths, or mirrors them below the output
CSRC = Path("csrc")
SHIPPED = ["csrc", "data", "docs", "lessons"]  # folders outside the package that ship inside it, as minirl/_shipped/
LITTER = ["__pycache__", "*.py[cod]", ".ipynb_checkpoints"]

LADDER = ["naive", "row_wise", "blocked", "register_tile", "packed", "vector", "threads"]  # a matrix product, to read
KERNELS = ["matmul", "matmul_few_rows", "matmul_bf16", "matmul_tiles", "matmul_int8",
           *(f"matmul_ladder/{step}" for step in LADDER), "attention", "attention_backward", "attention_decode",
           "decode", "softmax", "cross_entropy", "norm", "column_sums", "activation", "rope", "embedding", "optimizer",
           "sampling", "minhash", "peak"]  # fmt: skip
COMMON = ["runtime", "amx", "openmp", "words", "bpe_split", "bpe_count", "bpe_train", "bpe_encode"]

FLAGS = runpy.run_path("minirl/kernels/build_flags.py")
CPU_FEATURES = {  # what __builtin_cpu_supports must say before an instruction set is used
    "avx2": ["avx2", "fma"],
    "avx512": ["avx512f", "avx512bw", "avx512dq", "avx512vl", "fma"],
    "avx512bf16": ["avx512f", "avx512bw", "avx512dq", "avx512vl", "fma", "avx512vnni", "avx512bf16"],
    "amx": ["avx512f", "avx512bw", "avx512dq", "avx512vl", "fma", "avx512vnni", "avx512bf16"],
    "amxshim": ["avx2", "fma"],
}
OWN_OPENMP = """
#if !defined __linux__ || !defined __LP64__ || !defined _OPENMP || defined __clang__ || !defined __GNUC__
#error "csrc/openmp.c is for GCC on Linux"
#endif
int main(void) { return 0; }
"""
CFLAGS = [*FLAGS["OPTIMISED"], *FLAGS["WARNINGS"], "-fvisibility=hidden"]


def declarations() -> list[tuple[str, str, str]]:
    """(return type, name, parameters) of every kernel_* function in minirl.h."""
    header = re.sub(r"/\*.*?\*/", "", (CSRC / "minirl.h").read_text(), flags=re.S)
    found = re.findall(r"^(\w[\w\s]*?[\s*]+)(kernel_\w+)\(([^)]*)\);", header, flags=re.M)
    return [(returns.strip(), name, " ".join(parameters.split())) for returns, name, parameters in found]


def kernel_names() -> str:
    """kernel_names.h: kernel_x becomes kernel_x_<instruction set> in the file being compiled."""
    lines = ["#define JOIN2(name, isa) name##_##isa", "#define JOIN(name, isa) JOIN2(name, isa)"]
    lines += [f"#define {name} JOIN({name}, MINIRL_ISA)" for _, name, _ in declarations()]
    return "\n".join(lines) + "\n"


def dispatcher(isas: list[str]) -> str:
    """dispatch.c: for each kernel a pointer to the copy in use, and the plain function that calls it."""
    lines = ['#include "minirl.h"', ""]
    names = ", ".join(f'"{isa}"' for isa in isas)
    lines += [f"static const char *const names[] = {{{names}}};", ""]
    for returns, name, parameters in declarations():
        arguments = ", ".join(re.findall(r"(\w+)(?:,|$)", parameters))
        copies = [f"{name}_{isa}" for isa in isas]
        lines += [f"{returns} {copy}({parameters});" for copy in copies]
        lines += [f"static {returns} (*const {name}_copies[])({parameters}) = {{{', '.join(copies)}}};"]
        lines += [f"static {returns} (*{name}_used)({parameters}) = {copies[0]};"]
        call = f"{name}_used({arguments});"
        lines += [f"{returns} {name}({parameters}) {{ {call if returns == 'void' else 'return ' + call} }}", ""]
    lines += ["int minirl_isa_count(void) { return sizeof names / sizeof *names; }"]
    lines += ["const char *minirl_isa_name(int index) { return names[index]; }"]
    lines += ["int minirl_isa_supported(int index) {", "    switch (index) {"]
    for index, isa in enumerate(isas):
        tests = [f'__builtin_cpu_supports("{feature}")' for feature in CPU_FEATURES.get(isa, [])]
        tests += ["!*minirl_amx_refusal()"] if isa == "amx" else []
        test = " && ".join(tests) or "1"
        lines += [f"    case {index}: return {test};"]
    lines += ["    }", "    return 0;", "}", "void minirl_isa_use(int index) {"]
    lines += [f"    {name}_used = {name}_copies[index];" for _, name, _ in declarations()] + ["}", ""]
    return "\n".join(lines)


class BuildPackage(build_py):
    """Copy the Python files, and beside them the folders of SHIPPED. An editable install uses the checkout's own."""

    def run(self):
        package = Path(self.build_lib) / "minirl"
        if not self.editable_mode:  # a module that is gone from the source must not ship from an earlier build
            shutil.rmtree(package, ignore_errors=True)
        super().run()
        if not self.editable_mode:
            for folder in SHIPPED:
                shutil.copytree(folder, package / "_shipped" / folder, ignore=shutil.ignore_patterns(*LITTER))


class BuildKernels(build_ext):
    """Compile the kernels for each instruction set, then let setuptools compile and link cffi's binding with them."""

    def run(self):
        super().run()
        if not self.inplace:  # Python started in this folder imports minirl from here: let it find the kernels here too
            self.copy_extensions_to_source()

    def build_extension(self, ext):
        compiler = self.compiler
        extra = os.environ.get("MINIRL_CFLAGS", "").split()
        on_x86 = platform.machine().lower() in ("x86_64", "amd64")
        wanted = FLAGS["X86_ISAS" if on_x86 else "OTHER_ISAS"]
        if on_x86 and os.environ.get("MINIRL_AMXSHIM") == "1":  # never the best, so it is used only by name
            wanted = {"portable": wanted["portable"], **FLAGS["TEST_ISAS"], **wanted}
        isas = {name: flags for name, flags in wanted.items() if self.compiles(flags)}
        if not isas:
            remedy = runpy.run_path("minirl/kernels/missing.py")["remedy"]()
            raise CompileError(f"the C compiler is missing or does not work. {remedy}")
        openmp, openmp_link = self.find_openmp() if os.environ.get("MINIRL_OPENMP", "1") != "0" else ([], [])
        generated = Path(self.build_temp) / "generated"
        generated.mkdir(parents=True, exist_ok=True)
        (generated / "kernel_names.h").write_text(kernel_names())
        (generated / "dispatch.c").write_text(dispatcher(list(isas)))
        binding().emit_c_code(str(generated / "_native.c"))

        jobs = [([str(CSRC / f"{name}.c")], [*flags, f"-DMINIRL_ISA={isa}"], Path(self.build_temp) / isa)
                for name in KERNELS for isa, flags in isas.items()]  # fmt: skip
        jobs += [([str(CSRC / f"{name}.c")], [], Path(self.build_temp)) for name in COMMON]
        jobs += [([str(generated / "dispatch.c")], [], Path(self.build_temp))]

        def compile_one(job):
            sources, flags, folder = job
            includes = [str(CSRC), str(generated)]
            return compiler.compile(sources, str(folder), include_dirs=includes,
                                    extra_postargs=CFLAGS + openmp + flags + extra)  # fmt: skip

        with ThreadPoolExecutor(os.cpu_count()) as pool:
            objects = [name for names in pool.map(compile_one, jobs) for name in names]
        ext.sources = [str(generated / "_native.c")]
        ext.extra_objects = ext.depends = objects
        ext.include_dirs = [str(CSRC)]
        ext.extra_compile_args = extra
        ext.extra_link_args = openmp_link + [flag for flag in extra if flag.startswith("-fsanitize")] + ["-lm"]
        super().build_extension(ext)

    def find_openmp(self) -> tuple[list[str], list[str]]:
        own = ["-fopenmp", "-DMINIRL_OWN_OPENMP"]  # csrc/openmp.c instead of the compiler's runtime
        if os.environ.get("MINIRL_OPENMP") != "compiler" and self.compiles(own, program=OWN_OPENMP):
            return own, []
        for compile_flags, link_flags in FLAGS["OPENMP_CHOICES"]:
            if self.compiles(
                compile_flags, link_flags, "#include <omp.h>\nint main(void) { return omp_get_max_threads() < 0; }"
            ):
                return compile_flags, link_flags
        print("minirl: no OpenMP found, the kernels will use one thread")
        return [], []

    def compiles(self, flags, link_flags=(), program="int main(void) { return 0; }") -> bool:
        """Whether the compiler builds `program` with these flags."""
        with tempfile.TemporaryDirectory() as folder:
            source = Path(folder) / "probe.c"
            source.write_text(program)
            try:
                objects = self.compiler.compile([str(source)], folder, extra_postargs=list(flags))
                self.compiler.link_executable(objects, "probe", folder, extra_postargs=[*flags, *link_flags])
            except (CompileError, LinkError, OSError):
                return False
        return True


def binding() -> FFI:
    """What cffi needs to know: the declarations in minirl.h, and the C code that makes them known to the compiler."""
    declared = "".join(line for line in (CSRC / "minirl.h").read_text().splitlines(True) if not line.startswith("#"))
    ffi = FFI()
    ffi.cdef(declared)
    ffi.set_source("minirl.kernels._native", '#include "minirl.h"')
    return ffi


optional = os.environ.get("MINIRL_REQUIRE_NATIVE") != "1"  # then a build that fails only prints why
setup(
    ext_modules=[Extension("minirl.kernels._native", sources=[], optional=optional)],
    cmdclass={"build_ext": BuildKernels, "build_py": BuildPackage},
)

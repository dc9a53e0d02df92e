"""Check this installation: versions, backend, measured speed, and what to fix: python -m minirl.doctor

It measures this machine's peak speeds twice, which takes about 5 seconds. Put the output into a bug report.
"""

import json
import os
import platform
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

import cffi
import numpy
from rich.console import Console
from rich.table import Table

from minirl import __version__, flags, kernels
from minirl.console import run_program
from minirl.kernels import missing, peak
from minirl.kernels.device.describe import describe, speeds
from minirl.kernels.threads import available_cores, cgroup_quota
from minirl.model.memory import total_memory

UNSTEADY = 1.3  # two measurements of one peak that differ by more than this factor were disturbed
BUSY = 0.3  # processes of others waiting or running, for each core, above which no measurement is trusted

# An instruction set of the build, and the word that Linux's /proc/cpuinfo has for a CPU that can run it
CPU_FLAGS = {"avx2": "avx2", "avx512": "avx512f", "avx512bf16": "avx512_bf16", "amx": "amx_bf16"}


@dataclass(frozen=True)
class Facts:
    """This machine as minirl sees it."""

    minirl: str
    python: str
    numpy: str
    cffi: str
    system: str
    cpu: str
    cpu_flags: frozenset[str]
    cores: int
    usable_cores: int
    cpu_quota: float | None
    memory_total: int | None  # bytes
    memory_free: int | None
    load: float | None  # processes running or waiting for a core, mean of the last minute
    compiler: str | None  # found now
    built_with: str | None  # the compiler that built the kernels
    python_headers: bool
    backend: str
    native: bool
    native_problem: str | None  # why there are no C kernels, and the remedy
    isas: dict[str, bool]  # instruction set in the build -> the CPU can run it
    isa: str | None
    isa_forced: str | None
    isa_fastest: str | None
    openmp: bool
    threads: int
    gpu: str = "not looked for"
    amx_refusal: str = ""  # why AMX may not be used
    bad_settings: tuple[str, ...] = ()  # environment variables that the kernels do not understand


@dataclass(frozen=True)
class Options:
    """The flags."""

    json: bool = False
    """Print JSON instead of a table."""


def main(argv: list[str] | None = None) -> int:
    """Examine the machine and print what was found; returns the exit status: 1 if a setting cannot be used."""
    options = flags.parse(Options, argv, "python -m minirl.doctor", __doc__, check_environment=False)
    facts = examine()
    first, second = peak.measure(), peak.measure()
    peaks, doubt = first.best(second), doubts(facts, first, second)
    gpu_speeds = "" if facts.gpu.startswith("none") else speeds()
    if options.json:
        content = {**asdict(facts), "cpu_flags": sorted(facts.cpu_flags), "peaks": asdict(peaks)}
        print(json.dumps({**content, "gpu_peaks": gpu_speeds, "fix": advice(facts), "doubt": doubt}, indent=1))
    else:
        print_report(rows(facts, peaks, gpu_speeds), verdict(facts, doubt))
    return 1 if facts.bad_settings else 0


def examine() -> Facts:
    """Collect the facts."""
    total, free = memory()
    return Facts(
        minirl=__version__,
        python=f"{platform.python_version()} ({sys.executable})",
        numpy=numpy.__version__,
        cffi=cffi.__version__,
        system=platform.platform(),
        cpu=cpu_model(),
        cpu_flags=cpu_flags(),
        cores=os.cpu_count() or 1,
        usable_cores=available_cores(),
        cpu_quota=cgroup_quota(),
        memory_total=total,
        memory_free=free,
        load=load(),
        compiler=compiler(),
        built_with=built_with(),
        python_headers=missing.has_python_headers(),
        backend=kernels.backend(),
        native=kernels.has_native(),
        native_problem=None if kernels.has_native() else missing.explanation().partition(" See `python")[0],
        isas=kernels.isas(),
        isa=kernels.isa(),
        isa_forced=os.environ.get("MINIRL_ISA") or None,
        isa_fastest=kernels.fastest_isa(),
        openmp=kernels.has_openmp(),
        threads=kernels.get_threads(),
        gpu=describe(),
        amx_refusal=kernels.amx_refusal(),
        bad_settings=tuple(kernels.environment_problems()),
    )


def doubts(facts: Facts, first: peak.Peaks, second: peak.Peaks) -> str | None:
    """Why the measured speeds cannot be trusted, or None where they can."""
    if facts.load is not None and facts.load > BUSY * facts.usable_cores:
        return f"other programs keep this machine busy (load {facts.load:.1f} on {facts.usable_cores} usable cores)"
    for name in ("fma", "bandwidth"):
        low, high = sorted((getattr(first, name), getattr(second, name)))
        if high > UNSTEADY * low:
            what = "float32 peak" if name == "fma" else "memory bandwidth"
            return f"two measurements of the {what} differ by a factor of {high / low:.1f}"
    return None


def verdict(facts: Facts, doubt: str | None) -> list[str]:
    """The advice; and whether the speeds can be trusted, which nobody should conclude from a busy machine."""
    lines = list(advice(facts))
    if doubt is not None:
        lines.append(f"The speeds above cannot be trusted now: {doubt}. Run this again when the machine is idle.")
    return lines or ["nothing: minirl runs as fast as this machine can"]


def advice(facts: Facts) -> list[str]:
    """What to fix, one instruction a line; empty if minirl runs as it should."""
    lines = list(facts.bad_settings)
    if facts.native_problem is not None:
        lines.append(facts.native_problem)
    elif facts.backend == "reference":
        lines.append("Runs on the slow reference backend because MINIRL_BACKEND=reference is set: unset it.")
    if facts.native and facts.isa != facts.isa_fastest:
        because = f"MINIRL_ISA={facts.isa_forced} forces it: unset it." if facts.isa_forced else "set_isa chose it."
        lines.append(
            f"Uses instruction set {facts.isa}, but this CPU can run the faster {facts.isa_fastest}; {because}"
        )
    unbuilt = [name for name, flag in CPU_FLAGS.items() if flag in facts.cpu_flags and name not in facts.isas]
    if facts.native and unbuilt:
        lines.append(
            f"This CPU has {', '.join(unbuilt)}, but the compiler that built the kernels did not know it: install a "
            "newer one (gcc 11 or clang 12 at least) and build again: `pip install --force-reinstall --no-deps .`"
        )
    if CPU_FLAGS["amx"] in facts.cpu_flags and facts.isas.get("amx") is False:
        lines.append(f"This CPU has AMX, which multiplies bfloat16 many times faster, but {facts.amx_refusal}.")
    if facts.native and not facts.openmp and facts.usable_cores > 1:
        lines.append(
            f"The kernels use one of {facts.usable_cores} cores, because they were built without OpenMP: "
            f"{openmp_package()}, then build again: `pip install --force-reinstall --no-deps .`"
        )
    elif facts.native and facts.threads < facts.usable_cores:
        lines.append(
            f"The kernels use {facts.threads} of {facts.usable_cores} cores: unset MINIRL_THREADS and OMP_NUM_THREADS, "
            f"or set MINIRL_THREADS={facts.usable_cores}."
        )
    elif facts.native and facts.threads > facts.usable_cores:
        lines.append(
            f"{facts.threads} threads share {facts.usable_cores} usable cores, which is many times slower than "
            f"one each: set MINIRL_THREADS={facts.usable_cores}."
        )
    return lines


def openmp_package() -> str:
    """How to get OpenMP for this system's compiler."""
    if sys.platform == "darwin":
        return "`brew install libomp`"
    return "`apt-get install gcc`, which brings it (for clang `apt-get install libomp-dev`, on Fedora `libomp-devel`)"


def rows(facts: Facts, peaks: peak.Peaks, gpu_speeds: str = "") -> list[tuple[str, str]]:
    """The report's lines: a name, and what was found."""
    quota = "" if facts.cpu_quota is None else f", CPU quota {facts.cpu_quota:g}"
    isas = ", ".join(name if supported else f"{name} (not on this CPU)" for name, supported in facts.isas.items())
    why = " (MINIRL_ISA)" if facts.isa_forced and facts.isa_forced == facts.isa else ""
    if facts.isa == facts.isa_fastest == "avx512" and facts.isas.get("avx512bf16"):
        why += ": bfloat16 pairs are slower here than floats"
    memory_text = "unknown"
    if facts.memory_total:
        free = "" if facts.memory_free is None else f", {facts.memory_free / 2**30:.1f} GiB free"
        memory_text = f"{facts.memory_total / 2**30:.1f} GiB{free}"
    headers = "" if facts.python_headers else "; Python's C headers are missing"
    bf16 = f"{peak.giga(peaks.fma_bf16)} GFLOP/s" if peaks.fma_bf16 else "no bfloat16 instructions in use"
    how = f"{facts.threads} thread{'s' if facts.threads > 1 else ''}" if facts.native else "NumPy: no C kernels"
    return [
        ("minirl", facts.minirl),
        ("Python", facts.python),
        ("NumPy, cffi", f"{facts.numpy}, {facts.cffi}"),
        ("system", facts.system),
        ("CPU", facts.cpu),
        ("cores", f"{facts.usable_cores} usable of {facts.cores}{quota}"),
        ("memory", memory_text),
        ("load", "unknown" if facts.load is None else f"{facts.load:.1f} processes, mean of the last minute"),
        ("GPU", facts.gpu),
        *([("GPU's peaks", gpu_speeds)] if gpu_speeds else []),
        ("compiler of the kernels", (facts.built_with or "unknown") if facts.native else "none: no C kernels"),
        ("compiler found now", (facts.compiler or "none") + headers),
        ("backend", facts.backend),
        ("instruction sets built", isas or "none"),
        ("instruction set in use", (facts.isa or "none") + why),
        ("OpenMP", "yes" if facts.openmp else "no"),
        ("threads", str(facts.threads)),
        (f"float32 peak ({how})", f"{peak.giga(peaks.fma)} GFLOP/s"),
        (f"bfloat16 peak ({how})", bf16),
        (f"memory bandwidth ({how})", f"{peak.giga(peaks.bandwidth)} GB/s"),
    ]


def print_report(lines: list[tuple[str, str]], fixes: list[str]) -> None:
    """A table on a terminal; elsewhere plain lines, easy to paste into a bug report."""
    console = Console()
    if not console.is_terminal:
        width = max(len(name) for name, _ in lines)
        for name, value in lines:
            print(f"{name:<{width}}  {value}")
        print("\nWhat to fix:", *fixes, sep="\n- ")
        return
    table = Table(title="minirl doctor", show_header=False, title_justify="left")
    for name, value in lines:
        table.add_row(name, value, style=None)
    console.print(table)
    console.print("What to fix:", *(f"- {line}" for line in fixes), sep="\n", markup=False)


# ---- looking at the machine ----


def cpu_model() -> str:
    """The CPU's name, as the system gives it."""
    for line in _cpuinfo():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    if sys.platform == "darwin":
        return _output_of(["sysctl", "-n", "machdep.cpu.brand_string"]) or platform.machine()
    return platform.processor() or platform.machine()


def cpu_flags() -> frozenset[str]:
    """The CPU's features from Linux's /proc/cpuinfo; empty on other systems."""
    for line in _cpuinfo():
        if line.startswith(("flags", "Features")):
            return frozenset(line.split(":", 1)[1].split())
    return frozenset()


def memory() -> tuple[int | None, int | None]:
    """(total, free for new programs) in bytes; None where the system does not say."""
    total = total_memory()
    for line in _lines(Path("/proc/meminfo")):
        if line.startswith("MemAvailable:"):
            return total, int(line.split()[1]) << 10
    return total, None


def load() -> float | None:
    """Processes that ran or waited for a core, mean of the last minute; None where the system does not say."""
    try:
        return os.getloadavg()[0]
    except (AttributeError, OSError):  # Windows; or not obtainable
        return None


def built_with() -> str | None:
    """The name and version of the compiler that built the kernels, as it noted them; None without kernels."""
    if not kernels.has_native():
        return None
    from minirl.kernels._native import ffi, lib

    # A build of an older source has no such function
    return ffi.string(lib.minirl_compiler()).decode() if hasattr(lib, "minirl_compiler") else None


def compiler() -> str | None:
    """The C compiler that a build would use now: its path, and the first line of its --version."""
    path = missing.compiler()
    return None if path is None else f"{path}: {_output_of([path, '--version']) or 'it does not run'}"


def _cpuinfo() -> list[str]:
    return _lines(Path("/proc/cpuinfo"))


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text().splitlines()
    except OSError:  # another system than Linux
        return []


def _output_of(command: list[str]) -> str | None:
    """The first line that a command prints, or None where it fails."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return next(iter(done.stdout.splitlines()), None)


if __name__ == "__main__":
    sys.exit(run_program(main))

"""`python -m minirl.bench steps`: what each step from three loops to a fast matrix product brings.

The steps are the files of csrc/matmul_ladder/, each of which says what is new in it. They are timed on square matrices
beside the whole kernel (`kernels.matmul`) and NumPy, all on one thread and in turns. Times are processor time (see
peak.clock), so that other programs on the machine disturb as little as possible.

    python -m minirl.bench steps                      # 256, 512 and 1024
    python -m minirl.bench steps --sizes 2048         # more than most caches hold
    MINIRL_ISA=portable python -m minirl.bench steps  # with the vectors that every x86-64 processor has
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from statistics import median

import numpy as np
from rich.console import Console
from rich.table import Table

from minirl import flags, kernels
from minirl.bench import report
from minirl.bench.case import Array, normal
from minirl.bench.kernels import restart_with_blas_threads
from minirl.bench.progress import Progress
from minirl.kernels import missing, peak
from minirl.kernels.matmul.steps import STEPS, matmul_step

BUDGET = 3.0  # seconds after which a slow contender is not timed again

CONTENDERS: dict[str, Callable[[Array, Array], Array]] = {
    **{f"{number} {step}": partial(matmul_step, step) for number, step in enumerate(STEPS, start=1)},
    "kernels.matmul": lambda a, b: kernels.matmul(a, b),
    "NumPy": np.matmul,
}


@dataclass(frozen=True)
class Options:
    """Time the seven steps of csrc/matmul_ladder beside the whole kernel and NumPy, on one thread."""

    sizes: tuple[int, ...] = (256, 512, 1024)
    """Rows and columns of the square matrices."""
    repeats: int = 7
    """How often each is timed; the median counts. Slow ones are timed less often."""


def main(argv: list[str] | None = None) -> int:
    """Print a table of GFLOP/s: a line for each contender, a column for each size. Returns the exit status."""
    options = flags.parse(Options, argv, "python -m minirl.bench steps", __doc__)
    if not kernels.has_native():
        sys.exit(f"python -m minirl.bench steps: {missing.explanation()}")
    if argv is None:
        restart_with_blas_threads(1)
    before, progress = kernels.get_threads(), Progress()
    kernels.set_threads(1)
    try:
        rates = dict(progress.each(options.sizes, lambda n: (n, measure(n, options.repeats)), size_name, line))
        ceiling = peak.measure().fma / 1e9
    finally:
        kernels.set_threads(before)
    table = Table(title="n x n matrices on one thread, GFLOP/s", title_justify="left")
    table.add_column("n")
    for n in rates:
        table.add_column(str(n), justify="right")
    for name in CONTENDERS:
        table.add_row(name, *(f"{rates[n][name]:.1f}" for n in rates))
    console = Console()
    console.print(report.describe(1), highlight=False)
    console.print(table)
    console.print(f"A core's own limit, measured: {ceiling:.0f} GFLOP/s.", highlight=False)
    return progress.status


def size_name(n: int) -> str:
    """What is measured."""
    return f"{n} x {n}"


def line(found: tuple[int, dict[str, float]]) -> str:
    """The rates of one size."""
    n, rates = found
    return f"{size_name(n)}, GFLOP/s: " + ", ".join(f"{name} {rate:.1f}" for name, rate in rates.items())


def measure(n: int, repeats: int) -> dict[str, float]:
    """GFLOP/s of each contender on n x n matrices; 2 n^3 operations in the median of its times."""
    a, b = normal(n, n), normal(n, n).T.copy()
    now = peak.clock()
    seconds: dict[str, list[float]] = {name: [] for name in CONTENDERS}
    for _ in range(repeats):
        for name, multiply in CONTENDERS.items():
            if sum(seconds[name]) < BUDGET:
                start = now()
                multiply(a, b)
                seconds[name].append(now() - start)
    return {name: 2e-9 * n**3 / median(times) for name, times in seconds.items()}

"""`python -m minirl.bench`: every kernel against NumPy, and against PyTorch where it is installed, in one run.

Each case has a ceiling, from the operations and bytes that it cannot avoid and this machine's own measured peaks; the
table shows the share of it that is reached. Contenders take turns, and medians are compared, so ratios hold on a busy
machine where absolute times do not. All three use the same number of threads.

    python -m minirl.bench                                  # everything: some minutes
    python -m minirl.bench --only attention,matmul          # groups whose name begins with one of these
    MINIRL_ISA=avx2 python -m minirl.bench --json avx2.json --plot avx2.png
"""

import os
import sys
from collections.abc import Callable, Iterator

import tyro
from rich.progress import Progress, TextColumn, TimeElapsedColumn

from minirl import kernels
from minirl.bench import cases_attention, cases_matmul, cases_rows, cases_tokens, plot, report, runner
from minirl.bench.case import Case, torch
from minirl.bench.sizes import QUICK, TRAINING, Sizes
from minirl.kernels import peak
from minirl.kernels.threads import default_threads

GROUPS: dict[str, Callable[[Sizes], Iterator[Case]]] = {
    "matmul": cases_matmul.cases,
    "matmul bf16": cases_matmul.bf16_cases,
    "matmul few rows": cases_matmul.few_rows_cases,
    "matmul few rows bf16": cases_matmul.few_rows_bf16_cases,
    "attention": cases_attention.cases,
    "softmax": cases_rows.softmax_cases,
    "norm": cases_rows.norm_cases,
    "activation": cases_rows.activation_cases,
    "rope": cases_rows.rope_cases,
    "embedding": cases_tokens.embedding_cases,
    "cross-entropy": cases_tokens.cross_entropy_cases,
    "sampling": cases_tokens.sampling_cases,
    "optimizer": cases_tokens.optimizer_cases,
}

# What each maths library that NumPy may be built on reads when it is loaded; and what would hold OpenBLAS back from the
# best code it has for this CPU, which no fair comparison allows
BLAS_VARIABLES = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
BLAS_HANDICAPS = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")


class Options(runner.Options):
    """Time every kernel against NumPy and PyTorch, on the shapes that training uses."""


def main(argv: list[str] | None = None) -> None:
    """Run with the flags `argv`, or as a program: with its own flags, and NumPy on as many threads as the others."""
    options = tyro.cli(Options, args=argv, prog="python -m minirl.bench")
    threads = options.threads or default_threads()
    if argv is None:
        restart_with_blas_threads(threads)
    kernels.set_threads(threads)
    if torch is not None:
        torch.set_num_threads(threads)
    groups = runner.chosen(options.only, GROUPS)
    peaks = peak.measure()
    results = run(groups, QUICK if options.quick else TRAINING, options.repeats)
    peaks = peaks.best(peak.measure())
    setting = report.describe(threads)
    report.print_report(results, report.table(results, peaks), peaks, setting)
    if options.json is not None:
        report.write_json(options.json, results, peaks, setting)
    if options.plot is not None:
        plot.save(options.plot, results, peaks, setting)


def run(groups: list[str], sizes: Sizes, repeats: int) -> list[runner.Result]:
    """Measure the groups' cases one after the other; each frees its memory before the next."""
    results = []
    columns = TextColumn("{task.description}"), TimeElapsedColumn()
    with Progress(*columns, transient=True, disable=not sys.stderr.isatty()) as progress:
        task = progress.add_task("")
        for group in groups:
            for case in GROUPS[group](sizes):
                progress.update(task, description=f"{case.group}: {case.name}")
                results.append(runner.measure(case, repeats))
    return results


def restart_with_blas_threads(threads: int) -> None:
    """Restart this program where NumPy's maths library, which reads its settings when loaded, has others than these."""
    wanted = {name: value for name, value in os.environ.items() if name not in BLAS_HANDICAPS}
    wanted.update(dict.fromkeys(BLAS_VARIABLES, str(threads)))
    if wanted != dict(os.environ):
        sys.stdout.flush()
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], wanted)

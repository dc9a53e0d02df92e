"""Every kernel against NumPy and, where installed, PyTorch: python -m minirl.bench

No case can be faster than a ceiling: the operations and bytes that it needs, divided by this machine's measured peaks.
The table shows what share of the ceiling each case reaches. The libraries take turns, and their median times are
compared, so the ratios hold on a busy machine even where the times do not. All use the same number of threads.

    python -m minirl.bench                            # everything: some minutes
    python -m minirl.bench --only attention,matmul    # groups that begin like this
    python -m minirl.bench --json it.json --plot it.png
    MINIRL_ISA=avx2 python -m minirl.bench            # with other instructions
    python -m minirl.bench --backend cuda             # on an NVIDIA GPU
"""

import os
import sys
from collections.abc import Callable, Iterator

from minirl import flags, kernels
from minirl.bench import cases_attention, cases_matmul, cases_rows, cases_tokens, plot, report, runner
from minirl.bench.case import Case, torch
from minirl.bench.progress import Progress
from minirl.bench.sizes import QUICK, TRAINING, Sizes
from minirl.kernels import peak

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

# NumPy's matrix products come from one of these libraries, which read their number of threads when they are loaded. The
# handicaps keep OpenBLAS from using its best code for this CPU, which would make the comparison unfair
BLAS_VARIABLES = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
BLAS_HANDICAPS = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")


def main(argv: list[str] | None = None) -> int:
    """Run with the flags `argv`, or as a program with its own, and then with NumPy on as many threads as the others.

    Returns the exit status.
    """
    options = flags.parse(runner.Options, argv, "python -m minirl.bench", __doc__)
    threads = runner.checked_threads(options.threads)
    if argv is None:
        restart_with_blas_threads(threads)
    kernels.set_threads(threads)
    runner.use_backend(options)
    if torch is not None:
        torch.set_num_threads(threads)
    groups = runner.chosen(options.only, GROUPS)
    peaks = peak.measure()
    setting, progress = report.describe(threads, options.quick), Progress()

    def save(results: list[runner.Result]) -> None:
        if options.json is not None:
            report.write_json(options.json, results, peaks, setting)

    found = cases(groups, QUICK if options.quick else TRAINING)
    results = progress.each(found, lambda case: runner.measure(case, options.repeats), report.title, report.line, save)
    peaks = peaks.best(peak.measure())
    report.print_report(results, report.table(results, peaks), peaks, setting, summarise=not options.quick)
    save(results)
    if options.plot is not None:
        plot.save(options.plot, results, peaks, setting)
    return progress.status


def cases(groups: list[str], sizes: Sizes) -> Iterator[Case]:
    """The groups' cases one after the other; each frees its memory before the next."""
    for group in groups:
        yield from GROUPS[group](sizes)


def restart_with_blas_threads(threads: int) -> None:
    """Start this program again unless NumPy's maths library was loaded with these settings: it reads them only once."""
    wanted = {name: value for name, value in os.environ.items() if name not in BLAS_HANDICAPS}
    wanted.update(dict.fromkeys(BLAS_VARIABLES, str(threads)))
    if wanted != dict(os.environ):
        sys.stdout.flush()
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], wanted)

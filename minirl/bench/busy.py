"""Work beside another busy program, on one thread and on all: python -m minirl.bench busy

A kernel shares its work among threads and waits for the last of them. Where another program keeps a core busy, one of
these threads often does not run, and all wait for it. This benchmark starts such a program itself: a process with one
thread that computes for ever. Each piece of work is timed alone and beside it, in turns:

    decode     a random model of 8 layers of 384 writes one row
    updates    pretraining updates of the default preset

Beside the program, fewer cores are left: with 2 cores and 2 threads, the best that a fair scheduler allows is 1.33
times the time alone. Times are means of many calls, since a few long waits count as much as many short ones.

    python -m minirl.bench busy --only decode
    python -m minirl.bench busy --seconds 3 --repeats 9
"""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table

from minirl import flags, kernels
from minirl.bench import recipe, report, runner
from minirl.bench.case import integers
from minirl.bench.progress import Progress, write_json
from minirl.generate import Sampling, generate_ids
from minirl.model import GPT, GPTConfig
from minirl.runs import PRESETS

HOG = "while True: pass"  # the other program
SETTLE = 0.5  # seconds before a sample, in which the scheduler, and what the kernels know of their threads, settle


@dataclass(frozen=True)
class Options:
    """Time work alone and beside another busy program."""

    only: str = ""
    """Run only these pieces of work: the beginnings of their names, separated by commas."""
    threads: int = 0
    """The most threads; 0 means all cores that this process may use."""
    repeats: int = 5
    """How often each is timed; the median counts."""
    seconds: float = 1.0
    """Least time of one sample, which is the mean of its calls."""
    json: Path | None = None
    """Write the results to this JSON file too; a file of that name is replaced."""


@dataclass(frozen=True)
class Outcome:
    """Seconds of a call by number of threads, alone and beside the other program."""

    name: str
    alone: dict[int, float]
    beside: dict[int, float]


def decode() -> Callable[[], Any]:
    """One row of 100 tokens, of 8 layers of 384."""
    model = GPT(GPTConfig(512, context_length=160, n_layer=8, n_head=6, d_model=384)).eval()
    prompt, rule = integers(512, 16), Sampling(0.0, max_new_tokens=100)
    return lambda: list(generate_ids(model, [prompt], rule, None))


def updates() -> Callable[[], Any]:
    """16 updates of 384 tokens at most."""
    made = recipe.Recipe(PRESETS["roger"], recipe.BATCHES, 0)
    return recipe.pretraining(made).contenders["minirl"]()


WORK: dict[str, Callable[[], Callable[[], Any]]] = {"decode": decode, "updates": updates}


@contextmanager
def busy_program() -> Iterator[None]:
    """Another program that keeps one core busy inside."""
    process = subprocess.Popen([sys.executable, "-c", HOG])
    try:
        yield
    finally:
        process.kill()
        process.wait()


def sample(call: Callable[[], Any], seconds: float) -> float:
    """Mean seconds of calls that take `seconds` in all, after some that do not count."""
    for limit in (SETTLE, seconds):
        start, calls = time.perf_counter(), 0
        while calls == 0 or (elapsed := time.perf_counter() - start) < limit:
            call()
            calls += 1
    return elapsed / calls


def measure(name: str, threads: list[int], options: Options) -> Outcome:
    """Time one piece of work, in turns of threads and of company."""
    call = WORK[name]()
    alone: dict[int, list[float]] = {n: [] for n in threads}
    beside: dict[int, list[float]] = {n: [] for n in threads}
    for _ in range(options.repeats):
        for times, company in ((alone, nullcontext), (beside, busy_program)):
            with company():
                for n in threads:
                    kernels.set_threads(n)
                    times[n].append(sample(call, options.seconds))
    return Outcome(name, *({n: median(found) for n, found in times.items()} for times in (alone, beside)))


def table(outcomes: list[Outcome]) -> Table:
    """A line for each piece of work and number of threads."""
    built = Table(title="Seconds of a call, alone and beside a busy program", title_justify="left")
    for name in ("", "threads", "alone", "beside", "x alone", "x 1 thread beside"):
        built.add_column(name, justify="right" if name else "left", no_wrap=True)
    for outcome in outcomes:
        for n, alone in outcome.alone.items():
            beside = outcome.beside[n]
            cells = [report.seconds_text(alone), report.seconds_text(beside), report.three_digits(beside / alone)]
            built.add_row(outcome.name, str(n), *cells, report.three_digits(beside / outcome.beside[1]))
    return built


def line(outcome: Outcome) -> str:
    """One piece of work, told as it is done."""
    told = [
        f"{n} thread{'s' if n > 1 else ''} {report.seconds_text(alone)} alone, "
        f"{report.seconds_text(outcome.beside[n])} beside"
        for n, alone in outcome.alone.items()
    ]
    return f"{outcome.name}: {'; '.join(told)}"


def main(argv: list[str] | None = None) -> int:
    """Run with the flags `argv`; prints a table. Returns the exit status."""
    options = flags.parse(Options, argv, "python -m minirl.bench busy", __doc__)
    threads, before, progress = runner.checked_threads(options.threads), kernels.get_threads(), Progress()
    names, setting = runner.chosen(options.only, WORK), report.describe(threads)

    def save(outcomes: list[Outcome]) -> None:
        if options.json is not None:
            write_json(options.json, {"setting": setting, "results": [asdict(outcome) for outcome in outcomes]})

    try:
        outcomes = progress.each(names, lambda name: measure(name, sorted({1, threads}), options), str, line, save)
    finally:
        kernels.set_threads(before)
    console = Console()
    console.print(setting, highlight=False)
    report.print_table(console, table(outcomes))
    return progress.status

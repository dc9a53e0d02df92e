"""Whole models: a piece of work, such as a training step, and how fast each contender does it.

As with kernels, the contenders take turns and their median times are compared. A piece of work takes at least tens of
milliseconds, so each call is a sample of its own. Before anything is timed, the contenders' first results are compared:
a race between programs that compute different things would mean nothing.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from minirl import kernels
from minirl.bench import plot, profile, report, runner
from minirl.bench.case import torch
from minirl.bench.progress import Progress
from minirl.bench.report import TITLES, rate_text, seconds_text, three_digits
from minirl.bench.runner import PAUSE, Result
from minirl.kernels import peak
from minirl.kernels.peak import Peaks, clock

AGREEING = 0.95  # share of the numbers that must be equal: a sampled token may differ by rounding, and so its row


@dataclass(frozen=True)
class Options(runner.Options):
    """The flags that every benchmark of whole models has."""

    repeats: int = 5
    """How often each is timed; the median counts."""
    profile: bool = False
    """Print also where minirl's time goes, kernel by kernel."""


@dataclass(frozen=True)
class Work:
    """contenders: name -> a function that makes it ready and returns the call to time; see report.TITLES for names.

    Calls return numbers, an array or a single one, which are compared with minirl's after the first call.
    """

    group: str
    name: str
    tokens: int  # that a call reads or makes
    flops: float
    bytes: float
    contenders: dict[str, Callable[[], Callable[[], Any]]]
    bf16: bool = False


@dataclass(frozen=True)
class Outcome(Result):
    """A Result with the tokens of a call and, where it was measured, each contender's memory in MB."""

    tokens: int
    memory: dict[str, float]


def start(options: Options) -> int:
    """Give every contender its threads; returns how many."""
    threads = runner.checked_threads(options.threads)
    kernels.set_threads(threads)
    runner.use_backend(options)
    if torch is not None:
        torch.set_num_threads(threads)
    return threads


def race(work: Work, repeats: int, memory: dict[str, float] | None = None) -> Outcome:
    """Time every contender `repeats` times, in turns. RuntimeError where their first results differ."""
    calls = {name: make() for name, make in work.contenders.items()}
    first = {name: np.asarray(call()) for name, call in calls.items()}  # allocates and compiles; not timed
    for name, numbers in first.items():
        if not agree(numbers, first["minirl"], 2e-2 if work.bf16 else 1e-3):
            raise RuntimeError(f"{work.name}: {TITLES[name]} computed {numbers}, minirl {first['minirl']}")
    samples: dict[str, list[float]] = {name: [] for name in calls}
    now = clock()
    for _ in range(repeats):
        for name, call in calls.items():
            time.sleep(PAUSE)
            start = now()
            call()
            runner.wait()
            samples[name].append(now() - start)
    seconds = {name: median(times) for name, times in samples.items()}
    return Outcome(work.group, work.name, work.flops, work.bytes, work.bf16, seconds, work.tokens, memory or {})


def agree(numbers: np.ndarray, others: np.ndarray, tolerance: float) -> bool:
    """Whether two contenders' results are equal, but for rounding in a few of their numbers."""
    return numbers.shape == others.shape and np.isclose(numbers, others, rtol=tolerance).mean() >= AGREEING


@dataclass
class Findings:
    """What one run measured: outcomes, where minirl's time went by name of the work, and the machine's ceilings."""

    outcomes: list[Outcome]
    profiles: dict[str, profile.Profile]
    peaks: Peaks
    progress: Progress


def measure(
    options: Options, works: Iterator[Work], prepare: Callable[[Work], tuple[Work, dict[str, float]]] | None = None
) -> Findings:
    """Race the contenders of all works, one work after the other; told and saved as each is done.

    prepare: work -> (the work that is timed, and each contender's memory in MB).
    """
    found = Findings([], {}, peak.measure(), Progress())
    setting = report.describe(kernels.get_threads(), options.quick)

    def one(work: Work) -> Outcome:
        ready, memory = prepare(work) if prepare else (work, None)
        outcome = race(ready, options.repeats, memory)
        if kernels.backend() != "cuda":  # where a kernel is over when its call returns
            found.profiles[work.name] = profile.measure(work.contenders["minirl"](), found.peaks)
        return outcome

    def save(outcomes: list[Outcome]) -> None:
        if options.json is not None:
            report.write_json(options.json, outcomes, found.peaks, setting)

    found.outcomes = found.progress.each(works, one, report.title, report.line, save)
    found.peaks = found.peaks.best(peak.measure())
    return found


def table(outcomes: Sequence[Outcome], peaks: Peaks, title: str) -> Table:
    """A line for each contender of each piece of work."""
    built = Table(title=title, title_justify="left")
    with_memory = any(outcome.memory for outcome in outcomes)
    for name in ("", "time", "tokens/s", "rate", "of peak", *(["memory"] if with_memory else []), "x of minirl's time"):
        built.add_column(name, justify="right" if name else "left", no_wrap=True)
    for outcome in outcomes:
        built.add_section()
        built.add_row(f"[bold]{outcome.name}")
        for name, seconds in outcome.seconds.items():
            cells = [seconds_text(seconds), f"{outcome.tokens / seconds:,.0f}", rate_text(outcome, peaks, name)]
            cells.append(f"{outcome.fraction(peaks, name):.0%}")
            if with_memory:
                cells.append(f"{outcome.memory[name]:,.0f} MB" if name in outcome.memory else "")
            ratio = outcome.ratio(name)
            cells.append(three_digits(ratio) if ratio is not None and name != "minirl" else "")
            built.add_row(f"  {TITLES[name]}", *cells)
    return built


def finish(options: Options, found: Findings, title: str) -> Console:
    """Print the table and write what was asked for; returns the console, for what a benchmark adds."""
    outcomes, peaks = found.outcomes, found.peaks
    setting = report.describe(kernels.get_threads(), options.quick)
    console = report.print_report(outcomes, table(outcomes, peaks, title), peaks, setting, summarise=not options.quick)
    if options.json is not None:
        report.write_json(options.json, outcomes, peaks, setting)
    if options.plot is not None:
        plot.save(options.plot, outcomes, peaks, setting)
    return console

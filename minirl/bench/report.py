"""Results as a table for people and as JSON for programs."""

import math
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table
from rich.text import Text

from minirl import __version__, kernels
from minirl.bench import progress
from minirl.bench.case import torch
from minirl.bench.runner import Result
from minirl.kernels import peak
from minirl.kernels.peak import Peaks, giga
from minirl.runs.table import layout

TITLES = {
    "minirl": "minirl",
    "numpy": "NumPy",
    "torch": "PyTorch",
    "torch compiled": "PyTorch, compiled",
    "transformers": "transformers",
    "llama.cpp": "llama.cpp",
}
WIDEST = 1000  # characters, more than any table has
PEERS = ("numpy", "torch")  # that kernels are compared with, a column each


def describe(threads: int, quick: bool = False) -> str:
    """What ran: versions, instruction set, threads; and a warning where the sizes were the tiny ones of --quick."""
    peers = f"NumPy {np.__version__}" + (f", PyTorch {torch.__version__}" if torch is not None else "")
    native = f"instruction set {kernels.isa()}" if kernels.has_native() else "no C kernels, so NumPy alone"
    if kernels.backend() == "cuda":
        native = f"CUDA kernels on {peak.gpu_name()}"
    warning = "QUICK: tiny sizes, only to see that everything runs; no time or ratio here means anything. "
    return (warning if quick else "") + (
        f"minirl {__version__} ({native}), {peers}, {threads} thread{'s' if threads > 1 else ''}"
    )


def geometric_mean(values: list[float]) -> float:
    """The mean of ratios: the n-th root of the product of n values."""
    return math.exp(sum(math.log(value) for value in values) / len(values))


def seconds_text(seconds: float) -> str:
    """Three significant digits with a fitting unit: 12.3 ms."""
    unit, factor = next((u, f) for u, f in (("s", 1.0), ("ms", 1e3), ("µs", 1e6)) if seconds * f >= 1 or u == "µs")
    return f"{three_digits(seconds * factor)} {unit}"


def three_digits(value: float) -> str:
    """1.23, 12.3, 123, 1234."""
    return f"{value:.{2 if value < 9.995 else 1 if value < 99.95 else 0}f}"


def title(case: Any) -> str:
    """What a case, a piece of work or a result of them is called in full."""
    return f"{case.group}: {case.name}"


def line(result: Result) -> str:
    """One case in one line: "norm: RMS norm  1024 x 768: minirl 200 µs, PyTorch 341 µs (1.70 x)"."""
    parts = []
    for name, seconds in result.seconds.items():
        ratio = None if name == "minirl" else result.ratio(name)
        parts.append(f"{TITLES[name]} {seconds_text(seconds)}" + ("" if ratio is None else f" ({ratio:.2f} x)"))
    return f"{title(result)}: {', '.join(parts)}"


def rate_text(result: Result, peaks: Peaks, contender: str) -> str:
    """GFLOP/s where arithmetic is the ceiling, GB/s where memory is."""
    _, ceiling = peaks.floor(result.flops, result.bytes, result.bf16)
    amount, unit = (result.flops, "GFLOP/s") if ceiling == "fma" else (result.bytes, "GB/s")
    return f"{three_digits(amount / result.seconds[contender] / 1e9)} {unit}"


def table(results: list[Result], peaks: Peaks) -> Table:
    """One line a case: minirl's time and rate, its share of the machine's ceiling, and how many times as fast it is."""
    lead = "minirl" if any("minirl" in result.seconds for result in results) else "numpy"
    built = Table(title="Median times; x: how many times as fast as the peer minirl is", title_justify="left")
    built.add_column("case", no_wrap=True)
    for name in (TITLES[lead], "rate", "of peak", "NumPy", "x", "PyTorch", "x"):
        built.add_column(name, justify="right", no_wrap=True)
    group = ""
    for result in results:
        if result.group != group:
            group = result.group
            built.add_section()
            built.add_row(f"[bold]{group}")
        cells = [result.name, seconds_text(result.seconds[lead]), rate_text(result, peaks, lead)]
        cells.append(f"{result.fraction(peaks, lead):.0%}")
        for peer in PEERS:
            ratio = result.ratio(peer)
            cells.append(seconds_text(result.seconds[peer]) if peer in result.seconds else "")
            cells.append("" if ratio is None else f"{ratio:.2f}")
        built.add_row(*cells)
    return built


def summary(results: Sequence[Result], peaks: Peaks) -> list[str]:
    """A line for each group: geometric means of the ratios and of the share of the ceiling."""
    lines = []
    for group in dict.fromkeys(result.group for result in results):
        members = [result for result in results if result.group == group and "minirl" in result.seconds]
        parts = []
        for peer, title in TITLES.items():
            ratios = [ratio for result in members if (ratio := result.ratio(peer)) is not None]
            if ratios and peer != "minirl":
                parts.append(f"{geometric_mean(ratios):.2f} x {title} (least {min(ratios):.2f})")
        if members:
            parts.append(f"{geometric_mean([result.fraction(peaks) for result in members]):.0%} of peak")
            lines.append(f"{group}: {', '.join(parts)}")
    return lines


def print_table(console: Console, built: Table) -> None:
    """The table as it is, where it fits. Else plain lines, each name above its numbers, so that no column is lost.

    Without a terminal the width is 80 characters, or what COLUMNS says.
    """
    if console.measure(built, options=console.options.update(max_width=WIDEST)).maximum <= console.width:
        console.print(built)
        return
    lines: list[list[str]] = []
    for name, *cells in zip(*(column.cells for column in built.columns), strict=True):
        title, empty = Text.from_markup(str(name)).plain, [""] * len(cells)
        lines += [["  " + title.lstrip(), *empty], ["", *map(str, cells)]] if any(cells) else [[title, *empty]]
    console.print(built.title, soft_wrap=True, highlight=False)
    for line in layout([str(column.header) for column in built.columns], lines, console.width):
        console.print(line, soft_wrap=True, markup=False, highlight=False)


def print_report(
    results: Sequence[Result], built: Table, peaks: Peaks, setting: str, summarise: bool = True
) -> Console:
    """What ran, the ceilings, the table and, to summarise it, geometric means. Returns the console."""
    console = Console()
    bf16 = f", {giga(peaks.fma_bf16)} GFLOP/s in bfloat16" if peaks.fma_bf16 else ""
    console.print(setting, highlight=False)
    console.print(
        f"Ceilings measured with {peaks.source}: {giga(peaks.fma)} GFLOP/s in float32{bf16}, "
        f"{giga(peaks.bandwidth)} GB/s from memory",
        highlight=False,
    )
    if results:
        print_table(console, built)
    if results and summarise:
        console.print("Geometric means:", highlight=False)
        for line in summary(results, peaks):
            console.print("  " + line, highlight=False)
    return console


def write_json(path: Path, results: Sequence[Result], peaks: Peaks, setting: str) -> None:
    """{"setting", "peaks", "results": [{group, name, flops, bytes, seconds: {contender: s}, fraction, ratios}]}."""
    rows: list[dict[str, Any]] = []
    for result in results:
        fractions = {contender: result.fraction(peaks, contender) for contender in result.seconds}
        peers = [name for name in result.seconds if name != "minirl"]
        ratios = {peer: ratio for peer in peers if (ratio := result.ratio(peer)) is not None}
        rows.append({**asdict(result), "fraction_of_peak": fractions, "times_as_fast_as": ratios})
    progress.write_json(path, {"setting": setting, "peaks": asdict(peaks), "results": rows})

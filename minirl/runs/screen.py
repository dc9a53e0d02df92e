"""What the person sees while a run trains: progress bars, samples and tables in a terminal, plain lines elsewhere."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.panel import Panel
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from minirl.console import printable
from minirl.runs.table import layout

LINE_SECONDS = 15.0  # between two lines of progress where there is no terminal to draw a bar in
WIDTH, TABLE_WIDTH = 120, 200  # characters of a line where there is no terminal
BESIDE_BAR = 66  # characters of a progress line besides its bar: stage, steps, tokens/s, measure, time left


class StageProgress:
    """One stage's bar: steps done, tokens/s, the headline measure (smoothed) and the time left.

    With `most`, the tokens/s that multiplying alone would allow here, also the share of it that is reached.
    """

    def __init__(
        self, console: Console, bar: Progress | None, name: str, total: int, done: int, most: float | None = None
    ) -> None:
        self.most = most
        self.console, self.bar, self.name, self.total, self.done = console, bar, name, total, done
        self.task = bar.add_task(name, total=total, completed=done, note="") if bar else None
        self.began = self.said = time.perf_counter()
        self.first = done
        self.tokens = 0.0
        self.smooth: float | None = None

    def advance(self, measures: Mapping[str, float], headline: str, steps: int = 1) -> None:
        """Count some steps and show their measures."""
        self.done += steps
        self.tokens += measures.get("tokens", 0.0)
        value = measures[headline]
        self.smooth = value if self.smooth is None else 0.9 * self.smooth + 0.1 * value
        now = time.perf_counter()
        speed = self.tokens / max(now - self.began, 1e-9)
        share = f" ({speed / self.most:.0%} of peak)" if self.most else ""
        note = f"{speed:,.0f} tokens/s{share}  {headline} {self.smooth:.3f}"
        if self.bar is not None and self.task is not None:
            self.bar.update(self.task, completed=self.done, note=note)
        elif now - self.said > LINE_SECONDS or self.done == self.total:
            self.said = now
            left = (now - self.began) / max(self.done - self.first, 1) * (self.total - self.done)
            time_left = f"  {left:.0f} s left" if self.done < self.total else ""
            self.console.print(
                f"{self.name:>8} {self.done}/{self.total}  {note}{time_left}", highlight=False, markup=False
            )


class Screen:
    """Prints what a run does. quiet: nothing at all, for tests and notebooks."""

    def __init__(self, quiet: bool = False) -> None:
        self.console = Console(quiet=quiet, highlight=False, emoji=False)
        if not self.console.is_terminal:
            self.console.width = WIDTH

    def say(self, text: str) -> None:
        """Print a text. A terminal gets whole words on each line; a pipe gets the lines as they are."""
        self.console.print(printable(text), markup=False, soft_wrap=not self.console.is_terminal)

    def command(self, text: str) -> None:
        """Print a command or a path, indented and never broken, so that it can be copied."""
        self.console.print(f"    {printable(text)}", markup=False, soft_wrap=True)

    @contextmanager
    def progress(self, name: str, total: int, done: int, most: float | None = None) -> Iterator[StageProgress]:
        """A bar for `total` steps, `done` of them done already; in a pipe, a line now and then. `most`: see
        StageProgress."""
        if not self.console.is_terminal:
            yield StageProgress(self.console, None, name, total, done, most)
            return
        beside = BESIDE_BAR + (len(" (100% of peak)") if most else 0)
        columns = (
            TextColumn("{task.description:>8}"), BarColumn(max(6, min(40, self.console.width - beside))),
            MofNCompleteColumn(), TextColumn("{task.fields[note]}"), TimeRemainingColumn(compact=True),
            TextColumn("left"),
        )  # fmt: skip
        with Progress(*columns, console=self.console) as bar:
            yield StageProgress(self.console, bar, name, total, done, most)

    def sample(self, title: str, prompt: str, completion: str) -> None:
        """A prompt, and the model's answer to it in bold."""
        text = Text.assemble(printable(prompt), (printable(completion), "bold"))
        self.console.print(Panel(text, title=Text(printable(title)), title_align="left"))

    def table(self, title: str, header: Sequence[str], rows: Sequence[Sequence[str]], grouped: bool = False) -> None:
        """A table that fits the window; `minirl.runs.table.layout` says how, and what `grouped` means."""
        self.console.print(f"\n{printable(title)}", style="bold", markup=False, soft_wrap=not self.console.is_terminal)
        width = self.console.width if self.console.is_terminal else TABLE_WIDTH
        header, *rows = [[printable(cell) for cell in row] for row in (header, *rows)]
        for line in layout(header, rows, width, grouped):
            self.console.print(line, markup=False, soft_wrap=True)

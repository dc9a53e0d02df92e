"""Benchmarks take minutes: each case is told as soon as it is done, and one that is stopped keeps what it has."""

import json
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

from rich.progress import Progress as Shown
from rich.progress import TextColumn, TimeElapsedColumn

from minirl.console import INTERRUPTED
from minirl.storage.files import atomic_write

Case = TypeVar("Case")
Result = TypeVar("Result")


class Progress:
    """The cases of one run: whether Ctrl-C ended it early."""

    def __init__(self) -> None:
        self.interrupted = False

    @property
    def status(self) -> int:
        """The exit status of the program."""
        return INTERRUPTED if self.interrupted else 0

    def each(
        self,
        cases: Iterable[Case],
        measure: Callable[[Case], Result],
        name: Callable[[Case], str],
        line: Callable[[Result], str],
        save: Callable[[list[Result]], None] = lambda results: None,
    ) -> list[Result]:
        """measure(case) of all cases. After each its `line` is printed, and `save` gets all results so far.

        A terminal shows the `name` of the one that is being measured, beside a clock. Ctrl-C ends this early, says so,
        and loses only the case that was being measured. Once it was pressed, further calls measure nothing.
        """
        results: list[Result] = []
        if self.interrupted:
            return results
        try:
            columns = TextColumn("{task.description}"), TimeElapsedColumn()
            with Shown(*columns, transient=True, disable=not sys.stderr.isatty()) as shown:
                task = shown.add_task("")
                for case in cases:
                    shown.update(task, description=name(case))
                    results.append(measure(case))
                    save(results)
                    print(line(results[-1]), flush=True)  # at once, also into a file
        except KeyboardInterrupt:
            self.stop(f"{len(results)} case{'' if len(results) == 1 else 's'}")
        return results

    def stop(self, kept: str) -> None:
        """Note that Ctrl-C ended the run, and say what is left."""
        self.interrupted = True
        print(f"Stopped by Ctrl-C. Kept: {kept}.", file=sys.stderr, flush=True)


def write_json(path: Path, content: Any) -> None:
    """Replace the file in one go, so that a benchmark that is killed leaves its last whole state."""
    with atomic_write(path) as file:
        file.write(json.dumps(content, indent=1, ensure_ascii=False) + "\n")

"""How the runner speaks: in colour in a terminal, plainly for pipes and screen readers, as JSON and as JUnit XML."""

import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from rich.console import Console
from rich.markdown import Markdown
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from minirl.console import printable
from minirl.lessons.isolate import Result
from minirl.storage.files import atomic_write

WORDS = {"pass": "passed", "fail": "not yet", "inconclusive": "inconclusive", "broken": "broken set-up"}
COLOURS = {"pass": "green", "fail": "yellow", "inconclusive": "cyan", "broken": "red"}
HEADS = {
    "mistake": "What this looks like",
    "property": "What is broken",
    "where": "Where",
    "meaning": "What this means",
}


class Screen:
    """Where the runner prints."""

    def __init__(self, plain: bool = False) -> None:
        """plain: no colours, boxes or tables; also where the output is no terminal."""
        self.plain = plain or not sys.stdout.isatty()
        self.console = Console(highlight=False, soft_wrap=self.plain, no_color=self.plain)

    def say(self, text: str = "", style: str | None = None) -> None:
        """A paragraph."""
        if self.plain:
            print(printable(text))
        else:
            self.console.print(Text(printable(text), style or ""))

    def markdown(self, text: str) -> None:
        """A paragraph with emphasis and code."""
        if self.plain:
            print(printable(text))
        else:
            self.console.print(Markdown(text))

    def table(self, heads: Sequence[str], rows: Iterable[Sequence[str]], title: str = "") -> None:
        """A table; in plain output a line for each row, its cells named."""
        if self.plain:
            if title:
                print(title)
            for row in rows:
                first, *rest = row
                print(
                    f"{first}: "
                    + "; ".join(f"{head} {cell}".strip() for head, cell in zip(heads[1:], rest, strict=True) if cell)
                )
            return
        table = Table(*heads, title=title or None, title_justify="left")
        for row in rows:
            table.add_row(*(Text(cell) for cell in row))
        self.console.print(table)

    def result(self, result: Result, number: str) -> None:
        """The verdict on an exercise, and its explanation."""
        words = WORDS[result.verdict]
        cases = f", {result.cases} cases" if result.cases and result.verdict == "pass" else ""
        head = f"{number} {result.exercise.name}: {words}{cases}"
        if self.plain or not result.parts:
            self.say(head, f"bold {COLOURS[result.verdict]}")
            for kind, text in result.parts:
                self.say()
                self.say(f"{HEADS[kind]}: {text}" if kind in HEADS else text)
        else:
            body = Text()
            for kind, text in result.parts:
                if kind in HEADS:
                    body.append(f"{HEADS[kind]}. ", "bold")
                body.append(printable(text) + "\n\n")
            body.rstrip()
            title = Text(head, f"bold {COLOURS[result.verdict]}")
            self.console.print(Panel(body, title=title, title_align="left", border_style=COLOURS[result.verdict]))
        if result.printed and result.verdict != "pass":
            self.say()
            self.say(f"The last lines that your code printed:\n{result.printed}")


def as_json(results: Iterable[tuple[str, Result]]) -> str:
    """The results for a program that reads them."""
    return json.dumps([entry(number, result) for number, result in results], indent=1)


def entry(number: str, result: Result) -> dict[str, Any]:
    """One result as plain data."""
    return {
        "exercise": number, "id": result.exercise.id, "verdict": result.verdict, "seed": result.seed,
        "cases": result.cases, "explanation": [{"kind": kind, "text": text} for kind, text in result.parts],
    }  # fmt: skip


def write_junit(results: Sequence[tuple[str, Result]], path: Path) -> None:
    """The results as JUnit XML, which teachers' systems read."""
    failed = [result for _, result in results if result.verdict != "pass"]
    suite = ElementTree.Element("testsuite", name="minirl lessons", tests=str(len(results)), failures=str(len(failed)))
    for number, result in results:
        name = f"{number} {result.exercise.name}"
        case = ElementTree.SubElement(
            suite, "testcase", classname=result.exercise.id, name=name, time=f"{result.seconds:.2f}"
        )
        if result.verdict != "pass":
            problem = ElementTree.SubElement(case, "failure", message=WORDS[result.verdict])
            problem.text = printable(result.text)
    with atomic_write(path, "wb") as file:
        file.write(ElementTree.tostring(suite, encoding="utf-8", xml_declaration=True))

"""How the runner speaks: in colour in a terminal, plainly for pipes and screen readers, as JSON and as JUnit XML."""

import contextlib
import io
import json
import sys
import textwrap
from base64 import b64decode
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from rich.console import Console
from rich.markdown import Markdown
from rich.table import Table
from rich.text import Text

from minirl.console import printable
from minirl.lessons.isolate import Result
from minirl.storage.files import atomic_write

WORDS = {"pass": "passed", "fail": "not yet", "inconclusive": "inconclusive", "broken": "broken set-up"}
COLOURS = {"pass": "green", "fail": "yellow", "inconclusive": "cyan", "broken": "red"}
HEADS = {
    "mistake": "What this looks like",
    "where": "Where",
    "meaning": "What this means",
}
WIDTH = 80  # of a line of prose where the output is no terminal, which would fold it


class Screen:
    """Where the runner prints."""

    def __init__(self, plain: bool = False) -> None:
        """plain: no colours, boxes or tables; also where the output is no terminal."""
        self.plain = plain or not sys.stdout.isatty()
        self.console = Console(highlight=False, soft_wrap=self.plain, no_color=self.plain)

    def say(self, text: str = "", style: str | None = None, lead: str = "") -> None:
        """A paragraph; lines that begin with a space are code, and stay whole. lead: words that it begins with."""
        if self.plain:
            print(folded(printable(f"{lead}: {text}" if lead else text)))
            return
        for number, line in enumerate(printable(text).split("\n")):
            begin = (f"{lead}. ", "bold") if lead and number == 0 else ""
            self.console.print(Text.assemble(begin, (line, style or "")), soft_wrap=line[:1].isspace())

    def code(self, text: str) -> None:
        """Program text, and what programs print: no line is folded, so that it can be copied."""
        if self.plain:
            print(printable(text))
        else:
            self.console.print(Text(printable(text)), soft_wrap=True)

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
                print(folded(title))
            for row in rows:
                first, *rest = row
                cells = (f"{head} {cell}".strip() for head, cell in zip(heads[1:], rest, strict=True) if cell)
                print(folded(f"{first}: {'; '.join(cells)}"))
            return
        table = Table(*heads, title=title or None, title_justify="left")
        for row in rows:
            table.add_row(*(Text(cell) for cell in row))
        self.console.print(table)

    def result(self, result: Result, number: str) -> None:
        """The verdict on an exercise, and its explanation."""
        uncompiled = any(kind == "compiler" for kind, _ in result.parts)
        words = "needs a compiler" if uncompiled else WORDS[result.verdict]
        cases = f", {result.cases} cases" if result.cases and result.verdict == "pass" else ""
        head = f"{number} {result.exercise.name}: {words}{cases}"
        self.say(head, f"bold {COLOURS[result.verdict]}")
        for kind, text in result.parts:
            self.say()
            self.say(text, lead=HEADS.get(kind, ""))
        if result.printed and result.verdict != "pass":
            self.say()
            self.say("The last lines that your code printed:")
            self.code(result.printed)


def folded(text: str) -> str:
    """The text with long lines of prose broken between words; lines that begin with a space stay as they are."""
    fold = textwrap.TextWrapper(WIDTH, break_long_words=False, break_on_hyphens=False).fill
    return "\n".join(line if line[:1].isspace() else fold(line) for line in text.split("\n"))


class Live:
    """Shows what the cells of a lesson print while they run."""

    def __init__(self, view: Screen, figures: Path) -> None:
        """figures: the folder for pictures."""
        self.view, self.figures = view, figures
        self.printed: Shown | None = None

    def begin(self, headings: Sequence[str]) -> None:
        """Before a cell: its title, and the last heading of what stands before it."""
        for heading in [*headings[:1], *headings[-1:]] if headings and headings[0][:2] == "# " else headings[-1:]:
            self.view.say()
            self.view.say(heading.lstrip("# "), "bold")
        sys.stdout.flush()

    def cell(self) -> "Shown":
        """What takes what the next cell prints."""
        self.printed = Shown(self.view)
        return self.printed

    def end(self) -> None:
        """After a cell, also where it has failed: a last line without an end is shown too."""
        if self.printed:
            self.printed.finish()

    def show(self, index: int, outputs: Sequence[dict[str, Any]]) -> None:
        """The value of a cell: as text, and a picture as the path of its file."""
        for number, output in enumerate(outputs):
            if output["output_type"] == "stream":
                continue
            self.view.say("".join(output["data"]["text/plain"]))
            if image := output["data"].get("image/png"):
                path = self.figures / f"{index:02d}_{number}.png"
                with atomic_write(path, "wb") as file:
                    file.write(b64decode(image))
                self.view.say(f"    in {path}")
        sys.stdout.flush()


class Shown(io.StringIO):
    """Keeps what is written, and shows each line as soon as it is whole."""

    def __init__(self, view: Screen) -> None:
        super().__init__()
        self.view, self.out, self.begun = view, sys.stdout, ""

    def write(self, text: str) -> int:
        *lines, self.begun = (self.begun + text).split("\n")
        for line in lines:
            self._show(line)
        return super().write(text)

    def finish(self) -> None:
        """Show what is left."""
        if self.begun:
            self._show(self.begun)
        self.begun = ""

    def _show(self, line: str) -> None:
        with contextlib.redirect_stdout(self.out):  # the cell's own output goes to this object
            self.view.say(line)
        self.out.flush()


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

"""From lesson.py to a notebook, one way: the text in jupytext's percent format becomes cells of a Jupyter notebook.

    # %% [markdown]
    # # A heading
    # Text, one comment line for each line.

    # %%
    print("code")

The notebook is written here and not by jupytext, because the format is this small, and because `init` makes notebooks
on machines that have the core packages alone. The ids of the cells come from their source, so an unchanged lesson gives
an unchanged file.

A line {predict 1.a} of the text stands for a question, whose words lesson.toml has: the runner asks the same.
"""

import hashlib
import json
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from minirl.lessons.lesson import LETTERS, Lesson
from minirl.storage.files import atomic_write

MARKER = re.compile(r"# %%(?: (\[markdown\]))?\s*")
ASKED = re.compile(r"^\{predict (\S+)\}$", re.MULTILINE)


@dataclass(frozen=True)
class Cell:
    """One cell: text or code."""

    kind: str
    """"markdown" or "code"."""
    source: str
    line: int
    """Of lesson.py, where it begins."""


def cells(source: str) -> list[Cell]:
    """The cells of a lesson.py. Raises ValueError for text cells with lines that are no comments."""
    found: list[Cell] = []
    kind, start, lines = "", 0, list[str]()

    def close() -> None:
        text = "\n".join(lines).strip("\n")
        if kind and text:
            found.append(Cell(kind, _uncommented(text, start) if kind == "markdown" else text, start))

    for number, line in enumerate(source.splitlines(), start=1):
        if marker := MARKER.fullmatch(line):
            close()
            kind, start, lines = "markdown" if marker[1] else "code", number, []
        else:
            lines.append(line)
    close()
    return found


def _uncommented(text: str, start: int) -> str:
    lines = text.splitlines()
    for number, line in enumerate(lines, start=start + 1):
        if line and line != "#" and not line.startswith("# "):
            raise ValueError(f"lesson.py, near line {number}: a text cell holds {line!r}; begin its lines with '# '")
    return "\n".join(line[2:] for line in lines)


def lesson_cells(lesson: Lesson) -> list[Cell]:
    """The cells of a lesson, with its questions. Raises ValueError for a question that lesson.toml does not have."""
    source = cells((lesson.folder / "lesson.py").read_text(encoding="utf-8"))
    return [
        replace(cell, source=ASKED.sub(lambda line: question(lesson, line[1]), cell.source))
        if cell.kind == "markdown"
        else cell
        for cell in source
    ]


def question(lesson: Lesson, number: str) -> str:
    """A question to predict, with its choices, as Markdown."""
    for one in lesson.predictions:
        if one.number == number:
            choices = "\n".join(f"- ({letter}) {choice}" for letter, choice in zip(LETTERS, one.choices, strict=False))
            return f"**Predict** (`predict {number}`). {one.question}\n\n{choices}"
    raise ValueError(f"lesson.py of lesson {lesson.number} asks {number}, which is not in its lesson.toml")


def asked(lesson: Lesson) -> list[str]:
    """The numbers of the questions in a lesson's text, in the order in which they are asked."""
    source = cells((lesson.folder / "lesson.py").read_text(encoding="utf-8"))
    return [number for cell in source if cell.kind == "markdown" for number in ASKED.findall(cell.source)]


def notebook(source: list[Cell], outputs: dict[int, list[dict[str, Any]]] | None = None) -> dict[str, Any]:
    """The notebook as plain data. outputs: of the code cells, by index."""
    made = []
    for index, cell in enumerate(source):
        identity = hashlib.sha256(f"{index} {cell.source}".encode()).hexdigest()[:8]
        entry: dict[str, Any] = {
            "cell_type": cell.kind, "id": identity, "metadata": {}, "source": cell.source.splitlines(keepends=True),
        }  # fmt: skip
        if cell.kind == "code":
            entry |= {"execution_count": None, "outputs": (outputs or {}).get(index, [])}
        made.append(entry)
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return {
        "cells": made,
        "metadata": {"kernelspec": kernel, "language_info": {"name": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def kept_outputs(kept: dict[str, Any], source: list[Cell]) -> dict[int, list[dict[str, Any]]]:
    """The outputs of a notebook for a source whose text may have changed, and whose code has not: by index, as
    `notebook` takes them. Raises ValueError where a code cell is new, gone or another one."""
    before = [cell for cell in kept["cells"] if cell["cell_type"] == "code"]
    now = [index for index, cell in enumerate(source) if cell.kind == "code"]
    for index, cell in zip(now, before, strict=False):
        if source[index].source != "".join(cell["source"]):
            raise ValueError(f"the code cell at line {source[index].line} of lesson.py has changed, so it has to run")
    if len(before) != len(now):
        raise ValueError(f"lesson.py has {len(now)} code cells, and the notebook {len(before)}: they have to run")
    return {index: cell["outputs"] for index, cell in zip(now, before, strict=True)}


def write_notebook(contents: dict[str, Any], path: Path) -> None:
    """Write a notebook, atomically."""
    with atomic_write(path) as file:
        json.dump(contents, file, indent=1, ensure_ascii=False)
        file.write("\n")

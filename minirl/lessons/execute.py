"""Runs the code of a lesson, cell by cell, and keeps what each cell prints and shows.

    python -m minirl.lessons.execute LESSON ANSWER [live] [plain]   started by `run` and `build`, in the lesson's folder

This does what a Jupyter kernel does with a notebook, without one: the cells share their names, and the value of a
cell's last expression is shown, as a picture where it is one. The answer is a JSON file with the outputs in the format
of a notebook, the seams that were reached, and the seconds of processor time that it took. Where a cell stops, the
outputs of the cells before it are kept, and the learner reads where it stopped and what to check.

With "live", headings and outputs also go to the screen as they come, and pictures to the folder `figures`. Answers to
questions for which there is no guess are then left out.
"""

import ast
import base64
import contextlib
import io
import json
import linecache
import sys
import time
from pathlib import Path
from types import ModuleType
from typing import Any

from minirl.lessons import mine, parts
from minirl.lessons.lesson import find_lesson
from minirl.lessons.notebook import Cell, lesson_cells
from minirl.lessons.screen import Live, Screen
from minirl.lessons.stopped import advice, story

Outputs = dict[int, list[dict[str, Any]]]


class CellError(RuntimeError):
    """A cell raised an exception, which is the cause of this one; the message shows it."""

    def __init__(self, message: str, sources: list[str], outputs: Outputs) -> None:
        """sources: of the code cells up to this one. outputs: of the cells before it, by index."""
        super().__init__(message)
        self.sources, self.outputs = sources, outputs


def execute(source: list[Cell], file: str, names: dict[str, Any] | None = None, live: Live | None = None) -> Outputs:
    """Run the code cells in order; returns their outputs by index. Raises CellError where one of them fails.

    file: what the cells stand in, for messages. live: where headings and outputs are shown at once.
    As in a kernel, the names of the cells are those of the module
    __main__: what a cell has imported from minirl can then be exchanged by `swapped` there too.
    """
    if names is None:
        sys.modules["__main__"] = ModuleType("__main__")
        names = vars(sys.modules["__main__"])
    outputs: Outputs = {}
    sources: list[str] = []
    headings: list[str] = []
    for index, cell in enumerate(source):
        if cell.kind != "code":
            headings += [line for line in cell.source.splitlines() if line.startswith("#")]
            continue
        if live:
            live.begin(headings)
        headings = []
        sources.append(cell.source)
        place, printed = f"{file}, code cell {len(sources)}", io.StringIO() if live is None else live.cell()
        try:
            outputs[index] = run_cell(cell.source, place, names, printed)
        except Exception as error:
            said = "" if live else printed.getvalue()  # what was shown is not told again
            raise CellError(story(error, place, cell.source, said), sources, outputs) from error
        finally:
            if live:
                live.end()
        if live:
            live.show(index, outputs[index])
    return outputs


def run_cell(source: str, place: str, names: dict[str, Any], printed: io.StringIO) -> list[dict[str, Any]]:
    """The outputs of one cell. place: what tracebacks call it. printed: gets what it prints."""
    tree = ast.parse(source, place)
    linecache.cache[place] = (len(source), None, source.splitlines(keepends=True), place)  # for tracebacks
    last = tree.body[-1] if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    tree.body = tree.body[:-1] if last else tree.body
    value = None
    with contextlib.redirect_stdout(printed):
        exec(compile(tree, place, "exec"), names)
        if isinstance(last, ast.Expr):
            value = eval(compile(ast.Expression(last.value), place, "eval"), names)
    outputs = []
    if printed.getvalue():
        lines = printed.getvalue().splitlines(keepends=True)
        outputs.append({"name": "stdout", "output_type": "stream", "text": lines})
    if value is not None:
        outputs.append(shown(value))
    return outputs


def shown(value: Any) -> dict[str, Any]:
    """The value of a cell as an output: as text, and as an image where it has one."""
    data: dict[str, Any] = {"text/plain": repr(value).splitlines(keepends=True)}
    metadata: dict[str, Any] = {}
    if hasattr(value, "_repr_png_"):
        made = value._repr_png_()
        image, about = made if isinstance(made, tuple) else (made, {})
        data["image/png"] = base64.b64encode(image).decode("ascii")
        metadata = {"image/png": about} if about else {}
    return {"data": data, "execution_count": None, "metadata": metadata, "output_type": "execute_result"}


def main(name: str, answer: str, *how: str) -> int:
    """Run a lesson in the current folder, and write what came of it to the file `answer`; returns the exit status.

    how: "live" to show the outputs too, "plain" to show them without colours.
    """
    lesson = find_lesson(name)
    start = time.process_time()
    sys.path.insert(0, str(Path.cwd()))
    outputs, error = Outputs(), ""
    live = Live(Screen("plain" in how), Path.cwd() / "figures") if "live" in how else None
    mine.SPOIL = live is None
    try:
        outputs = execute(lesson_cells(lesson), "lesson.ipynb", live=live)
    except CellError as failed:
        outputs, error = failed.outputs, f"{failed}\n{advice(lesson, failed.__cause__, failed.sources)}".rstrip()
    seconds = time.process_time() - start  # of the processor: a busy machine hardly changes it
    found = {"outputs": outputs, "error": error, "reached": sorted(parts.REACHED), "seconds": seconds}
    Path(answer).write_text(json.dumps(found), encoding="utf-8")
    return 1 if error else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

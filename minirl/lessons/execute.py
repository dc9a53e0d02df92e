"""Runs the code of a lesson, cell by cell, and keeps what each cell prints and shows.

    python -m minirl.lessons.execute LESSON ANSWER      started by `run` and `build`, in the learner's folder

This does what a Jupyter kernel does with a notebook, without one: the cells share their names, and the value of a
cell's last expression is shown, as a picture where it is one. The answer is a JSON file with the outputs in the format
of a notebook, the seams that were reached, and the seconds of processor time that it took.
"""

import ast
import base64
import contextlib
import io
import json
import linecache
import sys
import time
import traceback
from pathlib import Path
from types import ModuleType
from typing import Any

from minirl.lessons import parts
from minirl.lessons.lesson import find_lesson
from minirl.lessons.notebook import Cell, lesson_cells


class CellError(RuntimeError):
    """A cell raised an exception; the message shows it."""


def execute(source: list[Cell], file: str, names: dict[str, Any] | None = None) -> dict[int, list[dict[str, Any]]]:
    """Run the code cells in order; returns their outputs by index. Raises CellError where one of them fails.

    As in a kernel, the names of the cells are those of the module __main__: what a cell has imported from minirl can
    then be exchanged by `swapped` there too.
    """
    remember(source, file)
    if names is None:
        sys.modules["__main__"] = ModuleType("__main__")
        names = vars(sys.modules["__main__"])
    return {index: run_cell(cell, file, names) for index, cell in enumerate(source) if cell.kind == "code"}


def run_cell(cell: Cell, file: str, names: dict[str, Any]) -> list[dict[str, Any]]:
    """The outputs of one cell."""
    tree = ast.parse(cell.source, file)
    ast.increment_lineno(tree, cell.line)
    last = tree.body[-1] if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    tree.body = tree.body[:-1] if last else tree.body
    printed, value = io.StringIO(), None
    try:
        with contextlib.redirect_stdout(printed):
            exec(compile(tree, file, "exec"), names)
            if isinstance(last, ast.Expr):
                value = eval(compile(ast.Expression(last.value), file, "eval"), names)
    except Exception as error:
        begin = cell.source.partition("\n")[0]
        head = f"lesson.ipynb, the cell that begins with `{begin}`:"
        raise CellError(f"{head}\n{printed.getvalue()}{told(error, file)}") from error
    outputs = []
    if printed.getvalue():
        lines = printed.getvalue().splitlines(keepends=True)
        outputs.append({"name": "stdout", "output_type": "stream", "text": lines})
    if value is not None:
        outputs.append(shown(value))
    return outputs


def remember(source: list[Cell], file: str) -> None:
    """Let Python find the lines of the cells, which it shows where an error comes from."""
    lines: list[str] = []
    for cell in source:
        lines += ["\n"] * (cell.line - len(lines)) + cell.source.splitlines(keepends=True)
        lines[-1] += "\n"
    linecache.cache[file] = (sum(map(len, lines)), None, lines, file)


def told(error: Exception, file: str) -> str:
    """An error in words for a learner: which lines of the lesson and of exercises.py led to it, and what it says.

    What lies between these lines is minirl's own. Its last line is shown where the learner's file has no part in this.
    """
    if isinstance(error, parts.SwapError):
        return str(error)
    lines, frames = [], traceback.extract_tb(error.__traceback__)
    for frame in frames:
        if frame.filename == file:
            lines.append(f"    lesson.ipynb: {frame.line}")
        elif Path(frame.filename).name == "exercises.py":
            lines.append(f"    exercises.py, line {frame.lineno}: {frame.line}")
    if frames[-1].filename != file and not any("exercises.py" in line for line in lines):
        lines.append(f"    {frames[-1].filename}, line {frames[-1].lineno}: {frames[-1].line}")
    what = (
        str(error) or "this is not so, and the lesson goes no further." if isinstance(error, AssertionError) else error
    )
    return "\n".join([*lines, f"{type(error).__name__}: {what}"])


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


def main(name: str, answer: str) -> int:
    """Run a lesson in the current folder, and write what came of it to the file `answer`; returns the exit status."""
    lesson = find_lesson(name)
    start = time.process_time()
    sys.path.insert(0, str(Path.cwd()))
    try:
        outputs, error = execute(lesson_cells(lesson), f"{lesson.name}/lesson.py"), ""
    except CellError as failed:
        outputs, error = {}, str(failed)
    seconds = time.process_time() - start  # of the processor: a busy machine hardly changes it
    found = {"outputs": outputs, "error": error, "reached": sorted(parts.REACHED), "seconds": seconds}
    Path(answer).write_text(json.dumps(found), encoding="utf-8")
    return 1 if error else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

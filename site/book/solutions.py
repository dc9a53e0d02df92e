"""A page of solutions for each lesson, made from its solution.py, so that no solution is in view in the lesson."""

import ast
import re
from collections.abc import Sequence

from minirl.lessons.lesson import Lesson, source_of

MARK = re.compile(r"# -+ [\w.]+ -+$")  # between the exercises of a file: # ---- 12.1 ----


def solution_page(lesson: Lesson) -> str:
    """The functions of solution.py under the names of their exercises; what they share stands first."""
    path = lesson.folder / "solution.py"
    parts = [
        f"# Solutions to lesson {lesson.number}: {lesson.title}\n\n"
        f"One way to write the functions of [the lesson](../lessons/{lesson.notebook.name}). Others are as good: what "
        "counts is that the checks pass. Try first. A hint often helps more than an answer: "
        f"`python -m minirl.lessons hint {lesson.number}.1`.\n"
    ]
    if shared := shared_source(path.read_text(encoding="utf-8"), {exercise.name for exercise in lesson.exercises}):
        parts.append(f"## What they share\n\n{code(shared)}")
    for exercise in lesson.exercises:
        parts.append(
            f"## {exercise.number} {exercise.title}: `{exercise.name}`\n\n{code(source_of(path, exercise.name))}"
        )
    return "\n".join(parts)


def shared_source(source: str, exercises: set[str]) -> str:
    """A solution.py without its docstring and without the functions and classes that are answers."""
    tree, lines = ast.parse(source), source.splitlines()
    for node in tree.body:
        docstring = node is tree.body[0] and isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if docstring or getattr(node, "name", None) in exercises:
            decorators = [decorator.lineno for decorator in getattr(node, "decorator_list", ())]
            first = min([node.lineno, *decorators])
            lines[first - 1 : node.end_lineno] = [""] * ((node.end_lineno or first) - first + 1)
    kept = "\n".join(line for line in lines if not MARK.match(line))
    return re.sub(r"\n{4,}", "\n\n\n", kept).strip("\n")


def code(source: str) -> str:
    """A block of Python."""
    return f"```python\n{source}\n```\n"


def solutions_index(lessons: Sequence[Lesson]) -> str:
    """The page that lists the pages of solutions."""
    links = [f"- [Lesson {lesson.number}: {lesson.title}]({lesson.name}.md)" for lesson in lessons]
    return "\n".join(
        [
            "# Solutions\n",
            "One way to write each function of the course, a page for each lesson. In your own folder,",
            "`python -m minirl.lessons solution 1.1` shows the same after you have passed, or after three tries.\n",
            *links,
            "\n```{toctree}\n:hidden:\n",
            *(lesson.name for lesson in lessons),
            "```\n",
        ]
    )

"""A page of solutions for each lesson, made from its solution.py, solution.c and solution.cu: none is in view in
the lesson."""

import ast
import re
from collections.abc import Sequence
from pathlib import Path

from minirl.lessons.c.source import pieces
from minirl.lessons.lesson import Lesson, is_compiled, source_of

MARK = re.compile(r"# -+ [\w.]+ -+$")  # between the exercises of a file: # ---- 12.1 ----


def solution_page(lesson: Lesson) -> str:
    """The functions of the solution under the names of their exercises; what they share stands first."""
    parts = [
        f"# Solutions: {lesson.heading}\n\n"
        f"One way to write the functions of [the lesson](../lessons/{lesson.notebook.name}). Others are as good: what "
        "counts is that the checks pass. Try first. A hint often helps more than an answer: "
        f"`python -m minirl.lessons hint {lesson.number}.1`.\n"
    ]
    answers = {exercise.name for exercise in lesson.exercises}
    blocks = []
    for path in dict.fromkeys(map(lesson.solution, lesson.exercises)):
        source = path.read_text(encoding="utf-8")
        shared = shared_c(source, answers) if is_compiled(path) else shared_source(source, answers)
        blocks += [code(shared, path)] if shared else []
    if blocks:
        parts.append("\n".join(["## What they share\n", *blocks]))
    for exercise in lesson.exercises:
        path = lesson.solution(exercise)
        block = code(source_of(path, exercise.name), path)
        parts.append(f"## {exercise.number} {exercise.title}: `{exercise.name}`\n\n{block}")
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


def shared_c(source: str, exercises: set[str]) -> str:
    """What stands in a solution.c or .cu beside the answers: includes, macros, functions that several of them call."""
    return "\n".join(source[piece.start : piece.end] for piece in pieces(source) if piece.name not in exercises)


def code(source: str, path: Path) -> str:
    """A block of code, in the language of the file that it comes from."""
    language = {".c": "c", ".cu": "cuda"}.get(path.suffix, "python")
    return f"```{language}\n{source}\n```\n"


def solutions_index(lessons: Sequence[Lesson]) -> str:
    """The page that lists the pages of solutions."""
    links = [f"- [{lesson.called}: {lesson.title}]({lesson.name}.md)" for lesson in lessons]
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

"""Carries out one check in a process of its own, which the learner's code may crash: started by isolate.py alone.

    python -m minirl.lessons.child REQUEST ANSWER

REQUEST is a JSON file: the exercise's id, the files to check, a seed, and the limits. The answers are written to
ANSWER, another JSON file, so that what the learner's code prints does not mix with it.
"""

import contextlib
import faulthandler
import json
import sys
import traceback
from pathlib import Path
from typing import Any

import numpy as np

from minirl.lessons.c import CompileError, NoCompiler
from minirl.lessons.c.source import functions, reached, same
from minirl.lessons.check import Check, first_failure
from minirl.lessons.explain import as_json, explain
from minirl.lessons.gate import Ruling, judge_memory, judge_order, judge_speed
from minirl.lessons.lesson import Exercise, Lesson, find_exercise, source_text
from minirl.lessons.names import Names, names_of
from minirl.lessons.unusable import Waited

NO_SANITIZERS = (
    "The compiler here has no sanitizers. So guard bands alone watched the arrays: they find what is written outside, "
    "and what is read there only where it spoils a result."
)


def main(request_file: str, answer_file: str) -> None:
    """Read the request, check, write the answer."""
    request = json.loads(Path(request_file).read_text(encoding="utf-8"))
    limit_memory(request["memory"])
    faulthandler.enable()
    find_exercise(request["exercise"])[0].module("checks")  # before the clock starts
    answers = []
    with contextlib.redirect_stdout(sys.stderr):
        for file in request["files"]:
            faulthandler.dump_traceback_later(request["seconds"], exit=True)
            answers.append(checked(request, Path(file)))
            faulthandler.cancel_dump_traceback_later()
    Path(answer_file).write_text(json.dumps(answers), encoding="utf-8")


def limit_memory(gigabytes: float) -> None:
    """Let allocations fail, as MemoryError, before the machine runs out of memory. (Windows has no such limit.)"""
    try:
        import resource
    except ImportError:
        return
    size = int(gigabytes * 2**30)
    with contextlib.suppress(ValueError, OSError):  # the soft limit: a sanitizer reserves terabytes, and lifts it
        resource.setrlimit(resource.RLIMIT_AS, (size, resource.getrlimit(resource.RLIMIT_AS)[1]))


def checked(request: dict[str, Any], file: Path) -> dict[str, Any]:
    """The verdict about one exercise of a file, and the explanation where it fails."""
    lesson, exercise = find_exercise(request["exercise"])
    check: Check = lesson.module("checks").CHECKS[exercise.name]
    missing = f"{file.name} has no `{exercise.name}`. Bring it back, or get a fresh copy: `reset {exercise.number}`."
    try:
        sys.path.insert(0, str(file.parent))
        if exercise.compiled and exercise.name not in functions(source_text(file)):
            return refused(missing)
        if exercise.compiled:
            names_of(lesson, exercise, file)  # the build that a notebook uses, which has the warnings
        names = names_of(lesson, exercise, file, watch=True)
    except NoCompiler as error:
        text = (
            f"`{exercise.name}` is written in {'C' if exercise.language == 'c' else 'CUDA'}, and {error} Until then "
            "the lesson goes on with a reference in NumPy."
        )
        return answered("inconclusive", [{"kind": "compiler", "text": text}])
    except CompileError as error:
        return refused(str(error))
    except Exception as error:
        return refused(unread(error, file))
    if exercise.name not in names:
        return refused(missing)
    if exercise.compiled and (unwritten := unwritten_body(lesson, exercise, file)):
        return answered("fail", form(unwritten))
    try:
        failure, tried = first_failure(check, exercise.name, names, np.random.default_rng(request["seed"]))
        if failure is not None:
            rng = np.random.default_rng(request["seed"])
            parts = as_json(explain(check, lesson, exercise, names, failure, rng))
            return answered("fail", [*parts, *unwatched(exercise, names)], tried)
        ruling = gates(check, lesson, exercise, names, file, np.random.default_rng(request["seed"]))
    except Waited as error:
        return answered("inconclusive", form(str(error)))
    parts = [{"kind": kind, "text": text} for kind, text in ruling.parts]
    return answered(ruling.verdict, [*parts, *unwatched(exercise, names)], tried)


def gates(
    check: Check, lesson: Lesson, exercise: Exercise, names: Names, file: Path, rng: np.random.Generator
) -> Ruling:
    """What the gates for memory, order and speed say about a function that is right in all cases."""
    ruling = Ruling("pass")
    if check.memory is not None:
        ruling = judge_memory(lesson, exercise, names, check.memory, rng)
    if check.order is not None and ruling.verdict == "pass":
        ruling = judge_order(lesson, exercise, names_of(lesson, exercise, file), check.order)
    if check.speed is not None and ruling.verdict == "pass":
        ruling = judge_speed(lesson, exercise, names_of(lesson, exercise, file), check.speed, rng)
    return ruling


def unwritten_body(lesson: Lesson, exercise: Exercise, file: Path) -> str:
    """Which exercise with an empty body is not written yet, this one or one that it calls; empty where all are."""
    text, stub = source_text(file), source_text(lesson.folder / exercise.file)
    if same(text, stub, exercise.name):
        return f"`{exercise.name}` is not written yet."
    for other in lesson.exercises:
        if other.name in reached(text, exercise.name) and same(text, stub, other.name):
            return f"`{exercise.name}` calls `{other.name}`, which is not written yet. It is exercise {other.number}."
    return ""


def unwatched(exercise: Exercise, names: Names) -> list[dict[str, str]]:
    """A note where the compiler has no sanitizers; none for Python."""
    if not exercise.compiled or names[exercise.name].raw.program.sanitized:
        return []
    return [{"kind": "note", "text": NO_SANITIZERS}]


def answered(verdict: str, parts: list[dict[str, str]], cases: int = 0) -> dict[str, Any]:
    """The answer for a file that was checked."""
    return {"verdict": verdict, "cases": cases, "parts": parts}


def form(text: str) -> list[dict[str, str]]:
    """An explanation of one paragraph."""
    return [{"kind": "form", "text": text}]


def refused(text: str) -> dict[str, Any]:
    """The answer for a file that cannot be checked at all."""
    return {**answered("fail", form(text)), "refused": True}


def unread(error: Exception, file: Path) -> str:
    """Why a file cannot be imported, with the place."""
    if isinstance(error, SyntaxError):
        return f"{file.name} cannot be read: line {error.lineno}: {error.msg}\n    {(error.text or '').strip()}"
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(file)]
    place = f" in line {frames[-1].lineno}" if frames else ""
    line = f"\n    {frames[-1].line}" if frames and frames[-1].line else ""
    return f"{file.name} stops{place} while it is imported: {type(error).__name__}: {error}{line}"


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])

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

from minirl.lessons.check import Check, first_failure
from minirl.lessons.explain import as_json, explain
from minirl.lessons.lesson import find_exercise, namespace


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
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (size, size))


def checked(request: dict[str, Any], file: Path) -> dict[str, Any]:
    """The verdict about one exercise of a file, and the explanation where it fails."""
    lesson, exercise = find_exercise(request["exercise"])
    check: Check = lesson.module("checks").CHECKS[exercise.name]
    try:
        sys.path.insert(0, str(file.parent))
        names = namespace(file)
    except Exception as error:
        return refused(unread(error, file))
    if exercise.name not in names:
        return refused(
            f"{file.name} has no `{exercise.name}`. Bring it back, or get a fresh copy: `reset {exercise.number}`."
        )
    failure, tried = first_failure(check, exercise.name, names, np.random.default_rng(request["seed"]))
    if failure is None:
        return {"verdict": "pass", "cases": tried, "parts": []}
    rng = np.random.default_rng(request["seed"])
    parts = explain(check, lesson, exercise, names, failure, rng)
    return {"verdict": "fail", "cases": tried, "parts": as_json(parts)}


def refused(text: str) -> dict[str, Any]:
    """The answer for a file that cannot be checked at all."""
    return {"verdict": "fail", "cases": 0, "refused": True, "parts": [{"kind": "form", "text": text}]}


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

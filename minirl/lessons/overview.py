"""How far a learner is: each exercise in words, and everything as plain data, which `progress --json` writes."""

from pathlib import Path
from typing import Any

from minirl.lessons.c import has_compiler
from minirl.lessons.compare import counted
from minirl.lessons.lesson import LEVELS, Exercise, Lesson, all_exercises
from minirl.lessons.progress import Progress


def file_of(progress: Progress | None, found: Lesson, exercise: Exercise) -> Path:
    """The learner's file with an exercise."""
    return (progress.folder if progress else Path()) / found.name / exercise.file


def state(progress: Progress, found: Lesson, exercise: Exercise) -> str:
    """How far an exercise is, in words."""
    entry = progress.of(exercise)
    if "passed" in entry:
        same = progress.passed_as_is(exercise, file_of(progress, found, exercise))
        return "passed" if same else "passed, changed since"
    if exercise.compiled and not has_compiler(exercise.language):
        return "needs a compiler"
    tries = entry.get("tries", 0)
    return counted(tries, "tries") if tries else ""


def overview(stored: Progress) -> dict[str, Any]:
    """Everything about a learner's progress as plain data."""
    exercises = []
    for found, exercise in all_exercises():
        entry, file = stored.of(exercise), file_of(stored, found, exercise)
        about = {
            "exercise": exercise.number,
            "id": exercise.id,
            "level": exercise.level,
            "what": LEVELS[exercise.level],
            "passed": "passed" in entry,
            "unchanged_since": stored.passed_as_is(exercise, file),
            "hash": entry.get("passed"),
            "tries": entry.get("tries", 0),
            "hints": entry.get("hints", 0),
            "solution_shown": entry.get("solution", False),
        }
        exercises.append(about)
    return {"exercises": exercises, "predictions": stored.predictions, "runs": stored.runs}

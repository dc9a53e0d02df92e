"""A cell of a lesson has stopped: where, in files that the learner has, and which exercise to check."""

import ast
import traceback
from collections.abc import Iterator, Sequence
from pathlib import Path

from minirl.lessons.errors import meaning
from minirl.lessons.lesson import Exercise, Lesson
from minirl.lessons.parts import SwapError

RUNNER = Path(__file__).parent
SHOWN = 3  # lines of a traceback at most, besides the cell's own
MINE = "exercises.py"


def story(error: BaseException, place: str, source: str, printed: str) -> str:
    """Which cell has stopped, what it had printed, where in it and below it, and the error. place: the cell's name in
    tracebacks."""
    begins = next((line.strip() for line in source.splitlines() if line.strip()), "")
    lines = [f"{place}, stopped. It begins with `{begins}`.", printed.rstrip()]
    for frame in telling(error, place):
        inside = "" if frame.name == "<module>" else f", in {frame.name}"
        line = f"line {frame.lineno}"
        where = f"{line} of the cell" if frame.filename == place else f"{frame.filename}, {line}"
        lines.append(f"  {where}{inside}:\n    {frame.line}")
    said = "".join(traceback.format_exception_only(error)).rstrip()
    lines.append(f"{said}: this is not so, and the lesson goes no further." if said == "AssertionError" else said)
    return "\n".join(filter(None, lines))


def telling(error: BaseException, place: str) -> list[traceback.FrameSummary]:
    """The frames that tell a learner where it was: the cell's, and the last ones below it that are not the runner's."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename).parent != RUNNER]
    own = [index for index, frame in enumerate(frames) if frame.filename == place]
    frames = frames[own[0] :] if own else frames
    if isinstance(error, SwapError):  # a seam has caught it: the learner's own line is in the cause
        return [*frames[:1], *learners(error)[-1:]]
    return [*frames[:1], *frames[1:][-SHOWN:]]


def advice(lesson: Lesson, error: BaseException | None, sources: Sequence[str]) -> str:
    """What the error means, and which exercises to check: those whose function was at work when it arose, or else those
    that the cell uses. sources: of the code cells up to this one. Empty where no exercise comes into it."""
    if error is None:
        return ""
    root, frames = error.__cause__ or error, learners(error)
    words = meaning(f"{type(root).__name__}: {root}") if frames else ""
    if isinstance(error, SwapError):  # it says itself what to check
        return words
    at_work = {frame.name for frame in frames}
    suspects = [exercise for exercise in lesson.exercises if exercise.name in at_work]
    if not suspects:
        suspects = used(lesson, sources[-1]) or used(lesson, *sources)
    if not suspects:
        return words
    named = ", ".join(f"{exercise.number} {exercise.name}" for exercise in suspects)
    numbers = " ".join(exercise.number for exercise in suspects)
    how = "It arose in your" if at_work.intersection(exercise.name for exercise in suspects) else "The cell works with"
    check = f"`check {numbers}` tries small inputs. If all pass, the mistake is in the lesson."
    return f"{words}\n{how} {named}: {check}".strip()


def learners(error: BaseException | None) -> list[traceback.FrameSummary]:
    """The frames in the learner's file, of the error and of what caused it."""
    found: list[traceback.FrameSummary] = []
    while error is not None:
        found += mine(traceback.extract_tb(error.__traceback__))
        error = error.__cause__
    return found


def mine(frames: Sequence[traceback.FrameSummary]) -> list[traceback.FrameSummary]:
    """Those frames that are in a learner's file."""
    return [frame for frame in frames if Path(frame.filename).name == MINE]


def used(lesson: Lesson, *sources: str) -> list[Exercise]:
    """The exercises whose function the cells mention, as `my.name` or by the seam."""
    words = {word for source in sources for word in mentioned(source)}
    return [exercise for exercise in lesson.exercises if exercise.name in words or exercise.seam in words]


def mentioned(source: str) -> Iterator[str]:
    """The attributes of `my`, and all texts, that a cell holds."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "my":
            yield node.attr
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value

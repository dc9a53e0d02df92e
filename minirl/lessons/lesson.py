"""What a lesson is: a folder with its text, its exercises, their checks, and a file that describes them.

    lessons/01_decisions/
        lesson.toml       title, goals, minutes, the exercises with their hints, the questions to predict
        lesson.py         the text and the code of the lesson, in jupytext's percent format
        exercises.py      what the learner fills in; exercises.c where it is written in C, exercises.cu in CUDA; a
                          lesson may have two of them
        solution.py       the same, filled in; or solution.c, solution.cu
        checks.py         CHECKS: for each exercise, what is tried and what must come out
        wrong/*           mistakes that readers make, each with the sentence that explains it
        seams.py          SEAMS: where the learner's functions go into minirl
    lessons/01_decisions.ipynb    generated from all this

An exercise has a number, such as 1.2, and an id, such as "decisions.policy". The number may change when a lesson grows;
the id never does, and progress is kept under it.
"""

import ast
import functools
import importlib.util
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from minirl.lessons.c import source as c_source
from minirl.lessons.settings import read_settings
from minirl.storage import shipped

LETTERS = "abcdefgh"  # of the choices of a question, and of the questions of a lesson
LEVELS = {
    1: "fill in one line",
    2: "write one function",
    3: "put several parts together",
    4: "find out by measuring",
    5: "open, with a rubric",
}


@dataclass(frozen=True)
class Exercise:
    """One exercise of a lesson."""

    number: str
    id: str
    name: str
    """The function or class that the learner writes."""
    title: str
    level: int
    minutes: int
    hints: tuple[str, ...]
    seam: str
    """Where the function goes into minirl; empty where it goes nowhere."""
    trains: bool
    """Whether it goes into the main job too, where it has a seam. Some are too slow for that, or have no work there."""
    was: tuple[str, ...]
    """Earlier ids, under which progress may be stored."""
    language: str = "python"
    """"python", "c" or "cuda"."""
    declares: str = ""
    """In C and CUDA: the function's prototype."""

    @property
    def compiled(self) -> bool:
        """Whether the function is compiled before it is called."""
        return self.language in c_source.SUFFIXES

    @property
    def suffix(self) -> str:
        """Of the files with this exercise."""
        return c_source.SUFFIXES.get(self.language, ".py")

    @property
    def file(self) -> str:
        """The learner's file with this exercise: "exercises.py", "exercises.c" or "exercises.cu"."""
        return f"exercises{self.suffix}"


@dataclass(frozen=True)
class Prediction:
    """A question that is answered by a guess before the lesson gives the answer."""

    number: str
    id: str
    question: str
    choices: tuple[str, ...]
    answer: int
    """The index of the right choice."""
    because: tuple[str, ...]
    """For each choice, why it is right or wrong."""


@dataclass(frozen=True)
class Lesson:
    """One lesson: what lesson.toml says, and the folder that it stands in."""

    folder: Path
    number: str
    title: str
    promise: str
    """What the lesson gives, in one sentence."""
    minutes: int
    """An estimate of a learner's time, by the rule in lessons/README.md."""
    run_seconds: int
    """The most that all code of the lesson may take on two cores."""
    needs: tuple[str, ...]
    """Numbers of the lessons that come before."""
    full: bool
    """Whether `run --full` does the main job with the learner's parts."""
    goals: tuple[str, ...]
    exercises: tuple[Exercise, ...]
    predictions: tuple[Prediction, ...]
    openmp: bool = False
    """Whether its C may use threads."""
    brings: tuple[str, ...] = ()
    """Other files for the learner to write in, beside the exercises."""

    @property
    def heading(self) -> str:
        """Number and title: "Lesson 3. Tensors", "Capstone. A study"."""
        return f"{self.called}. {self.title}"

    @property
    def called(self) -> str:
        """What it is called at the beginning of a sentence: "Lesson 3", or "Capstone", which has no number."""
        return f"Lesson {self.number}" if self.number[0].isdigit() else self.number.capitalize()

    @property
    def files(self) -> list[str]:
        """The files that the learner writes in."""
        return list(dict.fromkeys(exercise.file for exercise in self.exercises))

    def solution(self, exercise: Exercise) -> Path:
        """The file in which this exercise is filled in."""
        return self.folder / f"solution{exercise.suffix}"

    @property
    def name(self) -> str:
        """The name of its folder, such as "01_decisions"."""
        return self.folder.name

    @property
    def notebook(self) -> Path:
        """The generated notebook, which lies beside the folder."""
        return self.folder.parent / f"{self.name}.ipynb"

    def module(self, name: str) -> ModuleType:
        """A Python file of the lesson, such as "checks", imported under a name of its own."""
        return load(self.folder / f"{name}.py")

    def wrong(self, exercise: Exercise) -> dict[str, Path]:
        """The files with mistakes in this exercise, by name: wrong/policy_multiplied.py for the function `policy`."""
        found = (self.folder / "wrong").glob(f"{exercise.name}__*{exercise.suffix}")
        return {path.stem: path for path in sorted(found)}


@functools.cache
def lessons() -> dict[str, Lesson]:
    """All lessons by number, in the order of the course."""
    folders = sorted(path.parent for path in shipped("lessons").glob("*/lesson.toml"))
    return {lesson.number: lesson for lesson in map(read_lesson, folders)}


def read_lesson(folder: Path) -> Lesson:
    """The lesson in a folder. Raises SettingsError or KeyError for a description that is not complete."""
    about = read_settings(folder / "lesson.toml")
    number, short = str(about["number"]), folder.name.partition("_")[2] or folder.name
    exercises = tuple(
        Exercise(
            number=f"{number}.{index}",
            id=f"{short}.{entry['name']}",
            name=entry["name"],
            title=entry["title"],
            level=entry["level"],
            minutes=entry["minutes"],
            hints=tuple(entry["hints"]),
            seam=entry.get("seam", ""),
            trains=entry.get("trains", True),
            was=tuple(entry.get("was", ())),
            language=entry.get("language", "python"),
            declares=entry.get("declares", ""),
        )
        for index, entry in enumerate(about.get("exercise", ()), start=1)
    )
    predictions = tuple(
        Prediction(
            number=f"{number}.{LETTERS[index]}",
            id=f"{short}.{entry['name']}",
            question=entry["question"],
            choices=tuple(entry["choices"]),
            answer=LETTERS.index(entry["answer"]),
            because=tuple(entry["because"]),
        )
        for index, entry in enumerate(about.get("prediction", ()))
    )
    return Lesson(
        folder, number, about["title"], about["promise"], about["minutes"], about["run_seconds"],
        tuple(map(str, about["needs"])), about.get("full", False), tuple(about["goals"]), exercises, predictions,
        about.get("openmp", False), tuple(about.get("brings", ())),
    )  # fmt: skip


class NotFound(LookupError):
    """No lesson, exercise or prediction has this name; the message lists what there is."""


def find_lesson(name: str) -> Lesson:
    """A lesson by its number, "1", or its folder's name. Raises NotFound."""
    for lesson in lessons().values():
        if name.lower() in (lesson.number, lesson.name):
            return lesson
    raise NotFound(f"there is no lesson {name!r}; there are {', '.join(lessons())}{called(name)}")


def called(name: str) -> str:
    """What else a name that was not found may mean: an exercise, or a question. Empty where it is neither."""
    exercise = next((one.number for _, one in all_exercises() if name in (one.number, one.name)), "")
    question = next((one.number for lesson in lessons().values() for one in lesson.predictions
                     if name.lower() == one.number), "")  # fmt: skip
    if question:
        return f". {question} is a question: `predict {question}`"
    if exercise:
        return f". {name} is {'an exercise' if name == exercise else f'exercise {exercise}'}: `check {exercise}`"
    return ""


def numbered(numbers: Sequence[str]) -> str:
    """Lessons by their numbers, in words: "lesson 3", "lessons 3 and 8", "lessons 1, 3 and 8"."""
    *others, last = numbers
    return f"lessons {', '.join(others)} and {last}" if others else f"lesson {last}"


def find_exercise(name: str) -> tuple[Lesson, Exercise]:
    """An exercise by its number, "1.2", its id, "decisions.policy", or an earlier id. Raises NotFound."""
    for lesson, exercise in all_exercises():
        if name in (exercise.number, exercise.id, *exercise.was):
            return lesson, exercise
    has = of_lesson(name, "exercises") or "`list` shows all, and 1.2 is the second of lesson 1"
    raise NotFound(f"there is no exercise {name!r}; {has}{called(name)}")


def find_prediction(name: str) -> tuple[Lesson, Prediction]:
    """A question by its number, "1.a", or its id. Raises NotFound."""
    for lesson in lessons().values():
        for prediction in lesson.predictions:
            if name.lower() in (prediction.number, prediction.id):
                return lesson, prediction
    has = of_lesson(name, "predictions") or "1.a is the first of lesson 1"
    raise NotFound(f"there is no question {name!r} to predict; {has}{called(name)}")


def of_lesson(name: str, kind: str) -> str:
    """What a lesson has, by the number of one that it does not have: "lesson 0 has 0.1 to 0.3". Empty where there is no
    such lesson, or where it has none. kind: "exercises" or "predictions"."""
    lesson = lessons().get(name.partition(".")[0])
    numbers = [one.number for one in getattr(lesson, kind, ())]
    return f"lesson {lesson.number} has {numbers[0]} to {numbers[-1]}" if lesson and numbers else ""


def all_exercises() -> Iterator[tuple[Lesson, Exercise]]:
    """Every exercise of the course with its lesson, in order."""
    for lesson in lessons().values():
        for exercise in lesson.exercises:
            yield lesson, exercise


def load(path: Path) -> ModuleType:
    """The Python file at `path` as a module, under a name that collides with no other; imported once."""
    name = "minirl_lesson_" + "_".join([path.parent.name, path.stem]).replace("-", "_")
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} cannot be imported")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def namespace(*paths: Path) -> dict[str, Any]:
    """The names that the files define when they are read one after the other, as if they were one file.

    A mistake is a short file that changes one function of the solution, so it is read after the solution. The functions
    of the solution then call the changed one.
    """
    names: dict[str, Any] = {"__name__": "exercises", "__file__": str(paths[0])}
    for path in paths:
        exec(compile(path.read_text(encoding="utf-8"), str(path), "exec"), names)
    return names


def source_of(path: Path, name: str) -> str:
    """The source of one function or class in a file, with its decorators."""
    if is_compiled(path):
        return c_source.source_of(path, name)
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines()
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name == name:
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            return "\n".join(lines[first - 1 : node.end_lineno])
    raise LookupError(f"{path} does not define {name}")


def source_text(path: Path) -> str:
    """The text of a file."""
    return path.read_text(encoding="utf-8")


def is_compiled(path: Path) -> bool:
    """Whether a file is in a language that is compiled."""
    return path.suffix in c_source.SUFFIXES.values()


def docstring(path: Path) -> str:
    """The docstring of a file in Python, as one paragraph."""
    return " ".join((ast.get_docstring(ast.parse(source_text(path))) or "").split())

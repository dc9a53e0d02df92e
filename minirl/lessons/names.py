"""The functions that a learner's file defines, in Python, C or CUDA, under the names of their exercises.

A lesson has `exercises.py`, `exercises.c`, `exercises.cu`, or two of them. A file in Python is read as it is. Another
one is compiled: for a check as a program of its own that is watched, otherwise as a library. Each function in C or CUDA
gets the face that the lesson's checks.py gives it. Where its exercise has a seam, it is marked as the learner's part.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from minirl.lessons.c import call, kernel
from minirl.lessons.c.compiler import has_compiler
from minirl.lessons.c.face import Face
from minirl.lessons.c.prototype import read_prototype
from minirl.lessons.c.source import SUFFIXES, functions, sentence, source_of, spliced
from minirl.lessons.lesson import Exercise, Lesson, docstring, is_compiled, namespace, source_text
from minirl.lessons.parts import implements

Names = dict[str, Any]


def names_of(lesson: Lesson, exercise: Exercise, file: Path, *, watch: bool = False) -> Names:
    """The names that the file with this exercise defines. watch: whether what is compiled is only to be checked.

    Raises whatever a file in Python raises, CompileError for another one that does not compile, NoCompiler.
    """
    if not exercise.compiled:
        return namespace(file)
    return compiled_names(lesson, source_text(file), file, watch=watch)


def variant(lesson: Lesson, exercise: Exercise, path: Path, *, watch: bool = False) -> Names:
    """The names of the solution with the functions of another file, such as a known mistake, in their places."""
    solution = lesson.solution(exercise)
    if not exercise.compiled:
        return namespace(solution, path)
    text = source_text(solution)
    if path != solution:  # its own enums and macros would come in twice
        text = spliced(text, source_text(path))
    return compiled_names(lesson, text, path, watch=watch, mark=False)


def with_solution_of(lesson: Lesson, text: str, other: Exercise, file: Path) -> Names:
    """The names of a compiled file with the course's own function in one place, for a check."""
    theirs = source_of(lesson.solution(other), other.name)
    return compiled_names(lesson, spliced(text, theirs), file, watch=True, mark=False)


def compiled_names(lesson: Lesson, text: str, file: Path, *, watch: bool, mark: bool = True) -> Names:
    """The functions of a file in C or CUDA behind their faces. mark: whether they are the learner's parts at their
    seams."""
    defined = functions(text)
    exercises = [one for one in lesson.exercises if one.suffix == file.suffix and one.name in defined]
    prototypes = [read_prototype(one.declares) for one in exercises]
    name = f"exercises{file.suffix}"
    raw: Any
    if file.suffix == SUFFIXES["cuda"]:
        raw = kernel.watched_kernels(text, prototypes, name) if watch else kernel.load_kernels(text, prototypes)
    else:
        raw = (call.watched if watch else call.load)(text, prototypes, name, lesson.openmp)
    faces = faces_of(lesson)
    names: Names = {"__file__": str(file)}
    for exercise in exercises:
        function = faces[exercise.name].around(raw[exercise.name], file)
        marked = bool(exercise.seam) and mark and not watch
        names[exercise.name] = implements(exercise.seam)(function) if marked else function
    return names


def solution_names(lesson: Lesson) -> Names:
    """The course's own functions, of all languages. Where there is no compiler, references stand for what it would
    compile."""
    names: Names = {}
    for language in languages(lesson.exercises):
        one = next(exercise for exercise in lesson.exercises if exercise.language == language)
        if not one.compiled or has_compiler(language):
            names |= names_of(lesson, one, lesson.solution(one))
        else:
            names |= references(lesson, language)
    return names


def references(lesson: Lesson, language: str) -> Names:
    """What stands in for the functions in a language without a compiler."""
    names: Names = {}
    for exercise in lesson.exercises:
        if exercise.language == language:
            function = faces_of(lesson)[exercise.name].standing_in(exercise.name)
            names[exercise.name] = implements(exercise.seam)(function) if exercise.seam else function
    return names


def faces_of(lesson: Lesson) -> dict[str, Face]:
    """The faces of a lesson's functions in C or CUDA, by name."""
    found: dict[str, Face] = lesson.module("checks").FACES
    return found


def languages(exercises: Sequence[Exercise]) -> list[str]:
    """The languages of these exercises, each once."""
    return list(dict.fromkeys(exercise.language for exercise in exercises))


def learners_names(lesson: Lesson, folder: Path) -> Names:
    """What the learner's files in `folder` define; nothing, with a note, of a file that is missing or does not run."""
    names: Names = {}
    for language in languages(lesson.exercises):
        one = next(exercise for exercise in lesson.exercises if exercise.language == language)
        file = folder / one.file
        if not file.is_file() or (one.compiled and not has_compiler(language)):
            continue
        try:
            names |= names_of(lesson, one, file)
        except Exception as error:
            print(f"{file.name} does not run ({type(error).__name__}: {error}).")
    return names


def says(path: Path) -> str:
    """The sentence that a file of wrong/ must draw: its docstring, or in C and CUDA its first comment, as one
    paragraph."""
    return sentence(source_text(path)) if is_compiled(path) else docstring(path)

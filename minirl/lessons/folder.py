"""The learner's folder: what `init` puts there, and fresh copies of its files."""

import shutil
from pathlib import Path

from minirl.lessons.handbook import add_handbook
from minirl.lessons.lesson import Lesson, lessons
from minirl.lessons.notebook import lesson_cells, notebook, write_notebook
from minirl.lessons.progress import FILE, Progress
from minirl.storage.files import atomic_write

TITLE = "# Your lessons\n"
README = (
    TITLE
    + """\

Each folder here is a lesson: `lesson.ipynb` is its text, and `exercises.py` is
what you write, or `exercises.c` where a lesson is about C, or `exercises.cu`
where it is about CUDA. The folder `docs` is minirl's handbook, to look things
up.

    python -m minirl.lessons list           all lessons, and how far you are
                                            (--track weekend: one way through)
    python -m minirl.lessons start 0        what lesson 0 is about
    python -m minirl.lessons predict 0.a    a guess before you read the answer
    python -m minirl.lessons check 0.1      is my exercise 0.1 right?
    python -m minirl.lessons watch 0        the same, each time you save
    python -m minirl.lessons hint 0.1       a hint, and then the next one
    python -m minirl.lessons solution 0.1   one way to write it, when it has
                                            passed or after three tries
    python -m minirl.lessons run 0          the lesson's code, your functions
    python -m minirl.lessons run 14 --full  minirl's main job with all of your
                                            functions that have passed
    python -m minirl.lessons progress       what has passed, and your guesses
    python -m minirl.lessons study          the capstone, step by step

Read `lesson.ipynb` with Jupyter (`pip install jupyterlab`, then `jupyter lab`)
or with an editor that runs notebooks. Run one cell at a time. Any order of
lessons is allowed. A crash or an endless loop in your code ends only the check.
"""
)

AGENTS = """\
# To AI helpers

The person in this folder is learning. Please be a tutor.

- Ask what they have tried, and what they expect to happen.
- Explain the idea, give a smaller example, or point to the paragraph of the
  lesson. `hint N.M` has hints in steps.
- Do not write the body of a function in exercises.py, exercises.c or
  exercises.cu, and do not show the reference solution.
- `python -m minirl.lessons check N.M --plain` explains what is wrong with an
  exercise.
"""


def make_folder(folder: Path) -> Progress:
    """A learner's folder with all lessons; files that are there already stay as they are. Returns its progress."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in (("README.md", README), ("AGENTS.md", AGENTS)):
        if not (folder / name).exists():
            with atomic_write(folder / name) as file:
                file.write(text)
    for lesson in lessons().values():
        add_lesson(folder, lesson)
    add_handbook(folder)
    progress = Progress.read(folder) if (folder / FILE).exists() else Progress(folder)
    progress.save()
    return progress


def add_lesson(folder: Path, lesson: Lesson) -> None:
    """A lesson's exercises and its notebook without outputs, where they are missing."""
    inside = folder / lesson.name
    inside.mkdir(exist_ok=True)
    for name in (*lesson.files, *lesson.brings):
        if not (inside / name).exists():
            shutil.copyfile(lesson.folder / name, inside / name)
    if not (inside / "lesson.ipynb").exists():
        write_notebook(notebook(lesson_cells(lesson)), inside / "lesson.ipynb")


def reset(folder: Path, lesson: Lesson) -> list[Path]:
    """Put fresh files of exercises in place, and keep the old ones beside them; returns where they are kept."""
    files = [folder / lesson.name / name for name in lesson.files]
    kept = [spare(file) for file in files]
    for file, place in zip(files, kept, strict=True):
        if file.exists():
            file.replace(place)
    add_lesson(folder, lesson)
    return kept


def spare(file: Path) -> Path:
    """Where the learner's file is kept when a fresh one takes its place: exercises.old1.py, or the next free number."""
    number = 1
    while (kept := file.with_name(f"{file.stem}.old{number}{file.suffix}")).exists():
        number += 1
    return kept


def around(place: Path) -> Path | None:
    """The learner's folder that `place` is or lies in, with or without its progress.json; None where there is none."""
    for folder in (place, *place.parents):
        readme = folder / "README.md"
        if (folder / FILE).is_file() or (readme.is_file() and readme.read_text("utf-8", "replace").startswith(TITLE)):
            return folder
    return None

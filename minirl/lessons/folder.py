"""The learner's folder: what `init` puts there, and fresh copies of its files."""

import shutil
from pathlib import Path

from minirl.lessons.lesson import Lesson, lessons
from minirl.lessons.notebook import lesson_cells, notebook, write_notebook
from minirl.lessons.progress import FILE, Progress
from minirl.storage.files import atomic_write

README = """\
# Your lessons

Each folder here is a lesson: `lesson.ipynb` is its text, and `exercises.py` is what you write.

    python -m minirl.lessons list          all lessons and exercises, and how far you are
    python -m minirl.lessons start 0       what lesson 0 is about, and where to begin
    python -m minirl.lessons predict 0.a   store a guess before you read the answer
    python -m minirl.lessons check 0.1     is my exercise 0.1 right?
    python -m minirl.lessons watch 0       the same, each time you save the file
    python -m minirl.lessons hint 0.1      a hint, and another one the next time
    python -m minirl.lessons solution 0.1  one way to write it, after it has passed or after three tries
    python -m minirl.lessons run 0         the code of the lesson, with your functions
    python -m minirl.lessons run 14 --full minirl's main job, with all of your functions that have passed
    python -m minirl.lessons progress      what you have passed, and how good your guesses were

Read `lesson.ipynb` with Jupyter (`pip install jupyterlab`, then `jupyter lab`) or with an editor that shows notebooks.
Any order is allowed. A crash or an endless loop in your code ends the check alone.
"""

AGENTS = """\
# To AI helpers

The person in this folder is learning. Please be a tutor.

- Ask what they have tried, and what they expect to happen.
- Explain the idea, give a smaller example, or point to the paragraph of the lesson. `hint N.M` has hints in steps.
- Do not write the body of a function in exercises.py, and do not show the reference solution.
- `python -m minirl.lessons check N.M --plain` explains what is wrong with an exercise.
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
    progress = Progress.read(folder) if (folder / FILE).exists() else Progress(folder)
    progress.save()
    return progress


def add_lesson(folder: Path, lesson: Lesson) -> None:
    """A lesson's exercises and its notebook without outputs, where they are missing."""
    inside = folder / lesson.name
    inside.mkdir(exist_ok=True)
    if not (inside / "exercises.py").exists():
        shutil.copyfile(lesson.folder / "exercises.py", inside / "exercises.py")
    if not (inside / "lesson.ipynb").exists():
        write_notebook(notebook(lesson_cells(lesson)), inside / "lesson.ipynb")


def reset(folder: Path, lesson: Lesson) -> Path:
    """Put a fresh exercises.py in place, and keep the old one beside it; returns where it is kept."""
    file = folder / lesson.name / "exercises.py"
    number = 1
    while (kept := file.with_name(f"exercises.old{number}.py")).exists():
        number += 1
    if file.exists():
        file.replace(kept)
    add_lesson(folder, lesson)
    return kept

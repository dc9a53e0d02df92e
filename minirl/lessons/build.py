"""The author's side: build the notebooks, and verify that every lesson keeps its promises.

    python -m minirl.lessons build             # notebooks, the table and the minutes on the pages about the course
    python -m minirl.lessons build 3 --text    # the text of lesson 3 anew; its code has not changed, and does not run
    python -m minirl.lessons build --verify    # nothing is written; exit status 1 and a list where a promise is broken

Notebooks are built along the learner's path: in a fresh folder, with the solutions as the learner's exercises, which
pass their checks first.
"""

import json
import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import tyro

from minirl import kernels
from minirl.lessons import commands, course_map, gates
from minirl.lessons.course_map import map_table
from minirl.lessons.folder import make_folder
from minirl.lessons.handbook import dead_links
from minirl.lessons.lesson import Lesson, find_lesson, lessons
from minirl.lessons.notebook import kept_outputs, lesson_cells, notebook, write_notebook
from minirl.lessons.progress import Progress
from minirl.lessons.screen import Screen
from minirl.lessons.study.rubric import with_rubric
from minirl.lessons.timetable import filled
from minirl.lessons.tracks import with_tracks
from minirl.storage.files import atomic_write
from minirl.storage.shipped import in_checkout, shipped

ISA = "avx2"  # committed outputs come from this instruction set where the processor has it: others round differently
BLOCK = re.compile(r"(<!-- (lessons|map): begin -->\n).*?(<!-- \2: end -->)", re.DOTALL)


def build(
    numbers: tyro.conf.Positional[tuple[str, ...]] = (),
    *,
    verify: bool = False,
    text: bool = False,
    plain: bool = False,
) -> int:
    """For authors, in a checkout: build the notebooks, or verify everything.

    Args:
        numbers: Lessons such as 1; none: all.
        verify: Write nothing; check that stubs fail, solutions pass, mistakes draw their sentences, and more.
        text: Renew the text alone, and keep the outputs. Refuses where code has changed.
        plain: No colours and boxes.
    """
    if not in_checkout():
        raise ValueError("build is for authors and needs a checkout of minirl's source")
    view = Screen(plain)
    chosen = [find_lesson(number) for number in numbers] or list(lessons().values())
    if text:
        return renew_text(chosen, view)
    start = time.perf_counter()
    problems: list[str] = []
    for lesson in chosen:
        view.say(f"lesson {lesson.number}. {lesson.title}", "bold")
        if verify:
            problems += gates.checks(lesson, view)
        with solved_folder() as progress:
            problems += dead_links(lesson, progress.folder / lesson.name)
            answer = commands.executed(lesson, progress.folder / lesson.name)
        if answer["error"]:
            problems.append(f"lesson {lesson.number} does not run:\n{answer['error']}")
            continue
        outputs = {int(index): made for index, made in answer["outputs"].items()}
        contents = notebook(lesson_cells(lesson), outputs)
        view.say(f"    its code took {answer['seconds']:.1f} s of {lesson.run_seconds}")
        problems += gates.run(lesson, answer, contents)
        if verify:
            problems += gates.committed(lesson, contents)
        else:
            write_notebook(contents, lesson.notebook)
    if verify:
        problems += gates.course(list(lessons().values()), table(), teaching().read_text(encoding="utf-8"))
    else:
        write_tables()
    for problem in problems:
        view.say(f"- {problem}", "red")
    count = f"{len(chosen)} lessons, {sum(len(lesson.exercises) for lesson in chosen)} exercises"
    view.say(f"{count}, {len(problems)} problems, {time.perf_counter() - start:.0f} s")
    return 1 if problems else 0


def renew_text(chosen: list[Lesson], view: Screen) -> int:
    """Write the notebooks with the text of their sources and the outputs that they have. Raises ValueError where code
    has changed, and writes none then."""
    made = []
    for lesson in chosen:
        source = lesson_cells(lesson)
        try:
            outputs = kept_outputs(json.loads(lesson.notebook.read_text(encoding="utf-8")), source)
        except (ValueError, FileNotFoundError) as error:
            advice = f"python -m minirl.lessons build {lesson.number}"
            raise ValueError(f"lesson {lesson.number}: {error}. Use `{advice}`") from None
        made.append((lesson, notebook(source, outputs)))
    for lesson, contents in made:
        write_notebook(contents, lesson.notebook)
        view.say(f"lesson {lesson.number}. {lesson.title}: text renewed, outputs kept")
    write_tables()
    return 0


@contextmanager
def solved_folder() -> Iterator[Progress]:
    """A learner's folder in which every exercise is solved and has passed."""
    before = os.environ.get("MINIRL_ISA")
    if before is None and kernels.isas().get(ISA):
        os.environ["MINIRL_ISA"] = ISA
    try:
        with tempfile.TemporaryDirectory() as folder:
            progress = make_folder(Path(folder))
            for lesson in lessons().values():
                for exercise in lesson.exercises:
                    file = progress.folder / lesson.name / exercise.file
                    shutil.copyfile(lesson.solution(exercise), file)
                    progress.checked(exercise, file, "pass")  # gates.checks has seen them pass
            yield progress
    finally:
        if before is None:
            os.environ.pop("MINIRL_ISA", None)


def table() -> str:
    """The table of lessons in lessons/README.md, from the lessons themselves."""
    rows = ["| | lesson | what you build | exercises | minutes |", "|---:|---|---|---:|---:|"]
    for lesson in lessons().values():
        built = ", ".join(f"`{exercise.name}`" for exercise in lesson.exercises)
        link = f"[{lesson.title}]({lesson.notebook.name})"
        rows.append(f"| {lesson.number} | {link} | {built} | {len(lesson.exercises)} | {lesson.minutes} |")
    return "\n".join(rows) + "\n"


def teaching() -> Path:
    """The page for teachers, whose plans have minutes."""
    return shipped("lessons/README.md").parents[1] / "docs" / "teaching.md"


def page_of_course(page: str) -> str:
    """lessons/README.md with its tables of lessons, tracks and prerequisites, each between two marks."""
    made = {"lessons": table(), "map": map_table(lessons())}
    return with_tracks(BLOCK.sub(lambda found: found[1] + made[found[2]] + found[3], page))


def page_for_teachers(page: str) -> str:
    """docs/teaching.md with the minutes of its plans, the tracks and the rubric of the capstone."""
    return with_tracks(with_rubric(filled(page)))


def write_tables() -> None:
    """Put the tables into lessons/README.md, minutes and rubric into the page for teachers, and draw the map."""
    readme, plans = shipped("lessons/README.md"), teaching()
    for path, text in (
        (readme, page_of_course(readme.read_text(encoding="utf-8"))),
        (plans, page_for_teachers(plans.read_text(encoding="utf-8"))),
        (plans.parents[1] / course_map.FILE, course_map.course_map(lessons())),
    ):
        with atomic_write(path) as file:
            file.write(text)

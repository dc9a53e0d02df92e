"""The promises that every lesson keeps, each with the test that finds a broken one.

A gate that nobody has seen fail proves nothing. So the checks of the exercises are tested themselves: the stub must
fail, the solution must pass, and each known mistake must fail with the sentence that explains it, and with no other.
"""

import json
import re
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from minirl.lessons.c import has_compiler
from minirl.lessons.c.source import spliced
from minirl.lessons.gate import UNTIMED
from minirl.lessons.isolate import run_checks
from minirl.lessons.lesson import Exercise, Lesson, is_compiled, lessons, source_text
from minirl.lessons.names import says
from minirl.lessons.notebook import asked, lesson_cells
from minirl.lessons.screen import Screen
from minirl.lessons.study.rubric import with_rubric
from minirl.lessons.timetable import filled
from minirl.lessons.tracks import with_tracks
from minirl.storage.shipped import shipped

FEWEST_WRONG, FEWEST_HINTS = 2, 2
LARGEST_PICTURE, LARGEST_NOTEBOOK = 60_000, 400_000  # bytes
WIDEST_LINE = 100  # columns of the exercises and their solutions
AT_ONCE = 2
SEED = 1
CITED = re.compile(r"\(([A-Z]\w+)[^()]*?, ((?:19|20)\d\d)\)")  # (Kingma and Ba, 2014)


def checks(lesson: Lesson, view: Screen) -> list[str]:
    """Stub, solution and every known mistake of each exercise, each checked as a learner's file would be."""
    speeds = {name: check.speed for name, check in lesson.module("checks").CHECKS.items()}
    together = [one for one in lesson.exercises if not speeds[one.name] or speeds[one.name].threads == 1]
    alone = [one for one in lesson.exercises if one not in together]  # they need the other cores for themselves
    found: dict[Exercise, list[str]] = {}
    with tempfile.TemporaryDirectory() as folder:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            made = pool.map(lambda exercise: of_exercise(lesson, exercise, Path(folder)), together)
            found |= zip(together, made, strict=True)
        found |= {exercise: of_exercise(lesson, exercise, Path(folder)) for exercise in alone}
    for exercise in lesson.exercises:
        problems = found[exercise]
        wrong = len(lesson.wrong(exercise))
        view.say(f"    {exercise.number} {exercise.name}: stub, solution, {wrong} mistakes; {len(problems)} problems")
    return [problem for exercise in lesson.exercises for problem in found[exercise]]


def of_exercise(lesson: Lesson, exercise: Exercise, folder: Path) -> list[str]:
    """What is wrong with the stub, the solution and the mistakes of one exercise."""
    number = f"{exercise.number} {exercise.name}"
    if exercise.compiled and not has_compiler(exercise.language):
        return []
    solution = source_text(lesson.solution(exercise))
    mistakes = lesson.wrong(exercise)
    texts = {"stub": source_text(lesson.folder / exercise.file), "solution": solution}
    texts |= {name: with_mistake(solution, path) for name, path in mistakes.items()}
    files = []
    for name, text in texts.items():
        files.append(folder / f"{exercise.name}_{name}{exercise.suffix}")
        files[-1].write_text(text, encoding="utf-8")
    results = dict(zip(texts, run_checks(exercise, files, SEED), strict=True))

    problems = []
    if len(mistakes) < FEWEST_WRONG and exercise.level < 5:
        problems.append(f"{number} has {len(mistakes)} known mistakes; expected {FEWEST_WRONG} or more")
    if results["stub"].verdict != "fail":
        problems.append(f"{number}: the stub gets {results['stub'].verdict}; it must fail")
    unknown = [
        name
        for name, result in results.items()
        if name != "stub" and (result.verdict == "inconclusive" or (name in mistakes and UNTIMED in result.text))
    ]
    for name in unknown:
        print(f"    {number}: {name} is inconclusive: {results.pop(name).text}")
        mistakes.pop(name, None)
    if "solution" in results and results["solution"].verdict != "pass":
        problems.append(f"{number}: the solution gets {results['solution'].verdict}:\n{results['solution'].text}")
    for name, path in mistakes.items():
        result, sentence = results[name], says(path)
        if result.verdict != "fail":
            problems.append(f"{number}: the mistake {name} gets {result.verdict}; it must fail")
        elif not sentence or sentence not in result.text:
            problems.append(
                f"{number}: the mistake {name} does not draw its sentence, {sentence!r}, but:\n{result.text}"
            )
    return problems


def with_mistake(solution: str, path: Path) -> str:
    """A learner's file that is right but for one mistake."""
    mistake = source_text(path)
    return spliced(solution, mistake) if is_compiled(path) else f"{solution}\n\n{mistake}"


def run(lesson: Lesson, answer: dict[str, Any], contents: dict[str, Any]) -> list[str]:
    """What came of the lesson's code: its time, the seams it must reach, the sizes and words of its pictures."""
    problems = []
    if answer["seconds"] > lesson.run_seconds:
        problems.append(f"lesson {lesson.number} ran {answer['seconds']:.0f} s; its budget is {lesson.run_seconds}")
    written = [one for one in lesson.exercises if not one.compiled or has_compiler(one.language)]
    seams = {exercise.seam for exercise in written if exercise.seam}
    for seam in sorted(seams - set(answer["reached"])):
        problems.append(f"lesson {lesson.number} never calls the learner's function at {seam}")
    for cell in contents["cells"]:
        for output in cell.get("outputs", ()):
            if "image/png" not in output.get("data", {}):
                continue
            alt = output["metadata"].get("image/png", {}).get("alt", "")
            size = len(output["data"]["image/png"]) * 3 // 4
            if len(alt) < 20:
                problems.append(f"lesson {lesson.number}: a picture has no words: {cell['source'][0]!r}")
            if size > LARGEST_PICTURE:
                problems.append(f"lesson {lesson.number}: a picture has {size} bytes; at most {LARGEST_PICTURE}")
    if (size := len(json.dumps(contents))) > LARGEST_NOTEBOOK:
        problems.append(f"lesson {lesson.number}: its notebook has {size} bytes; at most {LARGEST_NOTEBOOK}")
    return problems


def committed(lesson: Lesson, contents: dict[str, Any]) -> list[str]:
    """Whether the committed notebook is the one that the source makes. Outputs are not compared: the facts of a lesson
    are asserted in its cells, and another processor rounds differently."""
    command = f"`python -m minirl.lessons build {lesson.number}` makes it"
    if not lesson.notebook.is_file():
        return [f"{lesson.notebook.name} is missing: {command}"]
    kept = json.loads(lesson.notebook.read_text(encoding="utf-8"))
    if bare(kept) != bare(contents):
        return [f"{lesson.notebook.name} is not what lesson.py makes: {command}"]
    counts = [[len(cell.get("outputs", ())) for cell in part["cells"]] for part in (kept, contents)]
    whole = all(before >= now for before, now in zip(*counts, strict=True))  # with one core, pictures are left out
    return [] if whole else [f"{lesson.notebook.name} lacks outputs: {command}"]


def sources(number: str, text: str) -> list[str]:
    """The works that a lesson names in its text, such as (Wilson, 1927), and not in its section "Sources", where their
    titles stand."""
    body, _, listed = text.partition("## Sources")
    found = {f"{name}, {year}" for name, year in CITED.findall(body)}
    lines = listed.splitlines()
    return [
        f"lesson {number} cites {name} and does not list it under 'Sources'"
        for name in sorted(found)
        if not any(name.split(",")[0] in line and name[-4:] in line for line in lines)
    ]


def wide_lines(lesson: Lesson) -> list[str]:
    """Lines of the exercises and their solutions that are too wide for half a screen."""
    return [
        f"{lesson.name}/{name}, line {number}, has {len(line)} columns; at most {WIDEST_LINE}"
        for name in (*lesson.files, *(name.replace("exercises", "solution") for name in lesson.files))
        for number, line in enumerate((lesson.folder / name).read_text(encoding="utf-8").splitlines(), start=1)
        if len(line) > WIDEST_LINE
    ]


def bare(contents: dict[str, Any]) -> Any:
    """A notebook without its outputs."""
    return [(cell["cell_type"], cell["id"], cell["source"]) for cell in contents["cells"]]


def course(all_lessons: list[Lesson], table: str, teaching: str) -> list[str]:
    """What holds for the course as a whole: ids, hints, questions, order, the number of notebooks, the table, and the
    minutes in the page for teachers."""
    problems = []
    exercises = [exercise for lesson in all_lessons for exercise in lesson.exercises]
    predictions = [prediction for lesson in all_lessons for prediction in lesson.predictions]
    ids = [*(exercise.id for exercise in exercises), *(prediction.id for prediction in predictions)]
    problems += [f"the id {name} occurs twice" for name in sorted({name for name in ids if ids.count(name) > 1})]
    for exercise in exercises:
        hints = [hint for hint in exercise.hints if hint.strip()]
        if len(hints) < FEWEST_HINTS:
            problems.append(f"{exercise.number} has {len(hints)} hints; expected {FEWEST_HINTS} or more")
    for prediction in predictions:
        if len(prediction.because) != len(prediction.choices):
            problems.append(
                f"{prediction.number} explains {len(prediction.because)} of {len(prediction.choices)} choices"
            )
    for lesson in all_lessons:
        text = "\n".join(cell.source for cell in lesson_cells(lesson))
        problems += [f"lesson {lesson.number} needs a lesson {number} that does not exist" for number in lesson.needs
                     if number not in lessons()]  # fmt: skip
        for heading in ("You should know", "How this fails in practice", "The code that runs"):
            if f"## {heading}" not in text:
                problems.append(f"lesson {lesson.number} has no section {heading!r}")
        numbers = [*(item.number for item in lesson.exercises), *(item.number for item in lesson.predictions)]
        problems += [f"lesson {lesson.number} never mentions {number}" for number in numbers if number not in text]
        if asked(lesson) != [one.number for one in lesson.predictions]:
            problems.append(f"lesson {lesson.number} must ask each of its questions once and in order: {{predict 1.a}}")
        problems += sources(lesson.number, text)
        problems += wide_lines(lesson)
    notebooks = {path.name for path in shipped("lessons").glob("*.ipynb")}
    expected = {lesson.notebook.name for lesson in all_lessons}
    if notebooks != expected:
        problems.append(f"notebooks without a lesson, or lessons without one: {sorted(notebooks ^ expected)}")
    if table not in shipped("lessons/README.md").read_text(encoding="utf-8"):
        problems.append("the table in lessons/README.md is out of date: `python -m minirl.lessons build` makes it")
    if with_tracks(with_rubric(teaching)) != teaching:
        problems.append("tracks or rubric in docs/teaching.md are out of date: `python -m minirl.lessons build` helps")
    if filled(teaching) != teaching:
        problems.append("minutes in docs/teaching.md are out of date: `python -m minirl.lessons build` puts them in")
    return problems

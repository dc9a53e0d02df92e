"""The commands for learners, apart from predict (guess.py); __main__.py names them, build.py holds the author's."""

import json as json_
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any, Literal

import tyro

from minirl.lessons import folder as folders
from minirl.lessons import isolate, lesson, screen
from minirl.lessons.c.compiler import has_compiler, needed
from minirl.lessons.compare import counted
from minirl.lessons.guess import ask
from minirl.lessons.lesson import Exercise, Lesson, all_exercises, find_exercise, find_lesson
from minirl.lessons.overview import file_of, overview, state
from minirl.lessons.progress import FOLDER, Progress
from minirl.lessons.score import calibration
from minirl.lessons.screen import Screen
from minirl.lessons.tracks import minutes, of_track, track_named

Word = tyro.conf.Positional[str]
Words = tyro.conf.Positional[tuple[str, ...]]
Step = Literal["where", "check", "try", "seal", "run", "page", "grade"]
POLL = 0.3  # seconds between two looks at a watched file


def init(folder: tyro.conf.Positional[Path] = Path(FOLDER), *, plain: bool = False) -> int:
    """Make the learner's folder with all lessons. Files that are there already stay as they are.

    Args:
        folder: Where; default minirl-lessons. Inside such a folder, this very folder.
        plain: No colours and boxes.
    """
    if folder == Path(FOLDER):
        folder = folders.around(Path.cwd()) or folder
    progress = folders.make_folder(folder)
    where = progress.folder
    first = next(iter(lesson.lessons()))
    go = "" if where.resolve() == Path.cwd().resolve() else f"    cd {where}\n"
    Screen(plain).say(f"Your lessons are in {where}. Go on with:\n{go}    python -m minirl.lessons start {first}")
    return 0


def list_(*, track: str = "", plain: bool = False, json: bool = False) -> int:
    """List lessons and exercises, and how far you are.

    Args:
        track: Only the lessons of a track, in its order: weekend, systems or RL.
        plain: No colours and boxes.
        json: As JSON.
    """
    progress = Progress.open()
    if json:
        print(_dumped(overview(progress)))
        return 0
    view, chosen = Screen(plain), of_track(track) if track else list(lesson.lessons().values())
    if track:
        view.say(f"Track {track_named(track)}: {len(chosen)} lessons, about {minutes(chosen) / 60:.0f} hours\n", "bold")
    for found in chosen:
        done = sum(map(progress.passed, found.exercises))
        needs = f"; needs {', '.join(found.needs)}" if found.needs else ""
        passed = f"{done} of {len(found.exercises)} passed"
        title = f"{found.heading}\n({passed}; about {found.minutes} minutes{needs})"
        rows = [
            (
                exercise.number,
                exercise.title,
                f"{exercise.level} of 5",
                str(exercise.minutes),
                state(progress, found, exercise),
            )
            for exercise in found.exercises
        ]
        view.table(("exercise", "", "level", "minutes", "state"), rows, title)
    return 0


def start(number: Word, *, plain: bool = False) -> int:
    """Say what a lesson is about, and where to begin.

    Args:
        number: The lesson, such as 1.
        plain: No colours and boxes.
    """
    progress, found, view = Progress.open(), find_lesson(number), Screen(plain)
    folders.add_lesson(progress.folder, found)
    view.say(found.heading, "bold")
    view.say(f"{found.promise} About {found.minutes} minutes.")
    if found.needs:
        view.say(f"It builds on {lesson.numbered(found.needs)}. Any order is allowed.")
    view.say("\nWhen you have finished it, you can")
    for goal in found.goals:
        view.say(f"- {goal}")
    inside = progress.folder / found.name
    view.say(
        f"\nRead      {inside / 'lesson.ipynb'}\nWrite in  {' and '.join(str(inside / name) for name in found.files)}"
    )
    if found.brings:
        view.say(f"and in    {' and '.join(found.brings)}, in the same folder")
    missing = next((one.language for one in found.exercises if one.compiled and not has_compiler(one.language)), "")
    if missing:
        language, needs = ("CUDA", "C++") if missing == "cuda" else ("C", "C")
        view.say(f"\nThis lesson is written in {language}, and there is no {needs} compiler here. {needed(missing)} "
                 f"Until then, what is in {language} needs a compiler and cannot be checked; the lesson goes on with a "
                 "reference in NumPy.")  # fmt: skip
    if not done(progress, found):
        for prediction in found.predictions[:1]:
            if not progress.guess(prediction):
                view.say(f"\nBefore you read: predict {prediction.number}. {prediction.question}")
                view.say(f"    python -m minirl.lessons predict {prediction.number}")
        return 0
    order = [*lesson.lessons().values()]
    later = [one for one in order[order.index(found) + 1 :] if not done(progress, one)]
    view.say(f"\nAll {len(found.exercises)} exercises of this lesson have passed.")
    if later:
        view.say(f"Go on with:\n    python -m minirl.lessons start {later[0].number}")
    return 0


def done(progress: Progress, found: Lesson) -> bool:
    """Whether all exercises of a lesson have passed."""
    return all(map(progress.passed, found.exercises))


def check(
    numbers: Words = (),
    *,
    plain: bool = False,
    json: bool = False,
    junit: Path | None = None,
    seed: int | None = None,
    file: Path | None = None,
) -> int:
    """Check exercises, each in a process of its own; explain what is wrong.

    Args:
        numbers: Exercises such as 1.2, or whole lessons such as 1; none: every exercise that you have begun.
        plain: No colours and boxes.
        json: As JSON.
        junit: Also write JUnit XML to this file.
        seed: Of the generated cases; a failed check prints the one it used.
        file: Check this file instead of the exercises.py in your folder; nothing is stored.
    """
    progress = None if file else Progress.open()
    view, results = Screen(plain), []
    for found, exercise in wanted(numbers, progress):
        target = file or file_of(progress, found, exercise)
        if not target.is_file():
            raise FileNotFoundError(f"{target} is missing: `start {found.number}` brings a fresh copy")
        result = isolate.run_check(exercise, target.resolve(), seed)
        written = begun(found, exercise, target)
        if progress and written and not result.refused:
            progress.checked(exercise, target, result.verdict)
        results.append((exercise.number, result))
        if not json:
            view.result(result, exercise.number)
            after(view, progress, exercise, result, written)
    if json:
        print(screen.as_json(results))
    if junit:
        screen.write_junit(results, junit)
    return max((isolate.STATUS[result.verdict] for _, result in results), default=0)


def after(view: Screen, progress: Progress | None, exercise: Exercise, result: isolate.Result, written: bool) -> None:
    """What to do after a check. written: whether the learner has begun the exercise."""
    if result.verdict != "fail" or not progress:
        return
    ways = [f"A hint: `hint {exercise.number}`."]
    if written and not result.refused:
        ways.insert(0, f"Repeat these cases: `check {exercise.number} --seed {result.seed}`.")
    if progress.of(exercise).get("tries", 0) >= 3:
        ways.append(f"One way to write it: `solution {exercise.number}`.")
    view.say("\n" + " ".join(ways))


def wanted(numbers: Words, progress: Progress | None) -> list[tuple[Lesson, Exercise]]:
    """The exercises that the words on the command line mean."""
    if not numbers:
        if progress is None:
            raise ValueError("name the exercises to check in the file, such as 1.2")
        begun = [pair for pair in all_exercises() if changed(progress, *pair)]
        return begun or [next(iter(all_exercises()))]
    chosen: list[tuple[Lesson, Exercise]] = []
    for number in numbers:
        if number in lesson.lessons() or "." not in number:
            found = find_lesson(number)
            chosen += [(found, exercise) for exercise in found.exercises]
        else:
            chosen.append(find_exercise(number))
    return chosen


def changed(progress: Progress, found: Lesson, exercise: Exercise) -> bool:
    """Whether the learner has begun an exercise in the folder."""
    file = file_of(progress, found, exercise)
    return file.is_file() and begun(found, exercise, file)


def begun(found: Lesson, exercise: Exercise, file: Path) -> bool:
    """Whether the exercise in this file differs from what `init` brought: one that does not is no try."""
    try:
        return lesson.source_of(file, exercise.name) != lesson.source_of(found.folder / exercise.file, exercise.name)
    except (LookupError, SyntaxError, ValueError):  # the function is gone, or the file is no Python
        return True


def watch(number: Word, *, plain: bool = False) -> int:
    """Check each time you save. Type h and Enter for a hint, s to go to the next exercise, q to stop.

    Args:
        number: An exercise such as 1.2, or a lesson: its first exercise that has not passed.
        plain: No colours and boxes.
    """
    progress, view = Progress.open(), Screen(plain)
    queue = wanted((number,), progress)
    if len(queue) > 1:
        queue = [pair for pair in queue if not progress.passed(pair[1])] or queue
    keys: list[str] = []
    threading.Thread(target=lambda: keys.extend(line.strip() for line in sys.stdin), daemon=True).start()
    seen = 0.0
    while queue:
        found, exercise = queue[0]
        file = file_of(progress, found, exercise)
        saved = file.stat().st_mtime if file.exists() else 0.0
        if saved != seen:
            seen = saved
            result = isolate.run_check(exercise, file.resolve())
            if begun(found, exercise, file) and not result.refused:
                progress.checked(exercise, file, result.verdict)
            view.result(result, exercise.number)
            done = " s and Enter: the next exercise." if result.verdict == "pass" else ""
            view.say(f"\nWatching {file} for {exercise.number}. h: hint, s: next, q: stop.{done}")
        while keys:
            key = keys.pop(0)[:1].lower()
            if key == "q":
                return 0
            if key == "h":
                hint(exercise.number, plain=plain)
                progress = Progress.read(progress.folder)
            if key == "s":
                queue.pop(0)
                seen = 0.0
                break
        time.sleep(POLL)
    view.say("That was the last exercise of the lesson.")
    return 0


def hint(number: Word, *, plain: bool = False) -> int:
    """Give a hint, and the next one each time you ask.

    Args:
        number: The exercise, such as 1.2.
        plain: No colours and boxes.
    """
    progress, (_, exercise) = Progress.open(), find_exercise(number)
    entry = progress.of(exercise)
    given = min(entry.get("hints", 0) + 1, len(exercise.hints))
    entry["hints"] = given
    progress.save()
    view = Screen(plain)
    for index, text in enumerate(exercise.hints[:given], start=1):
        view.say(f"Hint {index} of {len(exercise.hints)}. {text}")
    return 0


def solution(number: Word, *, show: bool = False, plain: bool = False) -> int:
    """Show one way to write an exercise: after it has passed, after three tries, or with --show.

    Args:
        number: The exercise, such as 1.2.
        show: Show it now. This is kept in your progress, and nobody minds.
        plain: No colours and boxes.
    """
    progress, (found, exercise) = Progress.open(), find_exercise(number)
    entry = progress.of(exercise)
    view = Screen(plain)
    if not (show or "passed" in entry or entry.get("tries", 0) >= 3):
        view.say(
            f"Tries so far: {entry.get('tries', 0)}. The solution appears after three; "
            f"`hint {exercise.number}` helps before, and --show shows it now."
        )
        return 1
    entry["solution"] = True
    progress.save()
    view.code(lesson.source_of(found.solution(exercise), exercise.name))
    return 0


def run(
    number: Word,
    *,
    full: bool = False,
    plan: bool = False,
    mine: tuple[str, ...] = (),
    preset: Literal["roger", "smoke"] = "roger",
    seed: int = 0,
    plain: bool = False,
) -> int:
    """Run the code of a lesson with your functions. Pictures go to the folder `figures` of the lesson.

    Args:
        number: The lesson, such as 1.
        full: In lesson 14: minirl's whole main job with all your functions that have passed. It takes minutes, and the
            run goes to the folder `runs`. The same command goes on with a run that was stopped.
        plan: In lesson 14: how long that would take, measured on a few updates.
        mine: With full or plan: take only the functions of these lessons (9), exercises (9.4) or seams (optim.adamw);
            "none" for none of yours.
        preset: With full or plan: "roger" is the main job; "smoke" goes through all stages and learns nothing.
        seed: With full: the run's seed.
        plain: No colours and boxes.
    """
    progress, found, view = Progress.open(), find_lesson(number), Screen(plain)
    if full or plan:
        if not found.full:
            able = ", ".join(one.number for one in lesson.lessons().values() if one.full)
            raise ValueError(f"lesson {found.number} has no main job; --full and --plan are for lesson {able}")
        from minirl.lessons import whole  # it loads all of training, which other commands can do without

        return whole.plan_job(view, mine, preset) if plan else whole.full_job(progress.folder, view, mine, preset, seed)
    inside = progress.folder / found.name
    folders.add_lesson(progress.folder, found)
    if waiting := [one.number for one in found.predictions if not progress.guess(one) and not progress.seen(one)]:
        view.say(
            f"Not guessed yet: {', '.join(waiting)}. What follows may give the answers away. Ctrl+C stops it; "
            f"`predict {waiting[0]}` stores a guess.\n"
        )
    answer = executed(found, inside, live=True, plain=plain)
    if answer["error"]:
        view.say(answer["error"])
        return 1
    progress = Progress.read(progress.folder)  # the lesson has written to it too
    progress.runs[found.number] = {"seconds": round(answer["seconds"], 1)}
    progress.save()
    view.say(f"\nLesson {found.number} took {counted(round(answer['seconds']), 'seconds')} of processor time.")
    return 0


def executed(found: Lesson, inside: Path, *, live: bool = False, plain: bool = False) -> dict[str, Any]:
    """Run a lesson in a process of its own, in the learner's folder `inside`; what execute.py answers.

    live: show headings and outputs at once, as a learner wants them. plain: no colours then.
    """
    with tempfile.TemporaryDirectory() as scratch:
        answer = Path(scratch) / "answer.json"
        sys.stdout.flush()
        done = subprocess.run(
            [sys.executable, "-m", "minirl.lessons.execute", found.number, str(answer),
             *(["live"] if live else []), *(["plain"] if plain else [])],
            cwd=inside, env=isolate.environment(), stdout=None if live else subprocess.PIPE, stderr=subprocess.PIPE,
            text=True, encoding="utf-8",
        )  # fmt: skip
        if not answer.is_file():
            crash = (
                f"lesson {found.number} ended Python (exit status {done.returncode}):\n{isolate.tail(done.stderr, 20)}"
            )
            return {"outputs": {}, "error": crash, "reached": [], "seconds": 0.0}
        found_: dict[str, Any] = json_.loads(answer.read_text(encoding="utf-8"))
        return found_


def study(step: tyro.conf.Positional[Step] = "where", *, plain: bool = False) -> int:
    """The capstone: a study of your own, whose prediction is sealed before its runs.

    Args:
        step: "where" says where your study stands; "check" tries the task and its checker, and reads the plan; "try" is
            a pilot, one seed measured on dev; "seal" fixes the prediction, and the seeds with it; "run" does the runs
            that are missing, measured on test; "page" fills in the report and traces its numbers; "grade" shows the
            rubric, and what the files allow.
        plain: No colours and boxes.
    """
    from minirl.lessons.study import command  # it loads all of training, which other commands can do without

    return command.study(step, Screen(plain))


def progress(*, plain: bool = False, json: bool = False) -> int:
    """Show what you have passed, and how good your guesses were.

    Args:
        plain: No colours and boxes.
        json: As JSON, for teachers.
    """
    stored = Progress.open()
    if json:
        print(_dumped(overview(stored)))
        return 0
    view = Screen(plain)
    rows = []
    for found in lesson.lessons().values():
        passed = sum(map(stored.passed, found.exercises))
        tries = sum(stored.of(exercise).get("tries", 0) for exercise in found.exercises)
        ran = "yes" if found.number in stored.runs else ""
        rows.append((f"{found.number}. {found.title}", f"{passed} of {len(found.exercises)}", str(tries), ran))
    view.table(("lesson", "passed", "tries", "run"), rows)
    view.say(calibration(stored))
    return 0


def reset(number: Word, *, yes: bool = False, plain: bool = False) -> int:
    """Put a fresh exercises.py of a lesson in place. Your file is kept beside it, and your progress too.

    Args:
        number: The lesson, such as 1, or one of its exercises.
        yes: Do not ask.
        plain: No colours and boxes.
    """
    stored = Progress.open()
    found = find_exercise(number)[0] if "." in number else find_lesson(number)
    view, files = Screen(plain), [stored.folder / found.name / name for name in found.files]
    if not yes:
        for file in files:
            view.say(
                f"This replaces the whole file {file}, with its exercises of lesson {found.number}, by a fresh copy. "
                f"Yours is kept beside it as {folders.spare(file).name}."
            )
        if ask("Go on? (y/n) ", "--yes goes on without asking").lower() not in ("y", "yes"):
            return 1
    kept = folders.reset(stored.folder, found)
    for place in kept:
        view.say(f"Your file is now {place}, and a fresh one is in its place.")
    return 0


def _dumped(contents: Any) -> str:
    return json_.dumps(contents, indent=1, sort_keys=True)

"""minirl's main job with the learner's parts: pretraining, fine-tuning and reinforcement learning in one run.

    mine = my_parts()                # the functions that have passed; all others stay minirl's own
    run = main_job(config, mine)     # a run like any other, and in it parts.json: whose each part was
    print(whose(run))
    print(agreement(run, main_job(config)))     # the same seed with minirl's parts alone

The chain of stages is minirl.train's. Nothing here knows which seams there are: a lesson that declares one more joins
by itself.
"""

import json
import re
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from minirl.lessons import parts
from minirl.lessons.compare import counted
from minirl.lessons.lesson import Exercise, Lesson, all_exercises, find_exercise, find_lesson, lessons
from minirl.lessons.names import learners_names
from minirl.lessons.parts import SwapError, Uses, swapped
from minirl.lessons.progress import NoFolder, Progress, file_hash
from minirl.rl import mdp
from minirl.runs import PRESETS, Run, Screen, TrainConfig, to_json
from minirl.storage.files import atomic_write
from minirl.tasks import ROGER
from minirl.train.chain import complete, train_tokenizer
from minirl.train.check import check

PARTS = "parts.json"
RUNS = "runs"  # the folder of a learner's runs of the main job, beside the lessons
FULL = "python -m minirl.lessons run 14 --full"  # the main job of the lesson
NOBODY = "none"  # in place of names of parts: minirl's own alone
VERIFY = 500  # of the calls of a part, after the first ones, each of this number is compared with minirl's own
MEASURE = {"pretrain": "loss", "sft": "loss", "rl": "entropy"}  # what two runs are compared by; see `measured`
COUNTS = ("calls", "work", "total", "compared", "seconds")  # of a part, in parts.json
WIDTH = 79  # characters of a line; a terminal has 80 columns
ROUNDING = 1e-4  # relative; what differs by less is called the same


@dataclass(frozen=True)
class Mine:
    """Which seams get the learner's function in a run, and which stay minirl's own."""

    yours: tuple[str, ...] = ()
    """Seams whose exercise has passed."""
    missing: tuple[str, ...] = ()
    """Seams whose exercise has not passed."""
    left_out: tuple[str, ...] = ()
    """Seams whose exercise has passed, but that were not asked for."""

    def __str__(self) -> str:
        lines = []
        for words, seams in (
            ("Yours", self.yours),
            ("minirl's own, as these have not passed yet", self.missing),
            ("minirl's own, as you asked for", self.left_out),
        ):
            if seams:
                lines.append(wrapped(f"{words}: {', '.join(map(named, seams))}."))
        return "\n".join(lines) or "Everything is minirl's own."


def wrapped(text: str, indent: int = 0) -> str:
    """A text in lines that fit a terminal; an exercise's number and name stay together. indent: of later lines."""
    whole = re.sub(r"(\d+\.\d+) (?=\w)", "\\1\0", text)
    return textwrap.fill(whole, WIDTH, subsequent_indent=" " * indent, break_on_hyphens=False).replace("\0", " ")


def named(seam: str) -> str:
    """The exercise at a seam, as "9.4 adamw"."""
    exercise = parts.exercise_at(seam)
    return f"{exercise.number} {exercise.name}"


def my_parts(words: Sequence[str] = ()) -> Mine:
    """The learner's functions for a run, ready to be swapped in.

    words: lessons ("9"), exercises ("9.4") or seams ("optim.adamw"); without words, all that has passed; "none":
    nothing. A function whose file has changed since it passed is checked again. Outside a learner's folder nothing has
    passed. Raises NotFound for a word that names nothing, ValueError for an exercise that goes nowhere in minirl.
    """
    wanted = {seam for word in words if word != NOBODY for seam in seams_named(word)}
    try:
        progress = Progress.open()
    except NoFolder:
        progress = Progress(Path())
    yours, missing, left_out = [], [], []
    for lesson in lessons().values():
        if not any(map(trains, lesson.exercises)):
            continue
        functions = learners_names(lesson, progress.folder / lesson.name)
        for exercise in lesson.exercises:
            if not trains(exercise):
                continue
            if not (progress.passed(exercise) and exercise.name in functions and still_passes(exercise)):
                missing.append(exercise.seam)
            elif words and exercise.seam not in wanted:
                left_out.append(exercise.seam)
            else:
                parts.STAND_INS.discard(exercise.seam)
                yours.append(exercise.seam)
    return Mine(tuple(yours), tuple(missing), tuple(left_out))


def trains(exercise: Exercise) -> bool:
    """Whether the function goes into the main job. One of lesson 0 goes into the course's own runner."""
    return bool(exercise.seam) and exercise.trains and not exercise.seam.startswith("lessons.")


def training_seams() -> list[str]:
    """The seams of minirl's training, in the order of the exercises."""
    return [exercise.seam for _, exercise in all_exercises() if trains(exercise)]


def seams_named(word: str) -> list[str]:
    """The seams that a word of the command line means."""
    if word in training_seams():
        return [word]
    exercises: Sequence[Exercise] = (
        find_lesson(word).exercises if word in lessons() or "." not in word else [find_exercise(word)[1]]
    )
    if not any(map(trains, exercises)):
        goes = ", ".join(exercise.number for _, exercise in all_exercises() if trains(exercise))
        raise ValueError(f"{word} goes nowhere in minirl's training; these exercises do: {goes}")
    return [exercise.seam for exercise in exercises if trains(exercise)]


def still_passes(exercise: Exercise) -> bool:
    """Whether the function that was just defined may be swapped in; says where its file has changed for the worse."""
    try:
        parts.require_passed(exercise.seam, parts.PARTS[exercise.seam])
    except (KeyError, SwapError) as error:
        why = "it is not marked with @implements any more" if isinstance(error, KeyError) else str(error)
        print(f"{exercise.number} {exercise.name} passed once, but not as it is now: {why}")
        return False
    return True


def main_job(
    config: TrainConfig, mine: Mine | None = None, screen: Screen | None = None, *, verify: int = VERIFY
) -> Run:
    """Train a new run from nothing to its report, with the learner's functions where `mine` says so.

    Afterwards the model answers our running example token by token, by minirl.rl.mdp.play, so that the parts of an
    agent are used too. parts.json in the run's folder says whose each part was, how often it was called, and how much
    of the work it did; it is written even where the run ends with an error. A run that was stopped before goes on,
    where its job and its parts are the same.
    Raises ConfigError before anything is written, SwapError where a part misbehaves, Stopped after Ctrl-C.
    """
    mine, screen = mine or Mine(), screen or Screen(quiet=True)
    check(config)
    with swapped(*mine.yours, verify=verify) as used:
        trained, run = None, stopped_before(config, mine)
        if run is None:
            trained = train_tokenizer(config)
            run = Run.create(config)
        before = read_parts(run)
        said: str | None = None
        try:
            write_parts(run, used, before)
            complete(run, screen, trained, main_job=FULL)
            said = played(run)
        finally:
            write_parts(run, used, before, said)
    return run


def stopped_before(config: TrainConfig, mine: Mine) -> Run | None:
    """A run of this job with these parts that did not get to its end, if there is one."""
    for folder in sorted(path.parent for path in Path(config.runs).glob(f"{config.name}*/{PARTS}")):
        run = Run.open(folder)
        unfinished = stored(run)["roger"] is None
        if unfinished and job(run.config) == job(config) and contributors(run) == set(mine.yours):
            return run
    return None


def played(run: Run) -> str:
    """The answer of the run's model to our running example, played token by token."""
    tokenizer = run.tokenizer()
    agent = mdp.Agent(run.model(), tokenizer)
    environment = mdp.Environment(tokenizer, run.task(), run.config.evaluation.max_new_tokens)
    return mdp.play(agent, environment, ROGER, np.random.default_rng(run.config.seed)).text


def write_parts(run: Run, used: Uses, before: Mapping[str, dict[str, Any]], said: str | None = None) -> None:
    """Write parts.json. before: what it said before the run went on; the counts go on from there."""
    folder = Progress.open().folder if used.by_id else Path()
    found = []
    for name in training_seams():
        lesson = home(name)
        about: dict[str, Any] = {"seam": name, "exercise": named(name), "whose": "minirl"}
        if name in used.by_id:
            use, earlier = used[name], before.get(name, {})
            file = folder / lesson.name / parts.exercise_at(name).file
            about |= {"whose": "learner", "file": f"{lesson.name}/{file.name}", "hash": file_hash(file)}
            about |= {count: getattr(use, count) + earlier.get(count, 0) for count in COUNTS}
            about["unit"] = use.seam.unit
        found.append(about)
    with atomic_write(run.folder / PARTS) as file_:
        json.dump({"parts": found, "roger": said}, file_, indent=1)
        file_.write("\n")


def home(seam: str) -> Lesson:
    """The lesson whose function goes to a seam."""
    return next(lesson for lesson, exercise in all_exercises() if exercise.seam == seam)


def stored(run: Run) -> dict[str, Any]:
    """What parts.json says. Without parts for a run that was not made here."""
    path = run.folder / PARTS
    if not path.is_file():
        return {"parts": [], "roger": None}
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def read_parts(run: Run) -> dict[str, dict[str, Any]]:
    """By seam, what parts.json says of it."""
    return {one["seam"]: one for one in stored(run)["parts"]}


def roger(run: Run) -> str:
    """The answer of the run's model to our running example, as played; empty where the run did not get there."""
    return stored(run)["roger"] or ""


def whose(run: Run) -> str:
    """The parts of a run, one a line: whose it was, and how much of the work it did."""
    lines, unused, own = list[str](), list[str](), list[str]()
    for one in read_parts(run).values():
        if one["whose"] == "minirl":
            own.append(one["exercise"])
        elif not one["calls"]:
            unused.append(one["exercise"])
        else:
            share = one["work"] / one["total"] if one["total"] else 0
            numbers = f"{one['exercise']:22s}{one['calls']:8,}{one['compared']:9,}{share:6.0%}"
            lines.append(wrapped(f"{numbers} of {counted(one['total'], one['unit'])}", len(numbers) + 1))
    if lines:
        lines.insert(0, f"{'':22s}{'calls':>8s}{'compared':>9s}{'share':>6s}")
    if unused:
        lines.append(wrapped(f"Not called in this run: {', '.join(unused)}."))
    if own:
        lines.append(wrapped(f"minirl's own: {', '.join(own)}."))
    return "\n".join(lines)


# ---- the same seed with other parts ----


def measured(run: Run) -> list[tuple[str, int, float]]:
    """(stage, step, measure) of every update: the loss, and in RL the entropy, which changes with any sampled token."""
    records = run.records()
    return [(r["stage"], r["step"], r[MEASURE[r["stage"]]]) for r in records if r["stage"] in MEASURE and "step" in r]


def parting(one: Run, other: Run, tolerance: float = ROUNDING) -> tuple[str, int, float, float] | None:
    """The first update at which two runs differ by more than the relative tolerance: (stage, step, one's measure, the
    other's). None where there is no such update. Raises ValueError for runs with different updates."""
    mine, theirs = measured(one), measured(other)
    if [step[:2] for step in mine] != [step[:2] for step in theirs]:
        raise ValueError(
            f"{one.folder} and {other.folder} have {len(mine)} and {len(theirs)} updates: not the same job"
        )
    for (stage, step, a), (_, _, b) in zip(mine, theirs, strict=True):
        if not abs(a - b) <= tolerance * max(abs(a), abs(b)):  # also true for NaN
            return stage, step, a, b
    return None


def agreement(one: Run, other: Run) -> str:
    """A sentence on how long two runs of the same job went together."""
    names = f"{one.folder.name} and {other.folder.name}"
    if measured(one) == measured(other):
        return f"{names} agree bit by bit in all {len(measured(one))} updates."
    found = parting(one, other)
    if found is None:
        return f"{names} agree within rounding ({ROUNDING:g}) in all {len(measured(one))} updates."
    stage, step, a, b = found
    what = f"{MEASURE[stage]} {a:.6g} and {b:.6g}"
    return wrapped(f"{names} agree within rounding ({ROUNDING:g}) up to {stage}, step {step}: there they have {what}.")


def full_runs() -> list[Run]:
    """The learner's finished runs of the main job, as `run 14 --full` makes them, with at least one part of the
    learner's."""
    try:
        folder = Progress.open().folder / RUNS
    except NoFolder:
        return []
    found = [Run.open(path.parent) for path in sorted(folder.glob(f"*/{PARTS}"))]
    size = job(PRESETS["roger"]) | {"seed": None}
    same = [run for run in found if job(run.config) | {"seed": None} == size]
    return [run for run in same if run.results() is not None and contributors(run)]


def same_job(run: Run) -> list[Run]:
    """The finished runs beside this one that did the same job, with the same seed, with other parts."""
    found = []
    for folder in sorted(path.parent for path in run.folder.parent.glob(f"*/{PARTS}")):
        other = Run.open(folder)
        same = other.results() is not None and job(other.config) == job(run.config)
        if same and contributors(other) != contributors(run):
            found.append(other)
    return found


def job(config: TrainConfig) -> dict[str, Any]:
    """The settings that decide a run's numbers."""
    return {key: value for key, value in to_json(config).items() if key not in ("name", "runs")}


def contributors(run: Run) -> set[str]:
    """The seams of a run at which the learner's function was."""
    return {name for name, one in read_parts(run).items() if one["whose"] != "minirl"}

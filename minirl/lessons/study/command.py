"""The command `study`: the capstone step by step."""

from pathlib import Path
from typing import Any

from minirl.lessons.compare import counted
from minirl.lessons.folder import add_lesson
from minirl.lessons.isolate import STATUS, run_check
from minirl.lessons.lesson import find_exercise, find_lesson
from minirl.lessons.progress import Progress
from minirl.lessons.screen import Screen
from minirl.lessons.study import ledger, page, rubric
from minirl.lessons.study.picture import PICTURE, picture
from minirl.lessons.study.plan import PlanError
from minirl.lessons.study.study import Study, StudyError
from minirl.runs import Screen as RunScreen
from minirl.storage.files import atomic_write

COMMAND = "python -m minirl.lessons study"


def study(step: str, view: Screen) -> int:
    """Do a step of the study in the learner's folder; returns the exit status."""
    found = find_lesson("capstone")
    folder = Progress.open().folder / found.name
    add_lesson(folder.parent, found)
    if step == "check":
        return check(view, folder)
    try:
        return STEPS[step](view, Study.open(folder))
    except NotImplementedError:
        view.say("`MyTask` is still to be written: exercise capstone.6 says how.")
    except (PlanError, StudyError, ledger.LedgerError) as error:
        view.say(str(error))
    return 1


def check(view: Screen, folder: Path) -> int:
    """Whether the task passes its check, and the plan can be sealed."""
    _, exercise = find_exercise("capstone.6")
    result = run_check(exercise, folder / exercise.file)
    view.result(result, exercise.number)
    if result.verdict != "pass":
        return STATUS[result.verdict]
    try:
        opened = Study.open(folder)
        view.say(f"{counted(len(opened.jobs(0)), 'jobs')} for each seed.")
    except (PlanError, StudyError) as error:
        view.say(str(error))
        return 1
    plan_state(view, opened)
    view.say(f"Next: `{COMMAND} try` for a pilot, or `{COMMAND} seal`.")
    return 0


def plan_state(view: Screen, opened: Study) -> None:
    """Say what the plan still lacks."""
    faults = opened.plan.faults()
    view.say("The plan is complete." if not faults else "The plan is not complete yet:")
    for fault in faults:
        view.say(f"- {fault}")


def where(view: Screen, opened: Study) -> int:
    """Say where the study stands."""
    entries = ledger.read_ledger(opened.folder)
    pilots = sum(entry["what"] == "try" for entry in entries)
    view.say(opened.plan.question or "(no question yet)", "bold")
    view.say(f"Pilots: {pilots}. Sealed: {newest['time'] if (newest := opened.sealed()) else 'no'}.")
    if newest is None:
        plan_state(view, opened)
        view.say(f"Next: `{COMMAND} check`, then `{COMMAND} seal`.")
        return 0
    opened.require_sealed()
    left = opened.missing()
    view.say(f"Runs: {opened.plan.runs - len(left)} of {opened.plan.runs}.")
    view.say(f"Next: `{COMMAND} {'run' if left else 'page'}`.")
    return 0


def pilot(view: Screen, opened: Study) -> int:
    """One run on seed 0, measured on dev."""
    entry = opened.pilot(RunScreen())
    view.say(f"\nOn dev, with the seed 0: {page.written(entry['value'])}. The ledger keeps it.")
    view.say(f"When the plan is right: `{COMMAND} seal`.")
    return 0


def seal(view: Screen, opened: Study) -> int:
    """Fix the plan, the code and the settings."""
    entry = opened.set_seal()
    plan = opened.plan
    view.say(f"Sealed at {entry['time']}: {entry['seal'][:8]}.", "bold")
    view.say(
        f"You are {plan.sure}% sure that the mean of {plan.runs} runs lies between {plan.low:g} and {plan.high:g}."
    )
    view.say(f"The seeds that follow from the seal: {', '.join(map(str, opened.seeds()))}.")
    view.say(f"Next: `{COMMAND} run`. If you change the plan or the code now, the seeds change too.")
    return 0


def run(view: Screen, opened: Study) -> int:
    """Do the runs that are missing."""
    opened.require_sealed()
    for seed in opened.missing():
        view.say(f"Seed {seed}:", "bold")
        entry = opened.run(seed, RunScreen(quiet=True))
        view.say(f"    {page.written(entry['value'])}")
    view.say(f"All {opened.plan.runs} runs are done. Next: write {page.REPORT}, then `{COMMAND} page`.")
    return 0


def write_page(view: Screen, opened: Study) -> int:
    """Write the page and its picture."""
    faults, lacking, known = judged(opened)
    report = (opened.folder / page.REPORT).read_text(encoding="utf-8")
    with atomic_write(opened.folder / page.PAGE) as file:
        file.write(page.filled(report, known))
    picture(known).save(opened.folder / PICTURE)
    view.say(f"Written: {opened.folder / page.PAGE} and {PICTURE}.")
    for problem in (*faults, *lacking):
        view.say(f"- {problem}")
    if not faults and not lacking:
        view.say(f"Every number of the page is traced to a file. Next: `{COMMAND} grade`.")
    return 1 if faults or lacking else 0


def grade(view: Screen, opened: Study) -> int:
    """The rubric, with what the files allow, and the score of the prediction."""
    faults, lacking, known = judged(opened)
    caps = rubric.caps(ledger.read_ledger(opened.folder), faults, lacking)
    for row in rubric.rows():
        cap = caps[row.name]
        view.say(f"{row.name}: at most {cap.points} of {rubric.MOST}; {cap.why}.", "bold")
        for points, meaning in enumerate(row.points):
            view.say(f"    {points}  {meaning}")
    view.say(
        f"\nPrediction: {known['low']:g} to {known['high']:g}, {known['sure']}% sure. The mean is "
        f"{page.written(known['mean'])}, {known['hit']}. Its interval score is {page.written(known['score'])}; knowing "
        f"nothing gives {page.written(known['blind'])}. Skill: {known['skill']:.2f}."
    )
    view.say("A reader gives the points. The accuracy that your model reached brings none.")
    return 0


def judged(opened: Study) -> tuple[list[str], list[str], dict[str, Any]]:
    """What is wrong with the runs, what the page lacks, and the facts."""
    opened.require_sealed()
    if left := opened.missing():
        raise StudyError(f"{len(left)} of {opened.plan.runs} runs are missing: `{COMMAND} run`")
    known = page.facts(ledger.read_ledger(opened.folder))
    report = (opened.folder / page.REPORT).read_text(encoding="utf-8")
    try:
        made = page.filled(report, known)
    except ValueError as error:
        raise StudyError(str(error)) from None
    return opened.faults(), page.page_faults(report, made, known), known


STEPS = {"where": where, "try": pilot, "seal": seal, "run": run, "page": write_page, "grade": grade}

"""Every command that the course shows is understood by its program, and is run: here, in the slow rotation.

The commands come from the text of all lessons, their hints and exercises, and lessons/README.md. A command runs as it
is shown, in a learner's folder with a finished run in runs/roger. Where that would take minutes, or where the text
names a program and leaves out what it needs, `INSTEAD` says what runs in its place.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from minirl.lessons.folder import make_folder
from minirl.lessons.lesson import Lesson, lessons
from minirl.lessons.notebook import lesson_cells
from minirl.runs import PRESETS, Screen
from minirl.storage import shipped
from minirl.train import train
from tests.test_shown_commands import commands, complaint, only_flags

__all__ = ["only_flags"]

ROOT = Path(__file__).resolve().parents[2]
SHOWN = re.compile(r"(?:MINIRL_\w+=\S+ )*python (?:-m [\w.]+|[\w/]+\.py)[^`\n|;&>#]*")
QUICK = "--pretrain.steps 2 --sft.demonstrations 8 --sft.epochs 1 --rl.steps 1 --rl.prompts 2 --rl.samples 2 "
QUICK += "--evaluation.problems 2 --evaluation.samples 1 --evaluation.dev-problems 2"
INSTEAD = {  # shown -> run
    "python -m minirl.train": "python -m minirl.train --preset smoke",  # five minutes; the smoke run goes the same way
    "python -m minirl.train --preset calculator": f"python -m minirl.train --preset calculator {QUICK}",
    "python -m minirl.train --preset look-up": f"python -m minirl.train --preset look-up {QUICK}",
    "python -m minirl.train --preset open-book": f"python -m minirl.train --preset open-book {QUICK}",
    "python -m minirl.train --preset preferences": f"python -m minirl.train --preset preferences {QUICK}",
    "python -m minirl.lessons run 14 --full": "python -m minirl.lessons run 14 --full --preset smoke",
    "python -m minirl.lessons run 14 --full --mine none": "python -m minirl.lessons run 14 --full --preset smoke",
    "python -m minirl.lessons run 14 --full --mine 9 12": "python -m minirl.lessons run 14 --full --preset smoke",
    "python -m minirl.lessons run 14 --plan": "python -m minirl.lessons run 14 --plan --preset smoke",
    "python -m minirl.bench --only attention": "python -m minirl.bench --only attention --quick --repeats 1",
    "python -m minirl.bench --only softmax": "python -m minirl.bench --only softmax --quick --repeats 1",
    "python -m minirl.trace": "python -m minirl.trace runs/roger roger",
    "python -m minirl.trace RUN": "python -m minirl.trace runs/roger roger",
    "python -m minirl.evaluate --compare": "python -m minirl.evaluate --compare runs/roger runs/roger --limit 4",
    "python -m minirl.evaluate runs/roger": "python -m minirl.evaluate runs/roger --limit 4",
    "python -m minirl.zoo runs/roger": "python -m minirl.zoo runs/roger --problems 4",
}
ELSEWHERE = {  # begins with -> where it runs
    "python -m minirl.lessons build": ".ci/run, in the step of the lessons",
    "python -m minirl.bugs.recorded": "tests/bugs/test_mystery.py runs one of its runs again; all take minutes",
    "python -m minirl.model fetch": "tests/model/test_fetch_model.py, without the network",
    "python -m minirl.train --base-model smollm2-135m": "tests/train/test_teach.py, on a small model",
    "python -m pytest": "the default suite, which it names a part of",
    "python -m doctest": "tests/tokenizer/test_bpe.py",
    "python -m minirl.bench scaling": "where there is MPI, by hand: it measures the machine",
    "python train_mine.py": "tests/lessons/test_own_task.py",
}


def page(lesson: Lesson) -> str:
    """What a lesson's reader sees: text and code, hints, and the files of exercises."""
    cells = [cell.source for cell in lesson_cells(lesson)]
    hints = [hint for exercise in lesson.exercises for hint in exercise.hints]
    files = [(lesson.folder / name).read_text(encoding="utf-8") for name in lesson.files]
    return "\n\n".join([*cells, *hints, *files])


def shown(text: str) -> list[str]:
    """The commands of a text. In a sentence, a command may go on in the next line."""
    whole = re.sub(r"`[^`]*`", lambda code: " ".join(code[0].split()), text)
    return sorted({" ".join(found.split()).rstrip(".,:") for found in SHOWN.findall(whole)})


PAGES = {lesson.number: page(lesson) for lesson in lessons().values()}
PAGES["README"] = shipped("lessons/README.md").read_text(encoding="utf-8")
EVERY = sorted({command for text in PAGES.values() for command in shown(text)})
RUN_HERE = sorted({INSTEAD.get(command, command) for command in EVERY if not command.startswith(tuple(ELSEWHERE))})


@pytest.mark.parametrize("number", PAGES)
@pytest.mark.usefixtures("only_flags")
def test_every_command_of_a_lesson_is_understood(number: str) -> None:
    text = "\n".join(f"`{INSTEAD.get(command, command)}`" for command in shown(PAGES[number]))
    assert [(command, said) for command in commands(text) if (said := complaint(command))] == []


def test_all_commands_are_found_and_no_exception_is_left_over() -> None:
    assert len(EVERY) > 50 and 'python -m minirl.bugs "cache position"' in EVERY
    assert sorted(set(INSTEAD) - set(EVERY)) == []
    assert [begins for begins in ELSEWHERE if not any(command.startswith(begins) for command in EVERY)] == []


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A learner's folder with a finished run, which is far too short to have learned anything."""
    made = make_folder(tmp_path_factory.mktemp("learner")).folder
    run = train(replace(PRESETS["smoke"], runs=str(made / "runs")), Screen(quiet=True))
    shutil.move(run.folder, made / "runs" / "roger")
    return made


@pytest.mark.slow
@pytest.mark.parametrize("command", RUN_HERE)
def test_a_command_of_the_course_runs(command: str, folder: Path) -> None:
    program, *arguments = shlex.split(command)
    assert program == "python"
    done = subprocess.run(
        [sys.executable, *arguments], cwd=folder, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True,
        text=True, stdin=subprocess.DEVNULL, timeout=900,
    )  # fmt: skip
    allowed = {0}
    for word, others in ((" check ", {1}), (" predict ", {3}), (" --answer ", {3})):  # nobody solves or answers here
        allowed |= others if word in command else set()
    assert done.returncode in allowed, f"{done.stdout[-1500:]}\n{done.stderr[-1500:]}"

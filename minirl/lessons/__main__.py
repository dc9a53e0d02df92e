"""The course: exercises with checks that explain, and runs with your own functions: python -m minirl.lessons

    python -m minirl.lessons init            # make the folder minirl-lessons, with all lessons
    python -m minirl.lessons list            # what there is, and how far you are
    python -m minirl.lessons start 0         # what a lesson is about, and where to begin
    python -m minirl.lessons check 0.1       # is this exercise right? Without a number: all of them
    python -m minirl.lessons run 0           # the code of a lesson, with your functions
    python -m minirl.lessons run 14 --full   # minirl's main job, with all of your functions that have passed
    python -m minirl.lessons study           # the capstone, a study of your own, step by step

Exit status of check: 0 all passed, 1 not yet, 2 inconclusive, 3 broken set-up.
"""

import contextlib
import io
import sys
from collections.abc import Callable, Sequence
from typing import Any

from minirl import flags
from minirl.console import run_program
from minirl.lessons import build as building
from minirl.lessons import commands, guess
from minirl.lessons.lesson import NotFound
from minirl.lessons.screen import folded
from minirl.lessons.settings import SettingsError

COMMANDS: dict[str, Callable[..., int]] = {
    "init": commands.init,
    "list": commands.list_,
    "start": commands.start,
    "check": commands.check,
    "watch": commands.watch,
    "hint": commands.hint,
    "solution": commands.solution,
    "predict": guess.predict,
    "run": commands.run,
    "progress": commands.progress,
    "reset": commands.reset,
    "study": commands.study,
    "build": building.build,
}


def main(argv: Sequence[str] | None = None) -> int:
    """The program; returns its exit status."""
    complaint = io.StringIO()
    try:
        with contextlib.redirect_stderr(complaint):
            run: Callable[[], Any] = flags.command(COMMANDS, argv, "python -m minirl.lessons", __doc__)
    finally:
        print(folded(complaint.getvalue()), end="", file=sys.stderr)
    try:
        return int(run())
    except (NotFound, FileNotFoundError, SettingsError, ValueError) as error:
        said = str(error) if isinstance(error, OSError) or not error.args else error.args[0]
        print(folded(f"python -m minirl.lessons: {said}"), file=sys.stderr)
        return 3


if __name__ == "__main__":
    sys.exit(run_program(main))

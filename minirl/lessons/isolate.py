"""Runs a check in a child process with limits, so that nothing in a learner's code can hurt more than the child.

A crash, an endless loop, `sys.exit()` and a hunger for memory each end the child alone. What happened is then explained
like any other failure. There are four verdicts: pass, fail, inconclusive (the machine gave the child too little time to
tell) and broken (minirl itself failed).
"""

import ast
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from minirl.lessons.lesson import Exercise, is_compiled
from minirl.lessons.race import children_seconds
from minirl.storage.shipped import PACKAGE

SECONDS = 30.0  # for one check, on the wall's clock
C_SECONDS = 240.0  # for one in C, which has to be compiled first, known mistakes too; a call has its own limit
START = 60.0  # more, for a busy machine to start Python
MEMORY = 6.0  # gigabytes of addresses, of which programs with threads reserve more than they use
IDLE = 0.25  # below this share of the processor, a child that took too long was waiting and not computing,
COMPUTED = 4.0  # unless it computed for this many seconds: a check needs one or two, also on a busy machine
STATUS = {"pass": 0, "fail": 1, "inconclusive": 2, "broken": 3}  # the exit status of `check`


@dataclass(frozen=True)
class Result:
    """What a check said."""

    exercise: Exercise
    verdict: str
    parts: tuple[tuple[str, str], ...]
    """The explanation: (kind, text)."""
    seed: int
    cases: int = 0
    seconds: float = 0.0
    printed: str = ""
    """The end of what the learner's code printed."""
    refused: bool = False
    """Whether nothing was tried, since the file is no Python, stops while it is imported, or lacks the function."""

    @property
    def text(self) -> str:
        """The whole explanation."""
        return "\n\n".join(text for _, text in self.parts)


def run_check(exercise: Exercise, file: Path, seed: int | None = None, seconds: float | None = None) -> Result:
    """Check one exercise of a file in a child process. seed: of the generated cases; None takes a new one."""
    return run_checks(exercise, [file], seed, seconds)[0]


def run_checks(
    exercise: Exercise, files: Sequence[Path], seed: int | None = None, seconds: float | None = None
) -> list[Result]:
    """Check one exercise of several files in one child process; where it dies, each file in a child of its own."""
    seed = random.SystemRandom().randrange(10**6) if seed is None else seed
    seconds = (C_SECONDS if exercise.compiled else SECONDS) if seconds is None else seconds
    with tempfile.TemporaryDirectory() as folder:
        request, answer = Path(folder) / "request.json", Path(folder) / "answer.json"
        names = [str(file) for file in files]
        asked = {"exercise": exercise.id, "files": names, "seed": seed, "seconds": seconds, "memory": MEMORY}
        request.write_text(json.dumps(asked), encoding="utf-8")
        start, used = time.perf_counter(), children_seconds()
        try:
            done = subprocess.run(
                [sys.executable, "-m", "minirl.lessons.child", str(request), str(answer)],
                cwd=folder, env=environment(MINIRL_THREADS="1"), capture_output=True, stdin=subprocess.DEVNULL,
                timeout=len(files) * seconds + START,
            )  # fmt: skip
            status, printed = done.returncode, done.stderr.decode("utf-8", "replace")
        except subprocess.TimeoutExpired as error:
            status, printed = 1, "Timeout\n" + (error.stderr or b"").decode("utf-8", "replace")
        took, used = time.perf_counter() - start, children_seconds() - used
        if answer.is_file():
            found = json.loads(answer.read_text(encoding="utf-8"))
            return [
                Result(
                    exercise, one["verdict"], tuple((part["kind"], part["text"]) for part in one["parts"]), seed,
                    one["cases"], took / len(files), tail(printed), one.get("refused", False),
                )
                for one in found
            ]  # fmt: skip
    if len(files) > 1:
        return [run_check(exercise, file, seed, seconds) for file in files]
    waited = used < min(IDLE * took, COMPUTED)
    verdict, text = fate(exercise, files[0], status, printed, seconds, waited)
    return [Result(exercise, verdict, (("form", text),), seed, 0, took)]


def environment(**more: str) -> dict[str, str]:
    """The variables of a child process: it finds this very minirl, wherever it starts."""
    path = os.pathsep.join([str(PACKAGE.parent), *filter(None, [os.environ.get("PYTHONPATH")])])
    return {**os.environ, "PYTHONPATH": path, "PYTHONUTF8": "1", **more}


def fate(exercise: Exercise, file: Path, status: int, printed: str, seconds: float, waited: bool) -> tuple[str, str]:
    """The verdict and its explanation for a child that ended without an answer. waited: it hardly computed."""
    number = line_number(printed, file)
    place = where(number, file)
    if "Timeout" in printed:
        if waited:
            return "inconclusive", (
                f"`{exercise.name}` did not return within {seconds:.0f} seconds, and the processor was hardly used. "
                f"Either it waits for something (input, sleep, a lock), or this machine is busy{place}. Check again."
            )
        return "fail", f"`{exercise.name}` did not return within {seconds:.0f} seconds{place}. {endless(number, file)}"
    if "minirl/lessons/" in printed.replace("\\", "/").rpartition("Traceback")[2] and str(file) not in printed:
        return "broken", f"The check itself failed, which is an error in minirl:\n{tail(printed)}"
    if status < 0:
        name = signal.Signals(-status).name
        return (
            "fail",
            f"Your code crashed Python itself ({name}){place}. The check ran in its own process: nothing else is hurt.",
        )
    if "MemoryError" in printed:
        return "fail", f"`{exercise.name}` asked for more than {MEMORY:.0f} GB of memory{place}."
    return "fail", (
        f"Your code ended Python (exit status {status}){place}, and nothing came back. Is there a call of exit()?\n"
        f"{tail(printed)}"
    ).rstrip()


def line_number(printed: str, file: Path) -> int:
    """The line of the learner's file that Python was in, from its last words; 0 where they do not say."""
    found = re.findall(rf'File "{re.escape(str(file))}", line (\d+)', printed)
    return int(found[0]) if found else 0


def where(number: int, file: Path) -> str:
    """The place of a line in the learner's file, as the end of a sentence; empty for line 0."""
    if not number:
        return ""
    lines = file.read_text(encoding="utf-8").splitlines()
    code = lines[number - 1].strip() if number <= len(lines) else ""
    return f", at line {number}, `{code}`"


def endless(number: int, file: Path) -> str:
    """What to ask about the loop around this line, which did not end."""
    if is_compiled(file):
        return "Is there a loop that never ends?"
    text = file.read_text(encoding="utf-8")
    around = [
        node
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.While | ast.For) and node.lineno <= number <= (node.end_lineno or number)
    ]
    loop = next((node for node in around[::-1] if isinstance(node, ast.While)), around[-1] if around else None)
    if loop is None:
        return "Is there a loop that never ends?"
    head = f"The loop at line {loop.lineno}, `{text.splitlines()[loop.lineno - 1].strip()}`, does not end."
    if isinstance(loop, ast.For):
        return f"{head} Does what it goes through grow in the loop, or is it far too long?"
    condition = ast.unparse(loop.test)
    if isinstance(loop.test, ast.Constant):
        return f"{head} Only `break` and `return` leave it: is one of them reached?"
    return f"{head} It goes on as long as `{condition}` is true: which line inside it changes that, and is it reached?"


def tail(printed: str, lines: int = 6) -> str:
    """The last lines of what was printed."""
    return "\n".join(printed.strip().splitlines()[-lines:])

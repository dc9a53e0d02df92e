"""The capstone: five functions for an honest study, and a study of your own.

The study consists of `MyTask`, `jobs` and `measure` at the end of this file, of
the plan in plan.toml, and of the report in report.md. When it is sealed, the
seal covers every character of this file.
"""

import hashlib
import json
import random
import re
from collections.abc import Sequence
from dataclasses import replace
from types import MappingProxyType

from minirl.lessons import implements
from minirl.lessons.small_job import SMALL, rates
from minirl.runs import Run, TrainConfig
from minirl.tasks import Problem, Task
from minirl.tasks.checker import NumberChecker
from minirl.tasks.task import split_of

# ---- capstone.1 ----


@implements("lessons.interval_score")
def interval_score(low: float, high: float, sure: int, outcome: float) -> float:
    """What a prediction costs. It says that the outcome lies between `low` and
    `high`, and is `sure` percent sure of it.

    The cost is the width of the interval. If the outcome lies outside, add its
    distance from the nearer end, times 2 / (1 - sure / 100).

    interval_score(0.0, 10.0, 80, 12.0) is 30: the width of 10, and 2 times 10.
    """
    raise NotImplementedError("write interval_score")


# ---- capstone.2 ----


def best_interval(beliefs: list[float], sure: int) -> tuple[float, float]:
    """The interval (low, high) with the smallest mean interval score, if the
    outcome is one of `beliefs`, each equally likely. Both ends are among
    `beliefs`. Where several intervals are equally good, any of them will do.

    beliefs: 1 to 40 numbers, in any order. sure: in percent.

    best_interval([4.0, 1.0, 2.0, 3.0], 50) is (2.0, 3.0).
    """
    raise NotImplementedError("write best_interval")


# ---- capstone.3 ----


@implements("lessons.seeds")
def seeds(seal: str, n: int) -> list[int]:
    """The seeds of n runs, each a whole number from 0 to 2**31 - 1.

    Seed k, for k = 0, 1, ..., n - 1, is made of the SHA-256 of the text
    "SEAL K": the seal, a space, and k. Take the first four of its 32 bytes as a
    whole number, the most significant byte first, and the remainder of its
    division by 2**31.

    hashlib.sha256(text.encode()).digest() gives the 32 bytes.

    seeds("abc", 2) is [1125404773, 719301369].
    """
    raise NotImplementedError("write seeds")


# ---- capstone.4 ----


def text_hash(text: str) -> str:
    """The SHA-256 of a text, in 64 hexadecimal digits. (Complete.)"""
    return hashlib.sha256(text.encode()).hexdigest()


@implements("lessons.first_break")
def first_break(lines: Sequence[str]) -> int | None:
    """The index of the first line of a ledger that does not follow from the
    line before it. None where all lines follow.

    Each line is a JSON object, and its entry "before" is the `text_hash` of the
    line before it, as it stands there. In the first line it is "". A line that
    is no JSON, no object, or has no "before" does not follow.

    first_break(['{"before": ""}', '{"before": "something else"}']) is 1.
    """
    raise NotImplementedError("write first_break")


# ---- capstone.5 ----

CODE = r"```[\s\S]*?```|`[^`\n]*`"  # what stands in backquotes
NUMBER = r"(?<![\w.])[-−]?\d+(?:,\d{3})*(?:\.\d+)?"  # 12, 1,200, -3.5


@implements("lessons.untraced")
def untraced(page: str, known: Sequence[float]) -> list[str]:
    """The numbers of a page that no known number explains: as the page writes
    them, in its order, each as often as it stands there.

    First replace what matches CODE by a space. Then NUMBER finds the numbers.
    A known number explains one that is written with d decimals if the two
    differ by at most 0.5 / 10**d + 1e-9. So 7.7142 explains 7.714, 7.7 and 8,
    and does not explain 7.70. Leave the signs aside: -3.2 explains "3.2 worse".
    A comma separates thousands, and − is a minus sign too.

    untraced("Of 60 it solves 7.7, with `steps=40`.", [60.0, 7.6142]) is
    ["7.7"].
    """
    raise NotImplementedError("write untraced")


# ---- capstone.6: a study ----


class MyTask(Task):
    """A task of your own. It needs `name`, `checker` and `problems`; lesson 14
    says what is asked of them. If your MyTask of exercise 14.7 serves your
    question, copy it.
    """

    name = "mine"
    checker = NumberChecker()
    documents = MappingProxyType({"recap": 0.4, "repeat": 0.4, "sums": 0.2})
    science = False

    def problems(self, split: str, n: int, seed: int = 0) -> list[Problem]:
        """`n` problems of a split. Raises ValueError for an unknown split."""
        raise NotImplementedError("write MyTask")


def jobs(seed: int) -> list[TrainConfig]:
    """The runs that are compared, of one seed. As it stands here: the small job
    of lesson 14, once. Change it as your question wants it; with two jobs, let
    them differ in one thing.

    minirl's own evaluation is kept small, as `measure` does yours.
    """
    few = replace(SMALL.evaluation, problems=2, samples=1, dev_problems=2, probes=1)
    model = replace(SMALL.model, context_length=192)
    return [replace(SMALL, task=MyTask.name, seed=seed, model=model, evaluation=few)]


def measure(runs: Sequence[Run], split: str) -> float:
    """What the study measures, as one number. runs: as `jobs` lists them,
    trained. As it stands here: how many points more RL solves than SFT alone,
    of 60 problems of a split, each sampled 4 times.
    """
    (run,) = runs
    problems = list({one.key: one for one in MyTask().problems(split, 300)}.values())[:60]
    before, after = (rates(run, stage, problems, 4).mean() for stage in ("sft", "rl"))
    return float(100 * (after - before))

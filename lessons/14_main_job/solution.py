"""Lesson 14: one way to write the six functions, and a task.

A step of reinforcement learning asks P problems, S times each. Its rewards are
an array of shape (P, S), of 0 and 1.
"""

import json
import random
from types import MappingProxyType
from typing import Any

import numpy as np

from minirl.storage import shipped
from minirl.tasks import Problem, Task
from minirl.tasks.checker import TextChecker
from minirl.tasks.task import split_of

Metrics = list[dict[str, Any]]
DAYS = 2 * ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def a_run(number: int) -> Metrics:
    """The metrics of one of the 18 runs that are kept, number 0 to 17: a list
    with a dict for each line of metrics.jsonl.

    Every dict has "stage" ("pretrain", "sft" or "rl") and "step". Lines of
    pretraining have "loss" and now and then "copying"; lines of RL have
    "reward", "informative", "finished", "entropy", "kl_to_start" and
    "grad_norm".
    """
    runs = json.loads(shipped("lessons/14_main_job/runs.json").read_text(encoding="utf-8"))
    found: Metrics = runs[number]["metrics"]
    return found


# ---- 14.1 ----


def informative_share(rewards: np.ndarray) -> float:
    """The share of the problems whose samples did not all get the same reward.

    informative_share(np.array([[1.0, 0.0], [1.0, 1.0]])) is 0.5.
    """
    return float((rewards.max(axis=1) > rewards.min(axis=1)).mean())


# ---- 14.2 ----


def first_difference(mine: list[float], theirs: list[float], tolerance: float) -> int | None:
    """The first index at which two equally long lists differ; None where there
    is none.

    a and b differ when |a - b| is larger than tolerance times the larger of |a|
    and |b|. NaN differs from everything, even from NaN.

    first_difference([1.0, 2.0], [1.0, 2.5], 0.01) is 1.
    """
    for index, (a, b) in enumerate(zip(mine, theirs, strict=True)):
        # "not <=" and not ">", which is false for NaN
        if not abs(a - b) <= tolerance * max(abs(a), abs(b)):
            return index
    return None


# ---- 14.3 ----


def reward_error(rewards: np.ndarray) -> float:
    """The standard error of the mean reward of a step. rewards: (P, S), P at
    least 2.

    The problems are drawn independently, and the samples of one problem are
    alike. So the mean reward of a problem counts as one value: there are P of
    them.

    reward_error(np.array([[1.0, 1.0], [0.0, 0.0]])) is 0.5.
    """
    of_problems = rewards.mean(axis=1)
    return float(of_problems.std(ddof=1) / np.sqrt(len(of_problems)))


# ---- 14.4 ----


def paired(before: np.ndarray, after: np.ndarray) -> tuple[float, float]:
    """How much better the second model is on the same problems: the mean
    difference, and its standard error.

    before, after: (n,) float64, one value for each problem, in the same order;
    n at least 2.

    paired(np.array([0.0, 1.0]), np.array([1.0, 1.0])) is (0.5, 0.5).
    """
    difference = after - before
    return float(difference.mean()), float(difference.std(ddof=1) / np.sqrt(len(difference)))


# ---- 14.5 ----


def moved(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """How far the policy has moved in each state: the sum over all tokens a of
    after(a) log(after(a) / before(a)).

    before, after: (T, V) float64. Row t holds the policy in state t. `before`
    is nowhere 0; `after` may be, and such a token adds nothing. Returns (T,).
    Where a row of `before` or `after` holds NaN, its result is NaN: such a
    policy is broken, and nobody may take it for one that has not moved.
    """
    # 1 in place of 0: its logarithm is finite, and is multiplied by 0
    ratio = np.where(after > 0, after, 1) / before
    return (after * np.log(ratio)).sum(axis=1)


# ---- 14.6 ----


def diagnose(metrics: Metrics) -> str:
    """What happened in a run, from its metrics alone; see `a_run` for what they
    hold. One of

    "never copied"   pretraining ended before the model could copy numbers
    "never ends"     hardly an answer ends by itself, in all of RL
    "no signal"      the samples of a problem hardly ever differ in reward
    "collapse"       samples differed, and RL destroyed what the model could do
    "healthy"        none of these

    Where one trouble leads to another, it is the first one that counts.

    Some lines may be missing, and a run may have been stopped in any stage.
    Judge it by the lines that it has. A run stopped in pretraining counts as
    one whose pretraining ended there. Where no line has "copying", or none is
    of RL, nothing speaks against that stage.
    """
    copying = [line["copying"] for line in metrics if "copying" in line]
    rl = [line for line in metrics if line["stage"] == "rl"]

    def mean(name: str, lines: Metrics) -> float:
        return float(np.mean([line[name] for line in lines]))

    if copying and copying[-1] < 0.6:
        return "never copied"
    if not rl:
        return "healthy"
    if mean("finished", rl) < 0.5:
        return "never ends"
    if mean("informative", rl) < 0.05:
        return "no signal"
    if mean("kl_to_start", rl) > 0.12:
        return "collapse"
    return "healthy"


# ---- 14.7 ----


class MyTask(Task):
    """A task of your own. It needs `name`, `checker` and `problems`; the lesson
    says what is asked of them.

    `problems(split, n, seed)` returns `n` problems of "train", "dev" or "test".
    The same arguments return the same problems, a smaller n returns the first
    of them, and another seed returns other problems. No key is in two splits.
    """

    name = "weekdays"
    checker = TextChecker()
    documents = MappingProxyType({"repeat": 0.5, "sums": 0.5})
    science = False

    def problems(self, split: str, n: int, seed: int = 0) -> list[Problem]:
        """`n` problems of a split. Raises ValueError for an unknown split."""
        self.require_split(split)
        rng, drawn = random.Random(f"{split} {seed}"), list[Problem]()
        while len(drawn) < n:
            day, later = rng.randrange(7), rng.randint(2, 40)
            key = f"{DAYS[day]} {later}"
            if split_of(key) != split:
                continue
            rest = later % 7
            found = DAYS[day + rest]
            reasoning = f"{later} - {later - rest} = {rest}. {DAYS[day]} and {rest} days: {found}."
            question = f"Today is {DAYS[day]}. Which day is it in {later} days?"
            drawn.append(Problem(question, reasoning, found, key))
        return drawn

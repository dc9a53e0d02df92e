"""Lesson 14: read a run. You write six functions, and a task of your own.

A step of reinforcement learning asks P problems, S times each. Its rewards are
an array of shape (P, S), of 0 and 1.
"""

import json
from types import MappingProxyType
from typing import Any

import numpy as np

from minirl.storage import shipped
from minirl.tasks import Problem, Task
from minirl.tasks.checker import NumberChecker
from minirl.tasks.task import split_of

Metrics = list[dict[str, Any]]


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
    raise NotImplementedError("write informative_share")


# ---- 14.2 ----


def first_difference(mine: list[float], theirs: list[float], tolerance: float) -> int | None:
    """The first index at which two equally long lists differ; None where there
    is none.

    a and b differ when |a - b| is larger than tolerance times the larger of |a|
    and |b|. NaN differs from everything, even from NaN.

    first_difference([1.0, 2.0], [1.0, 2.5], 0.01) is 1.
    """
    raise NotImplementedError("write first_difference")


# ---- 14.3 ----


def reward_error(rewards: np.ndarray) -> float:
    """The standard error of the mean reward of a step. rewards: (P, S), P at
    least 2.

    The problems are drawn independently, and the samples of one problem are
    alike. So the mean reward of a problem counts as one value: there are P of
    them. Their standard deviation is taken with P - 1 (ddof=1).

    reward_error(np.array([[1.0, 1.0], [0.0, 0.0]])) is 0.5.
    """
    raise NotImplementedError("write reward_error")


# ---- 14.4 ----


def paired(before: np.ndarray, after: np.ndarray) -> tuple[float, float]:
    """How much better the second model is on the same problems: the mean
    difference, and its standard error (with n - 1, as in 14.3).

    before, after: (n,) float64, one value for each problem, in the same order;
    n at least 2.

    paired(np.array([0.0, 1.0]), np.array([1.0, 1.0])) is (0.5, 0.5).
    """
    raise NotImplementedError("write paired")


# ---- 14.5 ----


def moved(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """How far the policy has moved in each state: the sum over all tokens a of
    after(a) log(after(a) / before(a)).

    before, after: (T, V) float64. Row t holds the policy in state t. `before`
    is nowhere 0; `after` may be, and such a token adds nothing. Returns (T,).
    Where a row of `before` or `after` holds NaN, its result is NaN: such a
    policy is broken, and nobody may take it for one that has not moved.
    """
    raise NotImplementedError("write moved")


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
    raise NotImplementedError("write diagnose")


# ---- 14.7 ----


class MyTask(Task):
    """A task of your own. It needs `name`, `checker` and `problems`; the lesson
    says what is asked of them.

    `problems(split, n, seed)` returns `n` problems of "train", "dev" or "test".
    The same arguments return the same problems, a smaller n returns the first
    of them, and another seed returns other problems. No key is in two splits.
    """

    name = "mine"
    checker = NumberChecker()
    # what pretraining reads:
    documents = MappingProxyType({"recap": 0.2, "repeat": 0.3, "sums": 0.5})
    science = False

    def problems(self, split: str, n: int, seed: int = 0) -> list[Problem]:
        """`n` problems of a split. Raises ValueError for an unknown split."""
        raise NotImplementedError("write MyTask.problems")

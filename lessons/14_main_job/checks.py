"""What is tried with the exercises of lesson 14, and what must come out."""

import json
import math
from contextlib import suppress
from fractions import Fraction

import numpy as np

from minirl.lessons.check import Check, Property
from minirl.lessons.compare import EXACT, Bound, Verdict, brief, difference, literal
from minirl.storage import shipped
from minirl.tasks import Problem
from minirl.tasks.task import split_of

RUNS = json.loads(shipped("lessons/14_main_job/runs.json").read_text(encoding="utf-8"))


# ---- groups of rewards ----


def groups(rng):
    """(rewards,)"""
    yield (np.array([[1.0, 0.0], [1.0, 1.0]]),)
    yield (np.array([[1.0, 1.0], [0.0, 0.0]]),)
    yield (np.array([[1.0, 1.0, 1.0, 1.0], [0.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0]]),)
    for _ in range(10):
        shape = (rng.integers(2, 7), rng.integers(2, 9))
        hard = rng.choice([0.0, 0.5, 1.0], size=(shape[0], 1))
        yield ((rng.random(shape) < hard).astype(float),)


def mixed(rewards):
    return sum(len(set(row)) > 1 for row in rewards.tolist()) / len(rewards)


def spread_of(values):
    """The standard error of the mean of exact numbers."""
    mean = sum(values) / len(values)
    variance = sum((value - mean) ** 2 for value in values) / (len(values) - 1)
    return math.sqrt(variance / len(values))


def error_over_groups(rewards):
    return spread_of([sum(map(Fraction, row)) / len(row) for row in rewards.tolist()])


def twice_the_samples(call, rewards):
    """Copies of samples bring nothing new."""
    return math.isclose(call(np.repeat(rewards, 2, axis=1)), call(rewards), abs_tol=1e-12)


# ---- two runs ----


def curves(rng):
    """(mine, theirs, tolerance)"""
    yield [1.0], [1.0], 0.0
    yield [1.0, 2.0], [1.0, 2.5], 0.01
    yield [1.0, 2.0, 3.0], [1.0, 2.0, 3.0], 0.0
    yield [1.0, math.nan], [1.0, 2.0], 0.1
    yield [1.0, 1.0], [1.0, math.nan], 0.1
    yield [100.0, 1.0], [100.5, 1.5], 0.01
    yield [0.001, 0.002], [0.0015, 0.002], 0.01
    yield [0.0, 1.0], [0.0, 1.0], 0.0
    yield [-1.0, -2.0], [-1.0, -3.0], 0.1
    for _ in range(10):
        n = int(rng.integers(1, 8))
        mine = np.round(rng.normal(3, 1, n), 2).tolist()
        off = rng.random(n) < 0.3
        yield mine, [a * 1.5 if wrong else a * 1.001 for a, wrong in zip(mine, off, strict=True)], 0.01


def index_verdict(names, mine, theirs, tolerance):
    """Whether the learner's function returns the right index. None may be right, so a wrong None is a wrong value."""
    got, wanted = names["first_difference"](mine, theirs, tolerance), parted(mine, theirs, tolerance)
    if got is None:
        return Verdict() if wanted is None else Verdict("None", f"the result is None; expected {wanted}")
    found = difference(got, wanted, EXACT)
    return Verdict(brief(got), found.text) if found else Verdict()


def parted(mine, theirs, tolerance):
    for index, (a, b) in enumerate(zip(mine, theirs, strict=True)):
        near = not math.isnan(a) and not math.isnan(b) and abs(a - b) <= tolerance * max(abs(a), abs(b))
        if not near:
            return index
    return None


# ---- two models ----


def pairs(rng):
    """(before, after)"""
    yield np.array([0.0, 1.0]), np.array([1.0, 1.0])
    yield np.array([0.0, 0.0, 1.0, 1.0]), np.array([0.0, 0.0, 1.0, 1.0])
    yield np.array([1.0, 1.0, 0.0, 1.0]), np.array([0.0, 1.0, 0.0, 1.0])
    for _ in range(8):
        n = int(rng.integers(3, 12))
        before = (rng.random(n) < 0.5).astype(float)
        yield before, np.where(rng.random(n) < 0.3, 1.0, before)


def difference_of(before, after):
    values = [Fraction(b) - Fraction(a) for a, b in zip(before.tolist(), after.tolist(), strict=True)]
    return float(sum(values) / len(values)), spread_of(values)


def policies(rng):
    """(before, after)"""
    yield np.array([[0.5, 0.5]]), np.array([[0.5, 0.5]])
    yield np.array([[0.5, 0.5]]), np.array([[0.75, 0.25]])
    yield np.array([[0.5, 0.5]]), np.array([[1.0, 0.0]])
    yield np.array([[0.5, 0.5], [0.25, 0.75]]), np.array([[0.5, 0.5], [0.75, 0.25]])
    yield np.array([[0.5, 0.5], [0.25, 0.75]]), np.array([[1.0, 0.0], [math.nan, math.nan]])
    yield np.array([[0.5, 0.5], [math.nan, math.nan]]), np.array([[1.0, 0.0], [0.25, 0.75]])
    for _ in range(8):
        shape = (rng.integers(1, 5), rng.integers(2, 5))
        before, after = (rng.dirichlet(np.ones(shape[1]), shape[0]) for _ in range(2))
        before = (before + 0.01) / (before + 0.01).sum(axis=1, keepdims=True)
        yield before, after


def divergence(before, after):
    return np.array(
        [
            math.fsum(a * math.log(a / b) for a, b in zip(row.tolist(), start.tolist(), strict=True) if a)
            for row, start in zip(after, before, strict=True)
        ]
    )


def policies_only(before, after):
    """Whether the rows are policies, as shrinking leaves few of them."""
    return bool(
        before.shape == after.shape
        and (before > 0).all()
        and np.allclose(before.sum(axis=1), 1)
        and np.allclose(after.sum(axis=1), 1)
    )


# ---- a run ----


class Lines(list):
    """The metrics of a run, and how a learner gets at them."""

    typed = ""


def told(lines, typed):
    found = Lines(lines)
    found.typed = typed
    return found


def runs(rng):
    """(metrics,): every run whole, then some that were stopped early, then some with lines missing."""
    for number, run in enumerate(RUNS):
        yield (told(run["metrics"], f"a_run({number})"),)
    for number in (3, 5, 10, 11):  # stopped before RL; two of them copy, and two do not
        kept = [line for line in RUNS[number]["metrics"] if line["stage"] != "rl"]
        yield (told(kept, f"[line for line in a_run({number}) if line['stage'] != 'rl']"),)
    for number, last in ((3, 75), (12, 75), (12, 250), (14, 50)):  # in pretraining: at first nothing is copied
        kept = [line for line in RUNS[number]["metrics"] if line["stage"] == "pretrain" and line["step"] <= last]
        where = f"line['stage'] == 'pretrain' and line['step'] <= {last}"
        yield (told(kept, f"[line for line in a_run({number}) if {where}]"),)
    for number in rng.permutation(len(RUNS))[:12].tolist():
        part = int(rng.integers(2, 5))
        kept = [line for index, line in enumerate(RUNS[number]["metrics"]) if line["stage"] != "rl" or index % part]
        typed = f"[line for i, line in enumerate(a_run({number})) if line['stage'] != 'rl' or i % {part}]"
        yield (told(kept, typed),)


def truth(metrics):
    """What was done to the run whose metrics these are. No two runs share their first line and a line of RL."""
    if all(line["stage"] != "rl" for line in metrics):
        copying = [line["copying"] for line in metrics if "copying" in line]
        return "never copied" if copying and copying[-1] < 0.5 else "healthy"
    for run in RUNS:
        if run["metrics"][0] == metrics[0] and metrics[-1] in run["metrics"]:
            return run["truth"]
    raise LookupError("not one of the runs")


# ---- a task ----

MANY = 2000  # problems of a split, among which a shared key shows
UNKNOWN = "no such split"
RAISES = f"problems({UNKNOWN!r}, 1) raises ValueError"


def apart(task, drawn, seed):
    """Whether no key is in two splits: each is where `split_of` puts it, or MANY problems of each split share none."""
    if all(split_of(problem.key) == split for split, problems in drawn.items() for problem in problems):
        return True
    with suppress(ValueError):  # which a list of fewer problems raises
        drawn = {split: task.problems(split, MANY, seed) for split in drawn}
    keys = [{problem.key for problem in problems} for problems in drawn.values()]
    return not (keys[0] & keys[1] or keys[0] & keys[2] or keys[1] & keys[2])


def refuses(task):
    """Whether an unknown split is refused as it should be."""
    try:
        task.problems(UNKNOWN, 1)
    except ValueError:
        return True
    except Exception:
        return False
    return False


def facts(names, n, seed):
    """What holds of the learner's task."""
    task = names["MyTask"]()
    drawn = {split: task.problems(split, n, seed) for split in ("train", "dev", "test")}
    train = drawn["train"]
    others = [(one, other) for one in train[:20] for other in train[:20] if one.answer != other.answer]
    return {
        "each split gives a list of n problems": all(
            isinstance(problems, list) and len(problems) == n and all(isinstance(one, Problem) for one in problems)
            for problems in drawn.values()
        ),
        "the same arguments give the same problems": names["MyTask"]().problems("train", n, seed) == train,
        "a smaller n gives the first of them": task.problems("train", n // 2, seed) == train[: n // 2],
        "another seed gives other problems": task.problems("train", n, seed + 1) != train,
        "no key is in two splits": apart(task, drawn, seed),
        "one key is one question": len({one.key for one in train}) == len({one.question for one in train}),
        RAISES: refuses(task),
        "there are different answers": bool(others),
        "the checker accepts each problem's own solution": all(
            task.checker.check(one, one.completion) for problems in drawn.values() for one in problems
        ),
        "the checker refuses the solutions of problems with another answer": not any(
            task.checker.check(one, other.completion) for one, other in others
        ),
        "the checker refuses an empty answer": not task.checker.check(train[0], ""),
    }


def all_true(n, seed):
    return dict.fromkeys(FACTS, True)


FACTS = (
    "each split gives a list of n problems",
    "the same arguments give the same problems",
    "a smaller n gives the first of them",
    "another seed gives other problems",
    "no key is in two splits",
    "one key is one question",
    RAISES,
    "there are different answers",
    "the checker accepts each problem's own solution",
    "the checker refuses the solutions of problems with another answer",
    "the checker refuses an empty answer",
)

CHECKS = {
    "informative_share": Check(
        cases=groups,
        expected=mixed,
        bound=Bound(4, 1.0, reason="a division"),
        only=lambda rewards: rewards.shape[1] >= 2,
    ),
    "first_difference": Check(
        cases=curves,
        expected=lambda mine, theirs, tolerance: Verdict(),
        observe=index_verdict,
        show=lambda *case: f"first_difference({', '.join(map(literal, case))})",
        only=lambda mine, theirs, tolerance: len(mine) == len(theirs) > 0,
    ),
    "reward_error": Check(
        cases=groups,
        expected=error_over_groups,
        bound=Bound(60, 1.0, reason="means, squares and a root"),
        properties=(Property("copying each sample changes nothing, as a copy is nothing new", twice_the_samples),),
        only=lambda rewards: min(rewards.shape) >= 2,
    ),
    "paired": Check(
        cases=pairs,
        expected=difference_of,
        parts=("the mean difference", "its standard error"),
        bound=Bound(60, 1.0, reason="means, squares and a root"),
        only=lambda before, after: before.shape == after.shape and len(before) >= 2,
    ),
    "moved": Check(
        cases=policies,
        expected=divergence,
        bound=Bound(40, 5.0, reason="a sum of logarithms"),
        only=policies_only,
    ),
    "diagnose": Check(
        cases=runs,
        expected=truth,
        show=lambda metrics: f"diagnose({metrics.typed})",
        shrink=False,
    ),
    "MyTask": Check(
        cases=lambda rng: [(20, 0), (60, int(rng.integers(1, 1000)))],
        expected=all_true,
        observe=facts,
        show=lambda n, seed: f"MyTask().problems('train', {n}, {seed}), and the same of 'dev' and 'test'",
        shrink=False,
    ),
}

"""What is tried with the exercises of the capstone, and what must come out."""

import hashlib
import json
import math
from fractions import Fraction

import numpy as np

from minirl.lessons.check import Check
from minirl.lessons.compare import Bound, Verdict
from minirl.lessons.lesson import find_lesson
from minirl.lessons.study.hostile import hostile
from minirl.runs import TrainConfig

own_task = find_lesson("14").module("checks")

# ---- the score ----


def predictions(rng):
    """(low, high, sure, outcome)"""
    yield 0.0, 1.0, 50, 0.5
    yield 0.0, 1.0, 50, 2.0
    yield 0.0, 1.0, 50, -3.0
    yield 2.0, 3.0, 80, 2.0
    yield 0.0, 10.0, 80, 12.0
    yield 0.0, 10.0, 90, -1.0
    yield -5.0, -5.0, 80, -5.0
    for _ in range(10):
        low, high = sorted(rng.integers(-20, 20, 2).tolist())
        yield float(low), float(high), int(rng.integers(50, 99)), float(rng.integers(-30, 30))


def exact_score(low, high, sure, outcome):
    """The score in fractions."""
    low, high, outcome = map(Fraction, (low, high, outcome))
    missed_by = max(low - outcome, outcome - high, Fraction(0))
    return float(high - low + missed_by * 200 / (100 - sure))


# ---- the best interval ----


def belief_lists(rng):
    """(beliefs, sure)"""
    yield [3.0], 50
    yield [1.0, 2.0, 3.0], 80
    yield [4.0, 1.0, 2.0, 3.0], 50
    yield [1.0, 2.0, 3.0, 4.0, 50.0], 60
    yield [0.0, 0.0, 0.0, 0.0, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0], 80
    yield [-32.0, -16.0, -8.0, -4.0, -2.0, -1.0, 0.0, 0.0, 0.0, 0.0], 60
    for _ in range(8):
        n = int(rng.integers(5, 21))
        yield np.round(rng.exponential(10, n), 1).tolist(), int(rng.choice([50, 60, 80, 90]))


def mean_score(low, high, beliefs, sure):
    return math.fsum(exact_score(low, high, sure, one) for one in beliefs) / len(beliefs)


def judged(names, beliefs, sure):
    """Whether no other interval is better."""
    result = names["best_interval"](list(beliefs), sure)
    if not isinstance(result, tuple) or len(result) != 2 or any(not isinstance(end, float) for end in result):
        return Verdict("form", f"the result is {result!r}; expected a tuple of two floats, (low, high)")
    low, high = result
    if not {low, high} <= set(beliefs) or low > high:
        return Verdict("ends", f"the result is ({low}, {high}); both ends must be among the beliefs, low first")
    ends = sorted(set(beliefs))
    best = min((mean_score(a, b, beliefs, sure), a, b) for a in ends for b in ends if a <= b)
    found = mean_score(low, high, beliefs, sure)
    if found <= best[0] + 1e-9:
        return Verdict()
    return Verdict(
        f"{low} to {high}",
        f"the result is ({low}, {high}), whose mean score is {found:.3g}. Another interval has {best[0]:.3g}, and less "
        "is better",
    )


# ---- seeds ----


def seals(rng):
    """(seal, n)"""
    yield "abc", 1
    yield "abc", 2
    yield "", 3
    for _ in range(6):
        yield rng.bytes(32).hex(), int(rng.integers(1, 11))


def by_hand(seal, n):
    found = []
    for k in range(n):
        digits = hashlib.sha256(bytes(f"{seal} {k}", "ascii")).hexdigest()[:8]
        found.append(int(digits, 16) & 0x7FFFFFFF)
    return found


# ---- the ledger ----


def chain(entries, spaces=False):
    """A ledger that is whole."""
    lines, before = [], ""
    for entry in entries:
        separators = (",", ":") if spaces else None
        lines.append(json.dumps({**entry, "before": before}, separators=separators))
        before = hashlib.sha256(lines[-1].encode()).hexdigest()
    return lines


def ledgers(rng):
    """(lines,)"""
    yield ([],)
    yield (chain([{}]),)
    yield (['{"before": "x"}'],)
    yield (['{"before": ""}', '{"before": "something else"}'],)
    yield (chain([{"a": 1}, {"a": 2}]),)
    yield (chain([{"a": 1}, {"a": 2}, {"a": 3}], spaces=True),)
    yield (["no JSON"],)
    yield (["[1, 2]"],)
    yield (["{}"],)
    yield ([*chain([{"a": 1}]), "7"],)
    whole = chain([{"what": "run", "value": value} for value in range(5)])
    yield (whole,)
    for index in range(5):
        yield ([*whole[:index], whole[index].replace("value", "worth"), *whole[index + 1 :]],)
        yield ([*whole[:index], *whole[index + 1 :]],)
    yield ([whole[0], whole[2], whole[1], whole[3]],)
    for _ in range(4):
        values = rng.integers(0, 100, 6).tolist()
        lines = chain([{"value": value} for value in values])
        at = int(rng.integers(0, 6))
        lines[at] = lines[at].replace('"value": ', '"value": 1')
        yield (lines,)


def follows(lines):
    """The oracle of first_break, from the back."""
    broken = None
    for index in reversed(range(len(lines))):
        before = hashlib.sha256(lines[index - 1].encode()).hexdigest() if index else ""
        try:
            entry = json.loads(lines[index])
        except json.JSONDecodeError:
            entry = None
        if type(entry) is not dict or "before" not in entry or entry["before"] != before:
            broken = index
    return broken


# ---- the page ----


def pages(rng):
    """(page, known)"""
    yield "", []
    yield "7", []
    yield "7", [7.0]
    yield "7.7", [7.7142]
    yield "7.71", [7.7142]
    yield "7.70", [7.7142]
    yield "8", [7.7142]
    yield "7", [7.7142]
    yield "0.5", [0.46]
    yield "3.2 worse", [-3.2]
    yield "-3.2 and −3.2", [3.2]
    yield "1,200 steps", [1200.0]
    yield "1,200.5", [1200.46]
    yield "`steps=40` and 40", [3.0]
    yield "```\npython -m x --seed 5\n```\n6", []
    yield "12 and 13 and 12", [13.0]
    yield "13 and 12", []
    yield "It lies 5.6 points higher: 61.0%, and not 55.5%.", [5.62, 61.04, 55.4]
    yield "100.4", [100.0]
    yield "99.6", [99.0, 100.0]
    yield "sha3 and v2", []
    for _ in range(5):
        facts = np.round(rng.normal(0, 30, 4), 4).tolist()
        shown = [f"{fact:.{int(rng.integers(0, 3))}f}" for fact in facts]
        yield f"{shown[0]} and {shown[1]}, then {float(shown[2]) + 2:.1f} of {shown[3]}", facts


def by_fractions(page, known):
    """The oracle of untraced, with decimals as fractions."""
    import re

    bare = re.sub(r"`[^`\n]*`", " ", re.sub(r"```[\s\S]*?```", " ", page))
    found = []
    for text in re.findall(r"(?<![\w.])[-−]?\d+(?:,\d{3})*(?:\.\d+)?", bare):
        plain = text.replace(",", "").replace("−", "").replace("-", "")
        decimals = len(plain) - plain.index(".") - 1 if "." in plain else 0
        near = Fraction(1, 2) / 10**decimals + Fraction(1, 10**9)
        if all(abs(abs(Fraction(one)) - Fraction(plain)) > near for one in known):
            found.append(text)
    return found


# ---- the study ----

ATTACKS = ("is empty", "repeats the question", "reasons and gives no answer", "mentions the answer",
           "mentions the answer below another one", "gives two answers at once", "takes its answer back",
           "leaves a sum undone")  # fmt: skip
JOBS = "`jobs(7)` lists training runs of this task with the seed 7"
ENOUGH = "there are 20 different problems or more for the test"


def facts(names, n, seed):
    """What holds of the learner's task, its checker and its jobs."""
    found = own_task.facts(names, n, seed)
    task = names["MyTask"]()
    train = task.problems("train", 40, seed)
    paid = set()
    for problem in train:
        other = next((one.answer for one in train if one.answer != problem.answer), "nothing")
        paid |= {what for what, text in hostile(problem, other).items() if task.checker.check(problem, text)}
    found |= {refusal(what): what not in paid for what in ATTACKS}
    made = names["jobs"](7)
    found[JOBS] = bool(made) and all(
        isinstance(job, TrainConfig) and job.task == task.name and job.seed == 7 for job in made
    )
    found[ENOUGH] = len({problem.key for problem in task.problems("test", 400)}) >= 20
    return found


def refusal(what):
    return f"the checker refuses a text that {what}"


def all_true(n, seed):
    return dict.fromkeys((*own_task.FACTS, *map(refusal, ATTACKS), JOBS, ENOUGH), True)


CHECKS = {
    "interval_score": Check(
        cases=predictions,
        expected=exact_score,
        bound=Bound(20, 1.0, reason="a difference, a quotient and a product"),
        only=lambda low, high, sure, outcome: low <= high and 0 < sure < 100,
    ),
    "best_interval": Check(
        cases=belief_lists,
        expected=lambda beliefs, sure: Verdict(),
        observe=judged,
        show=lambda beliefs, sure: f"best_interval({beliefs}, {sure})",
        only=lambda beliefs, sure: len(beliefs) > 0,
        shrink=False,
    ),
    "seeds": Check(cases=seals, expected=by_hand, shrink=False),
    "first_break": Check(cases=ledgers, expected=follows, compared=40, shrink=False),
    "untraced": Check(cases=pages, expected=by_fractions, compared=40, shrink=False),
    "MyTask": Check(
        cases=lambda rng: [(20, 0), (60, int(rng.integers(1, 1000)))],
        expected=all_true,
        observe=facts,
        show=lambda n, seed: f"MyTask().problems('train', {n}, {seed}), and the same of 'dev' and 'test'",
        shrink=False,
    ),
}

"""Where the functions of lesson 18 go into minirl: estimates of accuracy, and the checker that pays rewards."""

import numpy as np

from minirl.evaluation.estimate import RESAMPLES, Estimate, one_per_problem
from minirl.lessons import Seam
from minirl.lessons.compare import Bound
from minirl.lessons.lesson import find_lesson

checks = find_lesson("18").module("checks")


def fit_pass(pass_at_k, original):
    """minirl.evaluation.estimate.pass_at_k has the learner's signature."""
    return lambda correct, n, k: pass_at_k(int(correct), int(n), int(k))


def fit_bootstrap(paired_bootstrap, original):
    """minirl.evaluation.estimate.paired_bootstrap, with the draws that it makes itself."""

    def fitted(first, second, seed=0):
        a, b = (one_per_problem("paired_bootstrap", values) for values in (first, second))
        rng = np.random.default_rng(seed)
        draws = np.concatenate([rng.integers(0, a.size, (100, a.size)) for _ in range(RESAMPLES // 100)])
        return original(first, second, seed)._replace(difference=Estimate(*paired_bootstrap(a, b, draws)))

    return fitted


def fit_check(check, original):
    """NumberChecker.check: the problem's answer, and what the model wrote up to the end token."""
    return lambda checker, problem, text: check(problem.answer, text.partition("<|end|>")[0])


def by_numpy(first, second, draws):
    """The oracle of the bootstrap, for many draws."""
    means = (first - second)[draws].mean(axis=1)
    return float((first - second).mean()), *np.quantile(means, [0.025, 0.975]).tolist()


SEAMS = [
    Seam(
        "evaluation.pass_at_k",
        places=[("minirl.evaluation.estimate:pass_at_k", fit_pass)],
        oracle=checks.by_listing,
        bound=Bound(20, 1.0, reason="a quotient of whole numbers"),
        meter="minirl.evaluation.estimate:pass_at_k",
        unit="problems",
    ),
    Seam(
        "evaluation.paired_bootstrap",
        places=[("minirl.evaluation.estimate:paired_bootstrap", fit_bootstrap)],
        oracle=by_numpy,
        bound=Bound(2000, 1.0, reason="means of differences"),
        meter="minirl.evaluation.estimate:paired_bootstrap",
        unit="comparisons",
    ),
    Seam(
        "tasks.check",
        places=[("minirl.tasks.checker:NumberChecker.check", fit_check)],
        oracle=checks.right,
        meter="minirl.tasks.checker:NumberChecker.check",
        unit="answers",
    ),
]

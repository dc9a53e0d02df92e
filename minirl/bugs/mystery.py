"""A run with one of the bugs, or with none: find out which, from as few measures as you need.

    mystery = Mystery(3)
    mystery.reading("trained on")                        # 11.0; this costs 1 point
    points({"masked end": 0.1, "healthy": 0.9, ...}, mystery.cause, mystery.spent)

An answer is graded by the probability that it puts on the true cause, and measures cost points. A measure that can be
taken before training is cheap, and one that has to wait for the end of RL is expensive, as in a real project: there
these are minutes and days.
"""

import math
import random
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext

from minirl.bugs import BUGS, planted
from minirl.bugs.experiment import MEASURES, Curve, Patient, reading
from minirl.bugs.recorded import HEALTHY, healthy_range

CAUSES = (*BUGS, HEALTHY)
PRICE_OF = {"data": 1, "SFT": 3, "samples": 5, "RL": 10}  # points, by the stage that has to run first
PRICES = {name: PRICE_OF[measure.stage] for name, measure in MEASURES.items()}
LEAST = 0.001  # a cause with a smaller probability is graded as if it had this one
SEED = 1000  # the seed of mystery 0; recorded runs have smaller ones
RANGE, SHARE, TINY = 2 / 3, 0.05, 0.001  # see odd


def cause_of(number: int) -> str:
    """The cause in the mystery with this number: one of CAUSES."""
    return random.Random(f"mystery {number}").choice(CAUSES)


class Mystery:
    """One run whose cause is to be found. Each stage of it runs when one of its measures is first asked for."""

    def __init__(self, number: int, seed: int | None = None) -> None:
        """seed: of the run; None: SEED + number."""
        self.cause = cause_of(number)
        self.taken: dict[str, Curve] = {}
        self._patient = Patient(SEED + number if seed is None else seed)

    def measure(self, name: str) -> Curve:
        """A measure of the run, as a curve. Raises KeyError for one that MEASURES does not have."""
        if name not in self.taken:
            with nullcontext() if self.cause == HEALTHY else planted(self.cause):
                self.taken[name] = self._patient.measure(name)
        return self.taken[name]

    def reading(self, name: str) -> float:
        """A measure of the run, as one number."""
        return reading(name, self.measure(name))

    @property
    def spent(self) -> int:
        """The price of all measures that were taken, in points."""
        return sum(PRICES[name] for name in self.taken)


def points(beliefs: Mapping[str, float], cause: str, spent: float) -> float:
    """100 (1 + log_9 p) - spent, where p is the probability that `beliefs` puts on the true cause.

    Certain and right gives 100, the same probability for all nine causes 0, and less on the truth than that costs
    points. The logarithm makes honesty pay: who believes p and says q gets the most, on average, for q = p (Good,
    Rational Decisions, 1952, calls this the reward for probability estimates). A p below LEAST counts as LEAST.
    Raises ValueError for beliefs that are no probabilities.
    """
    given = [beliefs.get(name, 0.0) for name in CAUSES]
    if not set(beliefs) <= set(CAUSES):
        raise ValueError(f"points: {min(set(beliefs) - set(CAUSES))!r} is no cause; there are {', '.join(CAUSES)}")
    if min(given) < 0 or abs(math.fsum(given) - 1) > 1e-6:
        raise ValueError(f"points: the probabilities add up to {math.fsum(given):.6g}; they must be 0 or more and "
                         "add up to 1")  # fmt: skip
    return 100 * (1 + math.log(max(beliefs.get(cause, 0.0), LEAST), len(CAUSES))) - spent


def odd(name: str, value: float) -> bool:
    """Whether a reading lies outside the recorded healthy runs.

    It does if it is outside by more than two thirds of their range, 5% of the largest and TINY. A narrower margin
    raises false alarms: there are fourteen measures. With a wider one, a pass@1 of 0 would be usual.
    """
    low, high = healthy_range(name)
    margin = max(RANGE * (high - low), SHARE * abs(high), TINY)
    return not low - margin <= value <= high + margin


def in_order(take: Callable[[str], float]) -> tuple[dict[str, float], int]:
    """What docs/bugs.md advises: take the measures in the order of MEASURES until one is odd; the first odd one is
    closest to the cause. Returns the beliefs and what was spent.

    take: the reading of a measure. Nine tenths go to the bugs that have the odd measure among their signs, or to
    "healthy" if none was odd; all others share the rest.
    """
    spent = 0
    for name in MEASURES:
        spent += PRICES[name]
        if odd(name, take(name)):
            suspects = [bug.name for bug in BUGS.values() if name in bug.signs]
            return spread(suspects or CAUSES, 0.9), spent
    return spread([HEALTHY], 0.9), spent


def spread(suspects: Sequence[str], share: float) -> dict[str, float]:
    """Beliefs in which the suspects divide `share` equally, and all other causes the rest."""
    others = [name for name in CAUSES if name not in suspects]
    share = share if others else 1.0
    each = dict.fromkeys(suspects, share / len(suspects))
    return {name: each.get(name, (1 - share) / max(len(others), 1)) for name in CAUSES}

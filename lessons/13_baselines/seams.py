"""Where a function of lesson 13 goes into minirl: the advantages of an update."""

from minirl.lessons import Seam
from minirl.lessons.compare import Bound
from minirl.lessons.lesson import find_lesson

checks = find_lesson("13").module("checks")


def fit_advantage(group_normalised, original):
    """minirl.rl.advantage.group_normalised has the learner's signature."""
    return lambda rewards: group_normalised(rewards)


SEAMS = [
    Seam(
        "rl.group_normalised",
        places=[("minirl.rl.advantage:group_normalised", fit_advantage)],
        oracle=checks.row_by_row,
        bound=Bound(40, 1.0, reason="a mean, a root and a division"),
        meter="minirl.rl.advantage:advantages",
        unit="updates",
    ),
]

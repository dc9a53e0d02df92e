"""Where the functions of the capstone go into minirl: into the runner itself, which keeps the learner's study."""

from minirl.lessons import Seam
from minirl.lessons.compare import Bound
from minirl.lessons.lesson import find_lesson

checks = find_lesson("capstone").module("checks")


def same(function, original):
    """minirl's function has the learner's signature."""
    return function


def plain(function, original):
    """The same, for a function that gets a sequence of any kind."""
    return lambda first, *rest: function(list(first), *rest)


SEAMS = [
    Seam(
        "lessons.interval_score",
        places=[("minirl.lessons.study.score:interval_score", same)],
        oracle=checks.exact_score,
        bound=Bound(20, 1.0, reason="a difference, a quotient and a product"),
        meter="minirl.lessons.study.score:interval_score",
        unit="predictions",
    ),
    Seam(
        "lessons.seeds",
        places=[("minirl.lessons.study.seal:seeds", same)],
        oracle=checks.by_hand,
        meter="minirl.lessons.study.seal:seeds",
        unit="lists of seeds",
    ),
    Seam(
        "lessons.first_break",
        places=[("minirl.lessons.study.ledger:first_break", plain)],
        oracle=checks.follows,
        meter="minirl.lessons.study.ledger:first_break",
        unit="readings of the ledger",
    ),
    Seam(
        "lessons.untraced",
        places=[("minirl.lessons.study.page:untraced", same)],
        oracle=checks.by_fractions,
        meter="minirl.lessons.study.page:untraced",
        unit="pages",
    ),
]

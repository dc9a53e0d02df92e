"""Where a function of lesson 19 goes into minirl: the grading of an answer to a mystery."""

from minirl.lessons import Seam
from minirl.lessons.compare import Bound
from minirl.lessons.lesson import find_lesson

checks = find_lesson("19").module("checks")


def fit_points(points, original):
    """minirl.bugs.mystery.points has the learner's signature."""
    return lambda beliefs, cause, spent: points(dict(beliefs), cause, spent)


SEAMS = [
    Seam(
        "bugs.points",
        places=[("minirl.bugs.mystery:points", fit_points)],
        oracle=checks.scored,
        bound=Bound(20, 100.0, reason="a logarithm"),
        meter="minirl.bugs.mystery:points",
        unit="answers",
    ),
]

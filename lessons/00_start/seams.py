"""Where a function of lesson 0 goes into minirl: what a guess costs, when minirl scores guesses."""

from fractions import Fraction

from minirl.lessons import Seam
from minirl.lessons.compare import Bound

SEAMS = [
    Seam(
        "lessons.penalty",
        places=[("minirl.lessons.score:penalty", lambda penalty, original: penalty)],
        oracle=lambda sure, right: float((Fraction(sure, 100) - int(right)) ** 2),
        bound=Bound(4, 1.0, reason="a difference and a product"),
        meter="minirl.lessons.score:penalty",
        unit="guesses",
    )
]

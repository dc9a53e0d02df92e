"""How good are a learner's guesses? Not only how often they were right, but whether the learner knew it.

Whoever is 80% sure of ten guesses should be right with eight of them. The Brier score sums this up: the mean of
(p - right)^2 over all guesses, with p the stated probability and right 1 or 0. It is 0 for somebody who is certain and
right, and 0.25 for somebody who always says 50%.
"""

from collections.abc import Sequence

from minirl.lessons.lesson import lessons
from minirl.lessons.progress import Progress

BANDS = ((0, 49), (50, 69), (70, 89), (90, 100))  # percent


def guesses(progress: Progress) -> list[tuple[int, bool]]:
    """(how sure in percent, whether right) of every guess that was made before its answer was seen."""
    found = []
    for lesson in lessons().values():
        for prediction in lesson.predictions:
            guess = progress.guess(prediction)
            if guess and not guess.get("late"):
                found.append((guess["sure"], guess["choice"] == prediction.answer))
    return found


def penalty(sure: int, right: bool) -> float:
    """What one guess costs: (p - right)^2, where p is `sure`, in percent, as a probability, and right is 1 or 0."""
    return (sure / 100 - right) ** 2


def brier(made: Sequence[tuple[int, bool]]) -> float:
    """The Brier score of guesses, each (how sure in percent, whether right): the mean of their penalties.

    Raises ValueError where there are none.
    """
    if not made:
        raise ValueError("brier: there are no guesses to score; give one (sure, right) or more")
    return sum(penalty(sure, right) for sure, right in made) / len(made)


def calibration(progress: Progress) -> str:
    """A few lines that compare how sure the learner was with how often that was right."""
    made = guesses(progress)
    if not made:
        first = next(prediction for lesson in lessons().values() for prediction in lesson.predictions)
        return f"No guess stored yet. `predict {first.number}` is the first."
    right = sum(right for _, right in made)
    lines = [f"{right} of {len(made)} guesses {'was' if right == 1 else 'were'} right."]
    for low, high in BANDS:
        inside = [(sure, right) for sure, right in made if low <= sure <= high]
        if inside:
            said = sum(sure for sure, _ in inside) / len(inside)
            was = sum(right for _, right in inside)
            verb = "was" if was == 1 else "were"
            lines.append(
                f"When you were {low} to {high}% sure (on average {said:.0f}%), {was} of {len(inside)} {verb} right."
            )
    lines.append(f"Brier score {brier(made):.2f}: 0 is certain and right, 0.25 is what always saying 50% gives.")
    return "\n".join(lines)

"""How good are a learner's guesses? Not only how often they were right, but whether the learner knew it.

Somebody who is 80% sure of each of ten guesses should be right in eight of them. The Brier score sums this up: the mean
of (p - right)^2 over all guesses, with p the stated probability and right 1 or 0. It is 0 for somebody who is certain
and right, and 0.22 for somebody who draws one of three answers by lot and says so: 33%.
"""

from collections.abc import Iterator, Sequence

from minirl.lessons.compare import counted
from minirl.lessons.lesson import Prediction, lessons
from minirl.lessons.progress import Progress

BANDS = ((0, 49), (50, 69), (70, 89), (90, 100))  # percent
WORDS = {2: "two", 3: "three", 4: "four"}


def scored(progress: Progress) -> Iterator[tuple[Prediction, int, bool]]:
    """(question, how sure in percent, whether right) of every guess that counts: it was made before its answer was
    seen, and the answer has been seen since, so that a score gives nothing away."""
    for lesson in lessons().values():
        for prediction in lesson.predictions:
            guess = progress.guess(prediction)
            if guess and not guess.get("late") and progress.seen(prediction):
                yield prediction, guess["sure"], guess["choice"] == prediction.answer


def guesses(progress: Progress) -> list[tuple[int, bool]]:
    """(how sure in percent, whether right) of every guess that counts."""
    return [(sure, right) for _, sure, right in scored(progress)]


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
    every = [prediction for lesson in lessons().values() for prediction in lesson.predictions]
    made, lines = guesses(progress), list[str]()
    waiting = [one.number for one in every if progress.guess(one) and not progress.seen(one)]
    if made:
        lines.append(f"Right: {sum(right for _, right in made)} of {counted(len(made), 'guesses')}.")
    for low, high in BANDS:
        inside = [(sure, right) for sure, right in made if low <= sure <= high]
        if inside:
            said = sum(sure for sure, _ in inside) / len(inside)
            was = sum(right for _, right in inside)
            lines.append(f"When you were {low} to {high}% sure ({said:.0f}% on average): right {was} of {len(inside)}.")
    if made:
        choices = [len(prediction.choices) for prediction, _, _ in scored(progress)]
        blind = sum((n - 1) / n**2 for n in choices) / len(choices)
        among = f" among {WORDS[choices[0]]}" if len(set(choices)) == 1 and choices[0] in WORDS else ""
        lines.append(
            f"Brier score {brier(made):.2f}: 0 is certain and right, {blind:.2f} is what blind guesses{among} give."
        )
    if waiting:
        lines.append(f"Stored, and counted once the lesson has shown you the answer: {', '.join(waiting)}.")
    return "\n".join(lines) or f"No guess stored yet. `predict {every[0].number}` is the first."

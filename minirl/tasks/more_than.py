"""More than K: word problems to be answered yes or no, in which a guess is right half of the time.

    Q: Roger has 5 tennis balls. ... How many tennis balls does he have now? Is it more than 9?
    Reasoning: Roger has 5 tennis balls. 2 cans of 3 is 2 * 3 = 6. 5 + 6 = 11. 11 is more than 9.
    Answer: yes

The problems are those of word_problems.py, in the same splits. A reward for the answer alone pays bad reasoning half of
the time here, so this task shows what such a reward does not teach.
"""

import random

from minirl.streams import stream_seed
from minirl.tasks.task import Problem, Task
from minirl.tasks.word_problems import WordProblems
from minirl.tasks.yes_no import YesNoChecker

FARTHEST = 5  # how far K may lie from the number that it is compared with


class MoreThan(Task):
    """Word problems of all levels, with a question at the end that yes or no answers; half of the answers are yes."""

    name = "more_than"
    splits = WordProblems.splits
    renamed = WordProblems.renamed

    def __init__(self) -> None:
        self.checker = YesNoChecker()
        self.inner = WordProblems()

    def problems(self, split: str, n: int, seed: int = 0) -> list[Problem]:
        """`n` problems; see WordProblems.problems."""
        split = self.require_split(split)
        return [compared(problem, split, seed) for problem in self.inner.problems(split, n, seed)]


def compared(problem: Problem, split: str, seed: int) -> Problem:
    """The problem with the question whether its answer is more than a number near it. The number depends on the
    problem's text, split and seed alone."""
    rng = random.Random(stream_seed(seed, f"more than {split} {problem.question}"))
    result = int(problem.answer)
    yes = rng.random() < 0.5 and result > 1  # K is at least 1, as are all numbers of these problems
    other = result - rng.randint(1, min(FARTHEST, result - 1)) if yes else result + rng.randint(0, FARTHEST)
    said = "" if yes else "not "
    return Problem(
        question=f"{problem.question} Is it more than {other}?",
        reasoning=f"{problem.reasoning} {result} is {said}more than {other}.",
        answer="yes" if yes else "no",
        key=problem.key,
    )

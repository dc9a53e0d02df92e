"""Preferences that nobody has to type: pairs of a policy's own answers, labelled by a checker that grades them."""

from collections.abc import Callable, Iterator, Sequence
from itertools import combinations

from minirl.preferences import Pair
from minirl.rl.mdp import Episode
from minirl.tasks.task import Problem

Grade = Callable[[Problem, str, bool], float]
"""(problem, answer, whether it ended) -> how good it is."""
EQUAL = 1e-9  # grades that differ by less are a tie


def graded_pairs(episodes: Sequence[Episode], samples: int, grade: Grade, ties: bool = False) -> Iterator[Pair]:
    """All pairs of different answers to a problem, `samples` of each side by side. ties: whether pairs with equal
    grades are kept, as ties."""
    for start in range(0, len(episodes), samples):
        group = episodes[start : start + samples]
        graded = {e.text: grade(e.problem, e.text, e.finished) for e in group}
        for (first, one), (second, other) in combinations(graded.items(), 2):
            prompt = group[0].problem.prompt
            if abs(one - other) > EQUAL:
                yield Pair(prompt, *((first, second) if one > other else (second, first)))
            elif ties:
                yield Pair(prompt, first, second, tie=True)

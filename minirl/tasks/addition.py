"""Sums in the head: two numbers of two digits, and the answer at once. A task to teach to a model that was published.

    user       What is 47 + 85?
    assistant  Answer: 132

arithmetic.py writes the same sums out column by column. A small model that has never seen that layout does worse with
it than without: SmolLM2-135M, shown four examples, solves 1% of the sums so, and about 20% with the answer alone.
"""

from minirl.tasks.arithmetic import Arithmetic
from minirl.tasks.task import Problem

LONGER = "longer"


class Addition(Arithmetic):
    """Sums of two numbers of two digits, answered without reasoning. The split `longer` has three digits, which
    training never shows."""

    name = "addition"
    splits = ("train", "dev", "test", LONGER)
    science = False

    def problems(self, split: str, n: int, seed: int = 0) -> list[Problem]:
        """`n` sums, drawn with replacement."""
        if self.require_split(split) == LONGER:
            found = Arithmetic(self.digits + 1).problems("test", n, seed)
        else:
            found = super().problems(split, n, seed)
        return [Problem(p.question, "", p.answer, p.key) for p in found]

"""Tasks with a fixed list of problems: facts to remember, published datasets.

A task that makes new problems on request never shows training the same problem twice. A fixed list must repeat, so
training reads it in rounds: every problem once, then all of them again in another order.
"""

import random
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from itertools import chain, count, islice

from minirl.streams import stream_seed
from minirl.tasks.task import Problem, Task


class Finite(Task):
    """A task whose splits are lists."""

    @abstractmethod
    def listed(self, split: str) -> Sequence[Problem]:
        """All problems of a split, in the order of their source."""

    def size(self, split: str) -> int:
        self.require_split(split)
        return len(self.listed(split))

    def problems(self, split: str, n: int, seed: int = 0) -> list[Problem]:
        """`n` different problems of a split, in an order that depends on the seed."""
        size = self.size(split)
        if n > size:
            raise ValueError(f"the split {split!r} of {self.name} holds {size} problems; {n} were asked for")
        return random.Random(seed).sample(self.listed(split), size)[:n]

    def endless(self, split: str, seed: int = 0) -> Iterator[Problem]:
        """Round after round of the split, without end."""
        return chain.from_iterable(self._round(split, number, seed) for number in count())

    def batch(self, number: int, n: int, seed: int = 0) -> list[Problem]:
        """Problems number * n to (number + 1) * n of the endless rounds of train."""
        return self.span("train", number * n, n, seed)

    def span(self, split: str, first: int, n: int, seed: int = 0) -> list[Problem]:
        """Problems `first` to `first + n` of the endless rounds of a split."""
        size = self.size(split)
        whole, skipped = divmod(first, size) if size else (0, 0)
        rounds = chain.from_iterable(self._round(split, whole + later, seed) for later in count())
        return list(islice(rounds, skipped, skipped + n))

    def _round(self, split: str, number: int, seed: int) -> list[Problem]:
        size = self.size(split)
        if size == 0:
            raise ValueError(f"the split {split!r} of {self.name} is empty; there is nothing to go round in")
        return self.problems(split, size, stream_seed(seed, "round", number))

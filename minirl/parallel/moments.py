"""AdamW on some parts of a flat array of parameters, with the two moments of these parts and of no others.

AdamW treats each number by itself. So a rank that updates a part of the parameters needs the moments of that part only,
and all ranks together keep what one process would keep alone (ZeRO, stage 1: Rajbhandari et al. 2020). With 8 ranks the
moments of a model take an eighth of the memory on each.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from minirl import kernels
from minirl.autograd import Array
from minirl.parallel.flat import BLOCK, Flat


class Settings(NamedTuple):
    """AdamW's settings that stay the same through a stage."""

    beta1: float
    beta2: float
    eps: float
    weight_decay: tuple[float, ...]
    """Of each parameter of the flat array."""


class Moments:
    """The moments of the parts of `flat` in `ranges`, (start, stop) each, of whole blocks; and their step."""

    def __init__(self, flat: Flat, ranges: Sequence[tuple[int, int]], settings: Settings) -> None:
        self.flat, self.ranges, self.settings, self.steps = flat, list(ranges), settings, 0
        self.first = [np.zeros(stop - start, np.float32) for start, stop in self.ranges]
        self.second = [np.zeros(stop - start, np.float32) for start, stop in self.ranges]
        self.blocks = [place for start, stop in self.ranges for place in range(start, stop, BLOCK)]
        # by weight decay: places in the flat array, and the moments there
        self.segments: dict[float, list[tuple[slice, Array, Array]]] = {}
        for (begin, end), m, v in zip(self.ranges, self.first, self.second, strict=True):
            for index, start, stop in flat.segments(begin, end):
                own = slice(start - begin, stop - begin)
                segment = (slice(start, stop), m[own], v[own])
                self.segments.setdefault(settings.weight_decay[index], []).append(segment)

    def load(self, first: Array, second: Array, steps: int) -> None:
        """Take the moments of these parts from flat arrays of all moments."""
        for (start, stop), m, v in zip(self.ranges, self.first, self.second, strict=True):
            m[...], v[...] = first[start:stop], second[start:stop]
        self.steps = steps

    def saved(self, prefix: str = "") -> list[tuple[str, int, int, Array]]:
        """The moments: name, place in the flat array, numbers."""
        named = (("first_moment", self.first), ("second_moment", self.second))
        return [
            (f"{prefix}{name}", start, stop, x)
            for name, arrays in named
            for (start, stop), x in zip(self.ranges, arrays, strict=True)
        ]

    def squares(self, gradient: Array) -> list[float]:
        """The sum of squares of each block of these parts."""
        return [kernels.sum_squares([gradient[place : place + BLOCK]]) for place in self.blocks]

    def step(self, gradient: Array, lr: float, factor: float) -> None:
        """Update these parts of the parameters. gradient: a flat array; it is multiplied by `factor`."""
        self.steps += 1
        for decay, segments in self.segments.items():
            places, m, v = zip(*segments, strict=True)
            kernels.adamw(
                [self.flat.values[at] for at in places], [gradient[at] for at in places], m, v, step=self.steps, lr=lr,
                beta1=self.settings.beta1, beta2=self.settings.beta2, eps=self.settings.eps, weight_decay=decay,
                grad_scale=factor,
            )  # fmt: skip

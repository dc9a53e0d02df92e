"""All parameters of a model end to end in one array, so that a part of the model is a part of an array.

Ranks share out sums and the optimizer's state. What one rank gets must not depend on where a parameter begins, or a
model's largest matrix would go to one rank alone. So the array is cut into blocks of a fixed size, and ranks get whole
blocks. What is added up within a block, such as squares for the gradient's norm, has the same bits whoever adds it.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np

from minirl.autograd import Array
from minirl.tensor import Tensor

BLOCK = 1 << 14  # numbers: a piece of csrc/optimizer.c
ALIGNED = 16  # numbers: a parameter begins at a multiple, a cache line
BUCKET = 1 << 22  # numbers that are exchanged together, 16 MB


class Flat:
    """The array of some parameters, which become views of it.

    values: (size,) float32. starts: where each parameter begins. The gaps between parameters hold zeros.
    """

    def __init__(self, parameters: Sequence[Tensor]) -> None:
        self.parameters = list(parameters)
        self.starts, self.size = layout([p.size for p in self.parameters])
        self.values = self.zeros()
        for p, place in zip(self.parameters, self.parts(self.values), strict=True):
            place[...] = p.data
            p.data = place

    def zeros(self) -> Array:
        """An array like `values`, of zeros."""
        return np.zeros(self.size, np.float32)

    def parts(self, x: Array) -> list[Array]:
        """Of an array like `values` the part of each parameter, in its shape."""
        return [
            x[start : start + p.size].reshape(p.shape) for p, start in zip(self.parameters, self.starts, strict=True)
        ]

    def buckets(self) -> list[tuple[int, int]]:
        """The array in buckets of whole blocks, the last first: backward comes to the last parameters first."""
        places = [*range(0, self.size, BUCKET), self.size]
        return list(pairwise(places))[::-1]

    def segments(self, first: int, last: int) -> Iterator[tuple[int, int, int]]:
        """What lies from `first` to `last`, cut at blocks and at parameters: (parameter's index, start, stop)."""
        for index, (p, start) in enumerate(zip(self.parameters, self.starts, strict=True)):
            place, stop = max(start, first), min(start + p.size, last)
            while place < stop:
                end = min(place - place % BLOCK + BLOCK, stop)
                yield index, place, end
                place = end


def layout(sizes: Sequence[int]) -> tuple[list[int], int]:
    """Where things of these sizes begin in a flat array, and its size."""
    ends = np.cumsum([0, *(rounded(size, ALIGNED) for size in sizes)]).tolist()
    return ends[:-1], rounded(ends[-1], BLOCK)


def flat_array(arrays: Sequence[Array]) -> Array:
    """Arrays end to end, as `Flat` lays its parameters."""
    starts, size = layout([x.size for x in arrays])
    whole = np.zeros(size, np.float32)
    for x, start in zip(arrays, starts, strict=True):
        whole[start : start + x.size] = x.reshape(-1)
    return whole


def bounds(bucket: tuple[int, int], parts: int) -> list[int]:
    """A bucket cut into `parts` parts of whole blocks: parts + 1 places."""
    first, last = bucket
    blocks = (last - first) // BLOCK
    return [first + blocks * i // parts * BLOCK for i in range(parts + 1)]


def rounded(n: int, unit: int) -> int:
    """n, rounded up to a multiple of unit."""
    return -(-n // unit) * unit

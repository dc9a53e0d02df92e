r"""Work cut into shares, and sums whose bits do not depend on who adds them.

A batch is cut into S shards, a number that belongs to the recipe. Each shard has a gradient, and a fixed binary tree
adds them:

    shard      0   1   2   3   4   5   6   7        ((0 + 1) + (2 + 3)) + ((4 + 5) + (6 + 7))
                \ /     \ /     \ /     \ /
    S = 8        +       +       +       +           2 ranks: rank 0 adds shards 0-3, rank 1 shards 4-7,
                  \     /         \     /             and the last sum is made between them
                     +               +               4 ranks: rank 1 adds shards 2 and 3, ...
                      \             /
                             +

A rank owns an aligned part of the shards, so it makes a whole subtree by itself. Ranks then go on with the same tree:
in step i each adds what rank XOR 2^i has (recursive doubling). Floating-point addition does not care for the order of
two numbers, but for which are added first. As the tree is the same, so are the bits, for 1, 2, 4 ... ranks. S and the
number of ranks are powers of two.

Nobody needs the whole sum. So in each step two ranks exchange halves: one adds the first half of what both have, the
other the second (recursive halving; Thakur et al. 2005, "Optimization of collective communication operations in
MPICH", section 4.4). In the end rank r has the sum of a 1/ranks part, having sent only (1 - 1/ranks) of the numbers.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from minirl.ranks.group import Array, Group


def cut(sizes: Sequence[int], n: int) -> list[slice]:
    """Cut things of these sizes into n neighbouring shares of about the same size in all; some may be empty.

    >>> cut([3, 3, 6], 2)
    [slice(0, 2, None), slice(2, 3, None)]
    """
    ends = np.cumsum(sizes)
    total = int(ends[-1]) if len(ends) else 0
    middles = ends - np.asarray(sizes) / 2  # a thing belongs to the share in which its middle lies
    cuts = [0, *(int(np.searchsorted(middles, total * i / n)) for i in range(1, n)), len(sizes)]
    return [slice(a, b) for a, b in pairwise(cuts)]


def largest_power(n: int) -> int:
    """The largest power of two that is at most n."""
    return 1 << (n.bit_length() - 1)


class TreeSum:
    """Adds arrays in the order of the binary tree, as they come, and keeps no more than log2 of their number.

    >>> total = TreeSum()
    >>> for x in np.eye(4, dtype=np.float32):
    ...     unused = total.add(x)
    >>> total.result()
    array([1., 1., 1., 1.], dtype=float32)
    """

    def __init__(self) -> None:
        self.partial: list[tuple[int, Array]] = []  # level and sum, the largest subtree first

    def add(self, x: Array) -> list[Array]:
        """Add the next array. It is written to, and belongs to the sum from now on. Returns arrays that are needed no
        more."""
        level, free = 0, []
        while self.partial and self.partial[-1][0] == level:
            _, before = self.partial.pop()
            np.add(before, x, out=x)
            free.append(before)
            level += 1
        self.partial.append((level, x))
        return free

    def complete(self, x: Array, part: slice) -> None:
        """Make this part of the last array, x, the same part of the sum of all."""
        for _, before in reversed(self.partial):
            np.add(before[part], x[part], out=x[part])

    def result(self) -> Array:
        """The sum. Raises ValueError unless a power of two of arrays were added."""
        if len(self.partial) != 1:
            raise ValueError("TreeSum.result: the number of arrays is no power of two")
        return self.partial[0][1]


def part_of(rank: int, size: int) -> int:
    """Which of `size` equal parts a rank has the sum of after `halve`: its bits in reverse order.

    >>> [part_of(rank, 4) for rank in range(4)]
    [0, 2, 1, 3]
    """
    bits = size.bit_length() - 1
    return int(f"{rank:0{bits}b}"[::-1], 2) if bits else 0


def halve(group: Group, x: Array, bounds: Sequence[int]) -> None:
    """Add up the x of all ranks, in the order of the tree: afterwards rank r has the sum in part p = part_of(r, size)
    of its x, from bounds[p] to bounds[p + 1]. The rest of x is then without meaning.

    bounds: size + 1 places in x, the same on all ranks.
    """
    first, last = 0, group.size
    step = 1
    while step < group.size:
        middle = (first + last) // 2
        mine, theirs = (first, middle), (middle, last)
        if group.rank & step:
            mine, theirs = theirs, mine
        kept = x[bounds[mine[0]] : bounds[mine[1]]]
        received = np.empty_like(kept)
        group.exchange(group.rank ^ step, x[bounds[theirs[0]] : bounds[theirs[1]]], received)
        np.add(kept, received, out=kept)
        first, last = mine
        step *= 2

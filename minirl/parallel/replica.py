"""What each rank does in an update: the gradients of its shards, their sum with the others, its part of the step.

    gradients of own shards     ->  added up in the order of the tree (ranks/shares.py)
    recursive halving           ->  each rank has the whole batch's gradient in its parts of the parameters
    AdamW on these parts        ->  each rank has the new parameters there
    spreading                   ->  all ranks have all parameters

A large model goes in buckets. While backward is still at work on earlier layers, a thread already exchanges the buckets
of later ones. Of a rank's shards only the last can share its time like that: before, the gradients are not complete.
"""

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np

from minirl.autograd import Array, Node, telling
from minirl.nn import Module
from minirl.optim import clip_factor
from minirl.parallel.flat import BLOCK, Flat, bounds
from minirl.parallel.moments import Moments, Settings
from minirl.ranks import Group
from minirl.ranks.shares import TreeSum, halve, part_of


class Pass(NamedTuple):
    """A part of a shard's gradient: function(model, *arguments) adds it by one backward, its last act, and returns what
    is to be known of it."""

    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    tokens: int


Work = Sequence[Sequence[Pass]]
"""The passes of each shard."""


class Replica:
    """The model on one rank of a team, which has a power of two of ranks; and this rank's part of the optimizer."""

    def __init__(self, team: Group, model: Module, settings: Settings, shards: int, counts: Counter[str]) -> None:
        """counts: where the tokens of passes are counted, as "trained"."""
        self.team, self.model, self.shards, self.counts = team, model, shards, counts
        self.flat = Flat([p for p in model.parameters() if p.requires_grad])
        self.buckets, self.part = self.flat.buckets(), part_of(team.rank, team.size)
        size = shards // team.size
        self.own = slice(team.rank * size, (team.rank + 1) * size)  # the shards that this rank computes
        self.free: list[Array] = []  # arrays for gradients
        self.total: Array | None = None  # the batch's gradient, in this rank's parts
        self.index = {id(p): number for number, p in enumerate(self.flat.parameters)}
        self.exchanging = ThreadPoolExecutor(1) if team.size > 1 and len(self.buckets) > 1 else None
        self.begin(settings)

    def begin(self, settings: Settings) -> None:
        """Make this rank's part of the optimizer's state."""
        self.moments = Moments(self.flat, self.ranges(), settings)

    def ranges(self) -> list[tuple[int, int]]:
        """This rank's parts of the flat array."""
        found = []
        for bucket in self.buckets:
            cuts = bounds(bucket, self.team.size)
            found.append((cuts[self.part], cuts[self.part + 1]))
        return found

    # ---- gradients ----

    def gradients(self, work: Work) -> list[list[Any]]:
        """Compute this rank's shards of the work, and add up all shards' gradients; what the passes returned."""
        *others, last = work[self.own]
        tree, found = TreeSum(), []
        for passes in others:
            gradient = self.fresh()
            found.append(self.run(passes, gradient))
            self.free += tree.add(gradient)
        self.total = self.fresh()
        found.append(self.run_last(last, self.total, tree))
        self.free += [partial for _, partial in tree.partial]
        return found

    def fresh(self) -> Array:
        """An array of zeros for a gradient."""
        if not self.free:
            return self.flat.zeros()
        gradient = self.free.pop()
        gradient.fill(0)
        return gradient

    def run(self, passes: Sequence[Pass], gradient: Array) -> list[Any]:
        """Add the gradients of some passes to `gradient`."""
        for p, place in zip(self.flat.parameters, self.flat.parts(gradient), strict=True):
            p.collect_in(place)
        found = [one.function(self.model, *one.arguments) for one in passes]
        self.counts["trained"] += sum(one.tokens for one in passes)
        for p in self.flat.parameters:
            p.grad = None
        return found

    def run_last(self, passes: Sequence[Pass], gradient: Array, tree: TreeSum) -> list[Any]:
        """`run` for this rank's last shard; and its sum with the shards before, and with those of other ranks."""
        exchange = Exchange(self, gradient, tree)
        found = self.run(passes[:-1], gradient)
        if self.exchanging is None:
            found += self.run(passes[-1:], gradient)
        else:
            with telling(exchange.complete):
                found += self.run(passes[-1:], gradient)
        exchange.finish()
        return found

    # ---- the step ----

    def norm(self) -> float:
        """The norm of the whole gradient, from the squares of fixed blocks, added in their order."""
        assert self.total is not None
        sums = np.zeros(self.flat.size // BLOCK)
        sums[[place // BLOCK for place in self.moments.blocks]] = self.moments.squares(self.total)
        self.spread(sums, BLOCK)
        return math.sqrt(sum(sums.tolist()))

    def spread(self, whole: Array, unit: int = 1) -> None:
        """Tell the others this rank's parts of an array, and hear of theirs. unit: how many numbers of the flat array
        stand for one of this one."""
        for bucket in self.buckets:
            cuts = [place // unit for place in bounds(bucket, self.team.size)]
            parts = [part_of(rank, self.team.size) for rank in range(self.team.size)]
            self.team.spread(whole, [cuts[part] for part in parts], [cuts[part + 1] for part in parts])

    def step(self, lr: float, max_norm: float | None) -> float | None:
        """Update the parameters; the gradient's norm before clipping. Where it is not finite nothing is changed."""
        assert self.total is not None
        norm = None if max_norm is None else self.norm()
        if norm is not None and not math.isfinite(norm):
            return norm
        self.moments.step(self.total, lr, 1.0 if norm is None or max_norm is None else clip_factor(norm, max_norm))
        self.spread(self.flat.values)
        return norm

    def forget(self) -> None:
        """The gradient is not needed any more."""
        if self.total is not None:
            self.free.append(self.total)
        self.total = None

    # ---- a checkpoint ----

    def load(self, state: Mapping[str, Array], steps: int) -> None:
        """Continue after `steps` steps from flat arrays, by the names of `saved`."""
        self.moments.load(state["first_moment"], state["second_moment"], steps)

    def saved(self) -> list[tuple[str, int, int, Array]]:
        """This rank's parts of the flat arrays that a later run needs: name, place in the array, numbers."""
        return self.moments.saved()

    def close(self) -> None:
        """End the thread."""
        if self.exchanging is not None:
            self.exchanging.shutdown()


class Exchange:
    """The sum of a rank's last gradient with all others, bucket by bucket, the last bucket first on every rank."""

    def __init__(self, replica: Replica, gradient: Array, tree: TreeSum) -> None:
        self.replica, self.gradient, self.tree = replica, gradient, tree
        self.waiting: list[Future[None]] = []
        self.next = 0
        starts = [first for first, _ in replica.buckets]
        self.missing = [set[int]() for _ in starts]  # of each bucket the parameters whose gradient is not complete yet
        for number, (p, start) in enumerate(zip(replica.flat.parameters, replica.flat.starts, strict=True)):
            for bucket, (first, last) in enumerate(replica.buckets):
                if start < last and start + p.size > first:
                    self.missing[bucket].add(number)

    def complete(self, leaf: Node) -> None:
        """A parameter has its whole gradient: start with the buckets that are complete now."""
        number = self.replica.index.get(id(leaf))
        for missing in self.missing:
            missing.discard(-1 if number is None else number)
        while self.next < len(self.missing) and not self.missing[self.next]:
            self._begin()

    def _begin(self) -> None:
        bucket = self.replica.buckets[self.next]
        self.next += 1
        if self.replica.exchanging is None:
            self._add(bucket)
        else:
            self.waiting.append(self.replica.exchanging.submit(self._add, bucket))

    def _add(self, bucket: tuple[int, int]) -> None:
        self.tree.complete(self.gradient, slice(*bucket))
        halve(self.replica.team, self.gradient, bounds(bucket, self.replica.team.size))

    def finish(self) -> None:
        """Do what is left, and wait for all."""
        while self.next < len(self.missing):
            self._begin()
        for future in self.waiting:
            future.result()

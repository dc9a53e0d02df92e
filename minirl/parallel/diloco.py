"""DiLoCo: workers that train by themselves and meet now and then (Douillard et al. 2023, "DiLoCo: Distributed
Low-Communication Training of Language Models").

Adding up gradients takes as much traffic in every update as the model is large. Over a slow network that takes longer
than computing them. DiLoCo has two optimizers. Each of S workers makes H updates with AdamW on its own shard of the
batches, and says nothing. Then all compare how far they have come from where they began,

    d = mean over workers of (theta_before - theta_worker)

and this "outer gradient" goes through SGD with Nesterov's momentum:

    v = momentum v + d          theta = theta_before - lr (d + momentum v)

So they meet once in H updates. The number of workers belongs to the recipe, as H does: another number is another
computation. How many ranks host the workers changes no bit. Each worker keeps the moments of its AdamW.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from minirl.autograd import Array
from minirl.nn import SHOWN, Module
from minirl.optim import clip_factor
from minirl.parallel.flat import bounds, layout
from minirl.parallel.moments import Moments, Settings
from minirl.parallel.replica import Pass, Replica, Work
from minirl.parallel.sharded import ShardedAdamW
from minirl.ranks.shares import TreeSum, halve


class Outer(NamedTuple):
    """The outer optimizer."""

    learning_rate: float
    momentum: float


class Update(NamedTuple):
    """What a worker tells of one of its updates."""

    found: list[Any]
    """What the passes returned."""
    norm: float
    """The gradient's norm before clipping."""


class DilocoReplica(Replica):
    """The workers of one rank."""

    def begin(self, settings: Settings) -> None:
        first, last = self.own.start, self.own.stop
        whole = [(0, self.flat.size)]
        self.workers = {number: Moments(self.flat, whole, settings) for number in range(first, last)}
        self.velocity = [np.zeros(stop - start, np.float32) for start, stop in self.ranges()]

    def round(self, steps: Sequence[Work], rates: Sequence[float], max_norm: float, outer: Outer) -> list[list[Update]]:
        """A round of this rank's workers; fewer updates of a worker whose numbers became infinite or NaN."""
        begin, told = self.flat.values.copy(), []
        tree = TreeSum()
        for number, moments in self.workers.items():
            self.flat.values[...] = begin
            told.append(self.inner(moments, [work[number] for work in steps], rates, max_norm))
            moved = self.fresh()
            np.subtract(begin, self.flat.values, out=moved)
            self.free += tree.add(moved)
        self.flat.values[...] = begin
        moved = tree.result()
        if self.agree(all(len(updates) == len(steps) for updates in told)):
            for bucket in self.buckets:
                halve(self.team, moved, bounds(bucket, self.team.size))
            self.outer_step(moved, outer)
        self.free.append(moved)
        return told

    def inner(
        self, moments: Moments, shares: Sequence[Sequence[Pass]], rates: Sequence[float], max_norm: float
    ) -> list[Update]:
        """A worker's updates by AdamW."""
        told = []
        for passes, rate in zip(shares, rates, strict=True):
            gradient = self.fresh()
            found = self.run(passes, gradient)
            norm = math.sqrt(sum(moments.squares(gradient)))
            if not math.isfinite(norm + sum(found)):
                break
            moments.step(gradient, rate, clip_factor(norm, max_norm))
            self.free.append(gradient)
            told.append(Update(found, norm))
        return told

    def agree(self, well: bool) -> bool:
        """Whether all ranks are well."""
        all_of_them = np.zeros(self.team.size)
        all_of_them[self.team.rank] = well
        places = range(self.team.size)
        self.team.spread(all_of_them, places, [place + 1 for place in places])
        return bool(all_of_them.all())

    def outer_step(self, moved: Array, outer: Outer) -> None:
        """Nesterov's step on this rank's parts. moved: flat, there the sum of what all workers moved by."""
        momentum, rate = np.float32(outer.momentum), np.float32(outer.learning_rate)
        for (start, stop), velocity in zip(self.ranges(), self.velocity, strict=True):
            mean = moved[start:stop] / np.float32(self.shards)
            velocity[...] = momentum * velocity + mean
            self.flat.values[start:stop] -= rate * (mean + momentum * velocity)
        self.spread(self.flat.values)

    def load(self, state: Mapping[str, Array], steps: int) -> None:
        for number, moments in self.workers.items():
            moments.load(state[f"{number}.first_moment"], state[f"{number}.second_moment"], steps)
        for (start, stop), velocity in zip(self.ranges(), self.velocity, strict=True):
            velocity[...] = state["velocity"][start:stop]

    def saved(self) -> list[tuple[str, int, int, Array]]:
        outer = [("velocity", *place, x) for place, x in zip(self.ranges(), self.velocity, strict=True)]
        return [*outer, *(one for number, moments in self.workers.items() for one in moments.saved(f"{number}."))]


class Diloco(ShardedAdamW):
    """The optimizer of a stage whose shards are workers. `round` takes the place of gradients and step."""

    kind = DilocoReplica

    def __init__(
        self, model: Module, weight_decay: float, lr: float, betas: tuple[float, float], shards: int, outer: Outer
    ) -> None:
        super().__init__(model, weight_decay, lr, betas, shards)
        self.outer = outer
        self.first_moments, self.second_moments = [], []  # the workers have some
        size = layout([p.size for p in self.learning])[1]
        names = ["velocity", *(f"{worker}.{name}_moment" for worker in range(shards) for name in ("first", "second"))]
        self.state = {name: np.zeros(size, np.float32) for name in names}  # what the ranks continue from

    def round(self, steps: Sequence[Work], rates: Sequence[float], max_norm: float) -> list[list[Update]]:
        """Let each worker make an update for each of the steps, at its learning rate, with the passes of its own shard;
        then make the outer step. Returns for each step what the workers tell, in order.

        Raises FloatingPointError, with the parameters as before the round, where a loss or a norm is not finite."""
        self.settle()
        found = self.ask("round", steps, rates, max_norm, self.outer)
        workers = [worker for rank in found if rank is not None for worker in rank]
        if any(len(worker) < len(steps) for worker in workers):
            raise FloatingPointError("a worker's loss or the norm of its gradient is not finite")
        self.steps += len(steps)
        return [list(step) for step in zip(*workers, strict=True)]

    def state_dict(self) -> dict[str, Array]:
        return {"steps": np.array([self.steps], np.int64), **(self.state if self.here is None else self.gathered())}

    def load_state_dict(self, state: Mapping[str, Array]) -> None:
        self.close()
        unfit = [name for name in {"steps", *self.state} ^ set(state)]
        unfit += [name for name in self.state.keys() & state.keys() if self.state[name].shape != state[name].shape]
        if unfit:
            raise ValueError(f"Diloco.load_state_dict: {', '.join(sorted(unfit)[:SHOWN])} do not fit its workers")
        self.steps = int(state["steps"][0])
        self.state = {name: np.array(state[name]) for name in self.state}

    def flattened(self) -> dict[str, Array]:
        return self.state

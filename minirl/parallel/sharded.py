"""The optimizer of a training run with shards: AdamW for whoever uses it, on any number of ranks behind.

It lives on rank 0. The first gradient sends the model to the other ranks of the team; from then on all of them keep it,
and only batches and results travel besides the gradients. A checkpoint gathers the moments, so it holds the same on any
number of ranks, and the same arrays as one of plain AdamW.
"""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from minirl import kernels
from minirl.autograd import Array
from minirl.nn import Module
from minirl.optim import AdamW, decay_groups
from minirl.parallel.flat import flat_array
from minirl.parallel.moments import Settings
from minirl.parallel.replica import Replica, Work
from minirl.ranks import Group, current, everywhere
from minirl.ranks.shares import largest_power

MODEL, REPLICA = "model", "replica"  # the names under which ranks keep them


class ShardedAdamW(AdamW):
    """AdamW whose gradients come from `shards` shards of a batch, computed by the ranks of the current group.

    The parameters have the same bits after a step, whatever the number of ranks. They differ in their last bits from
    those of another number of shards, because the sums have another order.
    """

    kind: type[Replica] = Replica

    def __init__(self, model: Module, weight_decay: float, lr: float, betas: tuple[float, float], shards: int) -> None:
        super().__init__(decay_groups(model, weight_decay), lr=lr, betas=betas)
        self.model, self.shards = model, shards
        self.here: Replica | None = None  # rank 0's own, once all ranks have theirs
        decays = {id(p): group["weight_decay"] for group in self.groups for p in group["params"]}
        self.learning = [p for p in model.parameters() if p.requires_grad]
        self.fixed = Settings(*betas, self.defaults["eps"], tuple(decays[id(p)] for p in self.learning))

    def gradients(self, work: Work) -> list[list[Any]]:
        """Add up the gradients of the passes of all shards; what each shard's passes returned."""
        if len(work) != self.shards:
            raise ValueError(f"ShardedAdamW.gradients: there is work for {len(work)} shards; expected {self.shards}")
        self.settle()
        return [found for rank in self.ask("gradients", work) if rank is not None for found in rank]

    def step(self, max_norm: float | None = None) -> float | None:
        """See Optimizer.step. Raises FloatingPointError, having changed nothing, where the norm is not finite."""
        norm: float | None = self.ask("step", self.lr, max_norm)[0]
        if norm is not None and not math.isfinite(norm):
            raise FloatingPointError(f"ShardedAdamW.step: the gradients' norm is {norm}; no parameter was changed")
        self.steps += 1
        return norm

    def zero_grad(self) -> None:
        if self.here is not None:
            self.ask("forget")

    # ---- what ranks keep ----

    def ask(self, method: str, *arguments: Any) -> list[Any]:
        """The results of a method of every rank's replica; None from ranks outside the team."""
        if current().kept.get(REPLICA) is not self.here:
            raise RuntimeError("ShardedAdamW: another optimizer has taken this one's place on the ranks")
        return everywhere(call, method, *arguments)

    def settle(self) -> None:
        """Give each rank of the team a replica, where they have none yet."""
        if self.here is None:
            state = self.flattened() if self.steps else None
            everywhere(settle, self.kind, self.model, self.fixed, self.shards, kernels.precision(), state, self.steps)
            self.here = current().kept[REPLICA]
            self.first_moments, self.second_moments = [], []  # each rank keeps its part

    def close(self) -> None:
        """Let all ranks forget the model and the moments."""
        if self.here is not None:
            everywhere(forget)
            self.here = None

    # ---- a checkpoint ----

    def state_dict(self) -> dict[str, Array]:
        if self.here is None:
            return super().state_dict()
        flat, whole = self.here.flat, self.gathered()
        state = {"steps": np.array([self.steps], np.int64)}
        for name, x in whole.items():
            parts = dict(zip(map(id, flat.parameters), flat.parts(x), strict=True))
            state |= {f"{index}.{name}": parts[id(p)] for index, p in enumerate(self.parameters)}
        return state

    def load_state_dict(self, state: Mapping[str, Array]) -> None:
        self.close()
        self.first_moments, self.second_moments = ([np.zeros_like(p.data) for p in self.parameters] for _ in range(2))
        super().load_state_dict(state)

    def gathered(self) -> dict[str, Array]:
        """The flat arrays of which each rank keeps a part, whole."""
        assert self.here is not None
        whole: dict[str, Array] = {}
        for rank in self.ask("saved"):
            for name, start, stop, x in rank or ():
                whole.setdefault(name, self.here.flat.zeros())[start:stop] = x
        return whole

    def flattened(self) -> dict[str, Array]:
        """The moments as flat arrays, by name."""
        whole = {}
        for name, arrays in self._moments().items():
            own = dict(zip(map(id, self.parameters), arrays, strict=True))
            whole[name] = flat_array([own[id(p)] for p in self.learning])
        return whole


def team_size(ranks: int, shards: int) -> int:
    """How many of the ranks share updates: the largest power of two that there are ranks and shards for."""
    return largest_power(min(ranks, shards))


def shards_of(optimizer: AdamW) -> int:
    """How many shards a batch is cut into for this optimizer."""
    return optimizer.shards if isinstance(optimizer, ShardedAdamW) else 1


def add_gradients(model: Module, optimizer: AdamW, work: Work) -> list[list[Any]]:
    """Add up the gradients of all passes, one list for each shard; what they returned."""
    if isinstance(optimizer, ShardedAdamW):
        return optimizer.gradients(work)
    return [[one.function(model, *one.arguments) for one in passes] for passes in work]


# ---- called on all ranks ----


def settle(
    group: Group, kind: type[Replica], model: Module, settings: Settings, shards: int, precision: str,
    state: Mapping[str, Any] | None, steps: int,
) -> None:  # fmt: skip
    """Make this rank's replica, if it is in the team. state: what it continues from, as `Replica.load` takes it."""
    size = team_size(group.size, shards)
    team = group.first(size)
    if group.rank >= size:
        return
    if group.rank:
        kernels.set_precision(precision)
    replica = kind(team, model, settings, shards, group.counts)
    if state is not None:
        replica.load(state, steps)
    group.kept[REPLICA] = replica
    if size == group.size:  # all ranks hold the model now, so that its name is enough
        group.kept[MODEL] = model


def call(group: Group, method: str, *arguments: Any) -> Any:
    """Call a method of this rank's replica, where it has one."""
    replica = group.kept.get(REPLICA)
    return None if replica is None else getattr(replica, method)(*arguments)


def forget(group: Group) -> None:
    """Forget the replica and the model."""
    group.kept.pop(MODEL, None)
    replica = group.kept.pop(REPLICA, None)
    if replica is not None:
        replica.close()
